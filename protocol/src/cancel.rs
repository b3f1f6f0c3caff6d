//! Cancel: params and results of `cancel_order`, `reduce_order`, `cancel_all` and `cancel_all_after`.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::order::{OrderName, OrderStatus, Side};
use crate::time::Time;

/// Params of `cancel_order`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CancelFields", into = "CancelFields")]
pub struct CancelOrder {
    /// Which order.
    pub order: OrderName,
}

/// Params of `reduce_order`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ReduceFields", into = "ReduceFields")]
pub struct ReduceOrder {
    /// Which order.
    pub order: OrderName,
    /// How many lots less; the order keeps its place in the queue.
    pub by_qty: String,
}

/// Params of `cancel_all`: orders that satisfy everything that is said; without a word, all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelAll {
    /// Only the orders of this market, or of all that a pattern such as `H100SXM.*.FIRM.*` matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Only those of this side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Only those with this label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl CancelAll {
    /// The orders of one market, or of those that a pattern matches.
    pub fn of(symbol: impl Into<String>) -> CancelAll {
        CancelAll { symbol: Some(symbol.into()), ..CancelAll::default() }
    }
}

/// Params of `cancel_all_after`: all orders are canceled unless this is said again in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelAllAfter {
    /// Milliseconds from now, at most a day; 0 withdraws it.
    pub timeout_ms: u64,
}

/// Result of `cancel_all_after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelAllAfterResult {
    /// When all orders are canceled; absent when it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
    /// The command's place in the journal.
    pub engine_seq: u64,
    /// The private sequence of the change.
    pub xseq: u64,
}

/// Result of `cancel_order` and `reduce_order`: the order afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChange {
    /// The exchange's name for the order.
    pub order_id: String,
    /// Where the order is in its life.
    pub status: OrderStatus,
    /// What has traded.
    pub cum_qty: String,
    /// What may still trade.
    pub leaves_qty: String,
    /// The command's place in the journal.
    pub engine_seq: u64,
    /// The private sequence of the change.
    pub xseq: u64,
}

/// Result of `cancel_all`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelAllResult {
    /// Orders that this command canceled.
    pub canceled: Vec<String>,
    /// The command's place in the journal.
    pub engine_seq: u64,
    /// The private sequence of the last cancel, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xseq: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl_ord_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReduceFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl_ord_id: Option<String>,
    by_qty: String,
}

impl TryFrom<CancelFields> for CancelOrder {
    type Error = ErrorObject;

    fn try_from(fields: CancelFields) -> Result<CancelOrder, ErrorObject> {
        Ok(CancelOrder { order: OrderName::one_of(fields.order_id, fields.cl_ord_id)? })
    }
}

impl From<CancelOrder> for CancelFields {
    fn from(cancel: CancelOrder) -> CancelFields {
        let (order_id, cl_ord_id) = cancel.order.fields();
        CancelFields { order_id, cl_ord_id }
    }
}

impl TryFrom<ReduceFields> for ReduceOrder {
    type Error = ErrorObject;

    fn try_from(fields: ReduceFields) -> Result<ReduceOrder, ErrorObject> {
        let order = OrderName::one_of(fields.order_id, fields.cl_ord_id)?;
        Ok(ReduceOrder { order, by_qty: fields.by_qty })
    }
}

impl From<ReduceOrder> for ReduceFields {
    fn from(reduce: ReduceOrder) -> ReduceFields {
        let (order_id, cl_ord_id) = reduce.order.fields();
        ReduceFields { order_id, cl_ord_id, by_qty: reduce.by_qty }
    }
}
