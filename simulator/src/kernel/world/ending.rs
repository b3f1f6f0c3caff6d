//! Ending: acts are over. Everybody who waits is answered, then the journal must give the same exchange again.

use engine::outcome::OutcomeHash;
use journal::recovery::recover;

use crate::invariants::finding::{Invariant, Violation};
use crate::kernel::agenda::Nanos;
use crate::kernel::world::{Process, World};

/// How long everybody may have to wait until the last is answered, in nanoseconds.
const PATIENCE: Nanos = 4_000_000_000_000;
/// A run that goes on for so many steps after the last act hangs.
const STEPS_MAX: u64 = 1_000_000;

impl World<'_> {
    /// The end of a run.
    pub(super) fn end(&mut self) -> Result<(), Violation> {
        self.doomed = None;
        self.network.calm_down();
        let (until, steps) = (self.now + PATIENCE, self.counts.steps + STEPS_MAX);
        while !self.is_done() && self.counts.steps < steps && self.happen(until) {
            self.sound()?;
        }
        if !self.is_done() {
            let waiting = self.clients.iter().flat_map(|client| &client.pending).next();
            let what = match waiting {
                Some(pending) => format!("act {} is never answered: {:?}", pending.act, pending.request),
                None => "the exchange never comes to rest".to_owned(),
            };
            self.auditor().find(Invariant::Answered, &what);
        }
        self.sound()?;
        let hash = self.check_end();
        self.sound()?;
        self.counts.commands = self.auditor().last().0;
        self.counts.events = self.auditor().events;
        [self.counts.batches, self.counts.batches_refused] = self.auditor().batches;
        self.counts.given_up = u64::try_from(self.auditor().given_up.len()).expect("slots are few");
        // Both sides are told.
        self.counts.slots = self.auditor().paid / 2;
        let mut fingerprint = self.auditor().fingerprint;
        fingerprint.bytes(&hash.value().to_le_bytes());
        self.counts.fingerprint = fingerprint;
        Ok(())
    }

    /// Everybody is answered and connected, and nothing is under way.
    fn is_done(&mut self) -> bool {
        let done = self.clients.iter().all(|client| client.pending.is_empty() && client.connection.is_some());
        done && self.machine().is_some_and(|machine| machine.is_idle())
    }

    /// Checks everything a last time, and that the journal gives the same exchange again. Returns its state hash.
    fn check_end(&mut self) -> OutcomeHash {
        let Process::Up(mut machine) = std::mem::replace(&mut self.process, Process::Changing) else {
            unreachable!("the exchange is up at the end")
        };
        machine.check_everything();
        let hash = machine.exchange().state_hash();
        let mut remains = machine.stop();
        remains.disk.reopen();
        let auditor = &mut remains.auditor;
        match recover(&remains.disk, &mut |stamped, events| auditor.recovered(stamped, events)) {
            Ok(recovered) => {
                auditor.end_recovery(recovered.last);
                if recovered.exchange.state_hash() != hash {
                    auditor.find(Invariant::Replay, "the journal gives another exchange than there was");
                }
            }
            Err(error) => auditor.find(Invariant::Replay, &format!("the journal is refused: {error}")),
        }
        self.process = Process::Down(Box::new(remains));
        hash
    }
}
