//! Orders of the view: each order's cumulative state.

use crate::ending::CancelReason;
use crate::event::Event;
use crate::ids::{AccountId, InstrumentId, OrderId, index};
use crate::label::Label;
use crate::order::{OrderKind, SessionId, Side, TimeInForce};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// What its limit means.
    pub kind: OrderKind,
    /// How long it waits.
    pub time_in_force: TimeInForce,
    /// So many lots had to trade at once.
    pub minimum: Lots,
    /// Shows only so many lots at a time.
    pub clip: Option<Lots>,
    /// The client's mark.
    pub label: Option<Label>,
    /// Ends with this session.
    pub session: Option<SessionId>,
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
    /// Lots it shows in the book.
    pub shown: Lots,
}

impl OrderView {
    /// It shows more lots.
    fn show(&mut self, lots: Lots) -> LevelChange {
        self.shown = self.shown.plus(lots);
        LevelChange { instrument: self.instrument, side: self.side, price: self.limit, lots, joined: true }
    }

    /// It shows fewer lots; `None` when as many as before.
    fn hide(&mut self, lots: Lots) -> Option<LevelChange> {
        self.shown = self.shown.less(lots);
        let &mut OrderView { instrument, side, limit: price, .. } = self;
        (!lots.is_zero()).then_some(LevelChange { instrument, side, price, lots, joined: false })
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
            Event::OrderTerms { .. } => {
                self.describe(event);
                None
            }
            Event::OrderRested { order, shown, .. } => Some(self.at_mut(order).show(shown)),
            Event::OrderExecuted { order, price, lots, leaves, .. } => {
                let view = self.at_mut(order);
                view.leaves = leaves;
                view.filled = view.filled.plus(lots);
                view.cost = view.cost.plus(price.cost(lots));
                if leaves.is_zero() {
                    view.status = OrderStatus::Filled;
                }
                view.hide(lots.min(view.shown))
            }
            Event::OrderReduced { order, by, leaves, shown, .. } => {
                let view = self.at_mut(order);
                view.leaves = leaves;
                view.lots = view.lots.less(by);
                view.hide(view.shown.less(shown))
            }
            Event::OrderAmended { order, limit, lots, leaves, shown, client, .. } => {
                let view = self.at_mut(order);
                let change = view.hide(view.shown.less(shown));
                (view.limit, view.lots, view.leaves) = (limit, lots, leaves);
                view.client = client.or(view.client);
                change
            }
            Event::OrderCanceled { order, leaves, reason, .. } => {
                let view = self.at_mut(order);
                assert_eq!(view.leaves, leaves, "what is left is cancelled");
                view.leaves = Lots::ZERO;
                view.status = OrderStatus::Canceled(reason);
                view.hide(view.shown)
            }
            _ => None,
        }
    }

    fn accept(&mut self, event: &Event) {
        let Event::OrderAccepted { account, order, instrument, side, immediate, limit, lots, client, .. } =
            *event
        else {
            unreachable!("asked for accepted orders only");
        };
        let slot = index(order.slot());
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        let waits = [TimeInForce::GoodTillGate, TimeInForce::ImmediateOrCancel];
        self.slots[slot] = Some(OrderView {
            order,
            client,
            account,
            instrument,
            side,
            kind: OrderKind::Limit,
            time_in_force: waits[usize::from(immediate)],
            minimum: Lots::ZERO,
            clip: None,
            label: None,
            session: None,
            limit,
            lots,
            leaves: lots,
            filled: Lots::ZERO,
            cost: Amount::ZERO,
            status: OrderStatus::Open,
            shown: Lots::ZERO,
        });
    }

    fn describe(&mut self, event: &Event) {
        let Event::OrderTerms { order, kind, time_in_force, minimum, shown, label, session } = *event else {
            unreachable!("asked for terms only");
        };
        let view = self.at_mut(order);
        (view.kind, view.time_in_force, view.minimum) = (kind, time_in_force, minimum);
        (view.clip, view.label, view.session) = (shown, label, session);
    }
}
