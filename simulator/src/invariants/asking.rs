//! Asking: what a command names, what a client order id says about it, and what a refusal may mean.

use engine::command::Command;
use engine::ending::{Ended, FirstOutcome};
use engine::event::Event;
use engine::ids::{AccountId, OrderId};
use engine::label::Label;
use engine::order::OrderRef;
use engine::reject::RejectReason;
use engine::units::Lots;

use crate::invariants::auditor::Auditor;
use crate::invariants::finding::Invariant;
use crate::invariants::identities::{amendment_body, order_body};

impl Auditor {
    /// The client order id that the command brings, and a hash over what it asks.
    pub(super) fn brought(&self) -> Option<(AccountId, Label, u64)> {
        match self.command {
            Command::PlaceOrder(ref order) => Some((order.account, order.client?, order_body(order))),
            Command::AmendOrder(ref amendment) => {
                Some((amendment.account, amendment.client?, amendment_body(amendment)))
            }
            _ => None,
        }
    }

    /// Before the events: which order is named, and whether the command's id has an outcome already.
    pub(super) fn begin(&mut self, events: &[Event]) {
        self.named = match self.command {
            Command::CancelOrder { account, order } | Command::ReduceOrder { account, order, .. } => {
                self.open(account, order)
            }
            Command::AmendOrder(ref amendment) => self.open(amendment.account, amendment.order),
            _ => None,
        };
        if let Some((account, client, body)) = self.brought()
            && !self.identities.is_full()
        {
            self.expect_outcome((account, client), body, events);
        }
    }

    /// The account's open order of that name.
    pub(super) fn open(&self, account: AccountId, order: OrderRef) -> Option<OrderId> {
        let order = match order {
            OrderRef::Id(order) => order,
            OrderRef::Client(client) => {
                let first = self.identities.find(account, client)?;
                first.order.filter(|_| first.outcome == FirstOutcome::Open)?
            }
        };
        self.orders.get(&order).filter(|open| open.account == account).map(|_| order)
    }

    /// I11: an id that was used before gets its first outcome again, or a conflict, and nothing else happens.
    fn expect_outcome(&mut self, (account, client): (AccountId, Label), body: u64, events: &[Event]) {
        let Some(first) = self.identities.find(account, client) else {
            let conflict = Event::Rejected { reason: RejectReason::ClientOrderIdConflict };
            let repeats = |event: &Event| *event == conflict || matches!(event, Event::OrderRepeated { .. });
            let what = format_args!("id {client} of {account:?} is new, but {events:?}");
            return self.findings.expect(!events.iter().any(repeats), Invariant::Identity, what);
        };
        let expected = if first.body == body {
            let (order, outcome) = (first.order, first.outcome);
            let open =
                order.filter(|_| outcome == FirstOutcome::Open).and_then(|order| self.orders.get(&order));
            let (filled, leaves) =
                open.map_or((first.filled, 0), |open| (open.lots - open.leaves, open.leaves));
            let (filled, leaves) = (lots(filled), lots(leaves));
            Event::OrderRepeated { account, order, client, outcome, filled, leaves }
        } else {
            Event::Rejected { reason: RejectReason::ClientOrderIdConflict }
        };
        let same = *events == [expected];
        let what = format_args!("id {client} had an outcome, {expected:?}, now {events:?}");
        self.findings.expect(same, Invariant::Identity, what);
    }

    /// A refusal changes nothing, and is an outcome.
    pub(super) fn rejected(&mut self, reason: RejectReason, events: usize) {
        self.findings.expect(
            events == 1,
            Invariant::Events,
            format_args!("a refusal comes with other events"),
        );
        let unknown = reason == RejectReason::OrderUnknown && self.named.is_some();
        let what = format_args!("{:?} is open, but said to be unknown", self.named);
        self.findings.expect(!unknown, Invariant::Identity, what);
        // Nothing is remembered for whom nobody knows, nor where there is no room for it.
        let forgotten = matches!(reason, RejectReason::NotFounded | RejectReason::AccountUnknown)
            || (reason == RejectReason::VenueFull && self.identities.is_full());
        if let Some((account, client, body)) = self.brought()
            && !forgotten
            && self.identities.find(account, client).is_none()
        {
            self.identities.refuse(account, client, (reason, body));
        }
    }

    /// The order under an id ends, or goes by another id from now on.
    pub(super) fn retire(&mut self, account: AccountId, client: Option<Label>, outcome: (Ended, i64)) {
        if let Some(client) = client {
            self.identities.close(account, client, outcome);
        }
    }
}

/// Lots that were counted from events are lots, unless those were wrong.
pub(super) fn lots(count: i64) -> Lots {
    u64::try_from(count).ok().and_then(Lots::new).unwrap_or(Lots::ZERO)
}
