//! Copy: takes the records of one log into another, and lets through only what is a journal.
//!
//! Checksums, sequences, chain and times are checked; commands are not applied.

use std::fmt;

use engine::stamp::{Sequence, Stamp};

use crate::chain::Chain;
use crate::fault::RecordFault;
use crate::log::{AppendError, CommandLog, ReadError};
use crate::mark::{Mark, MarkError};
use crate::record::Record;
use crate::sealed::SealedRecords;

/// Bytes of records that are appended together.
const GROUP_BYTES: usize = 1 << 20;

/// Why a log was not copied to its end. What was copied before stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// The log that is copied from cannot be read.
    Read(ReadError),
    /// The log that is copied to cannot be written.
    Write(AppendError),
    /// The log that is copied to holds another history, or more of it.
    Other(MarkError),
    /// A record is damaged.
    Damaged {
        /// The last sequence before it.
        after: Sequence,
        /// What is wrong with it.
        fault: RecordFault,
    },
    /// A record does not follow the one before it.
    Broken {
        /// The last sequence before it.
        after: Sequence,
    },
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::Read(error) => write!(f, "the records cannot be read: {error}"),
            CopyError::Write(error) => error.fmt(f),
            CopyError::Other(error) => write!(f, "the copy is of another journal: {error}"),
            CopyError::Damaged { after, fault } => {
                write!(f, "the record after command {} is damaged: {fault}", after.0)
            }
            CopyError::Broken { after } => {
                write!(f, "the record after command {} does not follow the one before it", after.0)
            }
        }
    }
}

impl std::error::Error for CopyError {}

impl From<ReadError> for CopyError {
    fn from(error: ReadError) -> CopyError {
        CopyError::Read(error)
    }
}

/// Appends to `to` the records of `from` that it has not yet. `progress` sees the last command after each write. Returns how
/// many records were copied. A log that holds nothing but says where it ends gets what comes after that.
///
/// # Errors
/// The first record that is damaged or does not follow; and when `to` is no beginning of `from`.
pub fn copy(
    from: &impl CommandLog,
    to: &mut impl CommandLog,
    progress: &mut impl FnMut(Sequence),
) -> Result<u64, CopyError> {
    let mut chain = reached(from, to)?;
    let mut copied = 0;
    let (mut records, mut commands) = (SealedRecords::default(), Vec::new());
    let mut before = chain.last().sequence;
    for bytes in from.read(before.next()) {
        let bytes = bytes?;
        let after = chain.last().sequence;
        let damaged = |fault| CopyError::Damaged { after, fault };
        let record = Record::open(&bytes).map_err(damaged)?;
        record.commands(&mut commands).map_err(damaged)?;
        let header = record.header();
        let [begin, end] =
            [commands.first(), commands.last()].map(|one| one.expect("a record has commands").stamp);
        if header.first != after.next() || header.previous != chain.hash() || begin.time < chain.last().time {
            return Err(CopyError::Broken { after });
        }
        chain.follow(records.take_in(&record), end);
        copied += 1;
        if GROUP_BYTES <= records.bytes() {
            to.append(before, &records).map_err(CopyError::Write)?;
            records.clear();
            before = end.sequence;
            progress(before);
        }
    }
    to.append(before, &records).map_err(CopyError::Write)?;
    progress(chain.last().sequence);
    Ok(copied)
}

/// The end of `to`, which is a beginning of `from`, or holds nothing yet.
fn reached(from: &impl CommandLog, to: &impl CommandLog) -> Result<Chain, CopyError> {
    let Some(tip) = to.last()? else { return Ok(Chain::default()) };
    let mut chain = Chain::default();
    let Some(bytes) = to.read(tip.sequence).next().transpose()? else {
        chain.follow(tip.hash, Stamp { sequence: tip.sequence, ..Stamp::default() });
        return Ok(chain);
    };
    Mark { tip, ..Mark::new(0) }.check(from).map_err(CopyError::Other)?;
    let mut commands = Vec::new();
    let read = Record::open(&bytes).and_then(|record| record.commands(&mut commands));
    read.map_err(|fault| CopyError::Damaged { after: tip.sequence, fault })?;
    let last = commands.last().map_or(Stamp::default(), |last| last.stamp);
    chain.follow(tip.hash, last);
    Ok(chain)
}
