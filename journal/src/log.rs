//! Command log: keeps records in order, durably. Every log must pass `contract`.

use std::fmt;

use engine::stamp::Sequence;

use crate::fault::RecordFault;
use crate::record::{Record, RecordHash};
use crate::sealed::SealedRecords;

/// The last record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its last command's sequence.
    pub sequence: Sequence,
    /// The hash of its bytes.
    pub hash: RecordHash,
}

impl Record<'_> {
    /// What a log that ends with this record answers.
    pub fn tip(&self) -> Tip {
        Tip { sequence: self.header().last(), hash: self.hash() }
    }
}

/// A log of sealed records.
pub trait CommandLog {
    /// Makes all `records` durable, or none: one atomic write and one sync. When it returns `Ok`, they survive a crash.
    /// `expected_last` is the last sequence of the log as the writer knows it, 0 when it is empty.
    ///
    /// # Errors
    /// After any error the process stops and recovers: no command of `records` may be acknowledged or tried again.
    ///
    /// # Panics
    /// Unless the first record follows `expected_last`.
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError>;

    /// The last record, or `None` when the log is empty.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn last(&self) -> Result<Option<Tip>, ReadError>;

    /// The bytes of every record that ends at or after `from`, in order. Whether they are a journal is for `recovery`
    /// to say.
    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>>;
}

/// Why records are not known to be durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// Someone else has appended: nothing was written.
    Conflict {
        /// The last sequence as the writer knew it.
        expected: Sequence,
        /// The last sequence of the log.
        found: Sequence,
    },
    /// The write or the sync failed. The records may be there after a restart, or not.
    Unknown {
        /// What the machine said.
        cause: String,
    },
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppendError::Conflict { expected, found } => write!(
                f,
                "another writer has appended to the journal: expected it to end at sequence {}, found {}; \
                 stop one of the two exchanges, then start again",
                expected.0, found.0
            ),
            AppendError::Unknown { cause } => write!(
                f,
                "writing to the journal failed, and what is on disk is unknown until it is opened again: {cause}; \
                 mend the disk, then start again"
            ),
        }
    }
}

impl std::error::Error for AppendError {}

/// Why a log cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The machine failed.
    Failed {
        /// While doing what.
        doing: &'static str,
        /// What the machine said.
        cause: String,
    },
    /// The last record is none.
    LastDamaged(RecordFault),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Failed { doing, cause } => write!(f, "{doing} failed: {cause}"),
            ReadError::LastDamaged(fault) => write!(f, "the journal's last record is damaged: {fault}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Why something beside a log could not be written. The process stops, as after a failed append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    /// While doing what.
    pub doing: &'static str,
    /// What the machine said.
    pub cause: String,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}; mend the disk, then start again", self.doing, self.cause)
    }
}

impl std::error::Error for WriteError {}
