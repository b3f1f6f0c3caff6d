//! Control: params of the methods by which operators rule what may be done: modes, limits, locks, the kill switch.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::terms::{bad_value, missing};
use crate::time::Time;

/// What may be done in a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingMode {
    /// Everything.
    #[default]
    Open,
    /// Only orders that rest: who would take is refused.
    PostOnly,
    /// Only cancellations, and reductions that keep their place.
    CancelOnly,
    /// Only cancellations.
    Halted,
    /// A mode that is newer than this client.
    #[serde(other)]
    Unknown,
}

impl TradingMode {
    /// Whether everything may be done, which is not written.
    pub(crate) fn is_open(&self) -> bool {
        *self == TradingMode::Open
    }
}

/// Params of `set_mode`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetMode {
    /// `venue`, a market such as `H100SXM.US-E.FIRM`, or the symbol of one window.
    pub scope: String,
    /// What may be done there from now on.
    pub mode: TradingMode,
    /// Why, as a name.
    pub reason: String,
}

/// Price bands and limits of a market; what is absent is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MarketLimits {
    /// No limit below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_min: Option<String>,
    /// No limit above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_max: Option<String>,
    /// No trade farther from the last one than so many millionths of its price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_ppm: Option<u32>,
    /// The most lots of an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_qty: Option<String>,
    /// The most lots of a position, either way, open orders included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_qty: Option<String>,
    /// The most CU that an order comes to at its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<String>,
}

impl MarketLimits {
    /// Whether nothing is limited, which is not written.
    pub(crate) fn is_none(&self) -> bool {
        *self == MarketLimits::default()
    }
}

/// Params of `set_market_limits`: all of them are set, those that are absent to none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "MarketLimitFields", into = "MarketLimitFields")]
pub struct SetMarketLimits {
    /// The market, such as `H100SXM.US-E.FIRM`.
    pub market: String,
    /// From now on, for what comes in.
    pub limits: MarketLimits,
    /// Why, as a name.
    pub reason: String,
}

/// Params of `set_account_limits`: all of them are set, those that are absent to none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAccountLimits {
    /// Whose.
    pub account: String,
    /// The most open orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_orders: Option<u32>,
    /// The most lots of a position in one market, either way, open orders included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_qty: Option<String>,
    /// The most CU that an order comes to at its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<String>,
    /// Why, as a name.
    pub reason: String,
}

/// Params of `halt` and `resume`: `set_mode` with `halted` and with `open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// `venue`, a market or a symbol; the venue if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Why.
    pub reason: String,
}

/// Params of `drain`: the exchange stops after so long, and everyone is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    /// Seconds until connections are closed, at most a day.
    pub notice_s: u32,
    /// Why.
    pub reason: String,
}

/// Result of `drain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainResult {
    /// When connections are closed.
    pub from: Time,
}

/// Params of `snapshot`: one is made now, beside the exchange, which goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Why.
    pub reason: String,
}

/// Result of `snapshot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotResult {
    /// The last command that it knows.
    pub engine_seq: u64,
    /// Its file's name in the data folder's folder of snapshots.
    pub file: String,
    /// How long the file is; absent when it was there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Commands that were read back for it.
    pub replayed: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// Params of `lock_account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockAccount {
    /// Whose.
    pub account: String,
    /// Whether it may only cancel from now on.
    pub locked: bool,
    /// Why, as a name.
    pub reason: String,
}

/// Params of `kill_switch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "KillFields", into = "KillFields")]
pub struct KillSwitch {
    /// Whose orders are all canceled.
    pub target: KillTarget,
    /// Why, as a name.
    pub reason: String,
}

/// Whose orders are all canceled, and who may enter no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KillTarget {
    /// Everybody's; the venue is halted.
    Venue,
    /// One account's; it is locked.
    Account(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarketLimitFields {
    market: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_min: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_max: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    band_ppm: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_notional: Option<String>,
    reason: String,
}

impl From<MarketLimitFields> for SetMarketLimits {
    fn from(fields: MarketLimitFields) -> SetMarketLimits {
        let MarketLimitFields { market, price_min, price_max, band_ppm, order_qty, .. } = fields;
        let MarketLimitFields { position_qty, order_notional, reason, .. } = fields;
        let limits = MarketLimits { price_min, price_max, band_ppm, order_qty, position_qty, order_notional };
        SetMarketLimits { market, limits, reason }
    }
}

impl From<SetMarketLimits> for MarketLimitFields {
    fn from(set: SetMarketLimits) -> MarketLimitFields {
        let SetMarketLimits { market, limits, reason } = set;
        let MarketLimits { price_min, price_max, band_ppm, order_qty, position_qty, order_notional } = limits;
        MarketLimitFields {
            market,
            price_min,
            price_max,
            band_ppm,
            order_qty,
            position_qty,
            order_notional,
            reason,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KillFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<bool>,
    reason: String,
}

impl TryFrom<KillFields> for KillSwitch {
    type Error = ErrorObject;

    fn try_from(fields: KillFields) -> Result<KillSwitch, ErrorObject> {
        let target = match (fields.account, fields.venue.unwrap_or_default()) {
            (Some(account), false) => KillTarget::Account(account),
            (None, true) => KillTarget::Venue,
            (None, false) => return Err(missing("account", "name an account, or say \"venue\": true")),
            (Some(_), true) => return Err(bad_value("venue", "name an account or the venue, not both")),
        };
        Ok(KillSwitch { target, reason: fields.reason })
    }
}

impl From<KillSwitch> for KillFields {
    fn from(kill: KillSwitch) -> KillFields {
        let (account, venue) = match kill.target {
            KillTarget::Venue => (None, Some(true)),
            KillTarget::Account(account) => (Some(account), None),
        };
        KillFields { account, venue, reason: kill.reason }
    }
}
