//! Header: what a snapshot says of itself, before its body.

use engine::image::ImageFault;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};

use crate::reader::Reader;
use crate::record::RecordHash;
use crate::snapshot::fault::SnapshotFault;

/// The version of the layout, of header and body.
pub const FORMAT_VERSION: u16 = 3;
/// Where the body begins.
pub const HEADER_BYTES: usize = 168;

const MAGIC: [u8; 4] = *b"HBSN";
/// Where the hash over the header stands; it is that of all bytes before.
const HASH: std::ops::Range<usize> = 136..168;

/// Which snapshot it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// The logic version that made it.
    pub logic: u16,
    /// How long the body is.
    pub bytes: u64,
    /// The history it belongs to.
    pub epoch: u64,
    /// The last command before it.
    pub last: Stamp,
    /// The record that ends with that command.
    pub record: RecordHash,
    /// The rolling outcome hash after it.
    pub outcome: OutcomeHash,
    /// The state hash then.
    pub state: OutcomeHash,
    /// BLAKE3 of the body.
    pub body: [u8; 32],
}

impl SnapshotHeader {
    /// The header as it stands on disk.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let SnapshotHeader { logic, bytes: length, epoch, last, record, outcome, state, body } = self;
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[6..8].copy_from_slice(&logic.to_le_bytes());
        bytes[8..16].copy_from_slice(&length.to_le_bytes());
        bytes[16..24].copy_from_slice(&epoch.to_le_bytes());
        bytes[24..32].copy_from_slice(&last.sequence.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&last.time.0.to_le_bytes());
        bytes[40..72].copy_from_slice(&record.0);
        bytes[72..88].copy_from_slice(&outcome.value().to_le_bytes());
        bytes[88..104].copy_from_slice(&state.value().to_le_bytes());
        bytes[104..136].copy_from_slice(body);
        let hash = *blake3::hash(&bytes[..HASH.start]).as_bytes();
        bytes[HASH].copy_from_slice(&hash);
        bytes
    }

    /// The header that these bytes are.
    ///
    /// # Errors
    /// The first rule that they break.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<SnapshotHeader, SnapshotFault> {
        let broken = |offset, rule| Err(SnapshotFault::Header(ImageFault { offset, rule }));
        if bytes[0..4] != MAGIC {
            return broken(0, "a snapshot begins with its magic bytes");
        }
        if bytes[4..6] != FORMAT_VERSION.to_le_bytes() {
            return broken(4, "the format version is one this program knows");
        }
        if bytes[HASH] != *blake3::hash(&bytes[..HASH.start]).as_bytes() {
            return broken(136, "a header's hash is that of the bytes before it");
        }
        let mut from = Reader::at(bytes, 6);
        let fields = Self::fields(&mut from).expect("a header has room for its fields");
        // One more than the last sequence fits too, so that `Sequence::next` cannot overflow.
        match fields.last.sequence.0 {
            0 | u64::MAX => broken(24, "sequences begin at 1 and fit in 64 bits"),
            _ => Ok(fields),
        }
    }

    /// Checks that the body from `source` is the one that was written, without making anything of it. `source` is as in
    /// [`Snapshot::read`](crate::snapshot::Snapshot::read).
    ///
    /// # Errors
    /// When it is another one.
    pub fn check(&self, source: &mut dyn FnMut(&mut Vec<u8>)) -> Result<(), SnapshotFault> {
        let mut hasher = blake3::Hasher::new();
        let mut block = Vec::new();
        loop {
            block.clear();
            source(&mut block);
            if block.is_empty() {
                let same = *hasher.finalize().as_bytes() == self.body;
                return if same { Ok(()) } else { Err(SnapshotFault::Mixed) };
            }
            hasher.update(&block);
        }
    }

    fn fields(from: &mut Reader<'_>) -> Result<SnapshotHeader, crate::fault::RecordFault> {
        Ok(SnapshotHeader {
            logic: from.half()?,
            bytes: from.long()?,
            epoch: from.long()?,
            last: Stamp { sequence: Sequence(from.long()?), time: Time(from.long()?) },
            record: RecordHash(from.array()?),
            outcome: OutcomeHash::from_value(from.wide()?),
            state: OutcomeHash::from_value(from.wide()?),
            body: from.array()?,
        })
    }
}
