//! Outcome hash: one number that two replays share exactly when they told the same events.
//!
//! It finds differences between honest runs (a bug, another logic version, rotten memory); the journal's own chain
//! guards against tampering. Words are folded as `h = rotate_left((h ^ x) * K, 29)`, in two lanes with different
//! constants, so that the hash costs a few instructions per word and does not depend on the platform.

const K1: u64 = 0x9E37_79B9_7F4A_7C15;
const K2: u64 = 0xC2B2_AE3D_27D4_EB4F;

/// A rolling 128-bit hash over words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutcomeHash {
    first: u64,
    second: u64,
}

impl Default for OutcomeHash {
    fn default() -> OutcomeHash {
        OutcomeHash { first: 0xCBF2_9CE4_8422_2325, second: 0x8422_2325_CBF2_9CE4 }
    }
}

impl OutcomeHash {
    /// Folds words in order.
    pub fn words<const N: usize>(&mut self, words: [u64; N]) {
        for word in words {
            self.first = (self.first ^ word).wrapping_mul(K1).rotate_left(29);
            self.second = (self.second ^ word).wrapping_mul(K2).rotate_left(31);
        }
    }

    /// Folds bytes, eight to a word, the last padded with zeros.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.words([u64::from_le_bytes(word)]);
        }
    }

    /// The hash as a number.
    pub fn value(self) -> u128 {
        u128::from(self.first) << 64 | u128::from(self.second)
    }

    /// The hash that had this value.
    pub fn from_value(value: u128) -> OutcomeHash {
        let half =
            |shift: u32| u64::try_from(value >> shift & u128::from(u64::MAX)).expect("a half has 64 bits");
        OutcomeHash { first: half(64), second: half(0) }
    }
}

impl std::fmt::Display for OutcomeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_value_matter() {
        let hash = |words: [u64; 2]| {
            let mut hash = OutcomeHash::default();
            hash.words(words);
            hash
        };
        assert_ne!(hash([1, 2]), hash([2, 1]));
        assert_ne!(hash([0, 0]), hash([0, 1]));
        assert_eq!(OutcomeHash::from_value(hash([1, 2]).value()), hash([1, 2]));
    }
}
