//! Chain: each record names the one before it by its hash, and continues its sequences and time.

use engine::command::Stamped;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp};

use crate::encode;
use crate::record::{COMMANDS_MAX, HEADER_BYTES, Header, LOGIC_VERSION, RecordHash};
use crate::sealed::SealedRecords;

/// The end of a journal, to which the next record is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    hash: RecordHash,
    last: Stamp,
}

impl Default for Chain {
    /// The chain of an empty journal.
    fn default() -> Chain {
        Chain { hash: RecordHash::genesis(), last: Stamp::default() }
    }
}

impl Chain {
    /// The hash of the last record, or of genesis.
    pub const fn hash(&self) -> RecordHash {
        self.hash
    }

    /// The stamp of the last command; all zero before the first.
    pub const fn last(&self) -> Stamp {
        self.last
    }

    /// The chain that ends with the record of this hash.
    pub(crate) const fn at(hash: RecordHash, last: Stamp) -> Chain {
        Chain { hash, last }
    }

    /// Joins a record that is known to follow.
    pub(crate) const fn follow(&mut self, hash: RecordHash, last: Stamp) {
        self.hash = hash;
        self.last = last;
    }

    /// Seals a write group as the next record, at the end of `records`. `outcome` is the rolling outcome hash after
    /// the last command.
    ///
    /// # Panics
    /// Unless there are 1 to 1,024 commands that follow the last one without gap and without going back in time.
    pub fn seal<'a>(
        &mut self,
        commands: impl IntoIterator<Item = &'a Stamped>,
        outcome: OutcomeHash,
        records: &mut SealedRecords,
    ) {
        let first = self.last.sequence.next();
        let buffer = records.buffer();
        let start = buffer.len();
        buffer.resize(start + HEADER_BYTES, 0);
        for Stamped { stamp, command } in commands {
            assert_eq!(stamp.sequence, self.last.sequence.next(), "sequences have no gaps");
            assert!(self.last.time <= stamp.time, "time never goes back");
            encode::time(buffer, stamp.time);
            encode::command(buffer, command);
            self.last = *stamp;
        }
        let count = count(first, self.last.sequence);
        let header = Header { logic: LOGIC_VERSION, first, count, previous: self.hash, outcome };
        header.complete(&mut buffer[start..]);
        self.hash = records.close(first, self.last.sequence);
    }
}

/// How many commands there are from `first` to `last`.
fn count(first: Sequence, last: Sequence) -> u32 {
    let count = u32::try_from(last.0 + 1 - first.0).expect("commands of one record are few");
    assert!(0 < count && count <= COMMANDS_MAX, "a record holds 1 to 1,024 commands");
    count
}
