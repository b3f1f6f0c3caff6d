//! Recovery: turns a log back into the exchange that wrote it, or says where they differ.
//!
//! Every record is checked before its commands are applied, and its outcome hash after.

use std::fmt;

use engine::command::Stamped;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};

use crate::chain::Chain;
use crate::fault::RecordFault;
use crate::log::{CommandLog, ReadError, Tip};
use crate::outcome;
use crate::record::{LOGIC_VERSION, Record, RecordHash};

/// What a journal amounts to.
#[derive(Default)]
pub struct Recovered {
    /// The exchange after the last command.
    pub exchange: Exchange,
    /// The last command's stamp; all zero when there was none.
    pub last: Stamp,
    /// The chain, to which the next record is joined.
    pub chain: Chain,
    /// The rolling outcome hash, to be folded on.
    pub outcome: OutcomeHash,
    /// How many commands there were.
    pub commands: u64,
    /// How many records there were.
    pub records: u64,
}

/// Replays all of `log`. `observer` sees every command with its events, also those of a record that is refused
/// afterwards for its outcome.
///
/// # Errors
/// The first record that is damaged, out of place, of another logic version, or has another outcome.
pub fn recover(
    log: &impl CommandLog,
    observer: &mut impl FnMut(&Stamped, &[Event]),
) -> Result<Recovered, RecoveryError> {
    resume(log, Recovered::default(), observer)
}

/// Replays what `log` has after `from`, which is what it amounts to up to one of its records: of that one, only the hashes
/// are compared. With nothing recovered yet, replays all of it. Counts what is replayed now.
///
/// # Errors
/// As [`recover`]; and when the log ends before `from`, or is another one.
pub fn resume(
    log: &impl CommandLog,
    from: Recovered,
    observer: &mut impl FnMut(&Stamped, &[Event]),
) -> Result<Recovered, RecoveryError> {
    replay(log, from, observer, &mut |_| {})
}

/// The same. `border` sees what there is where it begins and after every record.
///
/// # Errors
/// As [`resume`].
pub fn replay(
    log: &impl CommandLog,
    from: Recovered,
    observer: &mut impl FnMut(&Stamped, &[Event]),
    border: &mut impl FnMut(&Recovered),
) -> Result<Recovered, RecoveryError> {
    let tip = log.last();
    let begun = from.last.sequence;
    let mut replay = Replay { recovered: Recovered { commands: 0, records: 0, ..from }, ..Replay::default() };
    let mut records = log.read(begun.max(Sequence(1)));
    if Sequence(0) < begun {
        let found = tip.clone()?.map_or(Sequence(0), |tip| tip.sequence);
        let ahead = RecoveryError::Ahead { snapshot: begun, journal: found };
        replay.meet(&records.next().ok_or(ahead)??)?;
    }
    border(&replay.recovered);
    for bytes in records {
        replay.record(&bytes?, observer)?;
        border(&replay.recovered);
    }
    let found = replay.recovered.last.sequence;
    match tip? {
        Some(tip) if found < tip.sequence => Err(RecoveryError::Short { expected: tip.sequence, found }),
        _ => Ok(replay.recovered),
    }
}

/// What has been recovered so far, and buffers that are used for every record.
#[derive(Default)]
struct Replay {
    recovered: Recovered,
    commands: Vec<Stamped>,
    events: Vec<Event>,
}

impl Replay {
    /// Checks that `bytes` are the record after which the log is to be resumed.
    fn meet(&self, bytes: &[u8]) -> Result<(), RecoveryError> {
        let Recovered { last, chain, outcome, .. } = &self.recovered;
        let record = Record::open(bytes)
            .map_err(|fault| RecoveryError::Damaged { after: Sequence(last.sequence.0 - 1), fault })?;
        let same = record.tip() == Tip { sequence: last.sequence, hash: chain.hash() };
        if same && record.header().outcome == *outcome {
            return Ok(());
        }
        Err(RecoveryError::Foreign { snapshot: last.sequence, expected: chain.hash(), found: record.hash() })
    }

    fn record(
        &mut self,
        bytes: &[u8],
        observer: &mut impl FnMut(&Stamped, &[Event]),
    ) -> Result<(), RecoveryError> {
        let record = self.checked(bytes)?;
        for stamped in &self.commands {
            self.events.clear();
            self.recovered.exchange.apply(stamped, &mut self.events);
            outcome::fold(&mut self.recovered.outcome, stamped.stamp.sequence, &self.events);
            observer(stamped, &self.events);
            self.recovered.last = stamped.stamp;
        }
        let last = self.recovered.last;
        let (expected, found) = (record.header().outcome, self.recovered.outcome);
        if expected != found {
            return Err(RecoveryError::Outcome {
                first: record.header().first,
                last: last.sequence,
                expected,
                found,
            });
        }
        self.recovered.chain.follow(record.hash(), last);
        self.recovered.commands += u64::from(record.header().count);
        self.recovered.records += 1;
        Ok(())
    }

    /// The record that `bytes` are, if it continues what has been recovered; its commands are then in the buffer.
    fn checked<'a>(&mut self, bytes: &'a [u8]) -> Result<Record<'a>, RecoveryError> {
        let after = self.recovered.last.sequence;
        let damaged = |fault| RecoveryError::Damaged { after, fault };
        let record = Record::open(bytes).map_err(damaged)?;
        let header = record.header();
        let first = header.first;
        if header.logic != LOGIC_VERSION {
            return Err(RecoveryError::Logic { first, expected: LOGIC_VERSION, found: header.logic });
        }
        if after == Sequence(0) && first != Sequence(1) {
            return Err(RecoveryError::Beginning { found: first });
        }
        if first != after.next() {
            return Err(RecoveryError::Gap { expected: after.next(), found: first });
        }
        let expected = self.recovered.chain.hash();
        if header.previous != expected {
            return Err(RecoveryError::Chain { first, expected, found: header.previous });
        }
        record.commands(&mut self.commands).map_err(damaged)?;
        let expected = self.recovered.last.time;
        match self.commands.first() {
            Some(begin) if begin.stamp.time < expected => {
                Err(RecoveryError::Time { first, expected, found: begin.stamp.time })
            }
            _ => Ok(record),
        }
    }
}

/// Why a journal is refused. Nothing on disk has been changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryError {
    /// The log cannot be read.
    Read(ReadError),
    /// A record is damaged.
    Damaged {
        /// The last sequence before it.
        after: Sequence,
        /// What is wrong with it.
        fault: RecordFault,
    },
    /// The log was written under other rules.
    Logic {
        /// The record's first sequence.
        first: Sequence,
        /// This program's logic version.
        expected: u16,
        /// The record's.
        found: u16,
    },
    /// The log has lost its end: a snapshot was made of what stood there.
    Ahead {
        /// The last sequence before the snapshot.
        snapshot: Sequence,
        /// The log's last sequence.
        journal: Sequence,
    },
    /// The record after which a snapshot was made is another one in the log.
    Foreign {
        /// The last sequence before the snapshot.
        snapshot: Sequence,
        /// The hash of the record that the snapshot names.
        expected: RecordHash,
        /// The hash of the record in the log that holds that sequence.
        found: RecordHash,
    },
    /// The log does not begin at the beginning, and no snapshot reaches back to where it does.
    Beginning {
        /// Its first sequence.
        found: Sequence,
    },
    /// Records are missing, repeated or out of order.
    Gap {
        /// The sequence that comes next.
        expected: Sequence,
        /// The one with which the record begins.
        found: Sequence,
    },
    /// A record does not follow the one before it: one of the two is not what was written.
    Chain {
        /// The record's first sequence.
        first: Sequence,
        /// The hash of the record before it.
        expected: RecordHash,
        /// The hash that it names.
        found: RecordHash,
    },
    /// A record begins before the one before it ends.
    Time {
        /// The record's first sequence.
        first: Sequence,
        /// The time that had been reached.
        expected: Time,
        /// The time with which it begins.
        found: Time,
    },
    /// Replaying a record did something else than it did live.
    Outcome {
        /// The record's first sequence.
        first: Sequence,
        /// The record's last sequence.
        last: Sequence,
        /// The outcome hash in the record.
        expected: OutcomeHash,
        /// The outcome hash of the replay.
        found: OutcomeHash,
    },
    /// The log gave fewer records than it said it had.
    Short {
        /// The last sequence of the log.
        expected: Sequence,
        /// The last sequence it gave.
        found: Sequence,
    },
}

impl From<ReadError> for RecoveryError {
    fn from(error: ReadError) -> RecoveryError {
        RecoveryError::Read(error)
    }
}

const RESTORE: &str =
    "Nothing was changed. Keep the data folder as it is, and start from a copy or a backup of it";

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecoveryError::Read(error) => write!(f, "the journal cannot be read: {error}. {RESTORE}"),
            RecoveryError::Damaged { after, fault } => {
                write!(f, "the journal's record after sequence {} is damaged: {fault}. {RESTORE}", after.0)
            }
            RecoveryError::Logic { first, expected, found } => write!(
                f,
                "the journal's record from sequence {} is of logic version {found}, expected {expected}. \
                 Nothing was changed. Start the version of hourbook that wrote it",
                first.0
            ),
            RecoveryError::Ahead { snapshot, journal } => write!(
                f,
                "the journal ends at sequence {}, but a snapshot was made of it at sequence {}: its end is lost. {RESTORE}",
                journal.0, snapshot.0
            ),
            RecoveryError::Foreign { snapshot, expected, found } => write!(
                f,
                "the snapshot at sequence {} is not of this journal: expected the record that ends there to be {expected}, \
                 found {found}. Nothing was changed. Put the journal and the snapshots that belong together in the data \
                 folder; without any snapshot the whole journal is replayed",
                snapshot.0
            ),
            RecoveryError::Beginning { found } => write!(
                f,
                "the journal begins at sequence {}, and there is no sound snapshot from which to go on. Nothing was changed. \
                 Put back a snapshot of it, or start from a copy or a backup of the data folder",
                found.0
            ),
            RecoveryError::Gap { expected, found } => write!(
                f,
                "the journal has records missing, repeated or out of order: expected sequence {}, found {}. {RESTORE}",
                expected.0, found.0
            ),
            RecoveryError::Chain { first, expected, found } => write!(
                f,
                "the journal's record from sequence {} does not follow the one before it: expected it to name {expected}, \
                 found {found}. {RESTORE}",
                first.0
            ),
            RecoveryError::Time { first, expected, found } => write!(
                f,
                "the journal goes back in time at sequence {}: expected {} ns or later, found {} ns. {RESTORE}",
                first.0, expected.0, found.0
            ),
            RecoveryError::Outcome { first, last, expected, found } => write!(
                f,
                "replaying the journal's sequences {} to {} did something else than it did live: expected outcome \
                 {expected}, found {found}. Nothing was changed. Start the version of hourbook that wrote them, and \
                 report this",
                first.0, last.0
            ),
            RecoveryError::Short { expected, found } => write!(
                f,
                "the journal could not be read to its end: expected sequence {}, found {}. {RESTORE}",
                expected.0, found.0
            ),
        }
    }
}

impl std::error::Error for RecoveryError {}
