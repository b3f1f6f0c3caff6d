//! Byte text: how vocabularies write bytes as printable characters.
//!
//! Bytes that print stand for themselves; the others, in their order, for the characters from U+0100 on (GPT-2).

/// Whether a byte stands for the character of the same number.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

/// The character of a byte.
pub(crate) fn character(byte: u8) -> char {
    if is_plain(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|byte| !is_plain(*byte)).count();
    let code = 0x100 + crate::narrow::number(before);
    char::from_u32(code).expect("the block after Latin-1 has only characters")
}

/// The bytes of a text, unless a character stands for none.
pub(crate) fn bytes(text: &str) -> Option<Box<[u8]>> {
    text.chars().map(byte).collect()
}

fn byte(character: char) -> Option<u8> {
    match u8::try_from(u32::from(character)) {
        Ok(byte) => is_plain(byte).then_some(byte),
        Err(_) => {
            let at = usize::try_from(u32::from(character).checked_sub(0x100)?).ok()?;
            (0..=u8::MAX).filter(|byte| !is_plain(*byte)).nth(at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, character};

    #[test]
    fn every_byte_has_its_character() {
        for byte in 0..=u8::MAX {
            assert_eq!(bytes(&character(byte).to_string()).as_deref(), Some(&[byte][..]));
        }
        assert_eq!([b' ', b'\n', b'a', 0xAD].map(character), ['Ġ', 'Ċ', 'a', 'Ń']);
        for none in ["\u{144}", " ", "日", "\u{AD}"] {
            assert_eq!(bytes(none), None, "of {none:?}");
        }
    }
}
