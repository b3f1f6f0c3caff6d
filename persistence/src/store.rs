//! Store: the command log on RocksDB.
//!
//! The key of a record is its first sequence, big-endian, so that order of keys is order of commands. The epoch is not
//! in the key: it stands in the journal's mark, and one folder holds one history.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::stamp::Sequence;
use journal::log::{AppendError, CommandLog, ReadError, Tip};
use journal::record::Record;
use journal::sealed::SealedRecords;
use rocksdb::{DB, DBRawIterator, ErrorKind, WriteBatch, WriteOptions};

use crate::failpoint::Failpoint;
use crate::folder::Folder;
use crate::key::key;
use crate::open_error::{OpenError, Refusal};
use crate::options;
use crate::watch::Watch;

/// A journal in a folder.
pub struct RocksLog {
    database: Arc<DB>,
    path: PathBuf,
    tip: Option<Tip>,
    access: Access,
    watch: Watch,
    /// Ours until the database is closed: that comes first in this list, and so is dropped first.
    _owned: Option<Folder>,
}

impl fmt::Debug for RocksLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksLog").field("path", &self.path).field("tip", &self.tip).finish_non_exhaustive()
    }
}

/// What may be done with the log.
enum Access {
    /// Reading and appending.
    Write(WriteOptions),
    /// Reading; a write failed, and what is on disk is unknown.
    Failed,
    /// Reading.
    Read,
}

impl RocksLog {
    /// Opens the journal in the folder `path` for this process alone, and makes it if there is none.
    ///
    /// # Errors
    /// When the folder is in use by another process, damaged, or not one of this version's journals.
    pub fn open(path: &Path) -> Result<RocksLog, OpenError> {
        RocksLog::open_within(path, options::WAL_BYTES_MAX)
    }

    /// The same, with a write-ahead log of at most `wal_bytes`.
    ///
    /// # Errors
    /// Those of [`RocksLog::open`].
    pub fn open_within(path: &Path, wal_bytes: u64) -> Result<RocksLog, OpenError> {
        RocksLog::open_owned(Folder::own(path)?, path, wal_bytes)
    }

    /// Opens the journal in a folder that is taken.
    pub(crate) fn open_owned(mut folder: Folder, path: &Path, wal_bytes: u64) -> Result<RocksLog, OpenError> {
        Failpoint::JournalMade.pass();
        if !folder.is_new() {
            present(path)?;
        }
        let database =
            DB::open(&options::database(folder.is_new(), wal_bytes), path).map_err(opening(path))?;
        let tip = tip(&database, path)?;
        if folder.is_new() {
            if tip.is_some() {
                return Err(OpenError::new(path, Refusal::Foreign));
            }
            folder.finish()?;
        }
        let access = Access::Write(options::append());
        Ok(RocksLog::with((database, tip), path, (access, Some(folder))))
    }

    /// Opens the journal in the folder `path` as it is now, to be read while an exchange runs or does not. Changes
    /// nothing. What is appended later is not seen.
    ///
    /// # Errors
    /// When there is no journal, or it is damaged or not one of this version's.
    pub fn open_read_only(path: &Path) -> Result<RocksLog, OpenError> {
        Folder::check(path)?;
        present(path)?;
        let database = DB::open_for_read_only(&options::database(false, options::WAL_BYTES_MAX), path, false)
            .map_err(opening(path))?;
        let tip = tip(&database, path)?;
        Ok(RocksLog::with((database, tip), path, (Access::Read, None)))
    }

    fn with(
        (database, tip): (DB, Option<Tip>),
        path: &Path,
        (access, owned): (Access, Option<Folder>),
    ) -> RocksLog {
        let database = Arc::new(database);
        let watch = Watch::new(&database, tip.map_or(Sequence(0), |tip| tip.sequence));
        RocksLog { database, path: path.to_owned(), tip, access, watch, _owned: owned }
    }

    /// Makes durable what can be read, though another process may write here that has not synced all of it yet.
    ///
    /// # Errors
    /// When the machine fails.
    pub fn settle(&self) -> Result<(), ReadError> {
        let failed = |error: io::Error| ReadError::Failed {
            doing: "syncing the write-ahead log",
            cause: error.to_string(),
        };
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_none_or(|extension| extension != "log") {
                continue;
            }
            match File::open(&path).and_then(|file| file.sync_all()) {
                // Its records have gone to a table, which was synced.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                synced => synced.map_err(failed)?,
            }
        }
        Ok(())
    }

    /// Lets an empty log go on after `tip`: it becomes the copy of one whose beginning was dropped.
    ///
    /// # Panics
    /// When it is not empty.
    pub fn begin_after(&mut self, tip: Tip) {
        assert!(self.tip.is_none(), "only an empty log has no beginning yet");
        self.tip = Some(tip);
        self.watch.advance(tip.sequence);
    }

    /// Sees from another thread how far the journal is.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl CommandLog for RocksLog {
    /// See [`CommandLog::append`].
    ///
    /// # Panics
    /// Also when the log was opened for reading.
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        let sync = match &self.access {
            Access::Write(sync) => sync,
            Access::Failed => {
                return Err(AppendError::Unknown { cause: "an earlier write failed".to_owned() });
            }
            Access::Read => panic!("only a log opened for writing is appended to"),
        };
        let found = self.tip.map_or(Sequence(0), |tip| tip.sequence);
        if found != expected_last {
            return Err(AppendError::Conflict { expected: expected_last, found });
        }
        records.assert_follow(expected_last);
        let Some(last) = records.iter().last() else { return Ok(()) };
        let mut batch = WriteBatch::default();
        records.iter().for_each(|record| batch.put(key(record.first), record.bytes));
        Failpoint::JournalAppending.pass();
        if let Err(error) = self.database.write_opt(batch, sync) {
            self.access = Access::Failed;
            return Err(AppendError::Unknown { cause: error.to_string() });
        }
        self.tip = Some(Tip { sequence: last.last, hash: last.hash });
        self.watch.advance(last.last);
        Failpoint::JournalAppended.pass();
        Ok(())
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        Ok(self.tip)
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        let mut place = self.database.raw_iterator_opt(options::read());
        // The record that holds `from` begins at or before it.
        place.seek_for_prev(key(from));
        if !place.valid() && place.status().is_ok() {
            place.seek_to_first();
        }
        let before =
            move |bytes: &[u8]| Record::open(bytes).is_ok_and(|record| record.header().last() < from);
        values(place).skip_while(move |value| value.as_deref().is_ok_and(before))
    }
}

/// Checks that the folder's database was not lost: `CURRENT` is the file by which RocksDB finds all others.
fn present(path: &Path) -> Result<(), OpenError> {
    if path.join("CURRENT").exists() {
        return Ok(());
    }
    let cause = "its database is missing".to_owned();
    Err(OpenError::new(path, Refusal::Damaged { cause }))
}

/// The last record of the database.
fn tip(database: &DB, path: &Path) -> Result<Option<Tip>, OpenError> {
    let mut place = database.raw_iterator_opt(options::read());
    place.seek_to_last();
    place.status().map_err(opening(path))?;
    let last = place.value().map(|bytes| Record::open(bytes).map(|record| record.tip())).transpose();
    last.map_err(|fault| {
        let cause = format!("its last record is none: {fault}");
        OpenError::new(path, Refusal::Damaged { cause })
    })
}

/// The values from `place` on; an error is the last of them.
fn values(place: DBRawIterator<'_>) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
    let mut rest = Some(place);
    iter::from_fn(move || {
        let place = rest.as_mut()?;
        if let Some(bytes) = place.value() {
            let value = Box::from(bytes);
            place.next();
            return Some(Ok(value));
        }
        let status = rest.take()?.status();
        status
            .err()
            .map(|error| Err(ReadError::Failed { doing: "reading records", cause: error.to_string() }))
    })
}

/// What an error of RocksDB while opening amounts to.
fn opening(path: &Path) -> impl Fn(rocksdb::Error) -> OpenError {
    move |error| {
        let cause = error.to_string();
        let refusal = match error.kind() {
            ErrorKind::Corruption => Refusal::Damaged { cause },
            // A file that another one names is gone.
            ErrorKind::IOError if cause.contains("No such file") => Refusal::Damaged { cause },
            _ => Refusal::Failed { doing: "opening", cause },
        };
        OpenError::new(path, refusal)
    }
}
