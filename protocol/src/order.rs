//! Order: what the account's own orders look like wherever they are told.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::terms::{PostOnly, Tif};
use crate::time::Time;

/// Whether an order wants hours or gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Wants hours, pays CU.
    Buy,
    /// Gives hours, earns CU.
    Sell,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Rests, nothing traded yet.
    Open,
    /// Rests, part of it traded.
    PartiallyFilled,
    /// All of it traded.
    Filled,
    /// Over, and something was left.
    Canceled,
    /// It goes by another `cl_ord_id` now, and may be open: only told of one that was used before.
    Renamed,
    /// The account never had such an order: only told by `order_status`.
    NeverSeen,
    /// It is not open, and ended longer ago than is remembered: only told by `order_status`.
    Forgotten,
    /// A status that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Which side of a trade the account's order was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It rested.
    Maker,
    /// It came in.
    Taker,
}

/// An order with its cumulative state, so that any one message tells all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The exchange's name for it.
    pub order_id: String,
    /// The client's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cl_ord_id: Option<String>,
    /// The market.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// The limit, which for a market order is its protection.
    pub price: String,
    /// What was ordered, less reductions.
    pub qty: String,
    /// What has traded.
    pub cum_qty: String,
    /// What may still trade.
    pub leaves_qty: String,
    /// The mean price of what has traded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_price: Option<String>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// How long it waits; `gtc` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tif: Option<Tif>,
    /// Until when, if it is `gtd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// What it does where it would take but must not; it may take if absent.
    #[serde(default, skip_serializing_if = "PostOnly::is_no")]
    pub post_only: PostOnly,
    /// How many lots it shows at a time; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_qty: Option<String>,
    /// The client's mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it is canceled when its connection ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cod: bool,
}

/// Result of `add_order` and `amend_order`: the order as its own command left it. When the request's new id was used
/// before, the order of then as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderOutcome {
    /// The exchange's name for the order.
    pub order_id: String,
    /// The client's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cl_ord_id: Option<String>,
    /// Where the order is in its life.
    pub status: OrderStatus,
    /// Why it was canceled, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<CancelReason>,
    /// What has traded.
    pub cum_qty: String,
    /// What may still trade.
    pub leaves_qty: String,
    /// The mean price of what has traded; not told of a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_price: Option<String>,
    /// Whether an amended order kept its place in the queue; not told of a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_kept: Option<bool>,
    /// Whether an earlier request with the same id did this, and this one nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    /// The command's place in the journal.
    pub engine_seq: u64,
    /// The private sequence of the order's first event, or of its change. Of a duplicate: the one up to which this is
    /// exact.
    pub xseq: u64,
}

/// An order by one of its two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderName {
    /// The exchange's.
    OrderId(String),
    /// The client's.
    ClOrdId(String),
}

impl OrderName {
    /// The one name that is given.
    pub(crate) fn one_of(
        order_id: Option<String>,
        cl_ord_id: Option<String>,
    ) -> Result<OrderName, ErrorObject> {
        const EITHER: &str = "name the order by order_id or by cl_ord_id";
        match (order_id, cl_ord_id) {
            (Some(order_id), None) => Ok(OrderName::OrderId(order_id)),
            (None, Some(cl_ord_id)) => Ok(OrderName::ClOrdId(cl_ord_id)),
            (None, None) => Err(ErrorObject::new(ErrorCode::MissingField, EITHER).with_field("order_id")),
            (Some(_), Some(_)) => {
                Err(ErrorObject::new(ErrorCode::BadValue, format!("{EITHER}, not both"))
                    .with_field("cl_ord_id"))
            }
        }
    }

    /// The fields `order_id` and `cl_ord_id`.
    pub(crate) fn fields(self) -> (Option<String>, Option<String>) {
        match self {
            OrderName::OrderId(order_id) => (Some(order_id), None),
            OrderName::ClOrdId(cl_ord_id) => (None, Some(cl_ord_id)),
        }
    }
}

/// Why an order ended with something left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// `cancel_order`.
    User,
    /// `cancel_all`.
    CancelAll,
    /// It does not wait.
    Ioc,
    /// It would have traded with its own account or group.
    Stp,
    /// The market's gate closed.
    GateClosed,
    /// The time it was good till has come.
    Expired,
    /// Its connection ended.
    Cod,
    /// `cancel_all_after` was not said again in time.
    CancelAllAfter,
    /// The operator's `kill_switch`.
    KillSwitch,
    /// The next order in turn rests outside the market's price band.
    PriceBand,
    /// It met as many orders as one command may.
    Sweep,
    /// A reason that is newer than this client.
    #[serde(other)]
    Unknown,
}
