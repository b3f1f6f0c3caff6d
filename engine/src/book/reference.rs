//! Reference book: the same rules written for clarity, the oracle in tests.
//!
//! Prices in a sorted map, orders in a list in order of arrival. It answers what [`super::Books`] answers for one
//! instrument, and is not fast.

use std::collections::BTreeMap;

use crate::order::Side;
use crate::units::{Lots, Price, Volume};

/// A resting order, by whatever number the caller gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceOrder {
    /// The caller's number.
    pub number: u64,
    /// Lots left.
    pub lots: Lots,
}

/// What an incoming order did: fills as (maker, price, lots), and lots left over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceOutcome {
    /// Maker, price and lots of each fill, in order.
    pub fills: Vec<(u64, Price, Lots)>,
    /// Lots that found nobody.
    pub leaves: Lots,
}

/// One instrument's book.
#[derive(Clone, Debug, Default)]
pub struct ReferenceBook {
    bids: BTreeMap<Price, Vec<ReferenceOrder>>,
    asks: BTreeMap<Price, Vec<ReferenceOrder>>,
}

impl ReferenceBook {
    /// Matches an incoming order against the other side.
    pub fn take(&mut self, side: Side, limit: Price, lots: Lots) -> ReferenceOutcome {
        let mut outcome = ReferenceOutcome { fills: Vec::new(), leaves: lots };
        while !outcome.leaves.is_zero()
            && let Some(price) = self.best(side.opposite())
            && side.accepts(limit, price)
        {
            let queue = self.side_mut(side.opposite()).get_mut(&price).expect("the best price has orders");
            let maker = &mut queue[0];
            let traded = outcome.leaves.min(maker.lots);
            outcome.fills.push((maker.number, price, traded));
            outcome.leaves = outcome.leaves.less(traded);
            maker.lots = maker.lots.less(traded);
            if maker.lots.is_zero() {
                queue.remove(0);
            }
            if queue.is_empty() {
                self.side_mut(side.opposite()).remove(&price);
            }
        }
        outcome
    }

    /// Puts an order at the end of its price's queue.
    pub fn rest(&mut self, side: Side, price: Price, order: ReferenceOrder) {
        self.side_mut(side).entry(price).or_default().push(order);
    }

    /// Takes `by` lots off an order, or all of it; returns whether it rested.
    pub fn reduce(&mut self, number: u64, by: Option<Lots>) -> bool {
        for side in [Side::Bid, Side::Ask] {
            for (price, queue) in self.side_mut(side) {
                let price = *price;
                let Some(place) = queue.iter().position(|order| order.number == number) else { continue };
                match by {
                    Some(by) => queue[place].lots = queue[place].lots.less(by),
                    None => drop(queue.remove(place)),
                }
                if queue.is_empty() {
                    self.side_mut(side).remove(&price);
                }
                return true;
            }
        }
        false
    }

    /// The best price of a side.
    pub fn best(&self, side: Side) -> Option<Price> {
        match side {
            Side::Bid => self.bids.keys().next_back().copied(),
            Side::Ask => self.asks.keys().next().copied(),
        }
    }

    /// Every price of a side with the lots there, best first.
    pub fn depth(&self, side: Side) -> Vec<(Price, Volume)> {
        let sum =
            |queue: &Vec<ReferenceOrder>| queue.iter().fold(Volume::ZERO, |sum, order| sum.plus(order.lots));
        let level = |(price, queue): (&Price, &Vec<ReferenceOrder>)| (*price, sum(queue));
        match side {
            Side::Bid => self.bids.iter().rev().map(level).collect(),
            Side::Ask => self.asks.iter().map(level).collect(),
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Price, Vec<ReferenceOrder>> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}
