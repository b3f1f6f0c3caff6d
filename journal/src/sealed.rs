//! Sealed records: what is ready to be appended to a log, in one buffer that is used again and again.

use engine::stamp::Sequence;

use crate::record::{Record, RecordHash};

/// Records in order, each sealed by the chain, none yet durable.
#[derive(Debug, Default)]
pub struct SealedRecords {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where in the buffer a record ends, and what it is.
#[derive(Debug)]
struct Place {
    first: Sequence,
    last: Sequence,
    hash: RecordHash,
    end: usize,
}

/// One of the records.
#[derive(Clone, Copy, Debug)]
pub struct SealedRecord<'a> {
    /// Its first command's sequence.
    pub first: Sequence,
    /// Its last command's sequence.
    pub last: Sequence,
    /// The hash of its bytes.
    pub hash: RecordHash,
    /// All of it, as it goes to disk.
    pub bytes: &'a [u8],
}

impl SealedRecords {
    /// The records in order.
    pub fn iter(&self) -> impl Iterator<Item = SealedRecord<'_>> {
        let mut start = 0;
        self.places.iter().map(move |place| {
            let bytes = &self.bytes[start..place.end];
            start = place.end;
            SealedRecord { first: place.first, last: place.last, hash: place.hash, bytes }
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Panics unless the records follow the sequence `last` and each other.
    pub fn assert_follow(&self, last: Sequence) {
        let mut last = last;
        for place in &self.places {
            assert_eq!(place.first, last.next(), "records follow each other");
            last = place.last;
        }
    }

    /// Forgets the records and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    /// How many bytes all records have.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Appends a record that was sealed before; returns its hash.
    pub(crate) fn take_in(&mut self, record: &Record<'_>) -> RecordHash {
        self.bytes.extend_from_slice(record.bytes());
        self.close(record.header().first, record.header().last())
    }

    /// The buffer, to write the next record to its end.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Takes what was written to the buffer since the last record as one with these sequences.
    pub(crate) fn close(&mut self, first: Sequence, last: Sequence) -> RecordHash {
        let start = self.places.last().map_or(0, |place| place.end);
        let hash = RecordHash::of(&self.bytes[start..]);
        self.places.push(Place { first, last, hash, end: self.bytes.len() });
        hash
    }
}
