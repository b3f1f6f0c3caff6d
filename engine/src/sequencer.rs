//! Sequencer: gives commands their place and time, and says when a tick has to come first.
//!
//! The node and the simulator drive an exchange with the same two lines: while [`Sequencer::tick`] gives a tick,
//! apply it; then stamp the command.

use crate::command::Command;
use crate::command::Stamped;
use crate::exchange::Exchange;
use crate::stamp::{Stamp, Time};

/// The place and time given last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequencer {
    last: Stamp,
}

impl Sequencer {
    /// Goes on after `last`, the stamp of the last command that was applied.
    pub const fn resume(last: Stamp) -> Sequencer {
        Sequencer { last }
    }

    /// The stamp given last.
    pub const fn last(&self) -> Stamp {
        self.last
    }

    /// The stamp of a command that arrives at `now`. A clock that went back is taken to stand still.
    #[inline]
    pub fn next(&mut self, now: Time) -> Stamp {
        self.last = Stamp { sequence: self.last.sequence.next(), time: now.max(self.last.time) };
        self.last
    }

    /// Stamps a command that arrives at `now`.
    pub fn stamp(&mut self, now: Time, command: Command) -> Stamped {
        Stamped { stamp: self.next(now), command }
    }

    /// A tick, if a timer of `exchange` is due at `now`. Ask again after applying it: a tick fires a bounded portion.
    pub fn tick(&mut self, now: Time, exchange: &Exchange) -> Option<Stamped> {
        let due = exchange.next_due()? <= now.max(self.last.time);
        due.then(|| self.stamp(now, Command::Tick))
    }

    /// The draw of an instrument that waits for one, with a `seed` that nobody could know before.
    pub fn draw(&mut self, (now, seed): (Time, u64), exchange: &Exchange) -> Option<Stamped> {
        let instrument = exchange.next_draw()?;
        Some(self.stamp(now, Command::Draw { instrument, seed }))
    }
}
