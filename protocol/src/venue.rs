//! Venue: what the exchange says of itself, its fees and its limits.

use serde::{Deserialize, Serialize};

use crate::control::TradingMode;
use crate::instrument::Tier;
use crate::key::KeyBounds;
use crate::status::{Maintenance, Notice, System};
use crate::time::Time;

/// Result of `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueStatus {
    /// Whether the exchange takes orders.
    pub system: System,
    /// Changes only if sequences do not continue.
    pub epoch: String,
    /// The server's name and version.
    pub server: String,
    /// The server's time.
    pub time: Time,
    /// What may be done in the whole venue; everything if absent.
    #[serde(default, skip_serializing_if = "TradingMode::is_open")]
    pub mode: TradingMode,
    /// The markets that are stricter than the venue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<MarketMode>,
    /// Works that are planned or under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Maintenance>,
    /// What clients should know in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// What hours are delivered with; absent where the exchange assigns no work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<DeliveryBasis>,
    /// How many commands are durable.
    pub as_of_seq: u64,
}

/// What hours are delivered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryBasis {
    /// The key with which the exchange signs what it says in receipts, in hex, as receipts show it.
    pub exchange: String,
    /// What the model is called.
    pub model: String,
    /// The model's id in hex, as assignments name it.
    pub model_id: String,
}

/// What may be done in a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketMode {
    /// Class, zone and tier.
    pub market: String,
    /// What may be done in it.
    pub mode: TradingMode,
}

/// Result of `fees.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesResult {
    /// One for each market.
    pub fees: Vec<MarketFees>,
    /// The engine sequence up to which this is exact.
    pub as_of_seq: u64,
}

/// What a trade costs in a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketFees {
    /// Class, zone and tier.
    pub market: String,
    /// How firm the delivery is.
    pub tier: Tier,
    /// The resting side's fee in millionths of the price.
    pub maker_fee_ppm: u32,
    /// The incoming side's fee in millionths of the price.
    pub taker_fee_ppm: u32,
}

/// Result of `limits.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsResult {
    /// Whether the account may only cancel.
    pub locked: bool,
    /// Whether it may register capacity, sell it and deliver.
    #[serde(default, skip_serializing_if = "is_not")]
    pub provider: bool,
    /// Whether it may be drawn to audit.
    #[serde(default, skip_serializing_if = "is_not")]
    pub auditor: bool,
    /// Open orders that it has.
    pub open_orders: u32,
    /// Open orders that it may have.
    pub open_orders_max: u32,
    /// Lots of a position in any market, either way; not limited if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_qty: Option<String>,
    /// CU that one order may come to; not limited if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<String>,
    /// How often it may ask for something.
    pub rates: Rates,
    /// What bounds the key that the connection logged in with.
    pub key: KeyBounds,
    /// The private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

fn is_not(may: &bool) -> bool {
    !may
}

/// How often something may be asked for: so many each second, and so many at once. Not limited where it is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Requests of one connection, cancels not among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Rate>,
    /// Orders, amendments and reductions of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Rate>,
    /// Cancels of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancels: Option<Rate>,
}

impl Rates {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Rates::default()
    }
}

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Each second, in the long run.
    pub per_s: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// What is left of an account's budgets, told in replies when it is less than half or was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLeft {
    /// Orders, amendments and reductions that may be sent at once; not limited if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<u32>,
    /// Cancels that may be sent at once; not limited if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancels: Option<u32>,
}
