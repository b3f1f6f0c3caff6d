//! Snapshots: a folder of them, each in a file named after the last sequence before it.
//!
//! A file is whole or not there: it is written under another name, synced, renamed, and the folder synced. One process at a
//! time writes; readers take no lock. Whether a file is sound, only reading it shows.

pub mod error;
mod file;
pub mod writer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::stamp::Sequence;
use journal::log::{CommandLog, ReadError};
use journal::record::Record;
use journal::snapshot::Snapshot;
use journal::snapshot::fault::SnapshotFault;

use crate::snapshots::error::{SnapshotCause, SnapshotError};
use crate::snapshots::file::SnapshotFile;

const EXTENSION: &str = "snapshot";
/// The extension of one that is kept but not used.
const ASIDE: &str = "set-aside";

/// A folder of snapshots, which need not be there.
#[derive(Clone, Debug)]
pub struct Snapshots {
    path: PathBuf,
}

impl Snapshots {
    /// Those in the folder `path`.
    pub fn of(path: &Path) -> Snapshots {
        Snapshots { path: path.to_owned() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last sequences before them, the newest first. None when there is no folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Sequence>, SnapshotError> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(SnapshotError::failed(&self.path, "looking into"))?,
        };
        let mut sequences = Vec::new();
        for entry in entries {
            let path = entry.map_err(SnapshotError::failed(&self.path, "looking into"))?.path();
            sequences.extend(named(&path));
        }
        sequences.sort_unstable_by(|one, other| other.cmp(one));
        Ok(sequences)
    }

    /// The newest that is sound and of this logic version. `skipped` is told of each that is newer and not.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest(&self, skipped: &mut dyn FnMut(&SnapshotError)) -> Result<Option<Snapshot>, SnapshotError> {
        self.newest_until(Sequence(u64::MAX), skipped)
    }

    /// The same, of those after `until` at the latest.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest_until(
        &self,
        until: Sequence,
        skipped: &mut dyn FnMut(&SnapshotError),
    ) -> Result<Option<Snapshot>, SnapshotError> {
        for sequence in self.list()?.into_iter().filter(|sequence| *sequence <= until) {
            match self.read(sequence) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(SnapshotError { cause: SnapshotCause::Gone, .. }) => {}
                Err(error) => skipped(&error),
            }
        }
        Ok(None)
    }

    /// Where to begin with replaying all that `log` has: with nothing, or, when its beginning was dropped, with the oldest
    /// sound snapshot that it reaches back to. `None` when there is none.
    ///
    /// # Errors
    /// When the folder or the log cannot be read.
    pub fn base(&self, log: &impl CommandLog) -> Result<Option<Snapshot>, SnapshotError> {
        let begin = begin(log).map_err(SnapshotError::reading(&self.path))?;
        if begin == Sequence(1) {
            return Ok(Some(Snapshot::default()));
        }
        let reached = self.list()?.into_iter().rev().filter(|sequence| begin.0 <= sequence.0 + 1);
        Ok(reached.filter_map(|sequence| self.read(sequence).ok()).next())
    }

    /// Renames those that were made after `end`, so that nobody begins with one of them: of a journal that was cut there,
    /// they know more than it does.
    ///
    /// # Errors
    /// When the machine fails.
    pub fn set_aside_after(&self, end: Sequence) -> Result<(), SnapshotError> {
        for sequence in self.list()?.into_iter().filter(|sequence| end < *sequence) {
            let path = self.file(sequence);
            let renamed = fs::rename(&path, path.with_extension(ASIDE));
            renamed.map_err(SnapshotError::failed(&path, "setting aside"))?;
        }
        Ok(())
    }

    /// The snapshot after `sequence`.
    ///
    /// # Errors
    /// When there is none, or it is not sound, or of another logic version.
    pub fn read(&self, sequence: Sequence) -> Result<Snapshot, SnapshotError> {
        let mut file = SnapshotFile::open(&self.file(sequence))?;
        let header = file.header();
        if header.last.sequence != sequence {
            return Err(file.error(SnapshotCause::Misnamed { found: header.last.sequence }));
        }
        let read = Snapshot::read(&header, &mut |block| file.give(block));
        file.outcome(read)
    }

    /// Checks that the bytes of the snapshot after `sequence` are those that were written. Costs less than reading it.
    fn check(&self, sequence: Sequence) -> Result<(), SnapshotError> {
        let mut file = SnapshotFile::open(&self.file(sequence))?;
        let header = file.header();
        let same = header.check(&mut |block| file.give(block));
        let same = same.and((header.last.sequence == sequence).then_some(()).ok_or(SnapshotFault::Mixed));
        file.outcome(same)
    }

    /// The name of the file of the snapshot after `sequence`. Names sort as sequences do.
    pub fn file_name(sequence: Sequence) -> String {
        format!("{:020}.{EXTENSION}", sequence.0)
    }

    fn file(&self, sequence: Sequence) -> PathBuf {
        self.path.join(Snapshots::file_name(sequence))
    }
}

/// The first command that a log holds; 1 while it holds none.
///
/// # Errors
/// When it cannot be read, or its first record is none.
pub fn begin(log: &impl CommandLog) -> Result<Sequence, ReadError> {
    let Some(bytes) = log.read(Sequence(1)).next().transpose()? else { return Ok(Sequence(1)) };
    let record = Record::open(&bytes);
    let first = record.map(|record| record.header().first);
    first.map_err(|fault| ReadError::Failed { doing: "reading the first record", cause: fault.to_string() })
}

/// The sequence in a file's name.
fn named(path: &Path) -> Option<Sequence> {
    let stem = path.file_stem().filter(|_| path.extension().is_some_and(|found| found == EXTENSION))?;
    stem.to_str()?.parse().ok().map(Sequence)
}
