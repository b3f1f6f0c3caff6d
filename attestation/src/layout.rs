//! Layout: numbers and hashes as little-endian bytes, one after the other, and back.
//!
//! There is one way to write an object, so what is read and written again is the same bytes.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::key::{PublicKey, Signature};
use crate::malformed::Malformed;

/// Bytes being written.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

/// Bytes being read, of an object of this name.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    object: &'static str,
    rest: &'a [u8],
}

impl Writer {
    /// Begins with the domain word.
    pub(crate) fn new(domain: Domain) -> Writer {
        Writer(domain.bytes().to_vec())
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Writer {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u32(self, number: u32) -> Writer {
        self.bytes(&number.to_le_bytes())
    }

    pub(crate) fn u64(self, number: u64) -> Writer {
        self.bytes(&number.to_le_bytes())
    }

    pub(crate) fn digest(self, digest: Digest) -> Writer {
        self.bytes(&digest.0)
    }

    pub(crate) fn key(self, key: &PublicKey) -> Writer {
        self.bytes(key.bytes())
    }

    /// How many things follow. What is written has been bounded when it was made or read.
    pub(crate) fn count(self, count: usize) -> Writer {
        self.u32(u32::try_from(count).expect("what is written is bounded"))
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

impl<'a> Reader<'a> {
    /// Refuses what does not begin with the object's domain word.
    pub(crate) fn new(
        object: &'static str,
        domain: Domain,
        bytes: &'a [u8],
    ) -> Result<Reader<'a>, Malformed> {
        match bytes.strip_prefix(domain.bytes()) {
            Some(rest) => Ok(Reader { object, rest }),
            None => Err(Malformed { object, field: "domain", rule: "the 24 bytes of this object's word" }),
        }
    }

    /// Reads bytes that stand inside other objects, without a word of their own.
    pub(crate) fn bare(object: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { object, rest: bytes }
    }

    /// The error for a field that breaks its rule.
    pub(crate) fn refuse<T>(&self, field: &'static str, rule: &'static str) -> Result<T, Malformed> {
        Err(Malformed { object: self.object, field, rule })
    }

    /// The same unless `holds`.
    pub(crate) fn demand(
        &self,
        holds: bool,
        field: &'static str,
        rule: &'static str,
    ) -> Result<(), Malformed> {
        if holds { Ok(()) } else { self.refuse(field, rule) }
    }

    /// So many bytes, which are there.
    pub(crate) fn slice(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], Malformed> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => self.refuse(field, "all its bytes are there"),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Malformed> {
        let bytes = self.slice(N, field)?;
        Ok(bytes.try_into().expect("a slice of N bytes is an array of N"))
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Malformed> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, field: &'static str) -> Result<u64, Malformed> {
        self.array(field).map(u64::from_le_bytes)
    }

    pub(crate) fn digest(&mut self, field: &'static str) -> Result<Digest, Malformed> {
        self.array(field).map(Digest)
    }

    pub(crate) fn key(&mut self, field: &'static str) -> Result<PublicKey, Malformed> {
        let bytes = self.array(field)?;
        let rule = "an Ed25519 key: a point on the curve, not of small order";
        PublicKey::from_bytes(&bytes).map_or_else(|| self.refuse(field, rule), Ok)
    }

    /// The last field of a signed object. Whether it is right is asked of the object.
    pub(crate) fn signature(&mut self) -> Result<Signature, Malformed> {
        self.array("signature").map(Signature)
    }

    /// A count of things that each take `size` bytes, at most `most` of them, and their bytes, which are there.
    pub(crate) fn list(
        &mut self,
        field: &'static str,
        size: usize,
        most: Bound,
    ) -> Result<impl Iterator<Item = &'a [u8]> + use<'a>, Malformed> {
        let count = self.u32(field)?;
        self.demand(count <= most.most, field, most.rule)?;
        let count = usize::try_from(count).expect("indexes have at least 32 bits");
        Ok(self.slice(count * size, field)?.chunks_exact(size))
    }

    /// Refuses bytes after the last field.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        self.demand(self.rest.is_empty(), "end", "nothing follows the last field")
    }
}

/// How many there may be, and the same in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) most: u32,
    pub(crate) rule: &'static str,
}

/// Sequences in a batch.
pub(crate) const SEQUENCES: Bound = Bound { most: 65_536, rule: "at most 65,536" };
/// Tokens of a prompt, or of an answer.
pub(crate) const TOKENS: Bound = Bound { most: 131_072, rule: "at most 131,072" };
/// Hashes on the way from a leaf to the root: 2^16 leaves.
pub(crate) const PATH: Bound = Bound { most: 16, rule: "at most 16" };
