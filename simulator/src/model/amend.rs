//! Amend of the model: an open order becomes another one.

use engine::control::TradingMode;
use engine::ending::Ended;
use engine::event::Event;
use engine::ids::index;
use engine::order::{Amendment, NewOrder, TimeInForce};
use engine::reject::RejectReason;
use engine::stamp::Time;
use engine::units::Lots;

use crate::model::identity::Asked;
use crate::model::orders::UNNUMBERED;
use crate::model::{Model, Order, lots, price};

impl Model {
    pub(super) fn amend(&mut self, amendment: &Amendment) -> Result<(), RejectReason> {
        let (account, asked) = (amendment.account, Asked::amendment(amendment));
        self.check_account(account)?;
        if self.recall((account, amendment.client), asked)? {
            return Ok(());
        }
        if let Some(reason) = self.amendment_reasons(amendment).into_iter().min() {
            return Err(self.refuse((account, amendment.client), asked, reason));
        }
        let place = self.place_of(account, amendment.order).expect("else it is refused");
        let mut order = self.orders.remove(place);
        if let Some(client) = amendment.client {
            self.retire(&order, Ended::Renamed);
            order.client = Some(client);
            self.go_by(&order, asked);
        }
        let leaves = left_by(&order, amendment).expect("else it is refused");
        if keeps_place(&order, amendment) {
            order.shrink(order.leaves() - leaves);
            self.tell_amended(&order, amendment, true);
            self.orders.insert(place, order);
            return Ok(());
        }
        order.limit = self.stands_at(&as_new(&order, amendment, leaves));
        (order.shown, order.hidden) = (leaves, 0);
        self.tell_amended(&order, amendment, false);
        let stopped = self.meet(&mut order);
        let clip = order.clip.take().map(lots);
        self.leave(order, (stopped, clip));
        Ok(())
    }

    fn tell_amended(&mut self, order: &Order, amendment: &Amendment, kept: bool) {
        self.tell(Event::OrderAmended {
            account: order.account,
            xseq: UNNUMBERED,
            order: order.order,
            limit: price(order.limit),
            lots: lots(order.lots()),
            leaves: lots(order.leaves()),
            shown: lots(if kept { order.shown } else { 0 }),
            kept,
            client: amendment.client,
        });
    }

    /// Why an amendment must be refused: every reason that applies.
    fn amendment_reasons(&mut self, amendment: &Amendment) -> Vec<RejectReason> {
        let account = amendment.account;
        let mut reasons = Vec::new();
        let mut when = |applies: bool, reason: RejectReason| reasons.extend(applies.then_some(reason));
        when(self.owners[index(account.0)].locked, RejectReason::AccountLocked);
        when(amendment.deadline.is_some_and(|by| by.0 < self.now), RejectReason::DeadlinePassed);
        let Some(place) = self.place_of(account, amendment.order) else {
            when(true, RejectReason::OrderUnknown);
            return reasons;
        };
        let order = self.orders[place].clone();
        let mode = self.mode_of(order.instrument);
        when(mode == TradingMode::Halted, RejectReason::MarketHalted);
        let leaves = left_by(&order, amendment);
        when(leaves.is_none(), RejectReason::ReduceTooLarge);
        let raced = amendment.filled.is_some_and(|filled| u64::from(filled.count()) != order.filled);
        when(raced, RejectReason::AmendRace);
        if keeps_place(&order, amendment) {
            return reasons;
        }
        when(mode == TradingMode::CancelOnly, RejectReason::CancelOnly);
        // It is checked as a new order, as if the old one were gone.
        let old = self.orders.remove(place);
        let new = as_new(&old, amendment, leaves.unwrap_or(1));
        reasons.extend(self.order_reasons(&new));
        self.orders.insert(place, old);
        reasons
    }
}

/// Lots that the amendment leaves; `None` unless it leaves more than are filled.
fn left_by(order: &Order, amendment: &Amendment) -> Option<u64> {
    let lots = amendment.lots.map_or(order.lots(), |lots| lots.count().into());
    lots.checked_sub(order.filled).filter(|left| 0 < *left)
}

/// Fewer lots, or as many, at the same limit keep the place in the queue.
fn keeps_place(order: &Order, amendment: &Amendment) -> bool {
    let same = amendment.limit.is_none_or(|limit| u64::from(limit.ticks()) == order.limit);
    same && left_by(order, amendment).is_none_or(|left| left <= order.leaves())
}

/// The new order that an amendment amounts to. Its minimum does not count again.
fn as_new(order: &Order, amendment: &Amendment, leaves: u64) -> NewOrder {
    let limit = amendment.limit.unwrap_or(price(order.limit));
    let expires = order.expires.map(|expires| TimeInForce::GoodTillDate(Time(expires)));
    NewOrder {
        kind: order.kind,
        time_in_force: expires.unwrap_or(TimeInForce::GoodTillGate),
        prevention: order.prevention,
        // What shows more than is left shows all of it.
        shown: order.clip.map(|clip| lots(clip.min(leaves))),
        minimum: Lots::ZERO,
        ..NewOrder::limit(order.account, order.instrument, order.side, (lots(leaves), limit))
    }
}
