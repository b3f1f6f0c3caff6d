//! Dry run: what an order would come to, as the result of `add_order` with `dry_run`.

use serde::{Deserialize, Serialize};

/// What an order would come to if nothing happened before it. Nothing has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// Says that it is one.
    pub dry_run: bool,
    /// What it would trade at once with what the book shows, best price first.
    pub fills: Vec<ExpectedFill>,
    /// How many lots that is.
    pub cum_qty: String,
    /// What would rest.
    pub leaves_qty: String,
    /// The mean price of what would trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_price: Option<String>,
    /// CU that would be set aside for it before it trades: price times quantity and the higher fee of a purchase, the
    /// bonds of a sale.
    pub needed: String,
    /// CU of fees on what would trade.
    pub fee: String,
    /// CU that are available now.
    pub available: String,
    /// The engine sequence up to which this is exact.
    pub as_of_seq: u64,
}

/// Lots that would trade at a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedFill {
    /// What would be paid for a lot.
    pub price: String,
    /// How many lots.
    pub qty: String,
}
