//! Timers: what falls due. Only ticks fire them, in order of (due, kind, id).

use std::collections::BTreeSet;

use crate::ids::{InstrumentId, MarketId};
use crate::stamp::Time;

/// What a timer does when it fires. Kinds due at the same time fire in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Closes an instrument's gate.
    Gate(InstrumentId),
    /// Lists a market's next windows.
    Roll(MarketId),
}

/// Every timer that is set.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    set: BTreeSet<(Time, Timer)>,
}

impl Timers {
    /// Sets a timer.
    pub(crate) fn set(&mut self, due: Time, timer: Timer) {
        self.set.insert((due, timer));
    }

    /// Takes the first timer, if it is due at `now`.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<(Time, Timer)> {
        let first = *self.set.first().filter(|(due, _)| *due <= now)?;
        self.set.remove(&first);
        Some(first)
    }

    /// When the next timer falls due.
    pub fn next_due(&self) -> Option<Time> {
        self.set.first().map(|(due, _)| *due)
    }

    /// Every timer, in the order in which they fire.
    pub fn iter(&self) -> impl Iterator<Item = &(Time, Timer)> {
        self.set.iter()
    }
}
