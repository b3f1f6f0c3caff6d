//! Depth: one instrument's lots by price.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::ids::InstrumentId;
use crate::order::Side;
use crate::units::{Lots, Price, Volume};

/// Lots that joined or left a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// Whose book.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// Which level.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// Whether they joined.
    pub joined: bool,
}

/// Lots by price, of both sides.
#[derive(Clone, Debug, Default)]
pub struct Depth {
    bids: BTreeMap<Price, Volume>,
    asks: BTreeMap<Price, Volume>,
}

impl Depth {
    /// Lots join or leave a level.
    pub fn apply(&mut self, change: &LevelChange) {
        let levels = match change.side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        };
        let level = levels.entry(change.price).or_default();
        *level = if change.joined { level.plus(change.lots) } else { level.less(change.lots) };
        if level.is_zero() {
            levels.remove(&change.price);
        }
    }

    /// The depth of levels, bids and asks.
    pub(super) fn of(
        bids: impl Iterator<Item = (Price, Volume)>,
        asks: impl Iterator<Item = (Price, Volume)>,
    ) -> Depth {
        Depth { bids: bids.collect(), asks: asks.collect() }
    }

    /// Lots at a price.
    pub fn at(&self, side: Side, price: Price) -> Volume {
        let levels = match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        };
        levels.get(&price).copied().unwrap_or_default()
    }

    /// Every level of a side, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Volume)> {
        let (bids, asks) = match side {
            Side::Bid => (Some(self.bids()), None),
            Side::Ask => (None, Some(self.asks())),
        };
        bids.into_iter().flatten().chain(asks.into_iter().flatten())
    }

    /// Every level of a side that is worse than a price, best first.
    pub fn worse(&self, side: Side, than: Price) -> impl Iterator<Item = (Price, Volume)> {
        let (bids, asks) = match side {
            Side::Bid => (Some(self.bids.range(..than).rev()), None),
            Side::Ask => (None, Some(self.asks.range((Bound::Excluded(than), Bound::Unbounded)))),
        };
        let levels = bids.into_iter().flatten().chain(asks.into_iter().flatten());
        levels.map(|(price, lots)| (*price, *lots))
    }

    /// How many levels there are, of both sides together.
    pub fn len(&self) -> usize {
        self.bids.len() + self.asks.len()
    }

    /// Whether there is no level.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every bid level, best first.
    pub fn bids(&self) -> impl Iterator<Item = (Price, Volume)> {
        self.bids.iter().rev().map(|(price, lots)| (*price, *lots))
    }

    /// Every ask level, best first.
    pub fn asks(&self) -> impl Iterator<Item = (Price, Volume)> {
        self.asks.iter().map(|(price, lots)| (*price, *lots))
    }
}
