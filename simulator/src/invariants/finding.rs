//! Finding: an invariant that did not hold, and after which command.

use std::fmt;

use engine::stamp::Sequence;

/// How many violations are kept with what they say; the rest are counted.
pub const KEPT_MAX: usize = 16;

/// What must hold. Numbers are those of `docs/contract.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// I1: credit is conserved, and balances are what commands and trades made them.
    Credit,
    /// I2: no book is crossed.
    Uncrossed,
    /// I3: every fill is with the best price, and there with the oldest order.
    Priority,
    /// I4: no fill exceeds an order or its limit; none is within a group where that is prevented.
    Bounds,
    /// I5: nothing is negative; holds and bonds are what open orders and obligations could cost.
    Cover,
    /// I6: claims are obligations, short lots are within capacity, escrow is lots times price.
    Hours,
    /// I7: what was issued and not bought back is owed, and once drawn it is delivered.
    Owed,
    /// What the journal names of evidence can be shown; where it was lost nobody is paid, blamed or slashed.
    Shown,
    /// I11: a client order id has one outcome.
    Identity,
    /// The events of a command follow from each other, from what was asked and from those before.
    Events,
    /// Every event of a command is one that the model foretold.
    Foretold,
    /// What was told is durable, and there after a crash.
    Durable,
    /// The same commands come to the same, however often.
    Replay,
    /// Whoever asks is answered, and never two things.
    Answered,
    /// The exchange asserts its own state.
    Soundness,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Invariant::Credit => "I1",
            Invariant::Uncrossed => "I2",
            Invariant::Priority => "I3",
            Invariant::Bounds => "I4",
            Invariant::Cover => "I5",
            Invariant::Hours => "I6",
            Invariant::Owed => "I7",
            Invariant::Shown => "shown",
            Invariant::Identity => "I11",
            Invariant::Events => "events",
            Invariant::Foretold => "foretold",
            Invariant::Durable => "durable",
            Invariant::Replay => "replay",
            Invariant::Answered => "answered",
            Invariant::Soundness => "soundness",
        })
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// After which command.
    pub sequence: Sequence,
    /// Which.
    pub invariant: Invariant,
    /// What was wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command {}: {}: {}", self.sequence.0, self.invariant, self.what)
    }
}

/// Every violation so far: the first ones as they were, and how many in all.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub(super) sequence: Sequence,
    count: u64,
    kept: Vec<Violation>,
}

impl Findings {
    /// How many there are in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first [`KEPT_MAX`].
    pub fn first(&self) -> &[Violation] {
        &self.kept
    }

    /// Notes a violation unless something holds. Nothing is put into words before.
    #[inline]
    pub(super) fn expect(&mut self, holds: bool, invariant: Invariant, what: fmt::Arguments<'_>) {
        if !holds {
            self.report(invariant, what);
        }
    }

    #[cold]
    pub(super) fn report(&mut self, invariant: Invariant, what: fmt::Arguments<'_>) {
        self.count += 1;
        if self.kept.len() < KEPT_MAX {
            let (sequence, what) = (self.sequence, what.to_string());
            self.kept.push(Violation { sequence, invariant, what });
        }
    }
}
