//! Identity: a client order id has one outcome. Sent again for the same, it gets that again; for something else, a
//! conflict.

use crate::book::Books;
use crate::client_ids::{Found, Remembered, refused};
use crate::ending::{Ended, FirstOutcome};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::foresight::Sight;
use crate::ids::{AccountId, OrderId};
use crate::label::Label;
use crate::open_order::{OpenOrder, OpenOrders};
use crate::order::{Amendment, NewOrder, OrderRef};
use crate::reject::RejectReason;
use crate::units::Lots;

/// A client order id with the hash under which it is entered, and a hash over what is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) client: Label,
    pub(super) hash: u64,
    pub(super) body: u64,
}

impl Exchange {
    /// What an account's id leads to.
    // Not in memory on the way: read there as one before its parts are written out, the id costs 3% of a command.
    #[inline(always)]
    pub(super) fn lookup(&self, account: AccountId, (client, hash): (Label, u64)) -> Option<Found> {
        let is_open =
            move |slot| self.orders.at(slot).client == Some(client) && self.books.owner(slot) == account;
        self.client_ids.find(hash, (account, client), is_open)
    }

    /// The slot of the open order under an account's id.
    #[inline(always)]
    pub(super) fn open_under(&self, account: AccountId, (client, hash): (Label, u64)) -> Option<u32> {
        match self.lookup(account, (client, hash))? {
            Found::Open(slot) => Some(slot),
            Found::Done(_) => None,
        }
    }

    /// The slot of the open order that an account means by its id: the one that was foreseen, mostly.
    #[inline(always)]
    pub(super) fn meant(&self, account: AccountId, client: Label) -> Option<u32> {
        let foreseen = self.foresight.seen(account, client).map(Sight::order);
        match foreseen {
            Some(slot) if self.orders.is_named(slot, client) && self.books.owner(slot) == account => {
                Some(slot)
            }
            _ => self.open_under(account, (client, self.entered(account, client).0)),
        }
    }

    /// The id that a command carries, and what is asked under it.
    #[inline(always)]
    pub(super) fn identity(
        &self,
        account: AccountId,
        client: Option<Label>,
        words: impl FnOnce() -> [u64; 6],
    ) -> Option<Identity> {
        let client = client?;
        let (hash, body) = (self.entered(account, client).0, self.client_ids.body(words()));
        Some(Identity { client, hash, body })
    }

    /// Whether an id was used for the same before; then the outcome is told again.
    ///
    /// # Errors
    /// `ClientOrderIdConflict` when it was used for something else, `VenueFull` when no other can be remembered.
    #[inline(always)]
    pub(super) fn recall(
        &mut self,
        account: AccountId,
        identity: &Option<Identity>,
    ) -> Result<bool, RejectReason> {
        let Some(identity) = identity else { return Ok(false) };
        if let Some(found) = self.lookup(account, (identity.client, identity.hash)) {
            return self.repeat(account, identity, found).map(|()| true);
        }
        if self.client_ids.has_room(account) { Ok(false) } else { Err(RejectReason::VenueFull) }
    }

    /// Tells the first outcome of an id again.
    #[cold]
    fn repeat(&mut self, account: AccountId, identity: &Identity, found: Found) -> Result<(), RejectReason> {
        let client = identity.client;
        let (known, event) = match found {
            Found::Open(slot) => {
                let (entry, order) = (self.orders.at(slot), self.books.resting_in(slot));
                let leaves = self.books.leaves(order).expect("an open order rests in the book");
                let (filled, outcome) = (entry.lots.less(leaves), FirstOutcome::Open);
                let order = Some(order);
                (entry.body, Event::OrderRepeated { account, order, client, outcome, filled, leaves })
            }
            Found::Done(Remembered { body, order, outcome, filled, .. }) => {
                let leaves = Lots::ZERO;
                (body, Event::OrderRepeated { account, order, client, outcome, filled, leaves })
            }
        };
        if known != identity.body {
            return Err(RejectReason::ClientOrderIdConflict);
        }
        self.events.push(event);
        Ok(())
    }

    /// Remembers that what was asked under an id was refused; returns the reason.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        account: AccountId,
        identity: Option<Identity>,
        reason: RejectReason,
    ) -> RejectReason {
        if let Some(Identity { client, hash, body }) = identity {
            let remembered = refused(client, body, reason);
            self.client_ids.remember(hash, (account, remembered), named(&self.orders, &self.books));
        }
        reason
    }

    /// Remembers what became of an order that never rested.
    #[inline]
    pub(super) fn remember_taker(
        &mut self,
        (account, order): (AccountId, OrderId),
        identity: Option<Identity>,
        (ended, filled): (Ended, Lots),
    ) {
        let Some(Identity { client, hash, body }) = identity else { return };
        let outcome = FirstOutcome::Ended(ended);
        let remembered = Remembered { client, body, order: Some(order), outcome, filled };
        self.client_ids.remember(hash, (account, remembered), named(&self.orders, &self.books));
    }

    /// Remembers what became of the id that an open order had.
    #[inline(always)]
    pub(super) fn retire_id(
        &mut self,
        (account, order): (AccountId, OrderId),
        open: &OpenOrder,
        (ended, filled): (Ended, Lots),
    ) {
        let Some(client) = open.client else { return };
        let outcome = FirstOutcome::Ended(ended);
        let remembered = Remembered { client, body: open.body, order: Some(order), outcome, filled };
        self.client_ids.close(self.entered(account, client), (account, order.slot()), remembered);
    }
}

/// The owner and the id of the open order in a slot that was entered under one.
pub(super) fn named(orders: &OpenOrders, books: &Books) -> impl Fn(u32) -> (AccountId, Label) {
    move |slot| {
        let client = orders.at(slot).client;
        (books.owner(slot), client.expect("an order that was entered under an id has it"))
    }
}

/// What an order asks for, in words: all but the deadline and the session, which may differ when it is sent again.
#[inline]
pub(super) fn order_words(order: &NewOrder) -> [u64; 6] {
    let (upper, lower) = order.label.map_or((0, 0), Label::halves);
    // Lots and numbers of kinds are far below 2^28. Who shows none is refused, but says something else than who says
    // nothing.
    let shown = order.shown.map_or(0, |shown| shown.count() + 1);
    let numbers =
        [order.side.number(), order.kind.number(), order.time_in_force.number(), order.prevention.number()];
    let modes = u64::from(u32::from_le_bytes(numbers));
    [
        u64::from(order.instrument.0) | modes << 32,
        order.time_in_force.expires().map_or(0, |expires| expires.0),
        u64::from(order.limit.ticks()) << 32 | u64::from(order.lots.count()),
        u64::from(order.minimum.count()) << 32 | u64::from(shown),
        upper,
        lower,
    ]
}

/// What an amendment asks for, in words. They differ from any order's, which has lots.
pub(super) fn amendment_words(amendment: &Amendment) -> [u64; 6] {
    let (upper, lower) = match amendment.order {
        OrderRef::Id(order) => (0, order.raw()),
        OrderRef::Client(client) => client.halves(),
    };
    let limit = amendment.limit.map_or(0, |limit| u64::from(limit.ticks()));
    let said = |lots: Option<Lots>| lots.map_or(0, |lots| u64::from(lots.count()) + 1);
    [u64::MAX, upper, limit << 32, said(amendment.lots), lower, said(amendment.filled)]
}
