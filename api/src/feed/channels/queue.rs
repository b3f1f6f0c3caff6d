//! Queue: every order that shows something, by itself, under a name that says nothing of its owner.
//!
//! A part that an iceberg shows is an order of its own, since it takes a new place in the queue.

use std::collections::HashMap;
use std::sync::Arc;

use engine::event::Event;
use engine::ids::{InstrumentId, OrderId};
use engine::order::Side;
use engine::units::{Lots, Price};
use engine::view::View;
use engine::view::orders::OrderView;
use protocol::public::Public;
use protocol::queue::{QueueEvent, QueueImage, QueueOrder};
use protocol::update::Update;
use protocol::written::Data;

use crate::convert::order::{price_text, quantity, side};
use crate::convert::symbol;
use crate::feed::channels::Link;
use crate::feed::image::Image;

/// About how many bytes an order is as text.
const ORDER_BYTES: usize = 30;

/// What the listeners call each order, and what it shows.
#[derive(Debug, Default)]
pub(in crate::feed) struct QueueState {
    names: HashMap<OrderId, (u64, Lots)>,
}

impl QueueState {
    pub(super) fn new(instrument: InstrumentId, view: &View, oids: &mut u64) -> QueueState {
        let mut state = QueueState::default();
        for order in view.resting(instrument) {
            state.name(order.order, order.shown, oids);
        }
        state
    }

    fn name(&mut self, order: OrderId, shown: Lots, oids: &mut u64) -> u64 {
        *oids += 1;
        self.names.insert(order, (*oids, shown));
        *oids
    }

    /// What an event is to the listeners. `order` is the event's, of this stream's instrument.
    pub(in crate::feed) fn event(
        &mut self,
        event: &Event,
        order: &OrderView,
        oids: &mut u64,
    ) -> Option<QueueEvent> {
        if let Event::OrderRested { shown, .. } = *event {
            let oid = self.name(order.order, shown, oids);
            let (price, qty) = (price_text(order.limit), quantity(shown));
            return Some(QueueEvent::Add { oid, side: side(order.side), price, qty });
        }
        let (oid, before) = *self.names.get(&order.order)?;
        let (shown, traded) = match *event {
            Event::OrderExecuted { lots, .. } => (before.less(lots.min(before)), true),
            Event::OrderReduced { shown, .. } | Event::OrderAmended { shown, .. } => (shown, false),
            Event::OrderCanceled { .. } => (Lots::ZERO, false),
            _ => return None,
        };
        if shown.is_zero() {
            self.names.remove(&order.order);
        } else {
            self.names.insert(order.order, (oid, shown));
        }
        match (traded, shown) {
            (true, _) => Some(QueueEvent::Fill { oid, qty: quantity(shown) }),
            (false, Lots::ZERO) => Some(QueueEvent::Remove { oid }),
            (false, _) => (shown != before).then(|| QueueEvent::Change { oid, qty: quantity(shown) }),
        }
    }

    /// All orders as they are.
    pub(super) fn image(&self, instrument: InstrumentId, view: &View) -> Arc<Image> {
        let rows = |wanted: Side| {
            let of_side = view.resting(instrument).filter(move |order| order.side == wanted);
            let named = of_side.map(|order| {
                let (oid, shown) = self.names[&order.order];
                (order.limit, oid, shown)
            });
            let mut rows: Vec<(Price, u64, Lots)> = named.collect();
            // Stable: those of one price stay as they joined.
            match wanted {
                Side::Bid => rows.sort_by_key(|row| std::cmp::Reverse(row.0)),
                Side::Ask => rows.sort_by_key(|row| row.0),
            }
            rows
        };
        let [asks, bids] = [Side::Ask, Side::Bid].map(rows);
        let bytes = (asks.len() + bids.len()) * ORDER_BYTES;
        Image::new(bytes, move || Data::of(&QueueImage { asks: orders(&asks), bids: orders(&bids) }))
    }
}

fn orders(rows: &[(Price, u64, Lots)]) -> Vec<QueueOrder> {
    let order = |&(limit, oid, shown): &(Price, u64, Lots)| {
        let (price, qty) = (price_text(limit), quantity(shown));
        QueueOrder { oid, price, qty }
    };
    rows.iter().map(order).collect()
}

/// The order that an event of a book is about, as it is after the command.
pub(in crate::feed) fn order_of<'a>(event: &Event, view: &'a View) -> Option<&'a OrderView> {
    match *event {
        Event::OrderRested { order, .. } => view.order(order),
        Event::OrderExecuted { account, order, .. }
        | Event::OrderReduced { account, order, .. }
        | Event::OrderAmended { account, order, .. }
        | Event::OrderCanceled { account, order, .. } => view.order_of(account, order),
        _ => None,
    }
}

/// A message of what one command did.
pub(in crate::feed) fn update(
    link: Link,
    instrument: InstrumentId,
    data: Vec<QueueEvent>,
    view: &View,
) -> Update {
    Update::OrdersL3(Public::Update(link.update(Some(symbol::text(view, instrument)), data)))
}
