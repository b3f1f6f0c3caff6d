//! Quote: the best prices of a market, told alone or for all windows of a market at once.

use serde::{Deserialize, Serialize};

use crate::book::Level;
use crate::public::Public;

/// A message of the channel `bbo`. Each says all that the stream is about; those of a strip are snapshots.
pub type Quotes = Public<Vec<Quote>>;

/// The best prices of one market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The market's symbol.
    #[serde(rename = "s")]
    pub symbol: String,
    /// The highest bid and the lots there, on the wire `["0.9994","8"]`; absent when nobody buys.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub bid: Option<Level>,
    /// The lowest ask and the lots there; absent when nobody sells.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub ask: Option<Level>,
}
