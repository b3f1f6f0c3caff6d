//! Contract: what every command log must do. Run it on each one, the simulator's included.

use engine::command::Command;
use engine::command::Stamped;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::PublicKey;
use engine::label::Label;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};

use crate::chain::Chain;
use crate::log::{AppendError, CommandLog, Tip};
use crate::outcome;
use crate::recovery::recover;
use crate::sealed::SealedRecords;

/// The least exchange that keeps a journal: applies commands one nanosecond apart and seals them.
#[derive(Default)]
pub struct Live {
    /// The exchange after the last command.
    pub exchange: Exchange,
    /// The chain after the last record.
    pub chain: Chain,
    /// The rolling outcome hash after the last command.
    pub outcome: OutcomeHash,
    events: Vec<Event>,
}

impl Live {
    /// Applies `commands` and seals them as one record at the end of `records`.
    pub fn seal(&mut self, commands: &[Command], records: &mut SealedRecords) {
        let mut last = self.chain.last();
        let stamp = |command: &Command| {
            last = Stamp { sequence: last.sequence.next(), time: last.time.after(1) };
            Stamped { stamp: last, command: *command }
        };
        let group: Vec<Stamped> = commands.iter().map(stamp).collect();
        for stamped in &group {
            self.events.clear();
            self.exchange.apply(stamped, &mut self.events);
            outcome::fold(&mut self.outcome, stamped.stamp.sequence, &self.events);
        }
        self.chain.seal(&group, self.outcome, records);
    }

    /// Applies and seals the groups, one record each, and appends all of them to `log` at once.
    ///
    /// # Errors
    /// Those of the log.
    pub fn append(&mut self, log: &mut impl CommandLog, groups: &[&[Command]]) -> Result<(), AppendError> {
        let last = self.chain.last().sequence;
        let mut records = SealedRecords::default();
        groups.iter().for_each(|group| self.seal(group, &mut records));
        log.append(last, &records)
    }
}

/// The first group of an exchange: its founding, and an account with a deposit.
pub fn founding() -> [Command; 3] {
    let name = |text| Label::new(text).expect("the name is a label");
    let account = engine::ids::AccountId(1);
    let amount = engine::units::Amount::new(1_000_000_000);
    [
        Command::Found { epoch: 1, seed: 7, operator: PublicKey([7; 32]) },
        Command::OpenAccount { name: name("ann"), provider: true, joins: None },
        Command::Deposit { account, amount, reference: name("first") },
    ]
}

/// Panics unless logs keep the contract. `fresh` makes an empty log; `reopen` does to a log what a restart does.
pub fn check<L: CommandLog>(fresh: impl Fn() -> L, reopen: impl Fn(L) -> L) {
    empty_log_has_nothing(&fresh());
    appended_records_come_back(fresh());
    reading_starts_at_the_record_that_holds_the_sequence(fresh());
    conflict_changes_nothing(fresh());
    appending_nothing_changes_nothing(fresh());
    restart_keeps_everything(fresh(), reopen);
}

fn bytes_from(log: &impl CommandLog, from: u64) -> Vec<Box<[u8]>> {
    log.read(Sequence(from)).map(|bytes| bytes.expect("the log is readable")).collect()
}

fn last(log: &impl CommandLog) -> Option<Tip> {
    log.last().expect("the log is readable")
}

fn empty_log_has_nothing(log: &impl CommandLog) {
    assert_eq!(last(log), None);
    assert!(bytes_from(log, 0).is_empty());
}

fn appended_records_come_back(mut log: impl CommandLog) {
    let (mut live, mut records, mut expected) = (Live::default(), SealedRecords::default(), Vec::new());
    for groups in 1..4 {
        let before = live.chain.last().sequence;
        records.clear();
        (0..groups).for_each(|_| live.seal(&[Command::Tick; 2], &mut records));
        log.append(before, &records).expect("the log takes what follows");
        expected.extend(records.iter().map(|record| Box::from(record.bytes)));
        let tip = Tip { sequence: live.chain.last().sequence, hash: live.chain.hash() };
        assert_eq!(last(&log), Some(tip), "the tip is the last record appended");
        assert_eq!(bytes_from(&log, 0), expected, "records come back in order");
    }
}

fn reading_starts_at_the_record_that_holds_the_sequence(mut log: impl CommandLog) {
    let ticks = [Command::Tick; 3];
    Live::default().append(&mut log, &[&ticks, &ticks, &ticks]).expect("the log takes what follows");
    for (from, records) in [(0, 3), (1, 3), (3, 3), (4, 2), (6, 2), (7, 1), (9, 1), (10, 0), (u64::MAX, 0)] {
        assert_eq!(bytes_from(&log, from).len(), records, "from {from}");
    }
}

fn conflict_changes_nothing(mut log: impl CommandLog) {
    let (mut live, mut other) = (Live::default(), Live::default());
    other.append(&mut log, &[&[Command::Tick]]).expect("the log takes what follows");
    let before = (last(&log), bytes_from(&log, 0));
    let refused = live.append(&mut log, &[&[Command::Tick], &[Command::Tick]]);
    assert_eq!(refused, Err(AppendError::Conflict { expected: Sequence(0), found: Sequence(1) }));
    assert_eq!((last(&log), bytes_from(&log, 0)), before, "a conflict changes nothing");
    other.append(&mut log, &[&[Command::Tick]]).expect("the log takes what follows");
}

fn appending_nothing_changes_nothing(mut log: impl CommandLog) {
    let none = SealedRecords::default();
    assert_eq!(log.append(Sequence(0), &none), Ok(()));
    let conflict = AppendError::Conflict { expected: Sequence(1), found: Sequence(0) };
    assert_eq!(log.append(Sequence(1), &none), Err(conflict));
    empty_log_has_nothing(&log);
}

fn restart_keeps_everything<L: CommandLog>(log: L, reopen: impl Fn(L) -> L) {
    let mut log = reopen(log);
    let mut live = Live::default();
    for round in 0..3_u64 {
        let groups: &[&[Command]] =
            if round == 0 { &[&founding()] } else { &[&[Command::Tick; 2], &[Command::Tick]] };
        live.append(&mut log, groups).expect("the log takes what follows");
        log = reopen(log);
        let mut observed = Time::default();
        let recovered =
            recover(&log, &mut |stamped, _| observed = stamped.stamp.time).expect("the log is sound");
        assert_eq!((recovered.records, recovered.commands), (1 + 2 * round, 3 + 3 * round));
        assert_eq!(
            recovered.exchange.state_hash(),
            live.exchange.state_hash(),
            "replay gives the same state"
        );
        assert_eq!(
            (recovered.chain, recovered.outcome),
            (live.chain, live.outcome),
            "replay gives the same chain"
        );
        assert_eq!((recovered.last, recovered.last.time), (live.chain.last(), observed));
    }
}
