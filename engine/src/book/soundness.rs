//! Soundness: what must hold of a book, whatever happened.

use crate::book::Books;
use crate::book::ladder::Place;
use crate::ids::InstrumentId;
use crate::link::Link;
use crate::order::Side;
use crate::units::{Price, Volume};

impl Books {
    /// Panics unless the book of `instrument` is sound: queues linked both ways, level sums right, not crossed.
    pub fn assert_sound(&self, instrument: InstrumentId) {
        for side in [Side::Bid, Side::Ask] {
            let mut last: Option<Price> = None;
            let best = self.levels(instrument, side).next().map(|level| self.nodes.price(level));
            assert_eq!(self.best(instrument, side), best, "the best price is that of the best level");
            for level in self.levels(instrument, side) {
                let price = self.nodes.price(level);
                let worse = last.is_none_or(|last| last != price && side.accepts(last, price));
                assert!(worse, "prices get worse");
                last = Some(price);
                assert_eq!(self.nodes.place(level), Place { instrument, side }, "a level knows its book");
                self.assert_level_sound(level);
            }
        }
        self.assert_uncrossed(instrument);
    }

    /// I2: panics unless the best bid is below the best ask.
    pub fn assert_uncrossed(&self, instrument: InstrumentId) {
        let top = |side| self.top(instrument, side).map(|(price, _)| price);
        if let (Some(bid), Some(ask)) = (top(Side::Bid), top(Side::Ask)) {
            assert!(bid < ask, "the book is not crossed");
        }
    }

    fn assert_level_sound(&self, level: u32) {
        let queue = self.nodes.level(level);
        let mut sum = Volume::ZERO;
        let mut previous = Link::NONE;
        let mut at = Link::to(queue.head());
        while let Some(slot) = at.get() {
            let order = self.orders.at(slot);
            assert!(!order.shown.is_zero(), "an order that rests shows lots");
            assert!(order.shown <= order.clip, "an order shows no more than it wants");
            assert_eq!(order.previous, previous, "queues are linked both ways");
            assert_eq!(order.level, Link::to(level), "an order knows its level");
            sum = sum.plus(order.shown);
            previous = at;
            at = order.next;
        }
        assert_eq!(queue.tail(), previous, "the last order is the tail");
        assert_eq!(queue.lots(), sum, "a level shows what its orders show");
    }
}
