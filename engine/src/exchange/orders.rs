//! Orders of the exchange: entry.

use crate::ending::{CancelReason, Ended};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::clearing::Taker;
use crate::exchange::identity::{Identity, named, order_words};
use crate::exchange::scene::{Entry, Freed};
use crate::open_order::OpenOrder;
use crate::order::{NewOrder, OrderKind, TimeInForce};
use crate::reject::RejectReason;
use crate::timers::Timer;
use crate::units::Lots;

impl Exchange {
    /// Enters an order: checks, takes, crosses, and rests or cancels what is left.
    pub(super) fn place(&mut self, order: &NewOrder) -> Result<(), RejectReason> {
        self.check_account(order.account)?;
        let identity = self.identity(order.account, order.client, || order_words(order));
        if self.recall(order.account, &identity)? {
            return Ok(());
        }
        let entry = match self.admit(order, Freed::NOTHING) {
            Ok(entry) => entry,
            Err(reason) => return Err(self.refuse(order.account, identity, reason)),
        };
        // Past this line the order happens whole.
        let mut taker = self.take(order, &entry);
        let (leaves, stopped) = self.cross(&mut taker, order.lots);
        let immediate = (!order.time_in_force.rests()).then_some(CancelReason::Immediate);
        if leaves.is_zero() {
            self.books.drop_name(taker.order);
            let name = (taker.account, taker.order);
            self.remember_taker(name, identity, (Ended::Filled, taker.lots));
        } else if let Some(reason) = stopped.or(immediate) {
            self.books.drop_name(taker.order);
            self.end_taker(&taker, identity, (leaves, reason));
        } else {
            self.rest(order, &taker, (leaves, identity));
        }
        Ok(())
    }

    /// Names an admitted order, tells it, and holds what it could cost.
    #[inline(always)]
    fn take(&mut self, order: &NewOrder, entry: &Entry) -> Taker {
        let &NewOrder { account, instrument, side, lots, client, .. } = order;
        let mut taker = Taker::of(order, entry);
        taker.order = self.books.name();
        let positions = &mut self.ledger.positions;
        taker.position = entry.position.unwrap_or_else(|| positions.enter(account, instrument));
        positions.order_in(account, instrument, taker.position);
        let xseq = self.xseq(account);
        let (id, limit, immediate) = (taker.order, entry.limit, !order.time_in_force.rests());
        self.events.push(Event::OrderAccepted {
            account,
            xseq,
            order: id,
            instrument,
            side,
            immediate,
            limit,
            lots,
            client,
        });
        let &NewOrder { kind, time_in_force, minimum, shown, label, session, .. } = order;
        let usual = matches!(time_in_force, TimeInForce::GoodTillGate | TimeInForce::ImmediateOrCancel)
            && kind == OrderKind::Limit
            && minimum.is_zero();
        if !usual || shown.is_some() || label.is_some() || session.is_some() {
            let order = id;
            self.events.push(Event::OrderTerms {
                order,
                kind,
                time_in_force,
                minimum,
                shown,
                label,
                session,
            });
        }
        self.ledger.cover(&taker.covered(), lots);
        taker
    }

    /// Rests what is left of an order.
    #[inline(always)]
    fn rest(&mut self, order: &NewOrder, taker: &Taker, (leaves, identity): (Lots, Option<Identity>)) {
        let id = taker.order;
        let shown = self.books.rest(id, &taker.placement(leaves, order.shown));
        let body = identity.map_or(0, |identity| identity.body);
        let mut open = OpenOrder::new(order, taker.position, body);
        open.lots = taker.lots;
        self.orders.open(id.slot(), open, self.ledger.accounts.at_mut(taker.account));
        if let Some(Identity { hash, .. }) = identity {
            let named = named(&self.orders, &self.books);
            self.client_ids.open(taker.account, (hash, id.slot()), named);
        }
        if let Some(expires) = order.time_in_force.expires() {
            self.timers.set(expires, Timer::Expiry(id.slot()));
        }
        self.events.push(Event::OrderRested { order: id, leaves, shown });
    }

    /// Ends an order that came in and does not rest, with lots left.
    pub(super) fn end_taker(
        &mut self,
        taker: &Taker,
        identity: Option<Identity>,
        (leaves, reason): (Lots, CancelReason),
    ) {
        let name = (taker.account, taker.order);
        self.tell_canceled(name, leaves, reason);
        self.ledger.uncover(&taker.covered(), (leaves, Lots::ZERO));
        self.remember_taker(name, identity, (Ended::Canceled(reason), taker.lots.less(leaves)));
    }
}
