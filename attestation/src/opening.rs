//! Opening: one audited sequence in the open, with its way to the root that the provider signed.
//!
//! It carries no signature of its own: the root has one, and nothing else leads to it.

use crate::assign::BatchId;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::layout::{PATH, Reader, Writer};
use crate::leaf::Leaf;
use crate::malformed::Malformed;
use crate::transcript::Transcript;
use crate::tree::root_from_path;

/// One sequence, its leaf, and the hashes beside the leaf's way to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The id of the [`Commit`](crate::commit::Commit).
    pub commit: Digest,
    /// What the commitment says of the sequence.
    pub leaf: Leaf,
    /// What it was.
    pub transcript: Transcript,
    /// The hashes beside the leaf's way to the root, the lowest first.
    pub path: Vec<Digest>,
}

impl Opening {
    /// Reads the bytes of one, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Opening, Malformed> {
        let mut reader = Reader::new("opening", Domain::OPENING, bytes)?;
        let commit = reader.digest("commit")?;
        let leaf = Leaf::decode(reader.slice(Leaf::LEN, "leaf")?)?;
        let transcript = Transcript::read(&mut reader)?;
        let path = reader.list("path", 32, PATH)?;
        let path = path.map(|bytes| Digest(bytes.try_into().expect("32 bytes are a hash"))).collect();
        reader.end()?;
        Ok(Opening { commit, leaf, transcript, path })
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::OPENING).digest(self.commit).bytes(&self.leaf.encode());
        let writer = self.transcript.write(writer).count(self.path.len());
        self.path.iter().fold(writer, |writer, digest| writer.digest(*digest)).done()
    }

    /// The root it leads to, in this batch of `count` sequences; `None` if such a tree has no such way, or the transcript
    /// is not the one of the leaf.
    pub fn root(&self, batch: &BatchId, count: u32) -> Option<Digest> {
        let Leaf { index, started_ns, finished_ns, .. } = self.leaf;
        let is_its_leaf = Leaf::of(index, &self.transcript, started_ns, finished_ns) == self.leaf;
        is_its_leaf.then(|| root_from_path(self.leaf.hash(batch), index, count, &self.path))?
    }
}
