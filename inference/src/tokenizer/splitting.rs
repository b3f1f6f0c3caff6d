//! Splitting: a text falls into words, numbers, signs and blanks, and no token reaches over their borders.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::invalid::Invalid;

/// The rule by which a text is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Splitting {
    /// As GPT-2 does: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
    Words,
    /// Every digit alone, what is between them as GPT-2 does.
    DigitsApart,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Number,
    Blank,
    Sign,
}

const ENDINGS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

impl Splitting {
    /// The rule of a name in a file.
    pub(crate) fn named(name: &str) -> Result<Splitting, Invalid> {
        match name {
            "gpt-2" | "gpt2" | "default" => Ok(Splitting::Words),
            "smollm" => Ok(Splitting::DigitsApart),
            _ => Err(Invalid::new("tokenizer.ggml.pre", "must be `smollm`, `gpt-2` or `default`")),
        }
    }

    /// Hands over the pieces in their order.
    pub(crate) fn split(self, text: &str, take: &mut dyn FnMut(&str)) {
        if self == Splitting::Words {
            return words(text, take);
        }
        let mut rest = text;
        while let Some(at) = rest.find(|c| kind(c) == Kind::Number) {
            words(&rest[..at], take);
            let digit = rest[at..].chars().next().map_or(0, char::len_utf8);
            take(&rest[at..at + digit]);
            rest = &rest[at + digit..];
        }
        words(rest, take);
    }
}

fn words(text: &str, take: &mut dyn FnMut(&str)) {
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(word_length(rest));
        take(word);
        rest = after;
    }
}

/// How many bytes of a text that is not empty are its first piece.
fn word_length(text: &str) -> usize {
    if let Some(ending) = ENDINGS.iter().find(|ending| text.starts_with(**ending)) {
        return ending.len();
    }
    // One space may stand before a word.
    let space = usize::from(text.starts_with(' '));
    if let Some(first) = text[space..].chars().next().map(kind).filter(|kind| *kind != Kind::Blank) {
        return space + run(&text[space..], first);
    }
    let blanks = run(text, Kind::Blank);
    let last = text[..blanks].chars().next_back().map_or(0, char::len_utf8);
    // The last blank before a word goes with the word.
    if blanks == text.len() || blanks == last { blanks } else { blanks - last }
}

fn run(text: &str, of: Kind) -> usize {
    text.find(|c| kind(c) != of).unwrap_or(text.len())
}

fn kind(c: char) -> Kind {
    match c.general_category_group() {
        _ if c.is_whitespace() => Kind::Blank,
        GeneralCategoryGroup::Letter => Kind::Letter,
        GeneralCategoryGroup::Number => Kind::Number,
        _ => Kind::Sign,
    }
}

#[cfg(test)]
mod tests {
    use super::Splitting;

    fn check(splitting: Splitting, text: &str, pieces: &[&str]) {
        let mut found = Vec::new();
        splitting.split(text, &mut |piece| found.push(piece.to_owned()));
        assert_eq!(found, pieces, "of {text:?}");
    }

    #[test]
    fn text_is_split_as_gpt_2_does() {
        let words = Splitting::Words;
        check(words, "", &[]);
        check(words, "Hello, world!", &["Hello", ",", " world", "!"]);
        check(words, "it's they'll 'S", &["it", "'s", " they", "'ll", " '", "S"]);
        check(words, "a  b", &["a", " ", " b"]);
        check(words, "a \n b", &["a", " \n", " b"]);
        check(words, "a\nb", &["a", "\n", "b"]);
        check(words, "a  ", &["a", "  "]);
        check(words, "x 12345 y", &["x", " 12345", " y"]);
        check(words, "é日本 ²½", &["é日本", " ²½"]);
        check(words, "का", &["क", "ा"]);
        check(words, "?!…—", &["?!…—"]);
        check(words, "\u{3000}\u{3000}a", &["\u{3000}", "\u{3000}", "a"]);
    }

    #[test]
    fn digits_stand_apart() {
        check(Splitting::DigitsApart, "x 123  4", &["x", " ", "1", "2", "3", "  ", "4"]);
        check(Splitting::DigitsApart, "42", &["4", "2"]);
    }
}
