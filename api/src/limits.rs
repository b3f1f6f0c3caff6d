//! Limits: how often clients may ask, and how many connections they may have, as the operator sets them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use protocol::venue::{Rate, Rates};
use serde::{Deserialize, Serialize};

/// Every limit. What is absent is not limited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests of one connection; cancels are not counted.
    pub connection_requests: Option<Rate>,
    /// Requests of all connections of one address; cancels are not counted.
    pub address_requests: Option<Rate>,
    /// Orders, amendments and reductions of one account.
    pub account_orders: Option<Rate>,
    /// Cancels of one account.
    pub account_cancels: Option<Rate>,
    /// Connections of one address.
    pub address_connections: Option<u32>,
    /// Connections that are logged in with one key.
    pub key_connections: Option<u32>,
    /// Whether limits of addresses hold for those of this machine too. A proxy on this machine hides everyone's address.
    #[serde(default)]
    pub limit_this_machine: bool,
    /// Accounts with rates of their own, by name.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountRates>,
}

/// The rates of one account; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRates {
    /// Requests of one connection.
    pub requests: Option<Rate>,
    /// Orders, amendments and reductions.
    pub orders: Option<Rate>,
    /// Cancels.
    pub cancels: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connection_requests: Some(Rate { per_s: 200, burst: 400 }),
            address_requests: Some(Rate { per_s: 1_000, burst: 2_000 }),
            account_orders: Some(Rate { per_s: 100, burst: 200 }),
            account_cancels: Some(Rate { per_s: 400, burst: 400 }),
            address_connections: Some(256),
            key_connections: Some(8),
            limit_this_machine: false,
            accounts: BTreeMap::new(),
        }
    }
}

impl Limits {
    /// No limit at all.
    pub fn none() -> Limits {
        Limits {
            connection_requests: None,
            address_requests: None,
            account_orders: None,
            account_cancels: None,
            address_connections: None,
            key_connections: None,
            limit_this_machine: false,
            accounts: BTreeMap::new(),
        }
    }

    /// The rates of the account of this name.
    pub fn of_account(&self, name: &str) -> AccountRates {
        self.accounts.get(name).copied().unwrap_or(AccountRates {
            requests: self.connection_requests,
            orders: self.account_orders,
            cancels: self.account_cancels,
        })
    }

    /// Whether an address has limits.
    pub fn hold_for(&self, address: IpAddr) -> bool {
        self.limit_this_machine || !address.is_loopback()
    }

    /// What everyone is told before a login.
    pub fn told(&self) -> Rates {
        Rates {
            inbound: self.connection_requests,
            orders: self.account_orders,
            cancels: self.account_cancels,
        }
    }
}

impl AccountRates {
    /// As the account is told of them.
    pub fn told(&self) -> Rates {
        Rates { inbound: self.requests, orders: self.orders, cancels: self.cancels }
    }
}
