//! Look: what a market is now, asked for once: the params and results of `book`, `trades`, `ticker` and `candles`. Streams tell
//! the same as it changes.

use serde::{Deserialize, Serialize};

use crate::book::BookData;
use crate::candle::CandleData;
use crate::ticker::TickerData;
use crate::trades::Trade;

/// Params of `book`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAtBook {
    /// The market.
    pub symbol: String,
    /// A number for `speed::depth`; all levels if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
}

/// Params of `trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAtTrades {
    /// The market.
    pub symbol: String,
    /// Only those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_id: Option<u64>,
    /// At most so many, the newest; up to `TRADES_MAX`, and so many if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Params of `ticker`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAtTicker {
    /// The market.
    pub symbol: String,
}

/// Params of `candles`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAtCandles {
    /// The market, or a class for its window that closes next.
    pub symbol: String,
    /// A name for `Interval::parse`; `1m` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
}

/// Trades of each market that the exchange keeps for `trades`, and the highest `limit`.
pub const TRADES_MAX: u32 = 128;

/// A result, and when it was so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look<D> {
    /// What was asked about.
    pub symbol: String,
    /// Changes only if sequences do not continue.
    pub epoch: String,
    /// What there is.
    #[serde(flatten)]
    pub data: D,
    /// The engine sequence up to which this is exact.
    pub as_of_seq: u64,
}

/// The last trades of a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTrades {
    /// The oldest first.
    pub trades: Vec<Trade>,
}

/// Result of `book`.
pub type BookLook = Look<BookData>;
/// Result of `trades`.
pub type TradesLook = Look<LastTrades>;
/// Result of `ticker`.
pub type TickerLook = Look<TickerData>;
/// Result of `candles`.
pub type CandlesLook = Look<CandleData>;
