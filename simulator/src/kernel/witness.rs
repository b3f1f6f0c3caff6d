//! Witness: the exchange's outlet: hands everything that is told to the auditor, and answers to whoever waits.

use engine::event::Event;
use engine::ids::{AccountId, OrderId};
use engine::stamp::{Sequence, Stamp};
use engine::view::View;
use node::batch::Told;
use node::outlet::Outlet;

use crate::kernel::auditor::Auditor;
use crate::kernel::client::{Answer, Outcome};

/// Who waits for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A client: its place among them, its connection, and the number of the act.
    Client(usize, u32, u64),
    /// Nobody: the exchange's own doors ended a session.
    Door,
}

/// Sees everything that is told.
pub(super) struct Witness {
    pub(super) auditor: Auditor,
    /// The last command that the disk has for certain.
    pub(super) durable: Sequence,
    /// Answers that nobody has taken yet: for whom, on which connection.
    pub(super) answers: Vec<(usize, u32, Answer)>,
    /// Orders that have ended, and whose they were.
    pub(super) ended: Vec<(AccountId, OrderId)>,
}

impl Witness {
    /// Goes on after what is durable already.
    pub(super) fn new(auditor: Auditor) -> Witness {
        Witness { auditor, durable: Sequence(0), answers: Vec::new(), ended: Vec::new() }
    }
}

impl Outlet for Witness {
    type Origin = Origin;
    type Question = ();

    fn tell_event(&mut self, _: Stamp, event: &Event, _: &View) {
        match *event {
            Event::OrderCanceled { account, order, .. } => self.ended.push((account, order)),
            Event::OrderExecuted { account, order, leaves, .. } if leaves.is_zero() => {
                self.ended.push((account, order));
            }
            _ => {}
        }
    }

    fn tell(&mut self, told: Told<'_, Origin>, _: &View) {
        let Told { origin, stamped, events } = told;
        let sequence = stamped.stamp.sequence;
        let digest = self.auditor.told(&stamped, events, self.durable);
        if let Some(Origin::Client(client, connection, act)) = origin {
            let answer = Answer { act, sequence, digest, outcome: Outcome::of(events) };
            self.answers.push((client, connection, answer));
        }
    }

    fn answer(&mut self, (): (), _: &View) {}
}
