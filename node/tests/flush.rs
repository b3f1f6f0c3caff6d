//! Flush: the publisher hands out what was put together after every round, and when a time has come although nothing
//! happens; while nothing is due it sleeps.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::mpsc;
use std::time::Duration;

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::ids::PublicKey;
use engine::stamp::{Stamp, Time};
use engine::view::View;
use journal::memory::MemoryLog;
use node::batch::Told;
use node::clock::SystemClock;
use node::entropy::SystemEntropy;
use node::inlet::Inbound;
use node::outlet::Outlet;
use node::pipeline::Pipeline;
use node::ready::Ready;

/// How long the test waits for what has to come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long after a round with a command the outlet wants to be called again.
const LATER: u64 = 200_000_000;

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Told,
    Flushed { on_time: bool },
}

/// Wants to be called once more, some time after each round with a command.
struct Alarm {
    seen: mpsc::Sender<Seen>,
    due: Option<Time>,
    has_told: bool,
}

impl Outlet for Alarm {
    type Origin = ();
    type Question = ();

    fn tell_event(&mut self, _stamp: Stamp, _event: &Event, _view: &View) {}

    fn tell(&mut self, _told: Told<'_, ()>, _view: &View) {
        self.has_told = true;
        let _ = self.seen.send(Seen::Told);
    }

    fn answer(&mut self, _question: (), _view: &View) {}

    fn flush(&mut self, now: Time, _view: &View) {
        let rings = self.due.is_some_and(|due| due <= now);
        if rings {
            self.due = None;
        }
        let ends_round = std::mem::take(&mut self.has_told);
        if ends_round {
            self.due = Some(now.after(LATER));
        }
        if ends_round || rings {
            let _ = self.seen.send(Seen::Flushed { on_time: rings });
        }
    }

    fn due(&self) -> Option<Time> {
        self.due
    }
}

#[test]
fn what_is_due_is_handed_out_although_nothing_happens() {
    let (tell, seen) = mpsc::channel();
    let log = MemoryLog::default();
    let ready = Ready::recover(log, &mut |_: &Stamped, _: &[Event], _: &View| {}).unwrap();
    let alarm = Alarm { seen: tell, due: None, has_told: false };
    let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), alarm, |_| {});
    let found = Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) };
    pipeline.inlet().submit(Inbound::one((), found)).map_err(|(refused, _)| refused).unwrap();
    let next = || seen.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), Seen::Told);
    assert_eq!(next(), Seen::Flushed { on_time: false }, "after the round");
    assert_eq!(next(), Seen::Flushed { on_time: true }, "and when its time has come");
    assert_eq!(seen.recv_timeout(Duration::from_millis(400)), Err(mpsc::RecvTimeoutError::Timeout));
    pipeline.stop();
}
