//! Operator: params of the methods by which operators and providers set the exchange up.

use serde::{Deserialize, Serialize};

use crate::instrument::Tier;
use crate::session::Scope;
use crate::time::Time;

/// Params of `set_capacity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetCapacity {
    /// The market.
    pub symbol: String,
    /// GPUs that the provider can deliver there, in all.
    pub gpus: u64,
}

/// Params of `open_account`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenAccount {
    /// The new account's name.
    pub account: String,
    /// Whether it may sell hours that it does not hold; absent is no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<bool>,
    /// An account that it never trades with, nor with that account's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// Params of `register_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterKey {
    /// The account that the key acts for.
    pub account: String,
    /// The Ed25519 public key in base64.
    pub key: String,
    /// What the key may do.
    pub scopes: Vec<Scope>,
    /// Its last moment; for ever if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Addresses and networks from which it may act, at most 4; from everywhere if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<String>>,
    /// The most CU that one of its orders may come to; any amount if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<String>,
}

/// Params of `revoke_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// The key's id.
    pub key_id: String,
}

/// Params of `deposit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// Who receives it.
    pub account: String,
    /// CU.
    pub amount: String,
    /// Names the deposit; used once.
    pub reference: String,
}

/// Params of `add_market`: a class in a zone, and how its windows are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddMarket {
    /// Which GPU.
    pub class: String,
    /// Where.
    pub zone: String,
    /// How firm the delivery is.
    pub tier: Tier,
    /// Length of a window in seconds.
    pub window_s: u32,
    /// How many windows are open at a time.
    pub windows: u32,
    /// How many more are listed ahead of those, not open yet; absent is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows_ahead: Option<u32>,
    /// Seconds between the gate and delivery.
    pub gate_s: u32,
    /// CU that secure one sold lot.
    pub bond: String,
    /// Where the bond of a window comes from when it opens; absent is `fixed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond_rule: Option<BondRule>,
    /// The resting side's fee in millionths of the price.
    pub maker_fee_ppm: u32,
    /// The incoming side's fee in millionths of the price.
    pub taker_fee_ppm: u32,
    /// Whether an account may trade with itself.
    pub self_trade: SelfTrade,
}

/// What happens when an account's order meets its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTrade {
    /// They do not trade.
    Prevent,
    /// They trade, as foreign flow replayed through one account must.
    Allow,
}

/// Where the bond of a window comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BondRule {
    /// It is the market's bond.
    Fixed,
    /// It is the class's reference rate, and the market's bond while there is none.
    Reference,
}

/// Result of the methods of this file and of `control`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The command's place in the journal.
    pub engine_seq: u64,
}
