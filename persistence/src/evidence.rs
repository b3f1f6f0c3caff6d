//! Evidence: assignments, receipts and jobs, in a database of their own beside the journal.
//!
//! Nothing is derived from it: the journal has hashes only. It may be lost without the exchange's state being any other, but then
//! nobody can be shown what was delivered.

use std::fmt;
use std::path::Path;

use rocksdb::DB;
use settlement::shelf::{Place, Shelf, ShelfError};

use crate::data_error::DataRefusal;
use crate::options;

/// A shelf in a folder.
pub struct RocksShelf(DB);

impl RocksShelf {
    /// Opens the shelf in the folder `path`, made when there is none. The folder is ours once the journal's is.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn open(path: &Path) -> Result<RocksShelf, DataRefusal> {
        let failed = |error: rocksdb::Error| DataRefusal::Failed {
            doing: "opening the evidence",
            cause: error.to_string(),
        };
        DB::open(&options::evidence(), path).map(RocksShelf).map_err(failed)
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

fn failed(error: rocksdb::Error) -> ShelfError {
    ShelfError { cause: error.to_string() }
}
