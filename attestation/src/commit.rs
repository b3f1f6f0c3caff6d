//! Commit: what a provider swears to have computed, before anyone knows what will be audited.

use std::str;

use crate::digest::Digest;
use crate::domain::Domain;
use crate::key::{PublicKey, SecretKey, Signature};
use crate::layout::{Reader, Writer};
use crate::malformed::Malformed;

/// The commitment to one batch. Signed by the provider that the assignment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The id of the [`Assign`](crate::assign::Assign).
    pub assign: Digest,
    /// The id of the provider's commitment before this one; [`Digest::NONE`] for its first. Nothing can be slipped in between.
    pub previous: Digest,
    /// Root of the tree of leaves, one per sequence.
    pub root: Digest,
    /// Tokens of all prompts.
    pub prompt_tokens: u64,
    /// Tokens of all answers.
    pub answer_tokens: u64,
    /// When the first sequence was begun, in nanoseconds since 1970 UTC.
    pub started_ns: u64,
    /// When the last was done; later.
    pub finished_ns: u64,
    /// On what.
    pub device: Device,
    /// Hash of the evidence of trusted hardware; [`Digest::NONE`] without.
    pub evidence: Digest,
    /// The provider's.
    pub signature: Signature,
}

/// What a provider says it ran on: 1 to 32 printable ASCII characters, without spaces at the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device([u8; 32]);

object!(Commit);

impl Commit {
    /// How many bytes a commitment takes.
    pub const LEN: usize = 280;

    /// Reads the bytes of one, and nothing else. Whether its signature is right is asked of it.
    pub fn decode(bytes: &[u8]) -> Result<Commit, Malformed> {
        let mut reader = Reader::new("commit", Domain::COMMIT, bytes)?;
        let commit = Commit {
            assign: reader.digest("assign")?,
            previous: reader.digest("previous")?,
            root: reader.digest("root")?,
            prompt_tokens: reader.u64("prompt_tokens")?,
            answer_tokens: reader.u64("answer_tokens")?,
            started_ns: reader.u64("started_ns")?,
            finished_ns: reader.u64("finished_ns")?,
            device: Device::read(&mut reader)?,
            evidence: reader.digest("evidence")?,
            signature: reader.signature()?,
        };
        reader.demand(commit.started_ns < commit.finished_ns, "finished_ns", "after started_ns")?;
        reader.end()?;
        Ok(commit)
    }

    /// The same, signed.
    pub fn signed(self, key: &SecretKey) -> Commit {
        Commit { signature: key.sign(&self.body()), ..self }
    }

    /// Whether this provider signed it.
    pub fn is_signed_by(&self, provider: &PublicKey) -> bool {
        provider.has_signed(&self.body(), &self.signature)
    }

    fn body(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::COMMIT).digest(self.assign).digest(self.previous).digest(self.root);
        let writer = writer.u64(self.prompt_tokens).u64(self.answer_tokens);
        let writer = writer.u64(self.started_ns).u64(self.finished_ns);
        writer.bytes(&self.device.0).digest(self.evidence).done()
    }
}

impl Device {
    /// `None` unless the text follows the rule.
    pub fn new(text: &str) -> Option<Device> {
        let mut bytes = [0; 32];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Device::from_bytes(bytes)
    }

    /// The text.
    pub fn text(&self) -> &str {
        str::from_utf8(self.named()).expect("ASCII is UTF-8")
    }

    fn from_bytes(bytes: [u8; 32]) -> Option<Device> {
        let device = Device(bytes);
        let name = device.named();
        let is_printable = name.iter().all(|byte| (b' '..=b'~').contains(byte));
        let is_trimmed = !name.is_empty() && name.first() != Some(&b' ') && name.last() != Some(&b' ');
        let is_padded = bytes.iter().skip(name.len()).all(|byte| *byte == 0);
        (is_printable && is_trimmed && is_padded).then_some(device)
    }

    fn named(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Device, Malformed> {
        let bytes = reader.array("device")?;
        let rule = "1 to 32 printable ASCII characters, no space at the ends, then zeros";
        Device::from_bytes(bytes).map_or_else(|| reader.refuse("device", rule), Ok)
    }
}
