//! Level: the queue of orders at one price, oldest first.

use crate::link::Link;
use crate::units::{Lots, Volume};

/// First and last order of a queue, and the lots of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    head: Link,
    tail: Link,
    lots: Volume,
}

impl Level {
    /// A queue without orders.
    pub(crate) const EMPTY: Level = Level { head: Link::NONE, tail: Link::NONE, lots: Volume::ZERO };

    /// The oldest order. Levels in the ladder are never empty.
    pub(crate) fn head(&self) -> u32 {
        self.head.get().expect("a level in the ladder has orders")
    }

    /// The youngest order.
    pub(crate) fn tail(&self) -> Link {
        self.tail
    }

    /// Lots of all orders in the queue.
    pub(crate) fn lots(&self) -> Volume {
        self.lots
    }

    /// Whether no order is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.head == Link::NONE
    }

    /// Adds the order in `slot` as the youngest; returns the one before it.
    pub(crate) fn append(&mut self, slot: u32, lots: Lots) -> Link {
        let before = self.tail;
        if before == Link::NONE {
            self.head = Link::to(slot);
        }
        self.tail = Link::to(slot);
        self.lots = self.lots.plus(lots);
        before
    }

    /// Takes lots off the sum.
    pub(crate) fn reduce(&mut self, lots: Lots) {
        self.lots = self.lots.less(lots);
    }

    /// Says which order is the oldest.
    pub(crate) fn set_head(&mut self, head: Link) {
        self.head = head;
    }

    /// Says which order is the youngest.
    pub(crate) fn set_tail(&mut self, tail: Link) {
        self.tail = tail;
    }
}
