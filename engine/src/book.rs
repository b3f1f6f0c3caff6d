//! Book: resting orders by instrument, side, price and time.
//!
//! All books share one arena of orders and one of ladder nodes. Orders are named by their slot; nothing is
//! allocated per order once the arenas have grown.

pub mod arena;
mod ladder;
mod level;
pub mod reference;

use crate::book::arena::Arena;
use crate::book::ladder::{Ladder, Nodes};
use crate::ids::{AccountId, InstrumentId, OrderId, index, position};
use crate::link::Link;
use crate::order::Side;
use crate::units::{Lots, Price, Volume};

/// An order that comes in: what the book must know to match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Of what.
    pub instrument: InstrumentId,
    /// Buying or selling.
    pub side: Side,
    /// The worst price it accepts.
    pub limit: Price,
    /// Lots still open.
    pub leaves: Lots,
}

/// The resting order that is next in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub account: AccountId,
    /// Its limit, which rules the trade.
    pub price: Price,
    /// Lots it has left.
    pub lots: Lots,
}

/// What came of one maker meeting the incoming order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The maker as it was before.
    pub maker: Maker,
    /// Lots traded.
    pub lots: Lots,
    /// Lots the maker has left.
    pub maker_leaves: Lots,
}

/// One instrument's two sides.
#[derive(Clone, Copy, Debug)]
struct Book {
    bids: Ladder,
    asks: Ladder,
}

impl Book {
    const fn ladder(&self, side: Side) -> &Ladder {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    const fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}

/// Every instrument's book.
#[derive(Clone, Debug, Default)]
pub struct Books {
    orders: Arena,
    nodes: Nodes,
    books: Vec<Book>,
}

impl Books {
    /// Opens an empty book for the next instrument.
    pub fn open(&mut self) -> InstrumentId {
        let instrument = InstrumentId(position(self.books.len()));
        self.books.push(Book { bids: Ladder::new(Side::Bid), asks: Ladder::new(Side::Ask) });
        instrument
    }

    /// Whether no more orders can be taken.
    pub fn is_full(&self) -> bool {
        self.orders.is_full()
    }

    /// Names the next order. It has to be rested or dropped.
    pub fn name(&mut self) -> OrderId {
        self.orders.take()
    }

    /// The name that [`Books::name`] gives next.
    pub fn next_name(&self) -> OrderId {
        self.orders.next()
    }

    /// The names of orders that have ended, changed so that they are new, in the order in which they are given.
    pub(crate) fn names_free(&self) -> impl Iterator<Item = OrderId> {
        self.orders.free()
    }

    /// Frees the name of an order that never rested.
    pub fn drop_name(&mut self, order: OrderId) {
        self.orders.release(order.slot());
    }

    /// The resting order of the other side that is next in turn for `incoming`, if it accepts its price.
    pub fn facing(&self, incoming: &Incoming) -> Option<Maker> {
        let maker = self.first(incoming.instrument, incoming.side.opposite())?;
        incoming.side.accepts(incoming.limit, maker.price).then_some(maker)
    }

    /// The resting order of a side that is next in turn.
    pub fn first(&self, instrument: InstrumentId, side: Side) -> Option<Maker> {
        let level = self.books[index(instrument.0)].ladder(side).best()?;
        Some(self.maker(self.nodes.level(level).head()))
    }

    fn maker(&self, slot: u32) -> Maker {
        let order = self.orders.at(slot);
        Maker { order: self.orders.id(slot), account: order.account, price: order.limit, lots: order.lots }
    }

    /// Trades `incoming` with `maker`, which must be the one that [`Books::facing`] gave.
    pub fn trade(&mut self, incoming: &mut Incoming, maker: Maker) -> Fill {
        let lots = incoming.leaves.min(maker.lots);
        incoming.leaves = incoming.leaves.less(lots);
        let maker_leaves = maker.lots.less(lots);
        if maker_leaves.is_zero() {
            self.remove(maker.order);
        } else {
            self.reduce(maker.order, lots);
        }
        Fill { maker, lots, maker_leaves }
    }

    /// Puts the named order at the end of its price's queue.
    pub fn rest(&mut self, order: OrderId, account: AccountId, incoming: &Incoming) {
        let Incoming { instrument, side, limit, leaves } = *incoming;
        let ladder = self.books[index(instrument.0)].ladder_mut(side);
        let level = ladder.enter(&mut self.nodes, limit);
        let queue = self.nodes.level_mut(level);
        let before = queue.append(order.slot(), leaves);
        if let Some(before) = before.get() {
            self.orders.at_mut(before).next = Link::to(order.slot());
        }
        let resting = self.orders.at_mut(order.slot());
        resting.next = Link::NONE;
        resting.previous = before;
        resting.level = Link::to(level);
        resting.lots = leaves;
        resting.account = account;
        resting.instrument = instrument;
        resting.limit = limit;
    }

    /// Takes `by` lots off a resting order, fewer than it has; it keeps its place.
    pub fn reduce(&mut self, order: OrderId, by: Lots) {
        let resting = self.orders.at_mut(order.slot());
        assert!(by < resting.lots, "an order that rests has lots left");
        resting.lots = resting.lots.less(by);
        let level = resting.level.get().expect("a resting order stands in a level");
        self.nodes.level_mut(level).reduce(by);
    }

    /// Takes a resting order out and frees its name.
    pub fn remove(&mut self, order: OrderId) {
        let resting = *self.orders.at(order.slot());
        let level = resting.level.get().expect("a resting order stands in a level");
        match resting.previous.get() {
            Some(before) => self.orders.at_mut(before).next = resting.next,
            None => self.nodes.level_mut(level).set_head(resting.next),
        }
        match resting.next.get() {
            Some(after) => self.orders.at_mut(after).previous = resting.previous,
            None => self.nodes.level_mut(level).set_tail(resting.previous),
        }
        let queue = self.nodes.level_mut(level);
        queue.reduce(resting.lots);
        if queue.is_empty() {
            let side = self.nodes.side(level);
            self.books[index(resting.instrument.0)].ladder_mut(side).leave(&mut self.nodes, level);
        }
        self.orders.release(order.slot());
    }

    /// The order that rests in `slot`; panics when none does.
    pub fn resting_in(&self, slot: u32) -> OrderId {
        assert!(self.orders.at(slot).level.get().is_some(), "only a slot where an order rests is asked for");
        self.orders.id(slot)
    }

    /// Lots that a resting order has left; `None` when it does not rest.
    pub fn leaves(&self, order: OrderId) -> Option<Lots> {
        self.orders.find(order).filter(|resting| resting.level.get().is_some()).map(|resting| resting.lots)
    }

    /// The best price of a side and the lots there.
    pub fn top(&self, instrument: InstrumentId, side: Side) -> Option<(Price, Volume)> {
        let level = self.books[index(instrument.0)].ladder(side).best()?;
        Some((self.nodes.price(level), self.nodes.level(level).lots()))
    }

    /// Every price of a side with the lots there, best first.
    pub fn depth(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = (Price, Volume)> {
        self.levels(instrument, side).map(|level| (self.nodes.price(level), self.nodes.level(level).lots()))
    }

    /// Every resting order of a side, in order of priority.
    pub fn queue(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = Maker> {
        self.levels(instrument, side).flat_map(move |level| {
            let first = Link::to(self.nodes.level(level).head());
            let next = |slot: &u32| self.orders.at(*slot).next.get();
            std::iter::successors(first.get(), next).map(|slot| self.maker(slot))
        })
    }

    fn levels(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = u32> {
        let first = self.books[index(instrument.0)].ladder(side).best();
        std::iter::successors(first, move |level| self.nodes.after(side, *level))
    }

    /// Panics unless the book of `instrument` is sound: queues linked both ways, level sums right, not crossed.
    pub fn assert_sound(&self, instrument: InstrumentId) {
        for side in [Side::Bid, Side::Ask] {
            let mut last: Option<Price> = None;
            for level in self.levels(instrument, side) {
                let price = self.nodes.price(level);
                assert!(
                    last.is_none_or(|last| last != price && side.accepts(last, price)),
                    "prices get worse"
                );
                last = Some(price);
                self.assert_level_sound(instrument, level);
            }
        }
        if let (Some((bid, _)), Some((ask, _))) =
            (self.top(instrument, Side::Bid), self.top(instrument, Side::Ask))
        {
            assert!(bid < ask, "the book is not crossed");
        }
    }

    fn assert_level_sound(&self, instrument: InstrumentId, level: u32) {
        let queue = self.nodes.level(level);
        let mut sum = Volume::ZERO;
        let mut previous = Link::NONE;
        let mut at = Link::to(queue.head());
        while let Some(slot) = at.get() {
            let order = self.orders.at(slot);
            assert!(!order.lots.is_zero(), "an order that rests has lots left");
            assert_eq!(order.previous, previous, "queues are linked both ways");
            assert_eq!(order.level, Link::to(level), "an order knows its level");
            assert_eq!(order.limit, self.nodes.price(level), "an order rests at its limit");
            assert_eq!(order.instrument, instrument, "an order rests in its own book");
            sum = sum.plus(order.lots);
            previous = at;
            at = order.next;
        }
        assert_eq!(queue.tail(), previous, "the last order is the tail");
        assert_eq!(queue.lots(), sum, "a level holds what its orders hold");
    }
}
