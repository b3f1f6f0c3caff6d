//! Auditor: who hears every command that became durable, once, in order, and knows what must come of it.
//!
//! It sees what the exchange tells and what recovery finds beyond that, never what was lost before it was durable. Three
//! parts share the work: the model foretells the events of each command, the books of [`crate::invariants`] reckon sums,
//! holds and queues, and here stands what was told: it is durable, in order, and there again after a crash.

use std::collections::{BTreeMap, BTreeSet};

use engine::command::Stamped;
use engine::delivery::outcome::Outcome;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::Digest;
use engine::label::Label;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};
use engine::view::View;
use journal::outcome;

use crate::agreement::assert_agreement;
use crate::invariants::auditor::Auditor as Books;
use crate::invariants::finding::{Findings, Invariant};
use crate::kernel::client::Answer;
use crate::kernel::evidence::{Piece, SlotOf};
use crate::kernel::foretelling::Foretelling;
use crate::kernel::news::News;
use crate::kernel::trial::Checks;

/// Everything is checked when so many commands have passed since the last time.
const EVERYTHING_EVERY: u64 = 1_024;

/// How soon after its start an exchange has given up what it has lost, in nanoseconds, though its clock jumps: a slot is longer.
const GIVEN_UP_WITHIN: u64 = 12 * Time::SECOND;

/// Hears what is durable.
pub(super) struct Auditor {
    checks: Checks,
    books: Books,
    foretelling: Foretelling,
    last: Stamp,
    /// A hash over the events of each command, by sequence.
    digests: Vec<OutcomeHash>,
    /// The last command after which everything was checked.
    checked: Sequence,
    /// How many events there were.
    pub(super) events: u64,
    /// Batches that were done, and those that were refused.
    pub(super) batches: [u64; 2],
    /// Over all of them.
    pub(super) fingerprint: OutcomeHash,
    pub(super) news: News,
    /// Evidence that the journal names, and that nobody has looked for yet.
    pub(super) named: Vec<(SlotOf, Piece, Digest)>,
    /// Slots that were ruled because their evidence was lost.
    pub(super) given_up: BTreeSet<SlotOf>,
    /// Slots whose evidence a process found lost when it started, and until when they may end otherwise: what was due meanwhile
    /// comes first.
    lost: BTreeMap<SlotOf, Time>,
    /// How often a side of a slot was paid.
    pub(super) paid: u64,
    /// Each command with its events, when that was asked for.
    pub(super) trace: Option<Vec<String>>,
}

impl Auditor {
    pub(super) fn new(checks: Checks) -> Auditor {
        Auditor {
            checks,
            books: Books::default(),
            foretelling: Foretelling::default(),
            last: Stamp::default(),
            digests: Vec::new(),
            checked: Sequence(0),
            events: 0,
            batches: [0; 2],
            fingerprint: OutcomeHash::default(),
            news: News::default(),
            named: Vec::new(),
            given_up: BTreeSet::new(),
            lost: BTreeMap::new(),
            paid: 0,
            trace: None,
        }
    }

    /// What did not hold.
    pub(super) fn findings(&self) -> &Findings {
        self.books.findings()
    }

    /// Notes what does not hold.
    pub(super) fn find(&mut self, invariant: Invariant, what: &str) {
        self.books.note(invariant, what);
    }

    /// The last command that became durable.
    pub(super) fn last(&self) -> Sequence {
        self.last.sequence
    }

    /// A command is told, and the disk has everything up to `durable`. Returns a hash over its events.
    pub(super) fn told(&mut self, stamped: &Stamped, events: &[Event], durable: Sequence) -> OutcomeHash {
        let sequence = stamped.stamp.sequence;
        self.books.at(sequence);
        if durable < sequence {
            let what = format!("command {} is told, and the disk has {} for certain", sequence.0, durable.0);
            self.find(Invariant::Durable, &what);
        }
        self.hear(stamped, events)
    }

    /// Recovery found a command. What was heard before must be the same again.
    pub(super) fn recovered(&mut self, stamped: &Stamped, events: &[Event]) {
        let sequence = stamped.stamp.sequence;
        if self.last.sequence < sequence {
            self.hear(stamped, events);
            return;
        }
        let known = self.digests.get(place(sequence)).copied();
        if known != Some(digest(sequence, events)) {
            let what = format!("command {} was something else before: now {stamped:?}", sequence.0);
            self.find(Invariant::Replay, &what);
        }
    }

    /// A process starts without the evidence of these slots: they are given up at once, or were over by then.
    pub(super) fn miss(&mut self, slots: impl IntoIterator<Item = SlotOf>, now: Time) {
        // A clock that was set back stands still.
        let until = now.max(self.last.time).after(GIVEN_UP_WITHIN);
        self.lost.extend(slots.into_iter().map(|of| (of, until)));
    }

    /// Recovery ended with this command.
    pub(super) fn end_recovery(&mut self, last: Stamp) {
        if last.sequence < self.last.sequence {
            let what = format!("{} commands were told, {} are there", self.last.sequence.0, last.sequence.0);
            self.find(Invariant::Durable, &what);
        }
    }

    fn hear(&mut self, stamped: &Stamped, events: &[Event]) -> OutcomeHash {
        let Stamp { sequence, time } = stamped.stamp;
        if sequence != self.last.sequence.next() || time < self.last.time {
            let what = format!("command {} follows {}", sequence.0, self.last.sequence.0);
            self.find(Invariant::Replay, &what);
        }
        self.last = stamped.stamp;
        self.books.at(sequence);
        let digest = digest(sequence, events);
        self.digests.push(digest);
        let value = digest.value();
        let half = |shift: u32| u64::try_from(value >> shift & u128::from(u64::MAX)).expect("it is a half");
        self.fingerprint.words([half(64), half(0)]);
        self.events += u64::try_from(events.len()).expect("events are counted in 64 bits");
        for event in events {
            self.news.hear(time, event);
            self.watch(time, event);
        }
        if let Some(trace) = &mut self.trace {
            trace.push(words(stamped, events));
        }
        if self.checks == Checks::Full {
            self.books.check(stamped, events);
            if let Some(what) = self.foretelling.hear(stamped, events) {
                self.find(Invariant::Foretold, &what);
            }
        }
        digest
    }

    /// Counts batches. Whoever hears that evidence was lost hears nothing else of that slot: nobody is paid for it, blamed or
    /// slashed.
    fn watch(&mut self, time: Time, event: &Event) {
        match *event {
            Event::BatchStep { op: 0 } => self.batches[0] += 1,
            Event::BatchRefused { .. } => self.batches[1] += 1,
            Event::SlotCommitted { delivery, slot, commitment, .. } => {
                self.named.push(((delivery, slot), Piece::Commitment, commitment));
            }
            Event::SlotOpened { delivery, slot, opening } => {
                self.named.push(((delivery, slot), Piece::Opening, opening));
            }
            Event::SlotRuled { delivery, slot, reason, .. } if reason == lost() => {
                self.given_up.insert((delivery, slot));
            }
            Event::SlotRuled { delivery, slot, .. } => self.settle_loss((delivery, slot), time),
            Event::SlotPaid { delivery, slot, outcome, .. } => {
                self.paid += 1;
                self.settle_loss((delivery, slot), time);
                if self.lost.contains_key(&(delivery, slot))
                    && !self.given_up.contains(&(delivery, slot))
                    && outcome != Outcome::Inconclusive
                {
                    self.find(
                        Invariant::Shown,
                        &format!(
                            "a slot is {outcome:?}, and what shows it was lost before the exchange started"
                        ),
                    );
                }
                if self.given_up.contains(&(delivery, slot)) && outcome != Outcome::Inconclusive {
                    self.find(
                        Invariant::Shown,
                        &format!("the evidence of a slot was lost, and it is {outcome:?}"),
                    );
                }
            }
            Event::Slashed { delivery, slot, .. } if self.given_up.contains(&(delivery, slot)) => {
                self.find(Invariant::Shown, "a provider is slashed for evidence that the exchange has lost");
            }
            _ => {}
        }
    }

    /// A slot whose evidence is lost has ended before the exchange could give it up.
    fn settle_loss(&mut self, of: SlotOf, time: Time) {
        if self.lost.get(&of).is_some_and(|until| time <= *until) {
            self.lost.remove(&of);
        }
    }

    /// Whether it is time to check everything.
    pub(super) fn is_due(&self) -> bool {
        self.checked.0 + EVERYTHING_EVERY <= self.last.sequence.0
    }

    /// Checks everything: nothing is under way, so exchange, view and all that was heard say the same.
    ///
    /// # Panics
    /// When an assertion of the exchange breaks, or the view disagrees.
    pub(super) fn check_everything(&mut self, exchange: &Exchange, view: &View) {
        self.checked = self.last.sequence;
        exchange.assert_sound();
        assert_agreement(exchange, view);
        if self.checks == Checks::Full {
            self.books.compare(exchange);
            self.foretelling.compare(exchange);
        }
    }

    /// A client was told an answer: it must be what the journal says.
    pub(super) fn check_answer(&mut self, answer: &Answer) {
        if self.digests.get(place(answer.sequence)) != Some(&answer.digest) {
            let what = format!(
                "act {} was answered by command {}, which the journal has otherwise",
                answer.act, answer.sequence.0
            );
            self.find(Invariant::Durable, &what);
        }
    }
}

/// Why a slot is ruled whose evidence is lost.
pub(super) fn lost() -> Label {
    Label::new("evidence-lost").expect("it is a label")
}

fn place(sequence: Sequence) -> usize {
    usize::try_from(sequence.0.saturating_sub(1)).expect("commands of a run are few")
}

/// A hash over what a command came to.
fn digest(sequence: Sequence, events: &[Event]) -> OutcomeHash {
    let mut digest = OutcomeHash::default();
    outcome::fold(&mut digest, sequence, events);
    digest
}

/// A command and what came of it, in a line each.
fn words(stamped: &Stamped, events: &[Event]) -> String {
    let Stamp { sequence, time } = stamped.stamp;
    let mut text = format!("#{} at {}: {:?}", sequence.0, time.0, stamped.command);
    events.iter().for_each(|event| text += &format!("\n    {event:?}"));
    text
}

#[cfg(test)]
mod tests {
    use engine::command::Command;
    use engine::ids::PublicKey;
    use engine::sequencer::Sequencer;
    use engine::stamp::Time;

    use super::*;
    use crate::kernel::client::Outcome;

    /// What an exchange tells of its first commands.
    fn told() -> Vec<(Stamped, Vec<Event>)> {
        let (mut exchange, mut sequencer) = (Exchange::default(), Sequencer::default());
        let found = Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) };
        let tell = |command| {
            let (stamped, mut events) = (sequencer.stamp(Time(1), command), Vec::new());
            exchange.apply(&stamped, &mut events);
            (stamped, events)
        };
        [Command::Tick, found, Command::Tick].map(tell).to_vec()
    }

    /// Tells these, all durable.
    fn tell(auditor: &mut Auditor, told: &[(Stamped, Vec<Event>)]) {
        for (stamped, events) in told {
            auditor.told(stamped, events, Sequence(3));
        }
    }

    fn found(auditor: &Auditor) -> Vec<Invariant> {
        auditor.findings().first().iter().map(|violation| violation.invariant).collect()
    }

    #[test]
    fn what_is_told_before_it_is_durable_is_found() {
        let mut auditor = Auditor::new(Checks::Full);
        for (stamped, events) in told() {
            auditor.told(&stamped, &events, Sequence(2));
        }
        assert_eq!(found(&auditor), [Invariant::Durable]);
        assert_eq!(auditor.findings().first()[0].sequence, Sequence(3));
    }

    #[test]
    fn what_is_lost_or_other_after_a_crash_is_found() {
        let told = told();
        let mut auditor = Auditor::new(Checks::Full);
        tell(&mut auditor, &told);
        told.iter().for_each(|(stamped, events)| auditor.recovered(stamped, events));
        auditor.end_recovery(told[2].0.stamp);
        assert_eq!(found(&auditor), [], "it is the same again");
        auditor.recovered(&told[1].0, &told[0].1);
        auditor.end_recovery(told[1].0.stamp);
        assert_eq!(found(&auditor), [Invariant::Replay, Invariant::Durable]);
    }

    #[test]
    fn what_nobody_was_told_is_heard_when_it_is_recovered() {
        let told = told();
        let mut auditor = Auditor::new(Checks::Full);
        auditor.told(&told[0].0, &told[0].1, Sequence(3));
        told.iter().for_each(|(stamped, events)| auditor.recovered(stamped, events));
        auditor.end_recovery(told[2].0.stamp);
        assert_eq!((found(&auditor), auditor.last()), (Vec::new(), Sequence(3)));
    }

    #[test]
    fn what_is_told_out_of_order_is_found() {
        let told = told();
        let mut auditor = Auditor::new(Checks::Sampled);
        tell(&mut auditor, &[told[0].clone(), told[2].clone()]);
        assert_eq!(found(&auditor), [Invariant::Replay]);
    }

    #[test]
    fn what_was_not_foretold_is_found() {
        let mut told = told();
        told[1].1.pop();
        let mut auditor = Auditor::new(Checks::Full);
        tell(&mut auditor, &told);
        assert_eq!(found(&auditor)[0], Invariant::Foretold);
        assert!(auditor.findings().first()[0].what.starts_with("told nothing, foretold KeyRegistered"));
    }

    #[test]
    fn an_answer_that_the_journal_has_otherwise_is_found() {
        let (stamped, events) = &told()[0];
        let mut auditor = Auditor::new(Checks::Full);
        let digest = auditor.told(stamped, events, Sequence(3));
        let mut answer = Answer { act: 1, sequence: Sequence(1), digest, outcome: Outcome::Done };
        auditor.check_answer(&answer);
        assert_eq!(found(&auditor), []);
        answer.sequence = Sequence(2);
        auditor.check_answer(&answer);
        assert_eq!(found(&auditor), [Invariant::Durable]);
    }
}
