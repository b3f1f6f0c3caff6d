//! Backup: a copy of the journal elsewhere, made beside a running exchange or without one, and made a data folder again.
//!
//! ```text
//! BACKUP      how far the copy reaches and of which history it is: a mark
//! records/    the records, in a database of their own
//! snapshots/  the snapshots; without one, a journal whose beginning was dropped cannot be begun with
//! evidence/   what providers and auditors have shown: at least all that the records name
//! ```
//!
//! It is no data folder, so that nobody serves it by mistake: what goes on from a backup is another history.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use engine::stamp::Sequence;
use journal::copy::{CopyError, copy};
use journal::log::{CommandLog, Tip};
use journal::mark::{Mark, MarkError};
use journal::record::Record;

use crate::data::{EVIDENCE, Glance, MARK, SNAPSHOTS, journal_folder, snapshots};
use crate::data_error::{DataError, DataRefusal};
use crate::evidence::copy_evidence;
use crate::failpoint::Failpoint;
use crate::mark_file::{Found, MarkFile};
use crate::open_error::OpenError;
use crate::snapshots::error::SnapshotError;
use crate::snapshots::writer::SnapshotWriter;
use crate::store::RocksLog;

/// The mark within a backup.
pub const BACKUP: &str = "BACKUP";
/// The records within a backup.
const RECORDS: &str = "records";

/// A backup that cannot be made or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupError {
    /// The folder in question.
    pub path: PathBuf,
    /// Why.
    pub refusal: BackupRefusal,
}

/// Why a backup cannot be made or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupRefusal {
    /// The data folder cannot be read.
    Data(DataError),
    /// Nothing was journaled yet.
    Empty,
    /// The folder holds something else.
    Foreign,
    /// The folder holds a backup of another history.
    Other,
    /// The folder holds no backup.
    Absent,
    /// The backup is not what it says: files are damaged or missing.
    Damaged(MarkError),
    /// Records cannot be opened.
    Open(OpenError),
    /// Records cannot be copied.
    Copy(CopyError),
    /// Snapshots cannot be copied.
    Snapshots(SnapshotError),
    /// The evidence cannot be copied; all else is.
    Evidence(DataRefusal),
    /// The evidence of the backup cannot be used.
    NoEvidence(DataRefusal),
    /// Something is where the data folder should go.
    Taken,
    /// The machine failed.
    Failed {
        /// While doing what.
        doing: &'static str,
        /// What the machine said.
        cause: String,
    },
}

/// What a backup or a restored folder came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its mark.
    pub mark: Mark,
    /// Records that were copied now.
    pub records: u64,
    /// Pieces of evidence that were.
    pub evidence: u64,
}

/// Copies the journal of the data folder `data` to the folder `to`, which is made if there is none; to a backup of the same
/// journal only what is new. `progress` sees the last command now and then.
///
/// # Errors
/// When the data folder is not sound, or `to` holds something else. A copy that was interrupted is gone on with next time.
pub fn back_up(data: &Path, to: &Path, progress: &mut impl FnMut(Sequence)) -> Result<Copied, BackupError> {
    let refused = |refusal| BackupError { path: to.to_owned(), refusal };
    let glance = Glance::at(data).map_err(|error| refused(BackupRefusal::Data(error)))?;
    let Glance { log, mark: Some(mark), .. } = glance else { return Err(refused(BackupRefusal::Empty)) };
    let last = log.last().map_err(|error| refused(BackupRefusal::Copy(error.into())))?;
    let Some(tip) = last else { return Err(refused(BackupRefusal::Empty)) };
    make_folder(to).map_err(failed("making the backup's folder")).map_err(refused)?;
    let file = to.join(BACKUP);
    match MarkFile::read(&file).map_err(failed("reading the backup's mark")).map_err(refused)? {
        Found::Mark(_, before) if before.epoch != mark.epoch => return Err(refused(BackupRefusal::Other)),
        Found::Absent if is_foreign(to).map_err(failed("looking into the folder")).map_err(refused)? => {
            return Err(refused(BackupRefusal::Foreign));
        }
        _ => {}
    }
    let open = |error| refused(BackupRefusal::Open(error));
    let mut records = RocksLog::open(&to.join(RECORDS)).map_err(open)?;
    let mut seen = |last| {
        Failpoint::BackupCopying.pass();
        progress(last);
    };
    // Before the records, which take their time: whoever makes another snapshot removes one of these.
    copy_snapshots((data, to), tip.sequence).map_err(|error| refused(BackupRefusal::Snapshots(error)))?;
    let copied = copy_records(&log, &mut records, &mut seen);
    let copied = copied.map_err(|error| refused(BackupRefusal::Copy(error)))?;
    // After the end of the records is known: what they name was kept before them. Damaged evidence keeps nobody from a backup of
    // the journal.
    let evidence = copy_evidence(&data.join(EVIDENCE), &to.join(EVIDENCE));
    let mark = Mark { tip, cut: false, ..mark };
    MarkFile::make(&file, mark).map_err(failed("writing the backup's mark")).map_err(refused)?;
    let evidence = evidence.map_err(|refusal| refused(BackupRefusal::Evidence(refusal)))?;
    Ok(Copied { mark, records: copied, evidence })
}

/// Makes the data folder `data` of the backup in the folder `from`. Its history is another one from there on: `epoch` names
/// it. `complete` adds what else belongs into it, before it takes its name.
///
/// # Errors
/// When the backup is not sound, or there is something at `data`. An interrupted try leaves nothing in its place.
pub fn restore(
    (from, data): (&Path, &Path),
    epoch: u64,
    complete: impl FnOnce(&Path, &RocksLog) -> io::Result<()>,
    progress: &mut impl FnMut(Sequence),
) -> Result<Copied, BackupError> {
    let refused = |refusal| BackupError { path: from.to_owned(), refusal };
    let taken = BackupError { path: data.to_owned(), refusal: BackupRefusal::Taken };
    let mark = match MarkFile::read(&from.join(BACKUP)) {
        Ok(Found::Mark(_, mark)) => mark,
        Ok(_) => return Err(refused(BackupRefusal::Absent)),
        Err(error) => return Err(refused(failed("reading the backup's mark")(error))),
    };
    let log = RocksLog::open_read_only(&from.join(RECORDS));
    let log = log.map_err(|error| refused(BackupRefusal::Open(error)))?;
    mark.check(&log).map_err(|error| refused(BackupRefusal::Damaged(error)))?;
    if data.exists() && fs::read_dir(data).map_or(true, |mut entries| entries.next().is_some()) {
        return Err(taken);
    }
    let making = |error| refused(failed("making the data folder")(error));
    let new = beside(data);
    if new.exists() {
        fs::remove_dir_all(&new).map_err(making)?;
    }
    make_folder(&new).map_err(making)?;
    let mut journal =
        RocksLog::open(&journal_folder(&new)).map_err(|error| refused(BackupRefusal::Open(error)))?;
    copy_snapshots((from, &new), mark.tip.sequence)
        .map_err(|error| refused(BackupRefusal::Snapshots(error)))?;
    let records =
        copy_records(&log, &mut journal, progress).map_err(|error| refused(BackupRefusal::Copy(error)))?;
    let evidence = copy_evidence(&from.join(EVIDENCE), &new.join(EVIDENCE));
    let evidence = evidence.map_err(|refusal| refused(BackupRefusal::NoEvidence(refusal)))?;
    let tip = journal.last().map_err(|error| refused(BackupRefusal::Copy(error.into())))?;
    let mark = Mark { tip: tip.unwrap_or(mark.tip), epoch, cut: true };
    complete(&new, &journal).map_err(making)?;
    drop(journal);
    MarkFile::make(&new.join(MARK), mark).map_err(making)?;
    Failpoint::RestoreCopied.pass();
    fs::rename(&new, data).and_then(|()| sync_parent(data)).map_err(making)?;
    Ok(Copied { mark, records, evidence })
}

/// Copies the snapshots of one folder that are not after `until` to another one, which then keeps two.
fn copy_snapshots((from, to): (&Path, &Path), until: Sequence) -> Result<(), SnapshotError> {
    let from = snapshots(from);
    if from.list()?.is_empty() {
        return Ok(());
    }
    let writer = SnapshotWriter::open(&snapshots(to))?;
    writer.take_in(&from, until)?;
    writer.keep_two().map(|_| ())
}

/// Copies the records that `to` has not yet. A copy of a log without a beginning has none either.
fn copy_records(
    from: &RocksLog,
    to: &mut RocksLog,
    progress: &mut impl FnMut(Sequence),
) -> Result<u64, CopyError> {
    if to.last()?.is_none()
        && let Some(bytes) = from.read(Sequence(1)).next().transpose()?
    {
        let damaged = |fault| CopyError::Damaged { after: Sequence(0), fault };
        let header = *Record::open(&bytes).map_err(damaged)?.header();
        if Sequence(1) < header.first {
            to.begin_after(Tip { sequence: Sequence(header.first.0 - 1), hash: header.previous });
        }
    }
    copy(from, to, progress)
}

/// Whether a folder without a backup's mark holds something that is not the beginning of one.
fn is_foreign(folder: &Path) -> io::Result<bool> {
    let ours = |name: &std::ffi::OsStr| {
        name == RECORDS
            || name == SNAPSHOTS
            || name == EVIDENCE
            || name == "BACKUP.new"
            || name == "operator.key"
    };
    let mut entries = fs::read_dir(folder)?.flatten();
    Ok(entries.any(|entry| !ours(&entry.file_name())))
}

/// Where a data folder is made before it takes its name.
fn beside(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".restoring");
    PathBuf::from(name)
}

/// Makes the folder, readable by its owner only.
fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> BackupRefusal {
    move |error| BackupRefusal::Failed { doing, cause: error.to_string() }
}

/// What is wrong with evidence, in words.
struct Evidence<'a>(&'a DataRefusal);

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DataRefusal::EvidenceDamaged { cause } => write!(f, "it is damaged: {cause}"),
            DataRefusal::EvidenceForeign => write!(f, "it is of another exchange"),
            DataRefusal::Failed { doing, cause } => write!(f, "{doing} failed: {cause}"),
            _ => unreachable!("only what concerns evidence"),
        }
    }
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.refusal {
            BackupRefusal::Data(error) => error.fmt(f),
            BackupRefusal::Open(error) => error.fmt(f),
            BackupRefusal::Snapshots(error) => error.fmt(f),
            BackupRefusal::Empty => write!(f, "nothing was journaled yet: there is nothing to back up"),
            BackupRefusal::Foreign => {
                write!(f, "{path} has files in it that are no backup; choose a folder that is new or empty")
            }
            BackupRefusal::Other => {
                write!(f, "{path} holds a backup of another history; choose a folder that is new or empty")
            }
            BackupRefusal::Absent => {
                write!(f, "there is no backup in {path}, or its file BACKUP is damaged; check the path")
            }
            BackupRefusal::Damaged(error) => {
                write!(
                    f,
                    "the backup in {path} is not what it says: {error}. Use another one, or a copy of it"
                )
            }
            BackupRefusal::Copy(error) => {
                write!(f, "copying the records for {path} failed: {error}. Nothing else was changed")
            }
            BackupRefusal::Evidence(refusal) => write!(
                f,
                "the journal was copied to {path}, and what providers and auditors have shown was not: {}. A folder evidence \
                 that is damaged in the backup may be removed: the next one copies all of it again",
                Evidence(refusal)
            ),
            BackupRefusal::NoEvidence(refusal) => write!(
                f,
                "what providers and auditors have shown cannot be read from {path}: {}. Use another backup or a copy of it; or \
                 move its folder evidence away: slots that were under way are then ruled inconclusive, which pays nobody and \
                 blames nobody",
                Evidence(refusal)
            ),
            BackupRefusal::Taken => write!(
                f,
                "{path} is there already, and a restored exchange overwrites nothing; choose a folder that is new, or move it away"
            ),
            BackupRefusal::Failed { doing, cause } => write!(f, "{doing} for {path} failed: {cause}"),
        }
    }
}

impl std::error::Error for BackupError {}
