//! Mishap: what goes wrong in a world, and how it goes on.

use std::num::NonZeroU32;

use engine::order::SessionId;
use journal::recovery::recover;

use crate::invariants::finding::Invariant;
use crate::kernel::agenda::Nanos;
use crate::kernel::choices::{Choices, Chooser};
use crate::kernel::fault::{Crash, Damage, Fault};
use crate::kernel::machine::{Machine, StartError};
use crate::kernel::world::{Leaving, Process, Thing, World};

/// How long the doors need to notice that a connection is gone, in nanoseconds.
const NOTICED: Nanos = 100_000;
/// How often the disk is damaged between two processes, in 10,000.
const DAMAGED: u64 = 2_500;
/// How far the clock is off at the most, in nanoseconds.
const JUMPED_MAX: i64 = 5_000_000_000;

impl World<'_> {
    /// Something goes wrong.
    pub(super) fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::Crash(how, steps, away) => self.doomed = Some((how, steps, away)),
            Fault::SlowSync(nanos) => self.pace.sync = Some(nanos),
            Fault::FailingSync => self.pace.sync_fails = true,
            Fault::Disconnect(client, away) => self.disconnect(client, away),
            Fault::ClockJump(far) => {
                self.jumped = (self.jumped + far).clamp(-JUMPED_MAX, JUMPED_MAX);
                self.counts.clock_jumps += 1;
            }
        }
    }

    fn disconnect(&mut self, client: usize, away: Nanos) {
        let Some(connection) = self.clients[client].connection.take() else { return };
        self.counts.disconnects += 1;
        let (account, session) = (self.clients[client].account, NonZeroU32::new(connection));
        if let Some(session) = session.map(SessionId) {
            let leaving = Leaving { account, session, process: self.processes };
            self.agenda.enter(self.now + NOTICED, Thing::Leave(leaving));
        }
        self.agenda.enter(self.now + away, Thing::Connect(client));
    }

    /// A step less until the process ends, if it is to end.
    pub(super) fn near_doom(&mut self) {
        let Some((how, steps, away)) = self.doomed else { return };
        if 0 < steps {
            self.doomed = Some((how, steps - 1, away));
            return;
        }
        self.doomed = None;
        self.crash(how, away);
    }

    /// The process is gone, and with it every connection.
    pub(super) fn crash(&mut self, how: Crash, away: Nanos) {
        let Process::Up(machine) = std::mem::replace(&mut self.process, Process::Changing) else {
            unreachable!("only a process that is up can crash")
        };
        let mut remains = machine.stop();
        self.counts.crashes += 1;
        let mut choices = self.source.stream(Chooser::Crash, self.counts.crashes);
        match how {
            Crash::PowerCut => {
                remains.disk.cut_power(&mut choices);
                self.evidence.cut_power(&mut choices);
            }
            Crash::Killed => self.evidence.settle(),
        }
        remains.disk.reopen();
        self.process = Process::Down(Box::new(remains));
        (self.pace.sync, self.pace.sync_fails) = (None, false);
        if choices.happens(DAMAGED) {
            let damage = choices.one(&Damage::ALL);
            self.suffer_damage(damage);
        }
        if choices.happens(DAMAGED) {
            let damage = choices.one(&Damage::ALL);
            self.damage_evidence(damage, &mut choices);
        }
        self.agenda.enter(self.now + away, Thing::Restart);
        for client in 0..self.clients.len() {
            if self.clients[client].connection.take().is_some() {
                self.agenda.enter(self.now + away + NOTICED, Thing::Connect(client));
            }
        }
    }

    /// What was shown of a slot under way is damaged, and nobody has a copy of it.
    fn damage_evidence(&mut self, damage: Damage, choices: &mut Choices) {
        let Process::Down(remains) = &self.process else { return };
        let is_under_way = |of| remains.auditor.news.slots.contains_key(&of);
        self.counts.evidence_damages += u64::from(self.evidence.damage(damage, is_under_way, choices));
    }

    /// Recovery must refuse a damaged journal. The operator then puts back a sound copy.
    fn suffer_damage(&mut self, damage: Damage) {
        let Process::Down(remains) = &mut self.process else { return };
        let mut choices = self.source.stream(Chooser::Crash, u64::MAX - self.counts.crashes);
        let mut copy = remains.disk.clone();
        if !copy.damage(damage, &mut choices) {
            return;
        }
        self.counts.damages += 1;
        if recover(&copy, &mut |_, _| {}).is_ok() {
            let what = format!("a journal with {damage:?} bytes was taken for sound");
            remains.auditor.find(Invariant::Durable, &what);
        }
    }

    /// The next process starts, and recovers what the last one left.
    pub(super) fn restart(&mut self) {
        self.tell_time();
        let Process::Down(remains) = std::mem::replace(&mut self.process, Process::Changing) else {
            unreachable!("only one process is up")
        };
        self.processes += 1;
        match Machine::start(*remains, (self.clock.clone(), self.entropy.clone())) {
            Ok(machine) => {
                self.process = Process::Up(Box::new(machine));
                self.look_for_evidence();
                self.miss_evidence();
                self.take_up_slots();
            }
            Err(failed) => {
                let (error, remains) = *failed;
                self.process = Process::Down(Box::new(remains));
                let what = match error {
                    StartError::Refused(error) => format!("a sound journal is refused: {error}"),
                    StartError::Failed(error) => format!("ending sessions failed: {error}"),
                };
                self.auditor().find(Invariant::Durable, &what);
            }
        }
    }
}
