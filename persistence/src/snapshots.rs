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
use journal::snapshot::Snapshot;
use journal::snapshot::fault::SnapshotFault;

use crate::snapshots::error::{SnapshotCause, SnapshotError};
use crate::snapshots::file::SnapshotFile;

const EXTENSION: &str = "snapshot";

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
        for sequence in self.list()? {
            match self.read(sequence) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(SnapshotError { cause: SnapshotCause::Gone, .. }) => {}
                Err(error) => skipped(&error),
            }
        }
        Ok(None)
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

    fn file(&self, sequence: Sequence) -> PathBuf {
        // Names sort as sequences do.
        self.path.join(format!("{:020}.{EXTENSION}", sequence.0))
    }
}

/// The sequence in a file's name.
fn named(path: &Path) -> Option<Sequence> {
    let stem = path.file_stem().filter(|_| path.extension().is_some_and(|found| found == EXTENSION))?;
    stem.to_str()?.parse().ok().map(Sequence)
}
