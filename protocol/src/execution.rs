//! Execution: what happened to the account's orders, and what it did to the account.

use serde::{Deserialize, Serialize};

use crate::account::{Balance, CancelTimer, Position};
use crate::order::{CancelReason, Liquidity, Order};
use crate::payment::RedemptionChange;
use crate::time::Time;

/// A message of the channel `executions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Executions {
    /// The open orders; replaces what the client has.
    Snapshot(PrivateSnapshot<OrdersImage>),
    /// One event of one order.
    Update(Box<PrivateUpdate<Execution>>),
    /// All that was missed has been told.
    Resumed(Resumed),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// A message of the channel `account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Account {
    /// All balances and positions; replaces what the client has.
    Snapshot(PrivateSnapshot<AccountImage>),
    /// Balances and positions that have changed.
    Update(PrivateUpdate<AccountImage>),
    /// All that was missed has been told.
    Resumed(Resumed),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// A message of the channel `positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Positions {
    /// All positions; replaces what the client has.
    Snapshot(PrivateSnapshot<PositionsImage>),
    /// Positions that have changed.
    Update(PrivateUpdate<PositionsImage>),
    /// All that was missed has been told.
    Resumed(Resumed),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// The start of a private stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateSnapshot<T> {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The account's private sequence up to which this is exact.
    pub xseq: u64,
    /// When the engine sequenced it.
    pub ts: Time,
    /// The state.
    pub data: T,
}

/// A private event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateUpdate<T> {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The event's place in the account's private sequence.
    pub xseq: u64,
    /// `xseq` of the stream's message before this one.
    pub prev_xseq: u64,
    /// When the engine sequenced it.
    pub ts: Time,
    /// The event.
    pub data: T,
}

/// The end of what was missed. A link of the chain: the next message follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The account's private sequence up to which the stream has told everything.
    pub xseq: u64,
    /// `xseq` of the message before this one.
    pub prev_xseq: u64,
    /// When the engine sequenced the stream's last message.
    pub ts: Time,
}

/// Positions, all or those that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionsImage {
    /// One for each market.
    pub positions: Vec<Position>,
}

/// The open orders of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersImage {
    /// Resting orders, oldest first.
    pub orders: Vec<Order>,
}

/// Balances, positions and timer, all or those that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountImage {
    /// One for each unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub balances: Vec<Balance>,
    /// One for each market.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<Position>,
    /// The timer of `cancel_all_after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_all_after: Option<CancelTimer>,
    /// A payment out that was asked for, or has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redemption: Option<RedemptionChange>,
}

/// One event of one order, with the order after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// What happened, on the wire `ev` and its fields.
    #[serde(flatten)]
    pub event: Event,
    /// The order after it, its fields beside `ev`.
    #[serde(flatten)]
    pub order: Order,
    /// The command's place in the journal.
    pub engine_seq: u64,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum Event {
    /// It was accepted.
    New,
    /// Some or all of it traded.
    Trade {
        /// What was paid for a lot.
        last_price: String,
        /// How many lots.
        last_qty: String,
        /// The trade's number in its market.
        trade_id: u64,
        /// Maker or taker.
        liquidity: Liquidity,
        /// The fee of this fill.
        fee: String,
        /// What the fee is counted in.
        fee_unit: String,
    },
    /// It got smaller and kept its place.
    Reduced {
        /// Why.
        reason: ReduceReason,
    },
    /// Its owner changed it.
    Amended {
        /// Whether it kept its place in the queue.
        priority_kept: bool,
    },
    /// It ended with something left.
    Canceled {
        /// Why.
        reason: CancelReason,
    },
    /// An event that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Why an order got smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReduceReason {
    /// `reduce_order`.
    User,
    /// It met an order of its own account or group.
    Stp,
    /// A reason that is newer than this client.
    #[serde(other)]
    Unknown,
}
