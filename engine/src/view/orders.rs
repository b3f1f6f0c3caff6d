//! Orders of the view: each order's cumulative state.

use crate::event::{CancelReason, Event};
use crate::ids::{AccountId, InstrumentId, OrderId, index};
use crate::label::Label;
use crate::order::{Side, TimeInForce};
use crate::units::{Amount, Lots, Price};
use crate::view::depth::LevelChange;

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Lots are left and it rests, or is being matched.
    Open,
    /// All lots have traded.
    Filled,
    /// Ended with lots unfilled.
    Canceled(CancelReason),
}

/// An order with what it has done so far.
#[derive(Clone, Copy, Debug)]
pub struct OrderView {
    /// The exchange's id.
    pub order: OrderId,
    /// The client's id.
    pub client: Option<Label>,
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Buying or selling.
    pub side: Side,
    /// How long it waits.
    pub time_in_force: TimeInForce,
    /// Its limit.
    pub limit: Price,
    /// Lots it has asked for, less those taken off by reduction.
    pub lots: Lots,
    /// Lots left.
    pub leaves: Lots,
    /// Lots traded.
    pub filled: Lots,
    /// What those lots cost or earned, at their prices.
    pub cost: Amount,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Whether it stands in the book.
    pub(super) rests: bool,
}

impl OrderView {
    fn change(&self, lots: Lots, joined: bool) -> LevelChange {
        LevelChange { instrument: self.instrument, side: self.side, price: self.limit, lots, joined }
    }

    /// The average price of what has traded, in ticks rounded down; `None` before the first trade.
    pub fn average(&self) -> Option<Price> {
        let lots = u64::from(self.filled.count());
        Price::new((self.cost.micro() / crate::units::TICK.micro()).checked_div(lots)?)
    }
}

/// Orders by slot. One that has ended stays until its slot is used again.
#[derive(Clone, Debug, Default)]
pub(super) struct OrdersView {
    slots: Vec<Option<OrderView>>,
}

impl OrdersView {
    pub(super) fn find(&self, order: OrderId) -> Option<&OrderView> {
        self.slots.get(index(order.slot()))?.as_ref().filter(|view| view.order == order)
    }

    fn at_mut(&mut self, order: OrderId) -> &mut OrderView {
        let slot = self.slots[index(order.slot())].as_mut();
        slot.filter(|view| view.order == order).expect("events name orders that were accepted")
    }

    /// Folds an event; returns what it changed in the book.
    pub(super) fn fold(&mut self, event: &Event) -> Option<LevelChange> {
        match *event {
            Event::OrderAccepted { .. } => {
                self.accept(event);
                None
            }
            Event::OrderRested { order, leaves } => {
                let view = self.at_mut(order);
                view.rests = true;
                Some(view.change(leaves, true))
            }
            Event::OrderExecuted { order, price, lots, leaves, .. } => {
                let view = self.at_mut(order);
                view.leaves = leaves;
                view.filled = view.filled.plus(lots);
                view.cost = view.cost.plus(price.cost(lots));
                if leaves.is_zero() {
                    view.status = OrderStatus::Filled;
                }
                view.rests.then(|| view.change(lots, false))
            }
            Event::OrderReduced { order, by, leaves, .. } => {
                let view = self.at_mut(order);
                view.leaves = leaves;
                view.lots = view.lots.less(by);
                Some(view.change(by, false))
            }
            Event::OrderCanceled { order, leaves, reason, .. } => {
                let view = self.at_mut(order);
                view.leaves = Lots::ZERO;
                view.status = OrderStatus::Canceled(reason);
                view.rests.then(|| view.change(leaves, false))
            }
            _ => None,
        }
    }

    fn accept(&mut self, event: &Event) {
        let Event::OrderAccepted {
            account, order, instrument, side, time_in_force, limit, lots, client, ..
        } = *event
        else {
            unreachable!("asked for accepted orders only");
        };
        let slot = index(order.slot());
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        self.slots[slot] = Some(OrderView {
            order,
            client,
            account,
            instrument,
            side,
            time_in_force,
            limit,
            lots,
            leaves: lots,
            filled: Lots::ZERO,
            cost: Amount::ZERO,
            status: OrderStatus::Open,
            rests: false,
        });
    }
}
