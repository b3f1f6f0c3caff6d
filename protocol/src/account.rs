//! Account: what an account has and owes.

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// The unit of account on the wire.
pub const CU: &str = "CU";

/// How much of a unit the account has, and in which state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// `CU`.
    pub unit: String,
    /// Available, held, bonded and redeeming together.
    pub total: String,
    /// Free to spend.
    pub available: String,
    /// Backs open orders.
    pub held: String,
    /// Secures obligations to deliver.
    pub bonded: String,
    /// Waits to be paid out; nothing if absent. A change of the balance tells it, a change of it alone does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redeeming: Option<String>,
}

/// The account's timer of `cancel_all_after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelTimer {
    /// Whether it runs.
    pub state: TimerState,
    /// When all orders are canceled, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
}

/// What became of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerState {
    /// It was set, or set again.
    Set,
    /// It was withdrawn.
    Off,
    /// It ran out.
    Fired,
    /// A state that is newer than this client.
    #[serde(other)]
    Unknown,
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
