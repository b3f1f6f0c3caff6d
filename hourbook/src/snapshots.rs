//! Snapshots: made beside a running exchange, from the last one and what the journal has after it.

pub(crate) mod audit;
pub(crate) mod keeper;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use engine::command::Stamped;
use engine::stamp::Sequence;
use engine::view::View;
use journal::log::ReadError;
use journal::recovery::{Recovered, RecoveryError, resume};
use journal::snapshot::Snapshot;
use persistence::data::{journal_folder, snapshots};
use persistence::open_error::OpenError;
use persistence::snapshots::Snapshots;
use persistence::snapshots::error::SnapshotError;
use persistence::snapshots::writer::{SnapshotWriter, Written};
use persistence::store::RocksLog;

use crate::snapshots::keeper::SnapshotRules;

/// What somebody who waits is told.
pub(crate) enum Progress<'a> {
    /// A snapshot that is newer than the one that is used.
    Skipped(&'a SnapshotError),
    /// A command that was read back.
    Command(&'a Stamped),
}

/// A snapshot that was made, or was there already.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The last sequence before it.
    pub(crate) sequence: Sequence,
    /// Its file's name in the folder of snapshots.
    pub(crate) file: String,
    /// Commands that were read back for it.
    pub(crate) replayed: u64,
    /// How long its file is; `None` when it was there already.
    pub(crate) bytes: Option<u64>,
    /// The older of the two that are kept.
    pub(crate) older: Option<Sequence>,
    /// How long it took, in milliseconds.
    pub(crate) ms: u128,
}

/// Why there is no snapshot. The journal is untouched.
#[derive(Debug)]
pub(crate) enum MakeError {
    /// The journal cannot be opened.
    Journal(OpenError),
    /// The journal cannot be read.
    Read(ReadError),
    /// The journal is not sound.
    Recovery(RecoveryError),
    /// The snapshot cannot be written.
    Snapshot(SnapshotError),
    /// Nothing happened yet.
    Empty(PathBuf),
}

impl fmt::Display for MakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MakeError::Journal(error) => error.fmt(f),
            MakeError::Read(error) => error.fmt(f),
            MakeError::Recovery(error) => error.fmt(f),
            MakeError::Snapshot(error) => error.fmt(f),
            MakeError::Empty(data) => {
                write!(f, "the journal in {} holds no founded exchange; start one first", data.display())
            }
        }
    }
}

impl std::error::Error for MakeError {}

/// Makes a snapshot of what the journal in a data folder holds, whether an exchange runs there or not.
///
/// # Panics
/// When the exchange is not sound.
pub(crate) fn make(data: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Made, MakeError> {
    let begun = Instant::now();
    let snapshots = snapshots(data);
    let journal = journal_folder(data);
    if !journal.exists() {
        // Says what is wrong, and leaves the folder as it is.
        RocksLog::open_read_only(&journal).map_err(MakeError::Journal)?;
    }
    let writer = SnapshotWriter::open(&snapshots).map_err(MakeError::Snapshot)?;
    // Opened when nobody else makes one any more, so that it reaches the newest.
    let log = RocksLog::open_read_only(&journal).map_err(MakeError::Journal)?;
    let newest = snapshots.newest(&mut |error| progress(Progress::Skipped(error)));
    let newest = newest.map_err(MakeError::Snapshot)?.unwrap_or_default();
    let (before, mut view) = newest.recovered();
    let recovered = resume(&log, before, &mut |stamped, events| {
        view.fold(stamped.stamp, events);
        progress(Progress::Command(stamped));
    });
    let recovered = recovered.map_err(MakeError::Recovery)?;
    if recovered.exchange.founding().is_none() {
        return Err(MakeError::Empty(data.to_owned()));
    }
    let (sequence, replayed) = (recovered.last.sequence, recovered.commands);
    let written = if 0 < replayed { Some(write(&log, &writer, (recovered, view))?) } else { None };
    let older = writer.keep_two().map_err(MakeError::Snapshot)?;
    let bytes = written.map(|written| written.bytes);
    let file = Snapshots::file_name(sequence);
    Ok(Made { sequence, file, replayed, bytes, older, ms: begun.elapsed().as_millis() })
}

fn write(
    log: &RocksLog,
    writer: &SnapshotWriter,
    (recovered, view): (Recovered, View),
) -> Result<Written, MakeError> {
    // The writer of the journal may not have synced yet what was read of it, and a snapshot is of nothing that may be lost.
    log.settle().map_err(MakeError::Read)?;
    let Recovered { exchange, chain, outcome, .. } = recovered;
    let snapshot = Snapshot { exchange, view, chain, outcome };
    keep(writer, &snapshot)
}

/// Leaves a snapshot of an exchange that has stopped.
///
/// # Errors
/// When it cannot be written: then the next start reads back more.
///
/// # Panics
/// When the exchange is not sound.
pub(crate) fn leave(
    data: &Path,
    last: &Snapshot,
    (log, rules): (&RocksLog, SnapshotRules),
) -> Result<(), MakeError> {
    let writer = SnapshotWriter::open(&snapshots(data)).map_err(MakeError::Snapshot)?;
    keep(&writer, last)?;
    match writer.keep_two().map_err(MakeError::Snapshot)? {
        Some(older) if rules.drop_journal => log.watch().drop_before(older).map_err(MakeError::Read),
        _ => Ok(()),
    }
}

/// Writes a snapshot of a sound exchange.
fn keep(writer: &SnapshotWriter, snapshot: &Snapshot) -> Result<Written, MakeError> {
    snapshot.exchange.assert_sound();
    writer.write(snapshot).map_err(MakeError::Snapshot)
}
