//! Ticker: what a market has come to: last trade, the last day, open interest, the class's reference rate.

use serde::{Deserialize, Serialize};

use crate::public::Public;
use crate::time::Time;

/// A message of the channel `ticker`. Each says all of it.
pub type Ticker = Public<TickerData>;

/// One market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickerData {
    /// The last trade; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastTrade>,
    /// The last 24 hours; absent when nothing has traded in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Lots that somebody holds a claim to, and somebody else owes.
    pub open_interest: String,
    /// The last reference rate of the class; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixing: Option<String>,
}

/// The last trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTrade {
    /// The trade's number in its market.
    pub id: u64,
    /// What was paid for a lot.
    pub price: String,
    /// How many lots.
    pub qty: String,
    /// When the engine matched it.
    pub ts: Time,
}

/// What traded from `from` on: 23 whole hours and the present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The beginning.
    pub from: Time,
    /// The first price.
    pub open: String,
    /// The highest.
    pub high: String,
    /// The lowest.
    pub low: String,
    /// Lots.
    pub volume: String,
    /// Trades.
    pub trades: u64,
}
