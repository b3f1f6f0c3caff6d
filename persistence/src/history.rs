//! Rocks history: what clients may ask for again, in a database of its own beside the journal.
//!
//! It has no write-ahead log: the journal is its log. What was in memory when the process ended is folded again. Whatever is
//! wrong with it, it can be made anew, so a database that cannot be opened, or tells another history, is removed.

use std::fs;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::stamp::Sequence;
use journal::history::group::HistoryGroup;
use journal::history::key::{KEY_BYTES, Key};
use journal::history::log::HistoryLog;
use journal::history::reader::{Entries, Entry, HistoryReader};
use journal::log::{ReadError, WriteError};
use rocksdb::{DB, DBRawIterator, WriteBatch};

use crate::data_error::DataRefusal;
use crate::failpoint::Failpoint;
use crate::options;

/// Where the database says of which history it is, and how far it goes: before all keys.
const PROGRESS: [u8; KEY_BYTES] = [0; KEY_BYTES];
/// Format version, epoch, and the sequences of the last command before the history and in it, little-endian.
const PROGRESS_BYTES: usize = 26;
const FORMAT_VERSION: u16 = 2;

/// A history in a folder, for the one who writes it.
#[derive(Debug)]
pub struct RocksHistory {
    path: PathBuf,
    epoch: u64,
    /// `None` only while the database is made anew.
    open: Option<RocksReader>,
}

/// A history in a folder, to be read.
#[derive(Clone)]
pub struct RocksReader {
    database: Arc<DB>,
    begin: Sequence,
    last: Arc<AtomicU64>,
}

/// How far a history goes.
#[derive(Clone, Copy)]
struct Reach {
    begin: Sequence,
    last: Sequence,
}

impl RocksHistory {
    /// Opens the history of this epoch in the folder `path`. One that cannot be opened, or is of another epoch or format, is
    /// removed and begun anew. Its folder is ours once the journal's is.
    ///
    /// # Errors
    /// When it can be neither opened nor removed.
    pub fn open(path: &Path, epoch: u64) -> Result<RocksHistory, DataRefusal> {
        let known = match open(path) {
            Ok(database) => {
                progress(&database).filter(|(found, _)| *found == epoch).map(|(_, reach)| (database, reach))
            }
            Err(_) => None,
        };
        let mut history = RocksHistory { path: path.to_owned(), epoch, open: None };
        match known {
            Some((database, reach)) => history.open = Some(RocksReader::new(database, reach)),
            None => history.begin(Sequence(0)).map_err(|error| {
                let WriteError { doing, cause } = error;
                DataRefusal::Failed { doing, cause }
            })?,
        }
        Ok(history)
    }

    /// Who reads it, beside this one.
    pub fn reader(&self) -> RocksReader {
        self.database().clone()
    }

    fn database(&self) -> &RocksReader {
        self.open.as_ref().expect("the database is open")
    }

    /// Removes what is there and makes an empty one, which goes on after `begin`.
    fn begin(&mut self, begin: Sequence) -> Result<(), WriteError> {
        let failed = |cause: String| WriteError { doing: "making the history anew", cause };
        if let Some(RocksReader { database, .. }) = self.open.take() {
            assert_eq!(Arc::strong_count(&database), 1, "nobody reads a history that is made anew");
        }
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error.to_string())),
            _ => Failpoint::HistoryRemoved.pass(),
        }
        let database = open(&self.path).map_err(|error| failed(error.to_string()))?;
        let nothing = Reach { begin: Sequence(0), last: Sequence(0) };
        let begun = database.put_opt(PROGRESS, told(self.epoch, nothing), &options::fold());
        begun.map_err(|error| failed(error.to_string()))?;
        self.open = Some(RocksReader::new(database, Reach { begin, last: begin }));
        Ok(())
    }
}

impl HistoryLog for RocksHistory {
    fn last(&self) -> Sequence {
        Entries::last(self.database())
    }

    fn append(&mut self, group: &HistoryGroup) -> Result<(), WriteError> {
        let RocksReader { database, begin, last } = self.database();
        group.assert_follows(Sequence(last.load(Ordering::SeqCst)));
        // In the order of keys, each finds its place near the one before it.
        let mut entries: Vec<_> = group.entries().map(|(key, value)| (key.bytes(), value)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let mut batch = WriteBatch::default();
        entries.iter().for_each(|(key, value)| batch.put(key, value));
        batch.put(PROGRESS, told(self.epoch, Reach { begin: *begin, last: group.last() }));
        Failpoint::HistoryWriting.pass();
        let written = database.write_opt(batch, &options::fold());
        written.map_err(|error| WriteError { doing: "writing the history", cause: error.to_string() })?;
        Failpoint::HistoryWritten.pass();
        last.store(group.last().0, Ordering::SeqCst);
        Ok(())
    }

    fn clear(&mut self, begin: Sequence) -> Result<(), WriteError> {
        self.begin(begin)
    }
}

impl RocksReader {
    fn new(database: DB, Reach { begin, last }: Reach) -> RocksReader {
        RocksReader { database: Arc::new(database), begin, last: Arc::new(AtomicU64::new(last.0)) }
    }

    /// Looks at the history in the folder `path` as it is now, beside whoever writes it, and changes nothing. `None` when
    /// there is none of this epoch.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn glance(path: &Path, epoch: u64) -> Result<Option<RocksReader>, ReadError> {
        if !path.join("CURRENT").exists() {
            return Ok(None);
        }
        let database = DB::open_for_read_only(&options::history(), path, false);
        let database = database
            .map_err(|error| ReadError::Failed { doing: "opening the history", cause: error.to_string() })?;
        let known = progress(&database).filter(|(found, _)| *found == epoch);
        Ok(known.map(|(_, reach)| RocksReader::new(database, reach)))
    }

    /// Writes to the disk what the history has, so that no crash loses it. Waits until that is done.
    ///
    /// # Errors
    /// When the machine fails. What was not written is folded again from the journal.
    pub fn settle(&self) -> Result<(), ReadError> {
        let settled = self.database.flush();
        settled.map_err(|error| ReadError::Failed { doing: "writing the history", cause: error.to_string() })
    }

    /// The same for whoever knows nothing of RocksDB.
    pub fn shared(self) -> Arc<dyn HistoryReader> {
        Arc::new(self)
    }
}

impl std::fmt::Debug for RocksReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksReader").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Entries for RocksReader {
    fn last(&self) -> Sequence {
        Sequence(self.last.load(Ordering::SeqCst))
    }

    fn begin(&self) -> Sequence {
        self.begin
    }

    fn ascending(&self, key: Key) -> impl Iterator<Item = Result<Entry, ReadError>> {
        let mut place = self.database.raw_iterator();
        place.seek_for_prev(key.bytes());
        if !place.valid() && place.status().is_ok() {
            place.seek_to_first();
        }
        entries(place, DBRawIterator::next)
    }

    fn descending(&self, key: Key) -> impl Iterator<Item = Result<Entry, ReadError>> {
        let mut place = self.database.raw_iterator();
        place.seek_for_prev(key.bytes());
        entries(place, DBRawIterator::prev)
    }
}

/// The entries from `place` on, in the direction of `step`; an error is the last of them.
fn entries<'a>(
    place: DBRawIterator<'a>,
    step: impl Fn(&mut DBRawIterator<'a>),
) -> impl Iterator<Item = Result<Entry, ReadError>> {
    let mut rest = Some(place);
    iter::from_fn(move || {
        let place = rest.as_mut()?;
        if let Some((key, value)) = place.item() {
            let entry = (Box::from(key), Box::from(value));
            step(place);
            return Some(Ok(entry));
        }
        let status = rest.take()?.status();
        status
            .err()
            .map(|error| Err(ReadError::Failed { doing: "reading the history", cause: error.to_string() }))
    })
}

fn open(path: &Path) -> Result<DB, rocksdb::Error> {
    DB::open(&options::history(), path)
}

/// What the progress of a history is written as.
fn told(epoch: u64, Reach { begin, last }: Reach) -> Vec<u8> {
    let numbers = [epoch, begin.0, last.0].map(u64::to_le_bytes);
    [&FORMAT_VERSION.to_le_bytes()[..], &numbers.concat()].concat()
}

/// Of which epoch the database is, and how far it goes; `None` when it does not say, or in another format.
fn progress(database: &DB) -> Option<(u64, Reach)> {
    let value = database.get(PROGRESS).ok()??;
    let bytes: [u8; PROGRESS_BYTES] = value.try_into().ok()?;
    let (format, numbers) = bytes.split_first_chunk()?;
    let (numbers, _) = numbers.as_chunks();
    let [epoch, begin, last] = [0, 1, 2].map(|place: usize| u64::from_le_bytes(numbers[place]));
    let reach = Reach { begin: Sequence(begin), last: Sequence(last) };
    (u16::from_le_bytes(*format) == FORMAT_VERSION).then_some((epoch, reach))
}
