//! Watch: sees from another thread how far a journal is, and drops what it no longer needs to begin with.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::stamp::Sequence;
use journal::log::ReadError;
use rocksdb::DB;

use crate::key::key;
use crate::options;

/// How far a journal is, and a way to its database as long as that is open.
#[derive(Clone)]
pub struct Watch {
    database: Weak<DB>,
    last: Arc<AtomicU64>,
}

impl Watch {
    pub(crate) fn new(database: &Arc<DB>, last: Sequence) -> Watch {
        Watch { database: Arc::downgrade(database), last: Arc::new(AtomicU64::new(last.0)) }
    }

    /// The last durable sequence.
    pub fn last(&self) -> Sequence {
        Sequence(self.last.load(Ordering::Acquire))
    }

    pub(crate) fn advance(&self, last: Sequence) {
        self.last.store(last.0, Ordering::Release);
    }

    /// Drops whole tables of records that end before `sequence`; the record that holds it stays. Does nothing once the
    /// journal is closed.
    ///
    /// # Errors
    /// When the machine fails. What was not dropped is still there.
    pub fn drop_before(&self, sequence: Sequence) -> Result<(), ReadError> {
        let Some(database) = self.database.upgrade() else { return Ok(()) };
        let failed = |error: rocksdb::Error| ReadError::Failed {
            doing: "dropping the beginning of the journal",
            cause: error.to_string(),
        };
        let mut place = database.raw_iterator_opt(options::read());
        place.seek_for_prev(key(sequence));
        place.status().map_err(failed)?;
        let first = place.key().and_then(|key| key.first_chunk()).map(|key| u64::from_be_bytes(*key));
        let Some(before) = first.and_then(|first| first.checked_sub(1)) else { return Ok(()) };
        // A table that lies in the range is dropped without being read. What shares one with a record that stays, stays too.
        database.delete_file_in_range(key(Sequence(0)), key(Sequence(before))).map_err(failed)
    }
}
