//! Suggestion: the known name that was probably meant.

/// Longer words are not compared: the work is bounded, and nobody mistypes a name that long.
const WORD_CHARS_MAX: usize = 48;

/// The nearest of `names` by edit distance, case ignored; `None` when none is near.
/// Of equally near names the first wins.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = lower(word)?;
    let reach = (word.len() / 3).max(1);
    let near = names.into_iter().filter_map(|name| {
        let distance = distance(&word, &lower(name)?);
        (distance <= reach).then_some((distance, name))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The nearest name as the text of an error's `suggestion`.
pub fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, names).map(|name| format!("did you mean {name}?"))
}

fn lower(word: &str) -> Option<Vec<char>> {
    let chars: Vec<char> = word.chars().take(WORD_CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
    (!chars.is_empty() && chars.len() <= WORD_CHARS_MAX).then_some(chars)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_is_what_was_meant() {
        let names = ["price", "limit_price", "qty", "tif"];
        let cases = [
            ("prcie", Some("price")),
            ("Price", Some("price")),
            ("limitprice", Some("limit_price")),
            ("QTY", Some("qty")),
            ("tiff", Some("tif")),
            ("quantity", None),
            ("", None),
            ("x", None),
        ];
        for (word, meant) in cases {
            assert_eq!(nearest(word, names), meant, "{word}");
        }
    }

    #[test]
    fn nearest_of_a_swapped_class_is_found() {
        assert_eq!(nearest("H100XSM", ["A100", "H100SXM"]), Some("H100SXM"));
    }

    #[test]
    fn nearest_does_not_compare_endless_words() {
        assert_eq!(nearest(&"x".repeat(60_000), ["x"]), None);
    }
}
