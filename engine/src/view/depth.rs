//! Depth: one instrument's lots by price.

use std::collections::BTreeMap;

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
    pub(super) fn apply(&mut self, change: &LevelChange) {
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

    /// Every bid level, best first.
    pub fn bids(&self) -> impl Iterator<Item = (Price, Volume)> {
        self.bids.iter().rev().map(|(price, lots)| (*price, *lots))
    }

    /// Every ask level, best first.
    pub fn asks(&self) -> impl Iterator<Item = (Price, Volume)> {
        self.asks.iter().map(|(price, lots)| (*price, *lots))
    }
}
