//! Digest: 32 bytes of SHA-256 over a domain word and what follows it.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::domain::Domain;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Thirty-two zeros: what a field says when there is nothing to name.
    pub const NONE: Digest = Digest([0; 32]);

    /// The hash of the word and the parts, one after the other. Parts of varying length must be told apart by the caller.
    pub fn of(domain: Domain, parts: &[&[u8]]) -> Digest {
        let mut hash = Sha256::new();
        hash.update(domain.bytes());
        parts.iter().for_each(|part| hash.update(part));
        Digest(hash.finalize().into())
    }

    /// The hash of bytes that begin with their domain word.
    pub(crate) fn of_object(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// The hash of a tag and two or more parts, for trees: the tag stands where a domain word would.
    pub(crate) fn of_tagged(tag: u8, parts: &[&[u8]]) -> Digest {
        let mut hash = Sha256::new();
        hash.update([tag]);
        parts.iter().for_each(|part| hash.update(part));
        Digest(hash.finalize().into())
    }

    /// The first 8 bytes as a number.
    pub(crate) fn first_u64(&self) -> u64 {
        let first = self.0.first_chunk().expect("32 bytes begin with 8");
        u64::from_le_bytes(*first)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}
