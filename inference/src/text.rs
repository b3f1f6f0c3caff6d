//! Text: the tokens of an answer become characters as soon as they are whole.

/// Bytes that may yet become a character.
#[derive(Debug, Default)]
pub struct Text {
    rest: Vec<u8>,
}

impl Text {
    /// The characters that are whole with these bytes. What never becomes a character is told as U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let mut whole = String::new();
        loop {
            let error = match std::str::from_utf8(&self.rest) {
                Ok(text) => {
                    whole.push_str(text);
                    self.rest.clear();
                    return whole;
                }
                Err(error) => error,
            };
            let (sound, rest) = self.rest.split_at(error.valid_up_to());
            whole.push_str(&String::from_utf8_lossy(sound));
            let Some(broken) = error.error_len() else {
                self.rest = rest.to_vec();
                return whole;
            };
            whole.push(char::REPLACEMENT_CHARACTER);
            self.rest = rest[broken..].to_vec();
        }
    }

    /// What is left when no more bytes come.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.rest).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn characters_are_told_when_they_are_whole() {
        let mut text = Text::default();
        let told: Vec<String> = "aé日".bytes().map(|byte| text.push(&[byte])).collect();
        assert_eq!(told, ["a", "", "é", "", "", "日"]);
        assert_eq!(text.push(b"\xff\xffz\xe6"), "\u{FFFD}\u{FFFD}z");
        assert_eq!(text.push(b"z"), "\u{FFFD}z");
        assert_eq!(text.push(b"\xe6\x97"), "");
        assert_eq!(text.finish(), "\u{FFFD}");
    }
}
