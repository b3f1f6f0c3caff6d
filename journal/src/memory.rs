//! Memory log: a command log that lasts as long as the process. For tests and the simulator.

use engine::stamp::Sequence;

use crate::log::{AppendError, CommandLog, ReadError, Tip};
use crate::record::Record;
use crate::sealed::SealedRecords;

/// Records in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryLog {
    records: Vec<Box<[u8]>>,
}

impl MemoryLog {
    /// A log that holds these bytes as its records, whatever they are.
    pub fn from_records(records: Vec<Box<[u8]>>) -> MemoryLog {
        MemoryLog { records }
    }

    /// The bytes of all records.
    pub fn records(&self) -> &[Box<[u8]>] {
        &self.records
    }
}

impl CommandLog for MemoryLog {
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        let end = self.records.last().map(|bytes| Record::open(bytes).map(|record| record.header().last()));
        let end = end.transpose().map_err(|fault| AppendError::Unknown { cause: fault.to_string() })?;
        let found = end.unwrap_or_default();
        if found != expected_last {
            return Err(AppendError::Conflict { expected: expected_last, found });
        }
        records.assert_follow(expected_last);
        self.records.extend(records.iter().map(|record| Box::from(record.bytes)));
        Ok(())
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        let last = self.records.last().map(|bytes| Record::open(bytes).map(|record| record.tip()));
        last.transpose().map_err(ReadError::LastDamaged)
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        let before =
            move |bytes: &[u8]| Record::open(bytes).is_ok_and(|record| record.header().last() < from);
        self.records.iter().skip_while(move |bytes| before(bytes)).cloned().map(Ok)
    }
}
