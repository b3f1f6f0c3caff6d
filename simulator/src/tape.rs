//! Tape: every trade of a flow in one number, which two books share exactly when they traded alike.

use std::fmt;

use engine::units::{Lots, Price};

const KEY: u64 = 0x9E37_79B9_7F4A_7C15;

/// A rolling hash over (maker, taker, price, lots) of each trade, as the reference flow defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tape {
    hash: u64,
    /// Trades so far.
    pub(crate) trades: u64,
    /// Their lots.
    pub(crate) lots: u64,
}

impl Default for Tape {
    fn default() -> Tape {
        Tape { hash: 0xCBF2_9CE4_8422_2325, trades: 0, lots: 0 }
    }
}

impl Tape {
    /// Adds a trade between two orders, named by their clients' ids.
    pub(crate) fn record(&mut self, (maker, taker): (u64, u64), price: Price, lots: Lots) {
        for word in [maker, taker, price.ticks().into(), lots.count().into()] {
            self.hash = (self.hash ^ word).wrapping_mul(KEY).rotate_left(29);
        }
        self.trades += 1;
        self.lots += u64::from(lots.count());
    }
}

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.hash)
    }
}
