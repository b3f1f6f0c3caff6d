//! Amend: an open order becomes another one, which is checked as such before the old one is touched.

use crate::book::Placement;
use crate::control::TradingMode;
use crate::ending::Ended;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::clearing::Taker;
use crate::exchange::identity::{Identity, amendment_words, named};
use crate::exchange::scene::{Entry, Freed};
use crate::fees;
use crate::ids::{OrderId, index};
use crate::order::{Amendment, NewOrder, Side, TimeInForce};
use crate::reject::RejectReason;
use crate::timers::Timer;
use crate::units::{Lots, Price};

/// An open order and what it is to become.
#[derive(Clone, Copy, Debug)]
struct Change {
    order: OrderId,
    before: Placement,
    limit: Price,
    /// Lots in all, those filled included.
    lots: Lots,
    /// Lots left then.
    leaves: Lots,
}

impl Exchange {
    /// Changes an open order.
    pub(super) fn amend(&mut self, amendment: &Amendment) -> Result<(), RejectReason> {
        let account = amendment.account;
        self.check_account(account)?;
        let identity = self.identity(account, amendment.client, || amendment_words(amendment));
        if self.recall(account, &identity)? {
            return Ok(());
        }
        match self.admit_change(amendment) {
            Err(reason) => return Err(self.refuse(account, identity, reason)),
            Ok((change, None)) => self.shrink(&change, identity),
            Ok((change, Some((order, entry)))) => self.replace(&change, (&order, &entry), identity),
        }
        Ok(())
    }

    /// Checks an amendment. Returns the change, and the new order it amounts to when it loses its place.
    fn admit_change(
        &mut self,
        amendment: &Amendment,
    ) -> Result<(Change, Option<(NewOrder, Entry)>), RejectReason> {
        self.check_unlocked(amendment.account)?;
        if amendment.deadline.is_some_and(|deadline| deadline < self.last.time) {
            return Err(RejectReason::DeadlinePassed);
        }
        let (order, before) = self.resting(amendment.account, amendment.order)?;
        let open = self.orders.at(order.slot());
        let filled = open.lots.less(before.leaves);
        let lots = amendment.lots.unwrap_or(open.lots);
        let limit = amendment.limit.unwrap_or(before.limit);
        let stays = limit == before.limit && lots <= open.lots;
        match self.mode_of(&self.instruments[index(before.instrument.0)]) {
            TradingMode::Halted => return Err(RejectReason::MarketHalted),
            TradingMode::CancelOnly if !stays => return Err(RejectReason::CancelOnly),
            TradingMode::CancelOnly | TradingMode::Open | TradingMode::PostOnly => {}
        }
        if lots <= filled {
            return Err(RejectReason::ReduceTooLarge);
        }
        let mut change = Change { order, before, limit, lots, leaves: lots.less(filled) };
        let raced = amendment.filled.is_some_and(|expected| expected != filled);
        let believed = if raced { Err(RejectReason::AmendRace) } else { Ok(()) };
        if stays {
            believed?;
            return Ok((change, None));
        }
        let new = self.replacement(&change);
        // A new order has reasons on both sides of a wrong belief.
        let admitted = self.admit(&new, self.freed(&change));
        let entry = match (admitted, believed) {
            (Err(reason), Err(raced)) => Err(reason.min(raced)),
            (admitted, believed) => believed.and(admitted),
        }?;
        change.limit = entry.limit;
        Ok((change, Some((new, entry))))
    }

    /// The order as it would be entered now.
    fn replacement(&self, change: &Change) -> NewOrder {
        let &Placement { account, instrument, side, clip, .. } = &change.before;
        let open = self.orders.at(change.order.slot());
        let expires = self.timers.due_of(Timer::Expiry(change.order.slot()));
        NewOrder {
            kind: open.kind,
            time_in_force: expires.map_or(TimeInForce::GoodTillGate, TimeInForce::GoodTillDate),
            prevention: open.prevention,
            shown: clip.map(|clip| clip.min(change.leaves)),
            label: open.label,
            session: open.session,
            ..NewOrder::limit(account, instrument, side, (change.leaves, change.limit))
        }
    }

    /// What the old order leaves to the new one.
    fn freed(&self, change: &Change) -> Freed {
        let before = &change.before;
        let terms = &self.instruments[index(before.instrument.0)].terms;
        let hold = match before.side {
            Side::Bid => fees::bid_hold(terms, before.limit, before.leaves),
            Side::Ask => Freed::NOTHING.hold,
        };
        Freed { orders: 1, lots: before.leaves, hold }
    }

    /// Carries out a change that keeps its place.
    fn shrink(&mut self, change: &Change, identity: Option<Identity>) {
        let &Change { order, before, lots, leaves, .. } = change;
        let covered = self.covered(order, &before);
        let by = before.leaves.less(leaves);
        let shown = if by.is_zero() { self.books.shown(order) } else { Some(self.books.reduce(order, by)) };
        self.orders.at_mut(order.slot()).lots = lots;
        self.rename(change, identity);
        let shown = shown.expect("an open order rests in the book");
        self.tell_amended(change, (shown, true), identity);
        if !by.is_zero() {
            self.ledger.uncover(&covered, (before.leaves, leaves));
        }
    }

    /// Carries out a change that loses its place: out of the book, and in again like a new order.
    fn replace(&mut self, change: &Change, (new, entry): (&NewOrder, &Entry), identity: Option<Identity>) {
        let &Change { order, before, lots, leaves, .. } = change;
        let covered = self.covered(order, &before);
        self.books.withdraw(order);
        self.ledger.uncover(&covered, (before.leaves, Lots::ZERO));
        self.orders.at_mut(order.slot()).lots = lots;
        self.rename(change, identity);
        self.tell_amended(change, (Lots::ZERO, false), identity);
        let mut taker = Taker::of(new, entry);
        (taker.order, taker.position, taker.lots) = (order, covered.position, lots);
        self.ledger.cover(&taker.covered(), leaves);
        let (left, stopped) = self.cross(&mut taker, leaves);
        self.orders.at_mut(order.slot()).lots = taker.lots;
        let name = (taker.account, order);
        if left.is_zero() {
            self.conclude(name, (Ended::Filled, left));
            self.books.drop_name(order);
        } else if let Some(reason) = stopped {
            self.conclude(name, (Ended::Canceled(reason), left));
            self.books.drop_name(order);
            self.tell_canceled(name, left, reason);
            self.ledger.uncover(&taker.covered(), (left, Lots::ZERO));
        } else {
            let shown = self.books.rest(order, &taker.placement(left, before.clip));
            self.events.push(Event::OrderRested { order, leaves: left, shown });
        }
    }

    /// Gives an order the amendment's client order id; the old one is remembered.
    fn rename(&mut self, change: &Change, identity: Option<Identity>) {
        let Some(Identity { client, hash, body }) = identity else { return };
        let &Change { order, before, .. } = change;
        let account = before.account;
        let open = *self.orders.at(order.slot());
        self.retire_id((account, order), &open, (Ended::Renamed, open.lots.less(change.leaves)));
        self.client_ids.open(account, (hash, order.slot()), named(&self.orders, &self.books));
        let entry = self.orders.at_mut(order.slot());
        (entry.client, entry.body) = (Some(client), body);
    }

    fn tell_amended(&mut self, change: &Change, (shown, kept): (Lots, bool), identity: Option<Identity>) {
        let &Change { order, before, limit, lots, leaves } = change;
        let account = before.account;
        let xseq = self.xseq(account);
        let client = identity.map(|identity| identity.client);
        self.events.push(Event::OrderAmended {
            account,
            xseq,
            order,
            limit,
            lots,
            leaves,
            shown,
            kept,
            client,
        });
    }
}
