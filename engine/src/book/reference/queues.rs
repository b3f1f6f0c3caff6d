//! Queues: one side of the reference book, a sorted map of queues.

use std::collections::{BTreeMap, VecDeque};

use crate::book::reference::order::ReferenceResting;
use crate::order::Side;
use crate::units::Price;

/// The resting orders of a side by price, at each price in order of time. No queue is empty.
#[derive(Clone, Debug)]
pub(super) struct Queues {
    side: Side,
    queues: BTreeMap<Price, VecDeque<ReferenceResting>>,
}

impl Queues {
    pub(super) fn new(side: Side) -> Queues {
        Queues { side, queues: BTreeMap::new() }
    }

    /// The best price.
    pub(super) fn best(&self) -> Option<Price> {
        match self.side {
            Side::Bid => self.queues.keys().next_back().copied(),
            Side::Ask => self.queues.keys().next().copied(),
        }
    }

    /// The order that is next in turn.
    pub(super) fn first(&self) -> Option<&ReferenceResting> {
        self.queues[&self.best()?].front()
    }

    /// The order that is next in turn, to be changed in its place.
    pub(super) fn first_mut(&mut self) -> Option<&mut ReferenceResting> {
        let best = self.best()?;
        self.queues.get_mut(&best)?.front_mut()
    }

    /// Takes out the order that is next in turn.
    pub(super) fn take_first(&mut self) -> Option<ReferenceResting> {
        let first = self.first()?.order.number;
        self.remove(first)
    }

    /// Puts an order at the end of its price's queue.
    pub(super) fn put_last(&mut self, resting: ReferenceResting) {
        self.queues.entry(resting.order.limit).or_default().push_back(resting);
    }

    /// The order of that number, to be changed in its place.
    pub(super) fn find(&mut self, number: u64) -> Option<&mut ReferenceResting> {
        self.queues.values_mut().flatten().find(|resting| resting.order.number == number)
    }

    /// Takes out the order of that number.
    pub(super) fn remove(&mut self, number: u64) -> Option<ReferenceResting> {
        let limit = self.find(number)?.order.limit;
        let queue = self.queues.get_mut(&limit)?;
        let place = queue.iter().position(|resting| resting.order.number == number)?;
        let removed = queue.remove(place);
        if queue.is_empty() {
            self.queues.remove(&limit);
        }
        removed
    }

    /// Every order, in order of priority.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ReferenceResting> {
        let mut queues: Vec<&VecDeque<ReferenceResting>> = self.queues.values().collect();
        if self.side == Side::Bid {
            queues.reverse();
        }
        queues.into_iter().flatten()
    }
}
