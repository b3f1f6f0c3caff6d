//! Orders of the view: each order's cumulative state.

use crate::book::Placement;
use crate::ending::CancelReason;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{AccountId, InstrumentId, OrderId, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{CHOICE, Image, Taken};
use crate::label::Label;
use crate::order::{OrderKind, SessionId, Side, TimeInForce};
use crate::timers::Timer;
use crate::units::{Amount, Lots, Price};
use crate::view::depth::LevelChange;
use crate::view::queues::Queues;

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
    queues: Queues,
}

impl OrdersView {
    pub(super) fn find(&self, order: OrderId) -> Option<&OrderView> {
        self.slots.get(index(order.slot()))?.as_ref().filter(|view| view.order == order)
    }

    fn at_mut(&mut self, order: OrderId) -> &mut OrderView {
        let slot = self.slots[index(order.slot())].as_mut();
        slot.filter(|view| view.order == order).expect("events name orders that were accepted")
    }

    /// Orders of one price join in turn, as the books of `exchange` have them; of different prices the better ones first.
    pub(super) fn line_up(&mut self, exchange: &Exchange) {
        for instrument in (0..position(exchange.instruments())).map(InstrumentId) {
            for side in [Side::Bid, Side::Ask] {
                for maker in exchange.books().queue(instrument, side) {
                    self.queues.join(instrument, maker.order.slot());
                }
            }
        }
    }

    /// The orders of an instrument that show something, the one that joined its queue first first.
    pub(super) fn resting(&self, instrument: InstrumentId) -> impl Iterator<Item = &OrderView> {
        let slots = self.queues.of(instrument);
        slots.map(|slot| self.slots[index(slot)].as_ref().expect("an order that rests is known"))
    }

    /// Folds an event; returns what it changed in the book.
    pub(super) fn fold(&mut self, event: &Event) -> Option<LevelChange> {
        let (order, change) = self.change(event)?;
        let (slot, shown) = (order.slot(), self.at_mut(order).shown);
        if change.joined {
            self.queues.join(change.instrument, slot);
        } else if shown.is_zero() {
            self.queues.leave(change.instrument, slot);
        }
        Some(change)
    }

    /// Folds an event; returns the order that shows more or fewer lots now.
    fn change(&mut self, event: &Event) -> Option<(OrderId, LevelChange)> {
        match *event {
            Event::OrderAccepted { .. } => {
                self.accept(event);
                None
            }
            Event::OrderTerms { .. } => {
                self.describe(event);
                None
            }
            Event::OrderRested { order, shown, .. } => Some((order, self.at_mut(order).show(shown))),
            Event::OrderExecuted { order, price, lots, leaves, .. } => {
                let view = self.at_mut(order);
                view.leaves = leaves;
                view.filled = view.filled.plus(lots);
                view.cost = view.cost.plus(price.cost(lots));
                if leaves.is_zero() {
                    view.status = OrderStatus::Filled;
                }
                view.hide(lots.min(view.shown)).map(|change| (order, change))
            }
            Event::OrderReduced { order, by, leaves, shown, .. } => {
                let view = self.at_mut(order);
                view.leaves = leaves;
                view.lots = view.lots.less(by);
                view.hide(view.shown.less(shown)).map(|change| (order, change))
            }
            Event::OrderAmended { order, limit, lots, leaves, shown, client, .. } => {
                let view = self.at_mut(order);
                let change = view.hide(view.shown.less(shown));
                (view.limit, view.lots, view.leaves) = (limit, lots, leaves);
                view.client = client.or(view.client);
                change.map(|change| (order, change))
            }
            Event::OrderCanceled { order, leaves, reason, .. } => {
                let view = self.at_mut(order);
                assert_eq!(view.leaves, leaves, "what is left is cancelled");
                view.leaves = Lots::ZERO;
                view.status = OrderStatus::Canceled(reason);
                view.hide(view.shown).map(|change| (order, change))
            }
            _ => None,
        }
    }

    /// Knows an order.
    pub(super) fn insert(&mut self, view: OrderView) {
        let slot = index(view.order.slot());
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, None);
        }
        self.slots[slot] = Some(view);
    }

    fn accept(&mut self, event: &Event) {
        let Event::OrderAccepted { account, order, instrument, side, immediate, limit, lots, client, .. } =
            *event
        else {
            unreachable!("asked for accepted orders only");
        };
        let waits = [TimeInForce::GoodTillGate, TimeInForce::ImmediateOrCancel];
        self.insert(OrderView {
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

fields!(OrderView {
    order,
    client,
    account,
    instrument,
    side,
    kind,
    time_in_force,
    minimum,
    clip,
    label,
    session,
    limit,
    lots,
    leaves,
    filled,
    cost,
    status,
    shown,
});

impl Image for OrderStatus {
    fn put(&self, to: &mut ImageWriter<'_>) {
        match self {
            OrderStatus::Open => 0_u8.put(to),
            OrderStatus::Filled => 1_u8.put(to),
            OrderStatus::Canceled(reason) => (2_u8, *reason).put(to),
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<OrderStatus> {
        let broken = from.fault(CHOICE);
        match u8::take(from)? {
            0 => Ok(OrderStatus::Open),
            1 => Ok(OrderStatus::Filled),
            2 => CancelReason::take(from).map(OrderStatus::Canceled),
            _ => Err(broken),
        }
    }
}

/// Image of an open order: what of it only the events have told.
impl OrderView {
    pub(super) fn put_told(&self, to: &mut ImageWriter<'_>) {
        // All but three the exchange says too.
        let OrderView {
            order: _,
            client: _,
            account: _,
            instrument: _,
            side: _,
            kind: _,
            time_in_force: _,
            minimum,
            clip,
            label: _,
            session: _,
            limit: _,
            lots: _,
            leaves: _,
            filled: _,
            cost,
            status: _,
            shown: _,
        } = self;
        minimum.put(to);
        clip.put(to);
        cost.put(to);
    }

    /// The order that is open in `slot`.
    pub(super) fn take_told(exchange: &Exchange, slot: u32, from: &mut ImageReader<'_>) -> Taken<OrderView> {
        let (open, order) = (exchange.orders().at(slot), exchange.books().resting_in(slot));
        let placement = exchange.books().placement(order).expect("an open order rests");
        let Placement { account, instrument, side, limit, leaves, clip: _ } = placement;
        let expires = exchange.timers().due_of(Timer::Expiry(slot));
        Ok(OrderView {
            order,
            client: open.client,
            account,
            instrument,
            side,
            kind: open.kind,
            time_in_force: expires.map_or(TimeInForce::GoodTillGate, TimeInForce::GoodTillDate),
            minimum: Image::take(from)?,
            clip: Image::take(from)?,
            label: open.label,
            session: open.session,
            limit,
            lots: open.lots,
            leaves,
            filled: open.lots.less(leaves),
            cost: Image::take(from)?,
            status: OrderStatus::Open,
            shown: exchange.books().shown(order).expect("an open order rests"),
        })
    }
}
