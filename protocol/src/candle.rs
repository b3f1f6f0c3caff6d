//! Candle: what traded in one interval of time.

use serde::{Deserialize, Serialize};

use crate::public::Public;
use crate::time::Time;

/// A message of the channel `candles`. A snapshot has the last ones, oldest first; an update those that are new or have
/// changed, each whole.
pub type Candles = Public<CandleData>;

/// Candles of one length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleData {
    /// How long each is: `1m`, `5m`, `1h`, `1d`.
    pub interval: String,
    /// The candles, oldest first. Where nothing traded there is none.
    pub candles: Vec<Candle>,
}

/// One interval in which something traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// When it began.
    pub t: Time,
    /// The first price.
    pub o: String,
    /// The highest.
    pub h: String,
    /// The lowest.
    pub l: String,
    /// The last.
    pub c: String,
    /// Lots.
    pub v: String,
    /// Trades.
    pub n: u64,
}
