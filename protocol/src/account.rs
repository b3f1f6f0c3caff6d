//! Account: what an account has and owes.

use serde::{Deserialize, Serialize};

/// The unit of account on the wire.
pub const CU: &str = "CU";

/// How much of a unit the account has, and in which state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// `CU`.
    pub unit: String,
    /// Available, held and bonded together.
    pub total: String,
    /// Free to spend.
    pub available: String,
    /// Backs open orders.
    pub held: String,
    /// Secures obligations to deliver.
    pub bonded: String,
}

/// What the account is owed or owes in one market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The market.
    pub symbol: String,
    /// Lots: above zero claims, below zero obligations.
    pub position: String,
    /// What buyers have paid for these obligations and delivery will release.
    pub escrow: String,
    /// What secures these obligations.
    pub bonded: String,
}
