//! Orders of the exchange: entry, reduction and cancellation.

use crate::account::OPEN_ORDERS_MAX;
use crate::book::Incoming;
use crate::event::{CancelReason, Event};
use crate::exchange::Exchange;
use crate::exchange::clearing::Taker;
use crate::fees;
use crate::ids::{AccountId, InstrumentId, OrderId};
use crate::open_order::OpenOrder;
use crate::order::{NewOrder, OrderRef, Side, TimeInForce};
use crate::position::PositionRow;
use crate::reject::RejectReason;
use crate::units::{Lots, Price};

impl Exchange {
    /// Enters an order: checks, takes, crosses, and rests or cancels what is left.
    pub(super) fn place(&mut self, order: &NewOrder) -> Result<(), RejectReason> {
        self.admit(order)?;
        // Past this line the order happens whole.
        let (id, position) = self.take(order);
        let &NewOrder { instrument, side, limit, lots, account, .. } = order;
        let spec = self.spec(instrument);
        let mut incoming = Incoming { instrument, side, limit, leaves: lots };
        let taker = Taker { order: id, account, position, limit };
        let stopped = self.cross(&spec, &taker, &mut incoming);
        let leaves = incoming.leaves;
        let immediate =
            (order.time_in_force == TimeInForce::ImmediateOrCancel).then_some(CancelReason::Immediate);
        match stopped.or(immediate) {
            _ if leaves.is_zero() => self.books.drop_name(id),
            Some(reason) => {
                self.books.drop_name(id);
                let ended = OpenOrder::new(order, id, position);
                self.tell_canceled(&ended, leaves, reason);
                self.uncover(&ended, leaves, Lots::ZERO);
            }
            None => {
                self.books.rest(id, account, &incoming);
                self.orders.open(OpenOrder::new(order, id, position), self.ledger.accounts.at_mut(account));
                self.events.push(Event::OrderRested { order: id, leaves });
            }
        }
        Ok(())
    }

    /// All that can be wrong with an order.
    fn admit(&self, order: &NewOrder) -> Result<(), RejectReason> {
        self.check_account(order.account)?;
        if self.books.is_full() {
            return Err(RejectReason::VenueFull);
        }
        self.check_open(order.instrument)?;
        if order.deadline.is_some_and(|deadline| deadline < self.last.time) {
            return Err(RejectReason::DeadlinePassed);
        }
        if order.lots.is_zero() {
            return Err(RejectReason::LotsZero);
        }
        if order.client.is_some_and(|client| self.orders.find_client(order.account, client).is_some()) {
            return Err(RejectReason::ClientOrderIdTaken);
        }
        let account = self.ledger.accounts.at(order.account);
        if OPEN_ORDERS_MAX <= account.orders_open {
            return Err(RejectReason::OpenOrderLimit);
        }
        match order.side {
            Side::Ask => self.check_offer(order.account, order.instrument, order.lots),
            Side::Bid => {
                let hold = fees::bid_hold(&self.spec(order.instrument), order.limit, order.lots);
                if hold <= account.balance.available { Ok(()) } else { Err(RejectReason::InsufficientCredit) }
            }
        }
    }

    /// Names an admitted order, tells it, and holds what it could cost.
    fn take(&mut self, order: &NewOrder) -> (OrderId, PositionRow) {
        let &NewOrder { account, instrument, side, time_in_force, limit, lots, client, .. } = order;
        let id = self.books.name();
        let position = self.ledger.positions.enter(account, instrument);
        let xseq = self.xseq(account);
        self.events.push(Event::OrderAccepted {
            account,
            xseq,
            order: id,
            instrument,
            side,
            time_in_force,
            limit,
            lots,
            client,
        });
        let spec = self.spec(instrument);
        match side {
            Side::Bid => self.ledger.hold(account, fees::bid_hold(&spec, limit, lots)),
            Side::Ask => self.ledger.offer(position, lots, spec.bond),
        }
        (id, position)
    }

    /// Frees what an order held for the lots between `from` and `to`.
    fn uncover(&mut self, order: &OpenOrder, from: Lots, to: Lots) {
        let spec = self.spec(order.instrument);
        match order.side {
            Side::Bid => {
                let hold = |leaves: Lots, limit: Price| fees::bid_hold(&spec, limit, leaves);
                let freed = hold(from, order.limit).less(hold(to, order.limit));
                self.ledger.release(order.account, freed);
            }
            Side::Ask => self.ledger.withdraw_offer(order.position, from.less(to), spec.bond),
        }
    }

    /// The account's open order that `order` names, and its lots left.
    fn resting(&self, account: AccountId, order: OrderRef) -> Result<(OrderId, Lots), RejectReason> {
        self.check_account(account)?;
        let found = match order {
            OrderRef::Id(id) => self.orders.find(id).filter(|open| open.account == account),
            OrderRef::Client(client) => self.orders.find_client(account, client),
        };
        let id = found.ok_or(RejectReason::OrderUnknown)?.order;
        Ok((id, self.books.leaves(id).expect("an open order rests in the book")))
    }

    pub(super) fn cancel(&mut self, account: AccountId, order: OrderRef) -> Result<(), RejectReason> {
        let (id, _) = self.resting(account, order)?;
        self.cancel_resting(id, CancelReason::User);
        Ok(())
    }

    pub(super) fn reduce(
        &mut self,
        account: AccountId,
        order: OrderRef,
        by: Lots,
    ) -> Result<(), RejectReason> {
        let (id, before) = self.resting(account, order)?;
        if by.is_zero() {
            return Err(RejectReason::LotsZero);
        }
        if before <= by {
            return Err(RejectReason::ReduceTooLarge);
        }
        let open = *self.orders.at(id.slot());
        let leaves = before.less(by);
        self.books.reduce(id, by);
        let xseq = self.xseq(account);
        self.events.push(Event::OrderReduced { account, xseq, order: id, by, leaves });
        self.uncover(&open, before, leaves);
        Ok(())
    }

    pub(super) fn cancel_all(
        &mut self,
        account: AccountId,
        instrument: Option<InstrumentId>,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        if let Some(instrument) = instrument
            && self.instrument(instrument).is_none()
        {
            return Err(RejectReason::InstrumentUnknown);
        }
        let chosen = |open: &&OpenOrder| instrument.is_none_or(|instrument| open.instrument == instrument);
        let owner = self.ledger.accounts.at(account);
        let orders: Vec<OrderId> = self.orders.of(owner).filter(chosen).map(|open| open.order).collect();
        for order in orders {
            self.cancel_resting(order, CancelReason::All);
        }
        Ok(())
    }

    /// Takes a resting order out of the book and frees what it held.
    pub(super) fn cancel_resting(&mut self, order: OrderId, reason: CancelReason) {
        let leaves = self.books.leaves(order).expect("an open order rests in the book");
        let account = self.orders.at(order.slot()).account;
        self.books.remove(order);
        let open = self.orders.close(order.slot(), self.ledger.accounts.at_mut(account));
        self.tell_canceled(&open, leaves, reason);
        self.uncover(&open, leaves, Lots::ZERO);
    }

    fn tell_canceled(&mut self, open: &OpenOrder, leaves: Lots, reason: CancelReason) {
        let &OpenOrder { account, order, .. } = open;
        let xseq = self.xseq(account);
        self.events.push(Event::OrderCanceled { account, xseq, order, leaves, reason });
    }
}
