//! Mark: how far a log is known to reach, kept outside of it.
//!
//! A log that was cut between two records is sound and too short: only this shows it. The mark is written some
//! milliseconds after the log, so a log may reach further than its mark, and never less far.

use std::fmt;

use engine::stamp::Sequence;

use crate::fault::RecordFault;
use crate::log::{CommandLog, ReadError, Tip};
use crate::reader::Reader;
use crate::record::{Record, RecordHash};
use crate::writer::Writer;

/// Bytes of a mark on disk.
pub const MARK_BYTES: usize = 68;

/// The version of the layout.
const FORMAT_VERSION: u16 = 1;
const MAGIC: [u8; 4] = *b"HBMK";
/// Where the checksum begins: it is that of all bytes before it.
const CHECKSUM: usize = MARK_BYTES - 4;

/// How far a log is known to reach, and which history it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last record that is known to be durable.
    pub tip: Tip,
    /// Names the history to clients: with another epoch, a sequence may be that of another command.
    pub epoch: u64,
    /// The log was cut here, and nobody has looked at what is left: the venue has to be halted.
    pub cut: bool,
}

impl Mark {
    /// The mark of an empty log.
    pub fn new(epoch: u64) -> Mark {
        Mark { tip: Tip { sequence: Sequence(0), hash: RecordHash::genesis() }, epoch, cut: false }
    }

    /// The mark's bytes. `number` counts writes: of two sound marks the one with the greater number stands.
    pub fn encode(&self, number: u64) -> [u8; MARK_BYTES] {
        let mut bytes = Vec::with_capacity(MARK_BYTES);
        let Mark { tip: Tip { sequence, hash }, epoch, cut } = *self;
        let to = Writer(&mut bytes).raw(&MAGIC).raw(&FORMAT_VERSION.to_le_bytes()).choice(cut).byte(0);
        let to = to.long(number).long(sequence.0).raw(&hash.0).long(epoch);
        let checksum = crc32c::crc32c(to.0);
        to.word(checksum);
        bytes.try_into().expect("a mark has as many bytes as it has")
    }

    /// The mark that `bytes` are, with its number; `None` when they are none.
    pub fn decode(bytes: &[u8; MARK_BYTES]) -> Option<(u64, Mark)> {
        Mark::read(bytes).ok().flatten()
    }

    fn read(bytes: &[u8; MARK_BYTES]) -> Result<Option<(u64, Mark)>, RecordFault> {
        let from = &mut Reader::at(bytes, 0);
        let known = from.array()? == MAGIC && from.half()? == FORMAT_VERSION;
        let (cut, pad) = (from.byte()?, from.byte()?);
        let number = from.long()?;
        let tip = Tip { sequence: Sequence(from.long()?), hash: RecordHash(from.array()?) };
        let epoch = from.long()?;
        let sound = known && cut <= 1 && pad == 0 && from.word()? == crc32c::crc32c(&bytes[..CHECKSUM]);
        Ok(sound.then_some((number, Mark { tip, epoch, cut: cut == 1 })))
    }

    /// Checks that `log` reaches the mark, and is the one that was marked.
    ///
    /// # Errors
    /// The log is shorter, or another one, or cannot be read.
    pub fn check(&self, log: &impl CommandLog) -> Result<(), MarkError> {
        let marked = self.tip.sequence;
        let end = log.last()?.map_or(Sequence(0), |tip| tip.sequence);
        if end < marked {
            return Err(MarkError::Short { marked, end });
        }
        if marked == Sequence(0) {
            return Ok(());
        }
        let bytes = log.read(marked).next().transpose()?.unwrap_or_default();
        match Record::open(&bytes) {
            Ok(record) if record.tip() != self.tip => Err(MarkError::Other { marked }),
            // What is wrong with a damaged record is for recovery to say.
            _ => Ok(()),
        }
    }
}

/// Why a log is not the one that was marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkError {
    /// It cannot be read.
    Read(ReadError),
    /// It ends before the mark: durable commands are gone.
    Short {
        /// The last sequence that was durable.
        marked: Sequence,
        /// The last sequence there is.
        end: Sequence,
    },
    /// It tells another history.
    Other {
        /// The sequence at which the two differ at the latest.
        marked: Sequence,
    },
}

impl From<ReadError> for MarkError {
    fn from(error: ReadError) -> MarkError {
        MarkError::Read(error)
    }
}

impl fmt::Display for MarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MarkError::Read(error) => write!(f, "the journal cannot be read: {error}"),
            MarkError::Short { marked, end } => write!(
                f,
                "the journal ends at command {}, and command {} was durable before: {} commands are missing, of which \
                 clients may have been told",
                end.0,
                marked.0,
                marked.0 - end.0
            ),
            MarkError::Other { marked } => write!(
                f,
                "the journal tells another history than the one that was marked at command {}",
                marked.0
            ),
        }
    }
}

impl std::error::Error for MarkError {}
