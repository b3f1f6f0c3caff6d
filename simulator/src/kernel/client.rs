//! Client: who asks. It waits for an answer, asks again under the same client order id, and holds what it was told.

use std::collections::VecDeque;

use engine::command::Command;
use engine::ending::FirstOutcome;
use engine::event::Event;
use engine::ids::{AccountId, OrderId};
use engine::label::Label;
use engine::order::OrderRef;
use engine::outcome::OutcomeHash;
use engine::reject::RejectReason;
use engine::stamp::Sequence;

use crate::kernel::agenda::Nanos;
use crate::kernel::request::Request;

/// How long a client waits for an answer before it asks again; longer each time, in nanoseconds.
const PATIENCE: Nanos = 200_000_000;
/// It never waits longer than this many times that.
const PATIENCE_MOST: u32 = 5;
/// Orders that a client remembers, to cancel and change them.
const ORDERS_KEPT: usize = 24;
/// Requests that wait for an answer at once, at the most.
pub(super) const PENDING_MAX: usize = 64;

/// A request that was not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) act: u64,
    pub(super) request: Request,
    /// How often it was sent.
    pub(super) attempt: u32,
    /// Whether it brings the act's own client order ids, which have one outcome.
    pub(super) is_named: bool,
}

/// What became of what was asked, as one client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There was, or is, this order.
    Order(OrderId),
    /// It was refused.
    Refused(RejectReason),
    /// It was done.
    Done,
    /// A batch was not done, because of this change of it.
    BatchRefused(u8, RejectReason),
    /// A batch was done, or had been: what became of its orders, by their places.
    Batch(Vec<(u8, Outcome)>),
}

impl Outcome {
    /// What the events of a command come to for who asked.
    pub(super) fn of(events: &[Event]) -> Outcome {
        match events.first() {
            Some(Event::BatchStep { .. }) => Outcome::of_batch(events),
            Some(Event::BatchRefused { op, reason }) => Outcome::BatchRefused(*op, *reason),
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

    fn of_batch(events: &[Event]) -> Outcome {
        let steps = events.chunk_by(|_, next| !matches!(next, Event::BatchStep { .. }));
        let orders = steps.filter_map(|step| match step {
            [Event::BatchStep { op }, rest @ ..] => Some((*op, Outcome::of(rest))),
            _ => None,
        });
        Outcome::Batch(orders.filter(|(_, outcome)| *outcome != Outcome::Done).collect())
    }

    /// The orders that there were, or are.
    pub(super) fn orders(&self) -> Vec<OrderId> {
        match self {
            Outcome::Order(order) => vec![*order],
            Outcome::Batch(orders) => orders.iter().flat_map(|(_, outcome)| outcome.orders()).collect(),
            _ => Vec::new(),
        }
    }

    /// The order that was to be canceled, and is not open.
    fn unknown(&self, asked: &[Command]) -> Option<OrderId> {
        let fault = match self {
            Outcome::Refused(RejectReason::OrderUnknown) => asked.first(),
            Outcome::BatchRefused(op, RejectReason::OrderUnknown) => asked.get(usize::from(*op)),
            _ => None,
        };
        match fault {
            Some(Command::CancelOrder { order: OrderRef::Id(order), .. }) => Some(*order),
            _ => None,
        }
    }

    /// Whether the two can be told of one request, under ids that have one outcome. A batch that was refused is told again
    /// order by order; one whose ids are taken is refused for the first of them that is by then.
    pub(super) fn agrees(&self, other: &Outcome) -> bool {
        let conflict = RejectReason::ClientOrderIdConflict;
        match (self, other) {
            (Outcome::BatchRefused(_, one), Outcome::BatchRefused(_, two)) if *one == conflict => one == two,
            (Outcome::BatchRefused(op, reason), Outcome::Batch(orders))
            | (Outcome::Batch(orders), Outcome::BatchRefused(op, reason)) => {
                orders.iter().all(|(place, told)| {
                    let reason = if place == op { *reason } else { RejectReason::BatchRefused };
                    *told == Outcome::Refused(reason)
                })
            }
            _ => self == other,
        }
    }

    /// Whether it is remembered under an id: not where nobody is known to remember it for.
    pub(super) fn is_kept(&self) -> bool {
        let unknown = RejectReason::AccountUnknown;
        let forgotten = [Outcome::Done, Outcome::Refused(unknown), Outcome::BatchRefused(0, unknown)];
        !forgotten.contains(self)
    }
}

/// What a client is told of a command.
#[derive(Clone, Debug)]
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
    /// Client order ids that it brought, the youngest last.
    pub(super) ids: VecDeque<Label>,
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
    pub(super) fn answered(&mut self, act: u64, outcome: &Outcome) -> bool {
        let Some(place) = self.pending.iter().position(|pending| pending.act == act) else { return false };
        let asked = self.pending.swap_remove(place).request;
        if let Some(order) = outcome.unknown(asked.commands()) {
            self.ended(order);
        }
        for order in outcome.orders() {
            if !self.past.contains(&order) && !self.orders.contains(&order) {
                keep(&mut self.orders, order);
            }
        }
        true
    }

    /// It hears that an order has ended.
    pub(super) fn ended(&mut self, order: OrderId) {
        self.orders.retain(|open| *open != order);
        keep(&mut self.past, order);
    }

    /// It brought a client order id.
    pub(super) fn brought(&mut self, client: Label) {
        keep(&mut self.ids, client);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch whose change 1 could not be, as it is told first, and as it is told again under the ids 0 and 2 or 0 and 1.
    #[test]
    fn a_refused_batch_agrees_with_itself_told_order_by_order() {
        let refused = Outcome::BatchRefused(1, RejectReason::FillOrKill);
        let again = |told: &[(u8, RejectReason)]| {
            Outcome::Batch(told.iter().map(|(op, reason)| (*op, Outcome::Refused(*reason))).collect())
        };
        let (other, fault) = (RejectReason::BatchRefused, RejectReason::FillOrKill);
        for told in [again(&[(0, other), (2, other)]), again(&[(0, other), (1, fault)])] {
            assert!(refused.agrees(&told) && told.agrees(&refused), "{told:?}");
        }
        for told in [again(&[(0, fault)]), again(&[(1, other)]), Outcome::Batch(vec![(0, Outcome::Done)])] {
            assert!(!refused.agrees(&told) && !told.agrees(&refused), "{told:?}");
        }
    }

    #[test]
    fn a_batch_whose_ids_are_taken_is_refused_for_whichever_is_first_by_then() {
        let refused = |op, reason| Outcome::BatchRefused(op, reason);
        let conflict = RejectReason::ClientOrderIdConflict;
        assert!(refused(1, conflict).agrees(&refused(0, conflict)));
        assert!(!refused(1, conflict).agrees(&refused(1, RejectReason::FillOrKill)));
        assert!(!refused(1, RejectReason::FillOrKill).agrees(&refused(0, RejectReason::FillOrKill)));
    }

    #[test]
    fn orders_of_a_batch_go_by_their_places() {
        let (order, client) = (OrderId::from_raw(7), Label::new("mine").expect("it is a label"));
        let repeated = |order, outcome| Event::OrderRepeated {
            account: AccountId(1),
            order,
            client,
            outcome,
            filled: engine::units::Lots::ZERO,
            leaves: engine::units::Lots::ZERO,
        };
        let step = |op| Event::BatchStep { op };
        let rejected = FirstOutcome::Rejected(RejectReason::BatchRefused);
        let told =
            [step(0), step(1), repeated(Some(order), FirstOutcome::Open), step(2), repeated(None, rejected)];
        let outcome = Outcome::of(&told);
        let refused = Outcome::Refused(RejectReason::BatchRefused);
        assert_eq!(outcome, Outcome::Batch(vec![(1, Outcome::Order(order)), (2, refused)]));
        assert_eq!(outcome.orders(), [order]);
    }

    #[test]
    fn an_order_that_is_said_to_be_unknown_is_over() {
        let account = AccountId(1);
        let (open, gone) = (OrderId::from_raw(7), OrderId::from_raw(8));
        let cancel = |order| Command::CancelOrder { account, order: OrderRef::Id(order) };
        let mut client = Client::new(account);
        client.orders.extend([open, gone]);
        let request = Request::Batch(account, [cancel(open), cancel(gone)].into());
        client.pending.push(Pending { act: 3, request, attempt: 1, is_named: false });
        assert!(client.answered(3, &Outcome::BatchRefused(1, RejectReason::OrderUnknown)));
        assert_eq!((client.orders, client.past), ([open].into(), [gone].into()));
    }
}
