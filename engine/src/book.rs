//! Book: resting orders by instrument, side, price and time.
//!
//! All books share one arena of orders and one of ladder nodes. Orders are named by their slot; nothing is
//! allocated per order once the arenas have grown.

pub mod arena;
mod image;
mod ladder;
mod level;
pub mod reference;
mod soundness;

use crate::book::arena::{Arena, Resting};
use crate::book::ladder::{Ladder, Nodes, Place};
use crate::ids::{AccountId, InstrumentId, OrderId, index, position};
use crate::link::Link;
use crate::order::Side;
use crate::units::{Lots, Price, Volume};

/// Where an order is to rest, and how many lots of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Whose.
    pub account: AccountId,
    /// In which book.
    pub instrument: InstrumentId,
    /// On which side.
    pub side: Side,
    /// At which price.
    pub limit: Price,
    /// Lots left, shown or not.
    pub leaves: Lots,
    /// Shows only so many lots at a time.
    pub clip: Option<Lots>,
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
    /// Lots that it shows: what trades before the next in turn.
    pub shown: Lots,
    /// Lots behind those.
    pub hidden: Lots,
    /// How many of those it shows next, at the most.
    pub clip: Lots,
}

impl Maker {
    /// All lots it has left.
    pub fn leaves(&self) -> Lots {
        self.shown.plus(self.hidden)
    }
}

/// What a maker has left after a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Lots left, shown or not. At zero the order is out of the book and its name is free.
    pub leaves: Lots,
    /// When it showed the next of its hidden lots at the end of the queue: how many.
    pub renewed: Option<Lots>,
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
        let ladder = |side| Ladder::new(Place { instrument, side });
        self.books.push(Book { bids: ladder(Side::Bid), asks: ladder(Side::Ask) });
        instrument
    }

    /// Makes room for so many orders, so that none waits for memory.
    pub(crate) fn reserve(&mut self, orders: u32) {
        self.orders.reserve(orders);
    }

    /// Whether no more orders can be taken.
    pub fn is_full(&self) -> bool {
        self.orders.is_full()
    }

    /// How many orders are named.
    pub fn taken(&self) -> u32 {
        self.orders.taken()
    }

    /// Names the next order. It has to be rested or dropped.
    #[inline]
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

    /// Frees the name of an order that does not rest.
    #[inline]
    pub fn drop_name(&mut self, order: OrderId) {
        self.orders.release(order.slot());
    }

    /// The resting order of a side that is next in turn.
    #[inline]
    pub fn first(&self, instrument: InstrumentId, side: Side) -> Option<Maker> {
        let (level, price) = self.books[index(instrument.0)].ladder(side).best()?;
        Some(self.maker(self.nodes.level(level).head(), price))
    }

    /// The resting order with which one of `side` that comes in would trade first, if its limit accepts any.
    #[inline]
    pub fn first_met(&self, instrument: InstrumentId, (side, limit): (Side, Price)) -> Option<Maker> {
        let best = self.books[index(instrument.0)].ladder(side.opposite()).best();
        let (level, price) = best.filter(|(_, price)| side.accepts(limit, *price))?;
        Some(self.maker(self.nodes.level(level).head(), price))
    }

    /// The best price of a side.
    #[inline]
    pub(crate) fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.books[index(instrument.0)].ladder(side).best().map(|(_, price)| price)
    }

    #[inline]
    fn maker(&self, slot: u32, price: Price) -> Maker {
        let &Resting { account, shown, hidden, clip, .. } = self.orders.at(slot);
        Maker { order: self.orders.id(slot), account, price, shown, hidden, clip }
    }

    /// Takes `lots` off what `maker` shows, at most all of it. An order with hidden lots then shows the next of them at
    /// the end of the queue.
    #[inline]
    pub fn fill(&mut self, maker: &Maker, lots: Lots) -> Left {
        let shown = maker.shown.less(lots);
        if !shown.is_zero() {
            self.lessen(maker.order, lots);
            return Left { leaves: shown.plus(maker.hidden), renewed: None };
        }
        if maker.hidden.is_zero() {
            self.remove(maker.order);
            return Left { leaves: Lots::ZERO, renewed: None };
        }
        Left { leaves: maker.hidden, renewed: Some(self.renew(maker)) }
    }

    /// Shows the next hidden lots at the end of the queue; returns how many.
    fn renew(&mut self, maker: &Maker) -> Lots {
        let slot = maker.order.slot();
        let level = self.unlink(slot);
        let resting = self.orders.at_mut(slot);
        let shown = resting.clip.min(resting.hidden);
        resting.hidden = resting.hidden.less(shown);
        resting.shown = shown;
        self.link(slot, level);
        shown
    }

    /// Puts the named order at the end of its price's queue; returns the lots it shows.
    #[inline(always)]
    pub fn rest(&mut self, order: OrderId, placement: &Placement) -> Lots {
        let &Placement { account, instrument, side, limit, leaves, clip } = placement;
        let ladder = self.books[index(instrument.0)].ladder_mut(side);
        let level = ladder.enter(&mut self.nodes, limit);
        let clip = clip.unwrap_or(Lots::MAX);
        let shown = clip.min(leaves);
        let resting = self.orders.at_mut(order.slot());
        resting.shown = shown;
        resting.hidden = leaves.less(shown);
        resting.clip = clip;
        resting.account = account;
        self.link(order.slot(), level);
        shown
    }

    /// Adds an order as the youngest of a level.
    #[inline(always)]
    fn link(&mut self, slot: u32, level: u32) {
        let resting = self.orders.at_mut(slot);
        let before = self.nodes.level_mut(level).append(slot, resting.shown);
        resting.next = Link::NONE;
        resting.previous = before;
        resting.level = Link::to(level);
        if let Some(before) = before.get() {
            self.orders.at_mut(before).next = Link::to(slot);
        }
    }

    /// Takes an order out of its level, which may then be empty; returns the level.
    #[inline(always)]
    fn unlink(&mut self, slot: u32) -> u32 {
        let resting = *self.orders.at(slot);
        let level = resting.level.get().expect("a resting order stands in a level");
        let queue = self.nodes.level_mut(level);
        queue.reduce(resting.shown);
        match resting.previous.get() {
            Some(before) => self.orders.at_mut(before).next = resting.next,
            None => queue.set_head(resting.next),
        }
        match resting.next.get() {
            Some(after) => self.orders.at_mut(after).previous = resting.previous,
            None => self.nodes.level_mut(level).set_tail(resting.previous),
        }
        level
    }

    /// Takes `by` lots off what an order shows, fewer than that.
    fn lessen(&mut self, order: OrderId, by: Lots) {
        let resting = self.orders.at_mut(order.slot());
        resting.shown = resting.shown.less(by);
        let level = resting.level.get().expect("a resting order stands in a level");
        self.nodes.level_mut(level).reduce(by);
    }

    /// Takes `by` lots off a resting order, fewer than it has left, hidden ones first; it keeps its place. Returns what
    /// it shows then.
    pub fn reduce(&mut self, order: OrderId, by: Lots) -> Lots {
        let resting = self.orders.at_mut(order.slot());
        let hidden = resting.hidden.min(by);
        resting.hidden = resting.hidden.less(hidden);
        let shown = by.less(hidden);
        assert!(shown < resting.shown, "an order that rests has lots left");
        if !shown.is_zero() {
            self.lessen(order, shown);
        }
        self.orders.at(order.slot()).shown
    }

    /// Takes a resting order out and frees its name.
    #[inline(always)]
    pub fn remove(&mut self, order: OrderId) {
        self.withdraw(order);
        self.orders.release(order.slot());
    }

    /// Takes a resting order out; it keeps its name.
    #[inline(always)]
    pub fn withdraw(&mut self, order: OrderId) {
        let level = self.unlink(order.slot());
        if self.nodes.level(level).is_empty() {
            let Place { instrument, side } = self.nodes.place(level);
            self.books[index(instrument.0)].ladder_mut(side).leave(&mut self.nodes, level);
        }
        self.orders.at_mut(order.slot()).level = Link::NONE;
    }

    /// The order that rests in `slot`; panics when none does.
    pub fn resting_in(&self, slot: u32) -> OrderId {
        assert!(self.orders.at(slot).level.get().is_some(), "only a slot where an order rests is asked for");
        self.orders.id(slot)
    }

    /// The order that rests in `slot`, if there is such a slot and one does.
    pub(crate) fn rests_in(&self, slot: u32) -> Option<OrderId> {
        self.orders.rests_in(slot).then(|| self.orders.id(slot))
    }

    /// How many instruments have a book.
    pub(crate) fn len(&self) -> usize {
        self.books.len()
    }

    /// Asks for the order in `slot`.
    #[inline]
    pub(crate) fn prefetch(&self, slot: u32) {
        self.orders.prefetch(slot);
    }

    /// Whose the order in `slot` is.
    #[inline]
    pub(crate) fn owner(&self, slot: u32) -> AccountId {
        self.orders.at(slot).account
    }

    /// Where an order rests, and what it has left; `None` when it does not rest.
    #[inline]
    pub fn placement(&self, order: OrderId) -> Option<Placement> {
        self.orders.find(order).and_then(|resting| self.placement_of(resting))
    }

    /// The order that rests in `slot`, and where; panics when none does.
    #[inline(always)]
    pub(crate) fn placement_in(&self, slot: u32) -> (OrderId, Placement) {
        let placement = self.placement_of(self.orders.at(slot));
        (self.orders.id(slot), placement.expect("only a slot where an order rests is asked for"))
    }

    #[inline(always)]
    fn placement_of(&self, resting: &Resting) -> Option<Placement> {
        let level = resting.level.get()?;
        let Place { instrument, side } = self.nodes.place(level);
        let &Resting { account, shown, hidden, clip, .. } = resting;
        let leaves = shown.plus(hidden);
        let clip = (clip < Lots::MAX).then_some(clip);
        Some(Placement { account, instrument, side, limit: self.nodes.price(level), leaves, clip })
    }

    /// Lots that a resting order has left; `None` when it does not rest.
    pub fn leaves(&self, order: OrderId) -> Option<Lots> {
        let resting = self.orders.find(order).filter(|resting| resting.level.get().is_some())?;
        Some(resting.shown.plus(resting.hidden))
    }

    /// Lots that a resting order shows; `None` when it does not rest.
    pub fn shown(&self, order: OrderId) -> Option<Lots> {
        let resting = self.orders.find(order).filter(|resting| resting.level.get().is_some())?;
        Some(resting.shown)
    }

    /// The best price of a side and the lots shown there.
    #[inline]
    pub fn top(&self, instrument: InstrumentId, side: Side) -> Option<(Price, Volume)> {
        let (level, price) = self.books[index(instrument.0)].ladder(side).best()?;
        Some((price, self.nodes.level(level).lots()))
    }

    /// Every price of a side with the lots shown there, best first.
    pub fn depth(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = (Price, Volume)> {
        self.levels(instrument, side).map(|level| (self.nodes.price(level), self.nodes.level(level).lots()))
    }

    /// Every resting order of a side, in order of priority.
    pub fn queue(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = Maker> {
        self.queues(instrument, side).flatten()
    }

    /// The orders of every level of a side, best level first, in order of priority.
    pub fn queues(
        &self,
        instrument: InstrumentId,
        side: Side,
    ) -> impl Iterator<Item = impl Iterator<Item = Maker>> {
        self.levels(instrument, side).map(move |level| {
            let price = self.nodes.price(level);
            let first = Link::to(self.nodes.level(level).head());
            let next = |slot: &u32| self.orders.at(*slot).next.get();
            std::iter::successors(first.get(), next).map(move |slot| self.maker(slot, price))
        })
    }

    fn levels(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = u32> {
        let first = self.books[index(instrument.0)].ladder(side).best().map(|(level, _)| level);
        std::iter::successors(first, move |level| self.nodes.after(side, *level))
    }

    /// Whether any resting order may be met by one of `side` that comes in; not where there is no such book.
    #[inline]
    pub(crate) fn meets(&self, instrument: InstrumentId, (side, limit): (Side, Price)) -> bool {
        let best = self.books.get(index(instrument.0)).and_then(|book| book.ladder(side.opposite()).best());
        best.is_some_and(|(_, price)| side.accepts(limit, price))
    }

    /// The slots of the orders that one of `lots` meets on its way in, in turn, as far as what they show tells.
    pub(crate) fn met(
        &self,
        instrument: InstrumentId,
        (side, limit): (Side, Price),
        mut lots: Lots,
    ) -> impl Iterator<Item = u32> {
        let accepted = move |level: &u32| side.accepts(limit, self.nodes.price(*level));
        let levels = self.levels(instrument, side.opposite()).take_while(accepted);
        let queues = levels.map(|level| Link::to(self.nodes.level(level).head()));
        let slots = queues
            .flat_map(|head| std::iter::successors(head.get(), |slot| self.orders.at(*slot).next.get()));
        slots.take_while(move |slot| {
            let meets = !lots.is_zero();
            lots = lots.less(lots.min(self.orders.at(*slot).shown));
            meets
        })
    }

    /// Bytes that orders, prices and books take.
    pub fn bytes(&self) -> usize {
        self.orders.bytes() + self.nodes.bytes() + self.books.capacity() * size_of::<Book>()
    }
}
