//! Rust text: the code without its comments and literals, its words, and what it imports.

/// The code alone: comments and literals become blanks, lines stay.
pub(crate) fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let length = blank_length(&chars[at..]);
        if length == 0 {
            code.push(chars[at]);
        }
        code.extend(chars[at..at + length].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at += length.max(1);
    }
    code
}

/// How long the comment or literal is that starts here; zero when neither does.
fn blank_length(rest: &[char]) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment_length(rest),
        ['"', ..] => string_length(rest),
        ['r', '"' | '#', ..] => raw_string_length(rest),
        // After the backslash comes one character that is not the end, whatever it is.
        ['\'', '\\', _, tail @ ..] => tail.iter().position(|c| *c == '\'').map_or(rest.len(), |end| end + 4),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn block_comment_length(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => depth += 1,
            ['*', '/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string_length(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '"' => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Zero for a raw identifier, which starts the same way.
fn raw_string_length(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let open = 2 + hashes;
    let closes =
        |at: &usize| rest[*at] == '"' && rest[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (open..rest.len()).find(closes).map_or(rest.len(), |at| at + 1 + hashes)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The offsets at which `word` stands alone, not as a part of a longer word.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let alone = move |at: &usize| {
        let glued_before = word.starts_with(is_word) && text[..*at].ends_with(is_word);
        let glued_after = word.ends_with(is_word) && text[at + word.len()..].starts_with(is_word);
        !glued_before && !glued_after
    };
    text.match_indices(word).map(|(at, _)| at).filter(alone)
}

pub(crate) fn word_at(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

pub(crate) fn line_at(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// The offsets of the imports that others may import again: `pub use`, `pub(crate) use`.
pub(crate) fn reexports(code: &str) -> impl Iterator<Item = usize> {
    words(code, "use").filter(|at| {
        let before = code[..*at].trim_end();
        let scope = before.strip_suffix(')').and_then(|inside| inside.rsplit_once('('));
        let visibility = scope.map_or(before, |(head, _)| head);
        visibility.rsplit(|c| !is_word(c)).next() == Some("pub")
    })
}

/// Every path that a `use` names, with its offset.
pub(crate) fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, "use") {
        let rest = code[at + "use".len()..].trim_start();
        // `impl Trait + use<'a>` captures lifetimes and imports nothing.
        if let Some((import, _)) = rest.split_once(';').filter(|_| !rest.starts_with('<')) {
            found.extend(paths(import).into_iter().map(|path| (at, path)));
        }
    }
    found
}

/// `std::{fs, io::{self, Read}}` is `std::fs`, `std::io::self` and `std::io::Read`.
fn paths(import: &str) -> Vec<String> {
    let import = import.trim().trim_start_matches("::");
    let Some((start, group)) = import.split_once('{') else {
        return vec![import.to_string()];
    };
    let mut depth = 0;
    let mut found = Vec::new();
    // The braces at the end close groups whose last part is reached anyway.
    let parts = group.trim_end_matches('}').split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    for part in parts.filter(|part| !part.trim().is_empty()) {
        found.extend(paths(part).into_iter().map(|path| format!("{start}{path}")));
    }
    found
}
