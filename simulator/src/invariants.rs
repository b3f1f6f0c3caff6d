//! Invariants: a flow goes through a whole exchange, and after every command an auditor checks what must always hold.
//!
//! The auditor sees commands and events only, see [`auditor`]. Beside it the exchange asserts its own state, now and then
//! and at the end.

mod asking;
pub mod auditor;
mod batches;
mod clearing;
mod closing;
mod delivering;
pub mod finding;
mod identities;
mod owner;
mod payments;
mod trading;
mod window;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::sequencer::Sequencer;
use engine::stamp::Time;

use crate::bench::venue::{BEGUN, commands, set_up};
use crate::flow::Flow;
use crate::invariants::auditor::Auditor;
use crate::invariants::finding::{Findings, Invariant};

/// The exchange asserts its own state after so many commands. Ids that are done it asserts ever less often, and at the
/// end: there are millions of them.
pub const SOUND_EVERY: usize = 1_024;

/// From one command to the next, in nanoseconds.
const STEP: u64 = 1_000;

/// What came of a flow.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Records of the flow that were carried out and checked: all of them, unless an assertion of the exchange broke.
    pub commands: usize,
    /// What did not hold.
    pub findings: Findings,
}

/// An exchange under audit.
#[derive(Default)]
struct Trial {
    exchange: Exchange,
    sequencer: Sequencer,
    auditor: Auditor,
    events: Vec<Event>,
    commands: usize,
    /// The command after which client order ids that are done were asserted last.
    remembered: usize,
}

/// Feeds a flow to an exchange and checks every invariant after every command. `progress` is told how many records are
/// done, now and then.
pub fn audit(flow: &Flow, progress: &mut dyn FnMut(usize)) -> Audit {
    let mut trial = Trial::default();
    let broken = caught(|| trial.run(flow, progress));
    if let Err(what) = broken {
        trial.auditor.note(Invariant::Soundness, &what);
    }
    Audit { commands: trial.commands, findings: trial.auditor.findings().clone() }
}

impl Trial {
    fn run(&mut self, flow: &Flow, progress: &mut dyn FnMut(usize)) {
        let mut now = BEGUN;
        for command in set_up() {
            now = now.after(STEP);
            self.ask((now, command));
        }
        for command in commands(flow) {
            now = now.after(STEP);
            self.ask((now, command));
            self.commands += 1;
            if self.commands.is_multiple_of(SOUND_EVERY) {
                self.assert_sound();
                self.assert_remembered();
                progress(self.commands);
            }
        }
        self.exchange.assert_sound();
        self.auditor.compare(&self.exchange);
    }

    /// Carries out a command, after the ticks that are due.
    fn ask(&mut self, (now, command): (Time, Command)) {
        while let Some(tick) = self.sequencer.tick(now, &self.exchange) {
            self.apply(&tick);
        }
        let stamped = self.sequencer.stamp(now, command);
        self.apply(&stamped);
    }

    fn apply(&mut self, stamped: &Stamped) {
        self.events.clear();
        self.exchange.apply(stamped, &mut self.events);
        self.auditor.check(stamped, &self.events);
    }

    /// The exchange asserts all that stands, and has what the auditor reckons that everybody has.
    fn assert_sound(&mut self) {
        self.exchange.assert_standing();
        self.auditor.compare(&self.exchange);
    }

    /// Client order ids that are done are asserted as often as costs no more than the commands since the last time.
    fn assert_remembered(&mut self) {
        if self.remembered + self.exchange.client_ids().len() <= self.commands {
            self.remembered = self.commands;
            self.exchange.client_ids().assert_sound();
        }
    }
}

/// What `work` asserts in vain.
fn caught(work: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(&*panic))
}

pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("an assertion failed");
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asserted_in_vain_is_told() {
        assert_eq!(caught(|| {}), Ok(()));
        let broken = caught(|| assert_eq!(1, 2, "credit is conserved"));
        let told = "assertion `left == right` failed: credit is conserved; left: 1; right: 2";
        assert_eq!(broken, Err(told.to_owned()));
    }
}
