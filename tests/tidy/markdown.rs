//! Markdown: its links, and its text without what is only mentioned.

/// The links of a Markdown text to other files, with their lines.
pub(crate) fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let line = without_spans(line);
        let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let reference = line.strip_prefix('[').filter(|rest| !rest.starts_with('^'));
        let reference = reference.and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
        for target in inline.chain(reference) {
            let file = target.trim_matches(['<', '>']).split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") {
                found.push((index + 1, file.to_string()));
            }
        }
    }
    found
}

/// The text without what stands between backticks on one line.
pub(crate) fn without_spans(text: &str) -> String {
    let line_without = |line: &str| {
        let pieces: Vec<&str> = line.split('`').collect();
        // An odd backtick, or the fence of a block, opens no span.
        if pieces.len().is_multiple_of(2) || line.trim_start().starts_with("```") {
            return line.to_string();
        }
        pieces.iter().step_by(2).copied().collect::<Vec<_>>().join(" ")
    };
    text.split('\n').map(line_without).collect::<Vec<_>>().join("\n")
}
