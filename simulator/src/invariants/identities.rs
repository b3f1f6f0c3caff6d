//! Identities: what became of each client order id, for as long as the exchange must remember it.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use engine::client_ids::{IDS_MAX, RESERVE, WINDOW};
use engine::ending::{Ended, FirstOutcome};
use engine::ids::{AccountId, OrderId, index};
use engine::label::Label;
use engine::order::{Amendment, NewOrder, OrderRef};
use engine::reject::RejectReason;

use crate::hashing::{Table, WordHasher};

/// The first use of an id.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    /// A hash over what was asked.
    pub(super) body: u64,
    /// The order; none when it was refused.
    pub(super) order: Option<OrderId>,
    pub(super) outcome: FirstOutcome,
    /// Lots filled, when it is done.
    pub(super) filled: i64,
}

/// Every id that leads somewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Identities {
    firsts: Table<(AccountId, Label), First>,
    /// Of each account those that are done, oldest first.
    done: Table<AccountId, VecDeque<Label>>,
    is_full: bool,
}

impl Identities {
    pub(super) fn find(&self, account: AccountId, client: Label) -> Option<&First> {
        self.firsts.get(&(account, client))
    }

    /// Whether the venue was ever so full that the exchange may have forgotten ids before their time.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    fn insert(&mut self, account: AccountId, client: Label, first: First) {
        self.firsts.insert((account, client), first);
        self.is_full |= index(IDS_MAX - RESERVE) <= self.firsts.len();
    }

    /// An id now names an open order.
    pub(super) fn open(&mut self, account: AccountId, client: Label, (order, body): (OrderId, u64)) {
        let first = First { body, order: Some(order), outcome: FirstOutcome::Open, filled: 0 };
        self.insert(account, client, first);
    }

    /// What was asked under an id was refused.
    pub(super) fn refuse(&mut self, account: AccountId, client: Label, (reason, body): (RejectReason, u64)) {
        let first = First { body, order: None, outcome: FirstOutcome::Rejected(reason), filled: 0 };
        self.insert(account, client, first);
        self.retire(account, client);
    }

    /// The order under an id has ended, or goes by another one.
    pub(super) fn close(&mut self, account: AccountId, client: Label, (ended, filled): (Ended, i64)) {
        if let Some(first) = self.firsts.get_mut(&(account, client)) {
            (first.outcome, first.filled) = (FirstOutcome::Ended(ended), filled);
            self.retire(account, client);
        }
    }

    /// Counts an id among those that are done; the oldest beyond so many are forgotten.
    fn retire(&mut self, account: AccountId, client: Label) {
        let done = self.done.entry(account).or_default();
        done.push_back(client);
        if index(WINDOW) < done.len()
            && let Some(oldest) = done.pop_front()
        {
            self.firsts.remove(&(account, oldest));
        }
    }
}

/// A hash over what an order asks for: all but deadline and session.
pub(super) fn order_body(order: &NewOrder) -> u64 {
    let mut hash = WordHasher::default();
    (order.instrument, order.side, order.kind, order.time_in_force, order.prevention).hash(&mut hash);
    (order.limit, order.lots, order.minimum, order.shown, order.label).hash(&mut hash);
    hash.finish()
}

/// A hash over what an amendment asks for: all but the deadline.
pub(super) fn amendment_body(amendment: &Amendment) -> u64 {
    let mut hash = WordHasher::default();
    match amendment.order {
        OrderRef::Id(order) => order.raw().hash(&mut hash),
        OrderRef::Client(client) => client.hash(&mut hash),
    }
    ("amendment", amendment.limit, amendment.lots, amendment.filled).hash(&mut hash);
    hash.finish()
}
