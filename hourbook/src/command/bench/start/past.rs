//! Past: an exchange that has done much, written to a data folder as fast as it goes.

use std::path::Path;

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use journal::log::CommandLog;
use journal::outcome;
use journal::sealed::SealedRecords;
use journal::snapshot::Snapshot;
use persistence::data::{journal_folder, snapshots};
use persistence::snapshots::writer::SnapshotWriter;
use persistence::store::RocksLog;
use simulator::bench::venue;

use crate::command::bench::makers::Makers;
use crate::failure::Failure;

/// Commands of a record, and records of an append: as many as a busy exchange has.
const RECORD_COMMANDS: usize = 1_024;
const APPEND_RECORDS: usize = 16;
/// From one command to the next, in nanoseconds.
const STEP: u64 = 1_000;

/// The exchange and its journal.
pub(super) struct Past {
    log: RocksLog,
    last: Snapshot,
    sequencer: Sequencer,
    now: Time,
    makers: Makers,
    /// Commands that are not sealed yet.
    group: Vec<Stamped>,
    records: SealedRecords,
    sealed: usize,
    events: Vec<Event>,
}

impl Past {
    /// Founds an exchange in a folder.
    pub(super) fn begin(data: &Path) -> Result<Past, Failure> {
        let log = RocksLog::open(&journal_folder(data)).map_err(|error| Failure::local(error.to_string()))?;
        let mut past = Past {
            log,
            last: Snapshot::default(),
            sequencer: Sequencer::default(),
            now: venue::BEGUN,
            makers: Makers::default(),
            group: Vec::with_capacity(RECORD_COMMANDS),
            records: SealedRecords::default(),
            sealed: 0,
            events: Vec::new(),
        };
        for command in venue::set_up() {
            past.ask(command)?;
        }
        Ok(past)
    }

    /// Goes on for so many commands. `progress` is told how many there were in all.
    pub(super) fn go_on(&mut self, commands: usize, progress: &mut dyn FnMut(u64)) -> Result<(), Failure> {
        for number in 0..commands {
            let command = self.makers.next().expect("makers never end");
            self.ask(command)?;
            if number.is_multiple_of(RECORD_COMMANDS) {
                progress(self.sequencer.last().sequence.0);
            }
        }
        self.seal();
        self.append()
    }

    fn ask(&mut self, command: Command) -> Result<(), Failure> {
        self.now = self.now.after(STEP);
        while let Some(tick) = self.sequencer.tick(self.now, &self.last.exchange) {
            self.apply(tick)?;
        }
        let stamped = self.sequencer.stamp(self.now, command);
        self.apply(stamped)
    }

    fn apply(&mut self, stamped: Stamped) -> Result<(), Failure> {
        let Snapshot { exchange, view, outcome, .. } = &mut self.last;
        self.events.clear();
        exchange.apply(&stamped, &mut self.events);
        outcome::fold(outcome, stamped.stamp.sequence, &self.events);
        view.fold(stamped.stamp, &self.events);
        self.group.push(stamped);
        if self.group.len() == RECORD_COMMANDS {
            self.seal();
        }
        if self.sealed == APPEND_RECORDS { self.append() } else { Ok(()) }
    }

    fn seal(&mut self) {
        if !self.group.is_empty() {
            self.last.chain.seal(&self.group, self.last.outcome, &mut self.records);
            self.group.clear();
            self.sealed += 1;
        }
    }

    fn append(&mut self) -> Result<(), Failure> {
        let known = self.log.last().map_err(|error| Failure::local(error.to_string()))?;
        let last = known.map(|tip| tip.sequence).unwrap_or_default();
        let appended = self.log.append(last, &self.records);
        self.records.clear();
        self.sealed = 0;
        appended.map_err(|error| Failure::local(error.to_string()))
    }

    /// Leaves a snapshot; returns how long it is.
    pub(super) fn keep(&self, data: &Path) -> Result<u64, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::local(error.to_string());
        let writer = SnapshotWriter::open(&snapshots(data)).map_err(|error| failed(&error))?;
        writer.write(&self.last).map(|written| written.bytes).map_err(|error| failed(&error))
    }

    /// Closes the journal. Returns how many commands there were, and the state hash.
    pub(super) fn end(self) -> (u64, String) {
        let Snapshot { exchange, .. } = &self.last;
        (exchange.last().sequence.0, exchange.state_hash().to_string())
    }
}
