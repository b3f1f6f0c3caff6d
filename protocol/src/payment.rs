//! Payment: params and results of the methods that send credit, and have it paid out.

use serde::{Deserialize, Serialize};

/// Params of `transfer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The account that gets it.
    pub to: String,
    /// CU.
    pub amount: String,
    /// Names the payment; used once by each account.
    pub reference: String,
}

/// Params of `redeem`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    /// CU that are set aside, to be paid out.
    pub amount: String,
    /// Names the payment; used once by each account.
    pub reference: String,
}

/// Params of `end_redemption`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndRedemption {
    /// Whose.
    pub account: String,
    /// Which.
    pub reference: String,
    /// Whether it was paid out; if not, the account has it again.
    pub paid: bool,
}

/// Where a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// The other account has it.
    Sent,
    /// It waits to be paid out.
    Waiting,
    /// It was paid out.
    PaidOut,
    /// It was not paid out, and the account has it again.
    Returned,
    /// A state that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Result of `transfer` and `redeem`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentResult {
    /// Where the payment is; of a duplicate, where it is now.
    pub state: PaymentState,
    /// Whether an earlier request with the same reference did this, and this one nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    /// The command's place in the journal.
    pub engine_seq: u64,
}

/// Result of `redemptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionsResult {
    /// All that waits to be paid out.
    pub redemptions: Vec<Redemption>,
    /// The engine sequence up to which this is exact.
    pub as_of_seq: u64,
}

/// Credit that waits to be paid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// Whose.
    pub account: String,
    /// Under which reference.
    pub reference: String,
    /// CU.
    pub amount: String,
}

/// What became of a redemption, as the channel `account` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionChange {
    /// Under which reference.
    pub reference: String,
    /// CU.
    pub amount: String,
    /// Where it is.
    pub state: PaymentState,
}
