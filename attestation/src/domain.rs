//! Domain: the words that keep what is hashed or signed for one purpose from being used for another.
//!
//! Everything hashed or signed begins with 24 bytes: `hourbook`, a space, the word, a space, the version, then zeros.

/// The first 24 bytes of whatever is hashed or signed for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain([u8; Domain::LEN]);

impl Domain {
    /// How many bytes a domain word takes.
    pub const LEN: usize = 24;

    /// A signed [`Assign`](crate::assign::Assign).
    pub const ASSIGN: Domain = Domain::new(b"assign 1");
    /// A signed [`Commit`](crate::commit::Commit).
    pub const COMMIT: Domain = Domain::new(b"commit 1");
    /// A signed [`Verdict`](crate::verdict::Verdict).
    pub const VERDICT: Domain = Domain::new(b"verdict 1");
    /// A signed [`Ruling`](crate::ruling::Ruling).
    pub const RULING: Domain = Domain::new(b"ruling 1");
    /// A signed [`Calibration`](crate::calibration::Calibration).
    pub const CALIBRATION: Domain = Domain::new(b"calibration 1");
    /// A [`Leaf`](crate::leaf::Leaf).
    pub const LEAF: Domain = Domain::new(b"leaf 1");
    /// A [`Transcript`](crate::transcript::Transcript).
    pub const TRANSCRIPT: Domain = Domain::new(b"transcript 1");
    /// An [`Opening`](crate::opening::Opening).
    pub const OPENING: Domain = Domain::new(b"opening 1");
    /// A [`Finding`](crate::finding::Finding).
    pub const FINDING: Domain = Domain::new(b"finding 1");
    /// The hash over the findings that a verdict rests on.
    pub const FINDINGS: Domain = Domain::new(b"findings 1");
    /// A [`Receipt`](crate::receipt::Receipt).
    pub const RECEIPT: Domain = Domain::new(b"receipt 1");
    /// The hash of one prompt: a leaf of the tree of inputs.
    pub const PROMPT: Domain = Domain::new(b"prompt 1");
    /// The hash of one answer.
    pub const ANSWER: Domain = Domain::new(b"answer 1");
    /// The hash of one sequence's fingerprints.
    pub const FINGERPRINTS: Domain = Domain::new(b"fingerprints 1");
    /// The id of a model: the bytes of its file, or the name of one that is built in.
    pub const MODEL: Domain = Domain::new(b"model 1");
    /// The id of a batch: one delivery in one slot.
    pub const BATCH: Domain = Domain::new(b"batch 1");
    /// The hash that commits to a secret.
    pub const SECRET: Domain = Domain::new(b"secret 1");
    /// The exchange's secret for a batch, derived from the node's.
    pub const NODE_SECRET: Domain = Domain::new(b"node secret 1");
    /// A taker's secret for a part of its job, derived from the key that asks for it.
    pub const TAKER_SECRET: Domain = Domain::new(b"taker secret 1");
    /// A beacon of two secrets.
    pub const BEACON: Domain = Domain::new(b"audit 1");
    /// A beacon for which the taker's secret is missing.
    pub const BEACON_ALONE: Domain = Domain::new(b"audit alone 1");
    /// The draw of one sequence.
    pub const DRAW: Domain = Domain::new(b"draw 1");
    /// What the report data of trusted hardware says of a provider's key.
    pub const TEE: Domain = Domain::new(b"tee 1");

    const fn new(word: &[u8]) -> Domain {
        let mut bytes = [0; Domain::LEN];
        let (first, rest) = bytes.split_at_mut(9);
        first.copy_from_slice(b"hourbook ");
        let (name, _) = rest.split_at_mut(word.len());
        name.copy_from_slice(word);
        Domain(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; Domain::LEN] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn words_are_padded_with_zeros() {
        assert_eq!(Domain::LEAF.bytes(), b"hourbook leaf 1\0\0\0\0\0\0\0\0\0");
        assert_eq!(Domain::FINGERPRINTS.bytes(), b"hourbook fingerprints 1\0");
    }
}
