//! Evidence: assignments, receipts and jobs, in a database of their own beside the journal.
//!
//! Nothing is derived from it: the journal has hashes only. It may be lost without the exchange's state being any other, but then
//! nobody can be shown what was delivered. It says whose it is from its making on, in a table, so that no other one passes for it.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rocksdb::{DB, ErrorKind, IteratorMode};
use settlement::shelf::{Place, Shelf, ShelfError};

use crate::data_error::DataRefusal;
use crate::options;

/// Where the shelf says whose it is: before all places, which are longer.
const OWNER: &[u8] = b"";
/// How often files that a running exchange merged meanwhile are looked for again.
const TRIES: usize = 5;

/// A shelf in a folder.
pub struct RocksShelf(DB);

impl RocksShelf {
    /// Opens the shelf of the exchange with the public key `owner` in the folder `path`, made when there is none. The folder is
    /// ours once the journal's is.
    ///
    /// # Errors
    /// When its files are damaged, or it is another exchange's; it is as it was then.
    pub fn open(path: &Path, owner: &[u8; 32]) -> Result<RocksShelf, DataRefusal> {
        if !path.exists() {
            make(path, owner)?;
        }
        present(path)?;
        let database = DB::open(&options::evidence(false), path).map_err(opening)?;
        match database.get(OWNER).map_err(opening)? {
            Some(found) if found == owner => Ok(RocksShelf(database)),
            _ => Err(DataRefusal::EvidenceForeign),
        }
    }
}

impl Shelf for RocksShelf {
    fn put(&self, place: Place, bytes: &[u8]) -> Result<(), ShelfError> {
        self.0.put_opt(place.bytes(), bytes, &options::append()).map_err(failed)
    }

    fn get(&self, place: Place) -> Result<Option<Vec<u8>>, ShelfError> {
        self.0.get(place.bytes()).map_err(failed)
    }
}

impl fmt::Debug for RocksShelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RocksShelf({})", self.0.path().display())
    }
}

/// A shelf as it is now, to be read while an exchange runs or does not.
pub struct ShelfGlance {
    database: DB,
    /// The public key of the exchange that keeps it.
    pub owner: [u8; 32],
}

impl ShelfGlance {
    /// Looks at the shelf in the folder `path`, and changes nothing. `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn at(path: &Path) -> Result<Option<ShelfGlance>, DataRefusal> {
        if !path.exists() {
            return Ok(None);
        }
        present(path)?;
        let mut tries = 0;
        let database = loop {
            tries += 1;
            match DB::open_for_read_only(&options::glance(), path, false) {
                Ok(database) => break database,
                // The exchange may have merged a table away between the list of tables and their opening.
                Err(_) if tries < TRIES => {}
                Err(error) => return Err(opening(error)),
            }
        };
        let owner = database.get(OWNER).map_err(opening)?;
        let owner = owner.and_then(|found| found.try_into().ok()).ok_or(DataRefusal::EvidenceForeign)?;
        Ok(Some(ShelfGlance { database, owner }))
    }

    /// Shows everything that is kept, by place. Returns how much that is.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn see(&self, see: &mut dyn FnMut(&[u8], &[u8])) -> Result<u64, DataRefusal> {
        let mut kept = 0;
        for entry in self.database.iterator_opt(IteratorMode::Start, options::read()) {
            let (place, bytes) = entry.map_err(opening)?;
            if *place != *OWNER {
                see(&place, &bytes);
                kept += 1;
            }
        }
        Ok(kept)
    }
}

impl Shelf for ShelfGlance {
    /// Nothing is put here.
    fn put(&self, _: Place, _: &[u8]) -> Result<(), ShelfError> {
        Err(ShelfError { cause: "it is only looked at".to_owned(), damaged: false })
    }

    fn get(&self, place: Place) -> Result<Option<Vec<u8>>, ShelfError> {
        self.database.get(place.bytes()).map_err(failed)
    }
}

impl fmt::Debug for ShelfGlance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShelfGlance({})", self.database.path().display())
    }
}

/// Copies what the shelf in the folder `from` keeps to the one in the folder `to`, which is made if there is none. What is there
/// already stays. Returns how much was copied.
///
/// # Errors
/// When one of them cannot be read or written, or `to` is another exchange's.
pub(crate) fn copy_evidence(from: &Path, to: &Path) -> Result<u64, DataRefusal> {
    let Some(glance) = ShelfGlance::at(from)? else { return Ok(0) };
    let shelf = RocksShelf::open(to, &glance.owner)?.0;
    let (mut copied, mut outcome) = (0, Ok(()));
    glance.see(&mut |place, bytes| {
        if outcome.is_err() || shelf.get(place).is_ok_and(|known| known.is_some_and(|known| known == bytes)) {
            return;
        }
        outcome = shelf.put_opt(place, bytes, &options::copy());
        copied += 1;
    })?;
    // One sync for all of it: an interrupted copy is gone on with next time.
    outcome.and_then(|()| shelf.flush_wal(true)).map_err(opening)?;
    Ok(copied)
}

/// Makes an empty shelf beside `path`, which takes its name when it is whole.
fn make(path: &Path, owner: &[u8; 32]) -> Result<(), DataRefusal> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let making =
        |error: io::Error| DataRefusal::Failed { doing: "making the evidence", cause: error.to_string() };
    if new.exists() {
        fs::remove_dir_all(&new).map_err(making)?;
    }
    let database = DB::open(&options::evidence(true), &new).map_err(opening)?;
    // In a table, so that a write-ahead log that is cut does not lose it.
    database.put_opt(OWNER, owner, &options::append()).and_then(|()| database.flush()).map_err(opening)?;
    drop(database);
    fs::rename(&new, path).map_err(making)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(parent.unwrap_or(Path::new("."))).and_then(|parent| parent.sync_all()).map_err(making)
}

/// Whether there is a database, which would else be begun anew over what is left of one.
fn present(path: &Path) -> Result<(), DataRefusal> {
    match path.join("CURRENT").try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(DataRefusal::EvidenceDamaged { cause: "the file CURRENT is missing".to_owned() }),
        Err(error) => Err(DataRefusal::Failed { doing: "opening the evidence", cause: error.to_string() }),
    }
}

fn opening(error: rocksdb::Error) -> DataRefusal {
    let cause = error.to_string();
    match is_damage(&error) {
        true => DataRefusal::EvidenceDamaged { cause },
        false => DataRefusal::Failed { doing: "opening the evidence", cause },
    }
}

fn failed(error: rocksdb::Error) -> ShelfError {
    ShelfError { damaged: is_damage(&error), cause: error.to_string() }
}

/// Whether files are damaged or missing, and not the machine.
fn is_damage(error: &rocksdb::Error) -> bool {
    let missing = error.kind() == ErrorKind::IOError && error.to_string().contains("No such file");
    error.kind() == ErrorKind::Corruption || missing
}
