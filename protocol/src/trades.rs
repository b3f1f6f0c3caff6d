//! Trades: what has traded in one market, told to everyone.

use serde::{Deserialize, Serialize};

use crate::order::Side;
use crate::time::Time;

/// A message of the channel `trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Trades {
    /// What one command has traded.
    Update(TradesUpdate),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Trades of one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradesUpdate {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market.
    pub symbol: String,
    /// The engine sequence of the command.
    pub seq: u64,
    /// `seq` of the stream's message before this one; for the first the `seq` of the answer to `subscribe`.
    pub prev_seq: u64,
    /// The trades in the order in which they were matched.
    pub data: Vec<Trade>,
}

/// One trade, without its parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The trade's number in its market, from 1 without gaps.
    pub id: u64,
    /// What was paid for a lot.
    pub price: String,
    /// How many lots.
    pub qty: String,
    /// The side of the incoming order.
    pub taker_side: Side,
    /// When the engine matched it.
    pub ts: Time,
}
