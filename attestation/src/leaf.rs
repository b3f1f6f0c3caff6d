//! Leaf: what a commitment says of one sequence.

use crate::assign::BatchId;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::layout::{Reader, TOKENS, Writer};
use crate::malformed::Malformed;
use crate::transcript::Transcript;
use crate::tree;

/// One sequence of a batch, in hashes and counts. Always 148 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its place in the batch, from 0.
    pub index: u32,
    /// Tokens of the prompt: 1 to 131,072.
    pub prompt_tokens: u32,
    /// Tokens of the answer, the one that ends it included: 1 to 131,072.
    pub answer_tokens: u32,
    /// When it was begun, in nanoseconds since 1970 UTC.
    pub started_ns: u64,
    /// When it was done; later.
    pub finished_ns: u64,
    /// Hash of the prompt, which is also a leaf of the tree of inputs.
    pub prompt: Digest,
    /// Hash of the answer.
    pub answer: Digest,
    /// Hash of the fingerprints.
    pub fingerprints: Digest,
}

impl Leaf {
    /// How many bytes a leaf takes.
    pub const LEN: usize = 148;

    /// The leaf of a transcript, computed from `started_ns` to `finished_ns`.
    pub fn of(index: u32, transcript: &Transcript, started_ns: u64, finished_ns: u64) -> Leaf {
        Leaf {
            index,
            prompt_tokens: transcript.prompt_tokens(),
            answer_tokens: transcript.answer_tokens(),
            started_ns,
            finished_ns,
            prompt: transcript.prompt_hash(),
            answer: transcript.answer_hash(),
            fingerprints: transcript.fingerprints_hash(),
        }
    }

    /// Reads the bytes of one, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Leaf, Malformed> {
        let mut reader = Reader::new("leaf", Domain::LEAF, bytes)?;
        let leaf = Leaf {
            index: reader.u32("index")?,
            prompt_tokens: reader.u32("prompt_tokens")?,
            answer_tokens: reader.u32("answer_tokens")?,
            started_ns: reader.u64("started_ns")?,
            finished_ns: reader.u64("finished_ns")?,
            prompt: reader.digest("prompt")?,
            answer: reader.digest("answer")?,
            fingerprints: reader.digest("fingerprints")?,
        };
        let counted = 1..=TOKENS.most;
        reader.demand(leaf.index < crate::assign::SEQUENCES_MAX, "index", "0 to 65,535")?;
        reader.demand(counted.contains(&leaf.prompt_tokens), "prompt_tokens", "1 to 131,072")?;
        reader.demand(counted.contains(&leaf.answer_tokens), "answer_tokens", "1 to 131,072")?;
        reader.demand(leaf.started_ns < leaf.finished_ns, "finished_ns", "after started_ns")?;
        reader.end()?;
        Ok(leaf)
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::LEAF).u32(self.index);
        let writer = writer.u32(self.prompt_tokens).u32(self.answer_tokens);
        let writer = writer.u64(self.started_ns).u64(self.finished_ns);
        writer.digest(self.prompt).digest(self.answer).digest(self.fingerprints).done()
    }

    /// The hashes of a batch's leaves, of which its tree is made.
    pub fn hashes(leaves: &[Leaf], batch: &BatchId) -> Vec<Digest> {
        leaves.iter().map(|leaf| leaf.hash(batch)).collect()
    }

    /// Tokens of all prompts, and of all answers.
    pub fn totals(leaves: &[Leaf]) -> (u64, u64) {
        leaves.iter().fold((0, 0), |(prompts, answers), leaf| {
            (prompts + u64::from(leaf.prompt_tokens), answers + u64::from(leaf.answer_tokens))
        })
    }

    /// Its hash in the tree of this batch: of no other, so that a leaf cannot be used twice.
    pub fn hash(&self, batch: &BatchId) -> Digest {
        tree::leaf_hash(batch.digest(), &self.encode())
    }
}
