//! Data folder: everything that an exchange keeps on disk, opened together and held against each other.
//!
//! ```text
//! journal/    the records, in a database of their own: the only truth
//! MARK        how far the journal reaches, outside its database
//! snapshots/  the exchange as it was after a record, so that a start need not read the whole journal
//! history/    what clients may ask for again, completed from the journal
//! evidence/   what providers and auditors have shown
//! BALLAST     room that is kept for a full disk
//! ```

use std::io;
use std::path::{Path, PathBuf};

use engine::stamp::Sequence;
use journal::history::log::HistoryLog;
use journal::log::{CommandLog, ReadError, Tip};
use journal::mark::{Mark, MarkError};
use journal::snapshot::Snapshot;

use crate::data_error::{DataError, DataRefusal};
use crate::folder::Folder;
use crate::history::{RocksHistory, RocksReader};
use crate::keeper::{DiskKeeper, Tell};
use crate::mark_file::{Found, MarkFile};
use crate::reserve::{Reserve, wal_bytes};
use crate::snapshots::error::SnapshotError;
use crate::snapshots::{Snapshots, begin};
use crate::store::RocksLog;

/// The journal within the data folder.
pub const JOURNAL: &str = "journal";
/// The journal's mark within the data folder.
pub const MARK: &str = "MARK";
/// The evidence within the data folder, opened by whoever needs it besides: nothing is derived from it.
pub const EVIDENCE: &str = "evidence";
/// The history within the data folder.
pub const HISTORY: &str = "history";

/// The snapshots within the data folder.
pub const SNAPSHOTS: &str = "snapshots";

/// How a data folder is opened.
pub struct Opening {
    /// Room on the disk that is kept in reserve: most of what the journal's write-ahead log takes, the size of the ballast,
    /// and what has to be free beside it. In bytes.
    pub reserve_bytes: u64,
    /// The journal is taken as it ends at this command, though it is known to have been longer, or nobody knows.
    pub accept_end: Option<Sequence>,
    /// Names the history if one begins now.
    pub epoch: u64,
    /// Who is told of the room on the disk.
    pub tell: Tell,
}

/// What stands in a data folder.
#[derive(Debug)]
pub struct DataFolder {
    /// The journal.
    pub log: RocksLog,
    /// Its mark, and the room on the disk.
    pub keeper: DiskKeeper,
    /// What clients may ask for again. It may be behind the journal.
    pub history: RocksHistory,
    /// From where a start may go on.
    pub snapshots: Snapshots,
}

impl DataFolder {
    /// Opens the folder `path` for this process alone. Makes what is missing in a new one.
    ///
    /// # Errors
    /// When anything is damaged or missing, or the parts contradict each other; the folder is then as it was.
    pub fn open(path: &Path, opening: Opening) -> Result<DataFolder, DataError> {
        let refused = |refusal| DataError { path: path.to_owned(), refusal };
        let machine =
            |doing| move |error: std::io::Error| DataRefusal::Failed { doing, cause: error.to_string() };
        let journal = journal_folder(path);
        let refused_journal = |error| refused(DataRefusal::Journal(error));
        if path.join(MARK).exists() && !journal.exists() {
            return Err(refused(DataRefusal::JournalMissing));
        }
        // Nobody else has the folder from here on.
        let owned = Folder::own(&journal).map_err(refused_journal)?;
        let reserved = Reserve::prepare(path, opening.reserve_bytes, wal_bytes(&journal));
        let (reserve, released) =
            reserved.map_err(machine("looking for room on the disk")).map_err(refused)?;
        released.iter().for_each(|notice| (opening.tell)(notice));
        let log = RocksLog::open_owned(owned, &journal, opening.reserve_bytes).map_err(refused_journal)?;
        let snapshots = snapshots(path);
        let mark = marked(&log, path, &opening).map_err(refused)?;
        let keeper = DiskKeeper::new(mark, reserve, opening.tell);
        let history = RocksHistory::open(&path.join(HISTORY), keeper.epoch());
        Ok(DataFolder { log, keeper, history: history.map_err(refused)?, snapshots })
    }
}

impl DataFolder {
    /// From which snapshot a start goes on: the newest sound one that the history has reached, so that it gets no gap. With
    /// `None` from the journal's beginning; where that was dropped, the newest one is the beginning of another history.
    /// `skipped` is told of each that is newer and not sound.
    ///
    /// # Errors
    /// When the folder of snapshots or the journal cannot be read.
    pub fn base(&self, skipped: &mut dyn FnMut(&SnapshotError)) -> Result<Option<Snapshot>, SnapshotError> {
        let end = self::end(self.log.last().map_err(SnapshotError::reading(self.snapshots.path()))?);
        let last = HistoryLog::last(&self.history);
        // One that goes further is of another journal.
        let reached = if last <= end { last } else { Sequence(0) };
        let newest = self.snapshots.newest(skipped)?;
        let made = newest.as_ref().map_or(Sequence(0), |newest| newest.chain.last().sequence);
        // After the end: then the end is lost, which recovery refuses.
        if made <= reached || end < made {
            return Ok(newest);
        }
        match self.snapshots.newest_until(reached, skipped)? {
            Some(known) => Ok(Some(known)),
            None => match begin(&self.log) {
                Ok(first) if Sequence(1) < first => Ok(newest),
                // Whatever is wrong is told when the journal is read.
                _ => Ok(None),
            },
        }
    }
}

/// A data folder as it is now, to be read while an exchange runs or does not.
#[derive(Debug)]
pub struct Glance {
    /// The journal.
    pub log: RocksLog,
    /// Its mark; none in a folder in which nothing was journaled yet.
    pub mark: Option<Mark>,
    path: PathBuf,
}

impl Glance {
    /// Looks into the folder `path`, and changes nothing.
    ///
    /// # Errors
    /// When anything is damaged or missing, or the parts contradict each other.
    pub fn at(path: &Path) -> Result<Glance, DataError> {
        let refused = |refusal| DataError { path: path.to_owned(), refusal };
        // The mark comes first: the journal of a running exchange has reached it by the time it is opened.
        let found = MarkFile::read(&path.join(MARK)).map_err(reading).map_err(refused)?;
        let log = RocksLog::open_read_only(&journal_folder(path));
        let log = log.map_err(|error| refused(DataRefusal::Journal(error)))?;
        let mark = held(&log, &found).map_err(refused)?;
        Ok(Glance { log, mark, path: path.to_owned() })
    }

    /// Its snapshots.
    pub fn snapshots(&self) -> Snapshots {
        snapshots(&self.path)
    }

    /// The history as it is on disk now; `None` when there is none of this journal. That of a running exchange is behind.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn history(&self) -> Result<Option<RocksReader>, ReadError> {
        let Some(mark) = self.mark else { return Ok(None) };
        RocksReader::glance(&self.path.join(HISTORY), mark.epoch)
    }
}

/// The mark that was found, if `log` reaches it; `None` for a log that is empty and has none.
fn held(log: &RocksLog, found: &Found) -> Result<Option<Mark>, DataRefusal> {
    let tip = log.last().map_err(|error| DataRefusal::Mark(MarkError::Read(error)))?;
    let end = end(tip);
    match (found, tip) {
        (Found::Mark(_, mark), _) => match mark.check(log) {
            Ok(()) => Ok(Some(*mark)),
            Err(error) => Err(DataRefusal::Mark(error)),
        },
        (Found::Absent, None) => Ok(None),
        (Found::Absent, Some(_)) => Err(DataRefusal::MarkMissing { end }),
        (Found::Damaged, _) => Err(DataRefusal::MarkDamaged { end }),
    }
}

/// The file of the mark that `log` reaches. A new journal gets its first; with `accept_end`, an old one gets another.
fn marked(log: &RocksLog, path: &Path, opening: &Opening) -> Result<MarkFile, DataRefusal> {
    let file = path.join(MARK);
    let made = |mark| MarkFile::make(&file, mark).map_err(making);
    let found = MarkFile::read(&file).map_err(reading)?;
    match (held(log, &found), opening.accept_end) {
        (Ok(None), None) => made(Mark::new(opening.epoch)),
        (Ok(Some(_)), None) => MarkFile::open(&file, found).map_err(reading),
        (Ok(_), Some(_)) => Err(DataRefusal::NothingToAccept { end: end(log.last().ok().flatten()) }),
        (Err(refusal), Some(accepted)) if refusal.end() == Some(accepted) => {
            // Before the mark, so that an interrupted start is refused as this one was.
            snapshots(path).set_aside_after(accepted).map_err(|error| DataRefusal::Failed {
                doing: "setting aside newer snapshots",
                cause: error.to_string(),
            })?;
            let tip = log.last().ok().flatten().unwrap_or(Mark::new(0).tip);
            made(Mark { tip, epoch: opening.epoch, cut: true })
        }
        (Err(refusal), _) => Err(refusal),
    }
}

/// Where a log ends.
fn end(tip: Option<Tip>) -> Sequence {
    tip.map_or(Sequence(0), |tip| tip.sequence)
}

fn reading(error: io::Error) -> DataRefusal {
    DataRefusal::Failed { doing: "reading the mark of the journal", cause: error.to_string() }
}

fn making(error: io::Error) -> DataRefusal {
    DataRefusal::Failed { doing: "making the mark of the journal", cause: error.to_string() }
}

/// The journal of a data folder.
pub fn journal_folder(data: &Path) -> PathBuf {
    data.join(JOURNAL)
}

/// The snapshots of a data folder.
pub fn snapshots(data: &Path) -> Snapshots {
    Snapshots::of(&data.join(SNAPSHOTS))
}
