//! Memory history: one that lasts as long as the process. For tests and the simulator.

use std::collections::BTreeMap;

use engine::stamp::Sequence;

use crate::history::group::HistoryGroup;
use crate::history::key::{KEY_BYTES, Key};
use crate::history::log::HistoryLog;
use crate::history::reader::{Entries, Entry};
use crate::log::{ReadError, WriteError};

/// The history in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryHistory {
    entries: BTreeMap<[u8; KEY_BYTES], Box<[u8]>>,
    last: Sequence,
    begin: Sequence,
}

impl HistoryLog for MemoryHistory {
    fn last(&self) -> Sequence {
        self.last
    }

    fn append(&mut self, group: &HistoryGroup) -> Result<(), WriteError> {
        group.assert_follows(self.last);
        self.entries.extend(group.entries().map(|(key, value)| (key.bytes(), Box::from(value))));
        self.last = group.last();
        Ok(())
    }

    fn clear(&mut self, begin: Sequence) -> Result<(), WriteError> {
        *self = MemoryHistory { last: begin, begin, ..MemoryHistory::default() };
        Ok(())
    }
}

impl Entries for MemoryHistory {
    fn last(&self) -> Sequence {
        self.last
    }

    fn begin(&self) -> Sequence {
        self.begin
    }

    fn ascending(&self, key: Key) -> impl Iterator<Item = Result<Entry, ReadError>> {
        let before = self.entries.range(..=key.bytes()).next_back().map(|(first, _)| *first);
        self.entries.range(before.unwrap_or_default()..).map(|(key, value)| copied(key, value))
    }

    fn descending(&self, key: Key) -> impl Iterator<Item = Result<Entry, ReadError>> {
        self.entries.range(..=key.bytes()).rev().map(|(key, value)| copied(key, value))
    }
}

fn copied(key: &[u8], value: &[u8]) -> Result<Entry, ReadError> {
    Ok((Box::from(key), Box::from(value)))
}
