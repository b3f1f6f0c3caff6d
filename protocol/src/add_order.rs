//! Order entry: params and result of `add_order`.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::order::{OrderStatus, Side};
use crate::time::Time;

/// Params of `add_order`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AddOrderFields", into = "AddOrderFields")]
pub struct AddOrder {
    /// The market.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// At which price and how long.
    pub terms: Terms,
    /// How many lots.
    pub qty: String,
    /// The client's name for the order.
    pub cl_ord_id: Option<String>,
    /// The engine refuses the order after this time.
    pub deadline: Option<Time>,
}

/// At which price an order trades, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// At `price` or better.
    Limit {
        /// The worst price.
        price: String,
        /// How long what does not trade at once waits.
        tif: TimeInForce,
    },
    /// At once, at any price up to the protection; the rest is canceled.
    Market {
        /// The worst price.
        limit_price: String,
    },
}

/// How long an order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is canceled or the gate closes.
    Gtc,
    /// Not at all: what does not trade at once is canceled.
    Ioc,
}

/// Result of `add_order`: the order as its own command left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddOrderResult {
    /// The exchange's name for the order.
    pub order_id: String,
    /// The client's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cl_ord_id: Option<String>,
    /// Where the order is in its life.
    pub status: OrderStatus,
    /// What has traded.
    pub cum_qty: String,
    /// What may still trade.
    pub leaves_qty: String,
    /// The mean price of what has traded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_price: Option<String>,
    /// The command's place in the journal.
    pub engine_seq: u64,
    /// The private sequence of the order's first event.
    pub xseq: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderType {
    Limit,
    Market,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddOrderFields {
    symbol: String,
    side: Side,
    r#type: OrderType,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<String>,
    qty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tif: Option<TimeInForce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl_ord_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Time>,
}

impl TryFrom<AddOrderFields> for AddOrder {
    type Error = ErrorObject;

    fn try_from(fields: AddOrderFields) -> Result<AddOrder, ErrorObject> {
        let terms = match fields.r#type {
            OrderType::Limit => limit(fields.price, fields.limit_price, fields.tif)?,
            OrderType::Market => market(fields.price, fields.limit_price, fields.tif)?,
        };
        Ok(AddOrder {
            symbol: fields.symbol,
            side: fields.side,
            terms,
            qty: fields.qty,
            cl_ord_id: fields.cl_ord_id,
            deadline: fields.deadline,
        })
    }
}

fn limit(
    price: Option<String>,
    limit_price: Option<String>,
    tif: Option<TimeInForce>,
) -> Result<Terms, ErrorObject> {
    if limit_price.is_some() {
        return Err(bad_value("limit_price", "a limit order has a price, no limit_price"));
    }
    let price = price.ok_or_else(|| missing("price", "a limit order has a price"))?;
    Ok(Terms::Limit { price, tif: tif.unwrap_or(TimeInForce::Gtc) })
}

fn market(
    price: Option<String>,
    limit_price: Option<String>,
    tif: Option<TimeInForce>,
) -> Result<Terms, ErrorObject> {
    if price.is_some() {
        return Err(bad_value("price", "a market order has a limit_price, no price"));
    }
    if tif == Some(TimeInForce::Gtc) {
        return Err(bad_value("tif", "a market order is always ioc"));
    }
    let limit_price = limit_price
        .ok_or_else(|| missing("limit_price", "a market order has a limit_price, its protection"))?;
    Ok(Terms::Market { limit_price })
}

fn bad_value(field: &str, message: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::BadValue, message).with_field(field)
}

fn missing(field: &str, message: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::MissingField, message).with_field(field)
}

impl From<AddOrder> for AddOrderFields {
    fn from(order: AddOrder) -> AddOrderFields {
        let (r#type, price, limit_price, tif) = match order.terms {
            Terms::Limit { price, tif } => (OrderType::Limit, Some(price), None, Some(tif)),
            Terms::Market { limit_price } => (OrderType::Market, None, Some(limit_price), None),
        };
        AddOrderFields {
            symbol: order.symbol,
            side: order.side,
            r#type,
            price,
            limit_price,
            qty: order.qty,
            tif,
            cl_ord_id: order.cl_ord_id,
            deadline: order.deadline,
        }
    }
}
