//! Key: params and results of the methods by which an account sees and changes its keys.

use serde::{Deserialize, Serialize};

use crate::session::Scope;
use crate::time::Time;

/// Params of `keys.list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListKeys {
    /// Whose; one's own if absent. Another account's takes the scope `audit` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Result of `keys.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysResult {
    /// The account's keys, in order of their ids.
    pub keys: Vec<Key>,
}

/// A registered key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// `k_` and the first eight bytes in hex.
    pub key_id: String,
    /// The public key in base64.
    pub key: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What bounds it.
    #[serde(flatten)]
    pub bounds: KeyBounds,
}

/// From where, until when and for how much a key may act; what is absent is not bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBounds {
    /// Its last moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Addresses such as `192.0.2.7`, and networks such as `192.0.2.0/24` or `2001:db8::/32`; at most 4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The most CU that one order may come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<String>,
}

/// Params of `keys.rotate`: another key takes the place of the one that the connection logged in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The new public key in base64.
    pub key: String,
    /// The new key's signature over the old one's id, so that nobody locks himself out.
    pub proof: String,
}
