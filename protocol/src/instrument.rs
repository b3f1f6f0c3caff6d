//! Instrument: one delivery window of one class in one zone, the thing traded.

use serde::{Deserialize, Serialize};

use crate::control::{MarketLimits, TradingMode};
use crate::time::Time;

/// A listed market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Class, zone, tier and window in one name.
    pub symbol: String,
    /// Which GPU.
    pub class: String,
    /// Where.
    pub zone: String,
    /// How firm the delivery is.
    pub tier: Tier,
    /// Delivery from, to.
    pub window: [Time; 2],
    /// Trading ends.
    pub gate: Time,
    /// The smallest step of a price.
    pub tick: String,
    /// The smallest step of a quantity.
    pub lot: String,
    /// Where it is in its life.
    pub state: MarketState,
    /// What may be done in it; everything if absent.
    #[serde(default, skip_serializing_if = "TradingMode::is_open")]
    pub mode: TradingMode,
    /// Its market's price bands and limits; none if absent.
    #[serde(default, skip_serializing_if = "MarketLimits::is_none")]
    pub limits: MarketLimits,
    /// CU that secure one sold lot; fixed when it opens.
    pub bond: String,
    /// The resting side's fee in millionths of the price.
    pub maker_fee_ppm: u32,
    /// The incoming side's fee in millionths of the price.
    pub taker_fee_ppm: u32,
}

/// How firm a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The seller must deliver.
    Firm,
    /// The seller may reclaim with notice.
    Int,
    /// A tier that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Where a market is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketState {
    /// It is known, and opens later.
    Listed,
    /// Orders are taken.
    Open,
    /// The gate has closed.
    Closed,
    /// Who delivers to whom is drawn.
    Delivering,
    /// The window is over, and nothing of it is left.
    Settled,
    /// A state that is newer than this client.
    #[serde(other)]
    Unknown,
}
