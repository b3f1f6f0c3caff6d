//! Instrument: one delivery window of a market, from its listing to the gate.

use crate::ids::MarketId;
use crate::stamp::Time;
use crate::units::Volume;

/// Where an instrument is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Trading.
    Open,
    /// The gate has passed: what rested is cancelled, positions are frozen.
    Closed,
}

/// One delivery window of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// The market whose settings apply.
    pub market: MarketId,
    /// Start of the delivery window.
    pub start: Time,
    /// End of trading.
    pub gate: Time,
    /// Where it is in its life.
    pub phase: Phase,
    /// Trades so far.
    pub trades: u64,
    /// Lots sold that were obligations when sold.
    pub issued: Volume,
    /// Lots bought back by those who owed them.
    pub extinguished: Volume,
}

impl Instrument {
    /// A freshly listed instrument.
    pub fn new(market: MarketId, start: Time, gate: Time) -> Instrument {
        let (issued, extinguished) = (Volume::ZERO, Volume::ZERO);
        Instrument { market, start, gate, phase: Phase::Open, trades: 0, issued, extinguished }
    }

    /// Whether an order stamped `time` may still trade: one stamped at the gate is late.
    pub fn trades_at(&self, time: Time) -> bool {
        self.phase == Phase::Open && time < self.gate
    }
}
