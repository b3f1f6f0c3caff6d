//! Client: who asks. It waits for an answer, asks again under the same client order id, and holds what it was told.

use std::collections::VecDeque;

use engine::command::Command;
use engine::ending::FirstOutcome;
use engine::event::Event;
use engine::ids::{AccountId, OrderId};
use engine::outcome::OutcomeHash;
use engine::reject::RejectReason;
use engine::stamp::Sequence;

use crate::kernel::agenda::Nanos;

/// How long a client waits for an answer before it asks again; longer each time, in nanoseconds.
const PATIENCE: Nanos = 200_000_000;
/// It never waits longer than this many times that.
const PATIENCE_MOST: u32 = 5;
/// Orders that a client remembers, to cancel and change them.
const ORDERS_KEPT: usize = 24;
/// Requests that wait for an answer at once, at the most.
pub(super) const PENDING_MAX: usize = 64;

/// A request that was not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) act: u64,
    pub(super) command: Command,
    /// How often it was sent.
    pub(super) attempt: u32,
    /// Whether it brings the act's own client order id, which has one outcome.
    pub(super) is_named: bool,
}

/// What became of what was asked, as one client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There was, or is, this order.
    Order(OrderId),
    /// It was refused.
    Refused(RejectReason),
    /// It was done.
    Done,
}

impl Outcome {
    /// What the events of a command come to for who asked.
    pub(super) fn of(events: &[Event]) -> Outcome {
        match events.first() {
            Some(Event::Rejected { reason }) => Outcome::Refused(*reason),
            Some(Event::OrderAccepted { order, .. } | Event::OrderAmended { order, .. }) => {
                Outcome::Order(*order)
            }
            Some(Event::OrderRepeated { order, outcome, .. }) => match (order, outcome) {
                (None, FirstOutcome::Rejected(reason)) => Outcome::Refused(*reason),
                (Some(order), _) => Outcome::Order(*order),
                (None, _) => Outcome::Done,
            },
            _ => Outcome::Done,
        }
    }
}

/// What a client is told of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) act: u64,
    pub(super) sequence: Sequence,
    /// A hash over the events.
    pub(super) digest: OutcomeHash,
    pub(super) outcome: Outcome,
}

/// Somebody with an account and at most one connection.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) account: AccountId,
    /// The present connection; none while there is none.
    pub(super) connection: Option<u32>,
    /// How many it had.
    pub(super) connections: u32,
    pub(super) pending: Vec<Pending>,
    /// Orders that it believes open, the youngest last.
    pub(super) orders: VecDeque<OrderId>,
    /// Orders that it knows have ended, the last one last.
    pub(super) past: VecDeque<OrderId>,
    /// Acts that brought a client order id, the youngest last.
    pub(super) ids: VecDeque<u64>,
}

impl Client {
    pub(super) fn new(account: AccountId) -> Client {
        Client {
            account,
            connection: None,
            connections: 0,
            pending: Vec::new(),
            orders: VecDeque::with_capacity(ORDERS_KEPT),
            past: VecDeque::with_capacity(ORDERS_KEPT),
            ids: VecDeque::with_capacity(ORDERS_KEPT),
        }
    }

    /// It is connected from now on.
    pub(super) fn connect(&mut self) {
        self.connections += 1;
        self.connection = Some(self.connections);
    }

    /// What waits for an answer under this number.
    pub(super) fn waiting(&mut self, act: u64) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.act == act)
    }

    /// An answer came. Returns whether it was still waited for.
    pub(super) fn answered(&mut self, act: u64, outcome: Outcome) -> bool {
        let Some(place) = self.pending.iter().position(|pending| pending.act == act) else { return false };
        self.pending.swap_remove(place);
        if let Outcome::Order(order) = outcome
            && !self.past.contains(&order)
            && !self.orders.contains(&order)
        {
            keep(&mut self.orders, order);
        }
        true
    }

    /// It hears that an order has ended.
    pub(super) fn ended(&mut self, order: OrderId) {
        self.orders.retain(|open| *open != order);
        keep(&mut self.past, order);
    }

    /// It brought a client order id.
    pub(super) fn brought(&mut self, act: u64) {
        keep(&mut self.ids, act);
    }
}

impl Pending {
    /// When it is sent again, if no answer comes.
    pub(super) fn patience(&self) -> Nanos {
        PATIENCE << self.attempt.min(PATIENCE_MOST)
    }
}

fn keep<T>(list: &mut VecDeque<T>, one: T) {
    if list.len() == ORDERS_KEPT {
        list.pop_front();
    }
    list.push_back(one);
}
