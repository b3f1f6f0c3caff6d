//! Label: a short name of 1 to 20 of `[A-Za-z0-9_-]`, packed in 128 bits.
//!
//! Account names and client order ids are labels: they are copied, compared and hashed as two numbers.

use std::fmt;
use std::num::NonZeroU64;

/// The most characters in a label.
pub const LABEL_MAX: usize = 20;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// A packed short name: length, then six bits per character, first character highest.
///
/// The length stands in the top bits, so the upper half is never zero and `Option<Label>` takes no more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    upper: NonZeroU64,
    lower: u64,
}

impl Label {
    /// `A`: what stands where a label is needed and none is meant.
    pub(crate) const SHORTEST: Label =
        Label { upper: NonZeroU64::new(1 << 56).expect("it is not zero"), lower: 0 };

    /// Returns `None` unless `text` is 1 to 20 of `[A-Za-z0-9_-]`.
    pub fn new(text: &str) -> Option<Label> {
        if text.is_empty() || LABEL_MAX < text.len() {
            return None;
        }
        let mut packed = u128::try_from(text.len()).ok()?;
        for place in 0..LABEL_MAX {
            let code = match text.as_bytes().get(place) {
                Some(byte) => u128::try_from(ALPHABET.iter().position(|known| known == byte)?).ok()?,
                None => 0,
            };
            packed = packed << 6 | code;
        }
        Label::from_packed(packed)
    }

    /// The label packed as `packed`, or `None` when no text packs so.
    pub fn from_raw(packed: u128) -> Option<Label> {
        let label = Label::from_packed(packed)?;
        let length = usize::try_from(packed >> 120).ok()?;
        let padding = LABEL_MAX.checked_sub(length)?;
        let free = packed & ((1_u128 << (6 * padding)) - 1);
        (0 < length && free == 0).then_some(label)
    }

    fn from_packed(packed: u128) -> Option<Label> {
        let upper = NonZeroU64::new(u64::try_from(packed >> 64).ok()?)?;
        let lower = u64::try_from(packed & u128::from(u64::MAX)).ok()?;
        Some(Label { upper, lower })
    }

    /// The packed form.
    pub fn raw(self) -> u128 {
        u128::from(self.upper.get()) << 64 | u128::from(self.lower)
    }

    /// The packed form as two numbers, the upper first.
    #[inline]
    pub fn halves(self) -> (u64, u64) {
        (self.upper.get(), self.lower)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packed = self.raw();
        let length = usize::try_from(packed >> 120).expect("a length is small");
        for place in 0..length {
            let code =
                usize::try_from(packed >> (6 * (LABEL_MAX - 1 - place)) & 63).expect("six bits are small");
            write!(f, "{}", char::from(ALPHABET[code]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

checked!(Label as u128, "a label is 1 to 20 known characters, packed"; Label::raw, Label::from_raw);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_packing() {
        for text in ["a", "A", "mm1-000123", "zzzzzzzzzzzzzzzzzzzz", "AAAAAAAAAAAAAAAAAAAA", "_-9"] {
            let label = Label::new(text).unwrap();
            assert_eq!(label.to_string(), text);
            assert_eq!(Label::from_raw(label.raw()), Some(label));
        }
        assert_ne!(Label::new("a"), Label::new("aA"));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "a b", "ü", "123456789012345678901", "a.b"] {
            assert_eq!(Label::new(text), None);
        }
        assert_eq!(Label::from_raw(0), None);
        assert_eq!(Label::from_raw(21 << 120), None);
        assert_eq!(Label::from_raw(1 << 120 | 1), None);
        assert_eq!(size_of::<Option<Label>>(), 16);
    }
}
