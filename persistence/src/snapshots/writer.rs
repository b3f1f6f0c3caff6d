//! Writer: the one process that writes snapshots to a folder, and removes those that are no longer needed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::Path;

use engine::stamp::Sequence;
use journal::snapshot::Snapshot;
use journal::snapshot::header::HEADER_BYTES;

use crate::reserve::{free, left_free};
use crate::snapshots::Snapshots;
use crate::snapshots::error::{SnapshotCause, SnapshotError};

/// How many sound ones are kept: the newest may turn out to be damaged when it is needed.
const KEPT: usize = 2;
const LOCK_FILE: &str = "LOCK";
/// Bytes that are written between two looks at the room on the disk.
const LOOK_BYTES: u64 = 1 << 20;
/// The extension of a file that is being written. What a process that was killed left of one is removed by the next.
const PART: &str = "part";

/// A folder of snapshots in which nobody else writes as long as this lives.
pub struct SnapshotWriter {
    snapshots: Snapshots,
    /// The system drops the lock on it when the process ends, however it ends.
    lock: File,
}

// Closing it is not enough: a process that is being made has the file too, until it runs a program of its own.
impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        // What cannot be unlocked is when the last who has it closes it.
        let _ = self.lock.unlock();
    }
}

/// A snapshot that has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The last sequence before it.
    pub sequence: Sequence,
    /// How long the file is.
    pub bytes: u64,
}

impl SnapshotWriter {
    /// Takes the folder for this process alone, and makes it if there is none; its parent is there.
    ///
    /// # Errors
    /// When another process writes there, or the machine fails.
    pub fn open(snapshots: &Snapshots) -> Result<SnapshotWriter, SnapshotError> {
        let path = snapshots.path();
        if !path.exists() {
            let made = fs::create_dir(path).and_then(|()| sync(path.parent().unwrap_or(path)));
            made.map_err(SnapshotError::failed(path, "making the folder"))?;
        }
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        let lock = options.open(path.join(LOCK_FILE)).map_err(SnapshotError::failed(path, "locking"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SnapshotError { path: path.to_owned(), cause: SnapshotCause::Busy });
            }
            Err(TryLockError::Error(error)) => return Err(SnapshotError::failed(path, "locking")(error)),
        }
        remove_parts(path).map_err(SnapshotError::failed(path, "clearing"))?;
        Ok(SnapshotWriter { snapshots: snapshots.clone(), lock })
    }

    /// Writes a snapshot. When it returns, that survives a crash. Leaves the room free that the exchange keeps in reserve.
    ///
    /// # Errors
    /// When there is not that much room, or the machine fails: nothing of it is left then.
    pub fn write(&self, snapshot: &Snapshot) -> Result<Written, SnapshotError> {
        let sequence = snapshot.chain.last().sequence;
        let path = self.snapshots.file(sequence);
        let part = path.with_added_extension(PART);
        let data = self.snapshots.path().parent().unwrap_or(self.snapshots.path());
        let written = write((&part, data), snapshot).and_then(|bytes| {
            fs::rename(&part, &path)?;
            sync(self.snapshots.path())?;
            Ok(Written { sequence, bytes })
        });
        written.map_err(|error| {
            // What cannot be removed now is by the next who writes.
            let _ = fs::remove_file(&part);
            SnapshotError::failed(&path, "writing the snapshot")(error)
        })
    }

    /// Writes copies of those of `other` that are sound, not here yet, and not after `until`. Returns how many.
    ///
    /// # Errors
    /// When the machine fails: what was copied before stands.
    pub fn take_in(&self, other: &Snapshots, until: Sequence) -> Result<u64, SnapshotError> {
        let mut copied = 0;
        for sequence in other.list()?.into_iter().filter(|sequence| *sequence <= until) {
            let (from, to) = (other.file(sequence), self.snapshots.file(sequence));
            if to.exists() || other.check(sequence).is_err() {
                continue;
            }
            let part = to.with_added_extension(PART);
            let written = fs::copy(&from, &part)
                .and_then(|_| File::open(&part)?.sync_all())
                .and_then(|()| fs::rename(&part, &to))
                .and_then(|()| sync(self.snapshots.path()));
            written.map_err(SnapshotError::failed(&to, "copying the snapshot to"))?;
            copied += 1;
        }
        Ok(copied)
    }

    /// Removes every snapshot that is older than the older of the two newest sound ones. Returns that one's sequence, once
    /// there are two.
    ///
    /// # Errors
    /// When the machine fails.
    pub fn keep_two(&self) -> Result<Option<Sequence>, SnapshotError> {
        let mut sound = 0;
        let mut older = None;
        for sequence in self.snapshots.list()? {
            if older.is_some() {
                let path = self.snapshots.file(sequence);
                fs::remove_file(&path).map_err(SnapshotError::failed(&path, "removing"))?;
                continue;
            }
            sound += usize::from(self.snapshots.check(sequence).is_ok());
            older = (sound == KEPT).then_some(sequence);
        }
        Ok(older)
    }
}

/// Writes a file and syncs it; returns how long it is. Looks before each part of it whether that leaves room on the disk.
fn write((path, data): (&Path, &Path), snapshot: &Snapshot) -> io::Result<u64> {
    let left = left_free(data);
    room(data, left)?;
    let mut file = File::create(path)?;
    // The header is known last, and overwrites what stands in its place.
    file.write_all(&[0; HEADER_BYTES])?;
    let mut failure = None;
    let mut unseen = 0_u64;
    let header = snapshot.write(&mut |block| {
        if failure.is_some() {
            return;
        }
        unseen += u64::try_from(block.len()).expect("lengths fit in 64 bits");
        if LOOK_BYTES <= unseen {
            unseen = 0;
            failure = room(data, left).err();
        }
        if failure.is_none() {
            failure = file.write_all(block).err();
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    file.rewind()?;
    file.write_all(&header)?;
    file.sync_all()?;
    file.metadata().map(|metadata| metadata.len())
}

/// Whether more than `left` bytes and what is written until the next look are free.
fn room(data: &Path, left: u64) -> io::Result<()> {
    let (free, needed) = (free(data)?, left.saturating_add(LOOK_BYTES));
    if needed <= free {
        return Ok(());
    }
    let cause = format!(
        "{} MiB of the disk are free, and {} MiB stay in reserve for the exchange: make room, then try again",
        free >> 20,
        left >> 20
    );
    Err(io::Error::new(io::ErrorKind::StorageFull, cause))
}

fn remove_parts(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == PART) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes what stands in a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
