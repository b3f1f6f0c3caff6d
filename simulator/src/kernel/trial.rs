//! Trial: one run of a world: what is asked for, and what came of it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::outcome::OutcomeHash;
use engine::stamp::Sequence;

use crate::invariants::finding::{Invariant, Violation};
use crate::invariants::message;
use crate::kernel::kept::Kept;
use crate::kernel::world::World;

/// Acts of a run, unless something else is asked for.
pub const ACTS: u64 = 5_000;

/// What kind of life goes on in a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Everything that traders and operators do, a tenth of it wrong, and everything that can go wrong.
    #[default]
    Hostile,
    /// Limit orders and cancellations, and nothing goes wrong: to measure with.
    Plain,
}

/// How much is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// Every command, and now and then everything.
    #[default]
    Full,
    /// Now and then everything: to measure what the rest costs.
    Sampled,
}

/// What goes its usual way, without anything left to chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calm {
    /// Every message arrives once, after the same time.
    pub network: bool,
    /// Every stage steps at once and takes all there is; every sync takes the same time.
    pub schedule: bool,
}

/// One run. The same trial comes to the same, on every machine and in every build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What all choices come from.
    pub seed: u64,
    /// How many acts there are, those left out included.
    pub acts: u64,
    /// Which of them are done.
    pub kept: Kept,
    /// What is not left to chance.
    pub calm: Calm,
    /// What kind of life it is.
    pub life: Life,
    /// How much is checked.
    pub checks: Checks,
    /// Whether every command is written down.
    pub trace: bool,
}

/// What happened in a run that held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// When the next act is due.
    pub(super) due: u64,
    /// The act that comes next.
    pub(super) begun: u64,
    /// Steps and messages.
    pub steps: u64,
    /// Requests of clients, each counted once.
    pub asked: u64,
    /// How often they were sent.
    pub sent: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// How often a full inlet turned one away.
    pub busy: u64,
    /// Commands in the journal.
    pub commands: u64,
    /// Events that they came to.
    pub events: u64,
    /// Batches that were done.
    pub batches: u64,
    /// Batches that were refused.
    pub batches_refused: u64,
    /// Processes that ended before their time.
    pub crashes: u64,
    /// Of these, those whose disk failed.
    pub failed_syncs: u64,
    /// Journals that were damaged, and refused.
    pub damages: u64,
    /// Evidence that was damaged.
    pub evidence_damages: u64,
    /// Slots that were ruled because their evidence was lost.
    pub given_up: u64,
    /// Slots whose money moved.
    pub slots: u64,
    /// Connections that were lost.
    pub disconnects: u64,
    /// How often the clock jumped.
    pub clock_jumps: u64,
    /// Over all events, and the state at the end.
    pub fingerprint: OutcomeHash,
}

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The first violation.
    pub violation: Violation,
    /// How far it came: the number of the act that would have been next.
    pub acts: u64,
}

impl Failure {
    /// A seed lived otherwise the second time.
    pub(super) fn otherwise(first: &Counts, second: &Counts) -> Failure {
        let what = format!("the same seed lived otherwise the second time: {first:?}, then {second:?}");
        let sequence = Sequence(first.commands.min(second.commands));
        let violation = Violation { sequence, invariant: Invariant::Replay, what };
        Failure { violation, acts: first.begun }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.violation.fmt(f)
    }
}

impl Trial {
    /// A run of a seed as it usually is.
    pub fn new(seed: u64) -> Trial {
        Trial {
            seed,
            acts: ACTS,
            kept: Kept::All,
            calm: Calm::default(),
            life: Life::default(),
            checks: Checks::default(),
            trace: false,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// The first that did not hold. What the exchange asserts in vain is told as one.
    pub fn run(&self) -> Result<Counts, Failure> {
        self.traced().0
    }

    /// Runs it, and returns what was written down as well.
    pub fn traced(&self) -> (Result<Counts, Failure>, Vec<String>) {
        let mut world = World::new(self);
        let lived = catch_unwind(AssertUnwindSafe(|| world.live()));
        let violation = match lived {
            Ok(Ok(())) => return (Ok(world.counts), world.into_trace()),
            Ok(Err(violation)) => violation,
            Err(panic) => {
                Violation { sequence: world.heard(), invariant: Invariant::Soundness, what: message(&*panic) }
            }
        };
        let failure = Failure { violation, acts: world.acts_done() };
        (Err(failure), world.into_trace())
    }
}
