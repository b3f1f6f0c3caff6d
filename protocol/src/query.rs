//! Query: params and results of the methods that change nothing.

use serde::{Deserialize, Serialize};

use crate::account::{Balance, Position};
use crate::error::ErrorObject;
use crate::instrument::Instrument;
use crate::order::{CancelReason, Liquidity, Order, OrderName, OrderStatus, Side};
use crate::time::Time;

/// Params of `open_orders`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOrders {
    /// Only the orders of this market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// At most so many; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Goes on where an answer ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Whose; one's own if absent. Another account's takes the scope `audit` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Result of `open_orders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrdersResult {
    /// Resting orders, oldest first.
    pub orders: Vec<Order>,
    /// The `cursor` with which the next ones are asked for, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

/// Params of `fills`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fills {
    /// At most so many, the newest; up to `FILLS_MAX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Goes on where an answer ended: its `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only those after this private sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_xseq: Option<u64>,
    /// Whose; one's own if absent. Another account's takes the scope `audit` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Fills that the exchange keeps of each account, and the highest `limit`.
pub const FILLS_MAX: u32 = 1_000;

/// Fills that an answer has if no `limit` is given.
pub const FILLS_DEFAULT: u32 = 100;

/// Result of `fills`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillsResult {
    /// Fills, newest first.
    pub fills: Vec<Fill>,
    /// The `cursor` with which older ones are asked for, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

/// One trade as one of its orders saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The trade's number in its market.
    pub trade_id: u64,
    /// The order that traded.
    pub order_id: String,
    /// The client's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cl_ord_id: Option<String>,
    /// The market.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// What was paid for a lot.
    pub price: String,
    /// How many lots.
    pub qty: String,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// The fee of this fill.
    pub fee: String,
    /// What the fee is counted in.
    pub fee_unit: String,
    /// When the engine matched it.
    pub ts: Time,
    /// The command's place in the journal.
    pub engine_seq: u64,
    /// The private sequence of the fill.
    pub xseq: u64,
}

/// Params of `balances` and `positions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// Whose; one's own if absent. Another account's takes the scope `audit` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Result of `positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionsResult {
    /// One for each market in which the account has claims or obligations.
    pub positions: Vec<Position>,
    /// The private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

/// Params of `order_status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OrderStatusFields", into = "OrderStatusFields")]
pub struct AskOrderStatus {
    /// Which order.
    pub order: OrderName,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderStatusFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl_ord_id: Option<String>,
}

impl TryFrom<OrderStatusFields> for AskOrderStatus {
    type Error = ErrorObject;

    fn try_from(fields: OrderStatusFields) -> Result<AskOrderStatus, ErrorObject> {
        Ok(AskOrderStatus { order: OrderName::one_of(fields.order_id, fields.cl_ord_id)? })
    }
}

impl From<AskOrderStatus> for OrderStatusFields {
    fn from(ask: AskOrderStatus) -> OrderStatusFields {
        let (order_id, cl_ord_id) = ask.order.fields();
        OrderStatusFields { order_id, cl_ord_id }
    }
}

/// Result of `order_status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatusResult {
    /// Where the order is; `never_seen` and `forgotten` are told here only.
    pub status: OrderStatus,
    /// The order, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Box<Order>>,
    /// Why it was canceled, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<CancelReason>,
    /// The private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

/// Result of `balances`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancesResult {
    /// One for each unit.
    pub balances: Vec<Balance>,
    /// One for each market in which the account has claims or obligations.
    pub positions: Vec<Position>,
    /// The private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

/// Result of `instruments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentsResult {
    /// All listed markets.
    pub instruments: Vec<Instrument>,
    /// The engine sequence up to which this is exact.
    pub as_of_seq: u64,
}
