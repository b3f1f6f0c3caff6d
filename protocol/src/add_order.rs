//! Order entry: params of `add_order`.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::order::Side;
use crate::terms::{PostOnly, SelfTradePrevention, TermFields, Terms, Tif, bad_value};
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
    /// Refused unless so many lots can trade at once.
    pub min_qty: Option<String>,
    /// What happens when it meets an order of its own account or group.
    pub stp: SelfTradePrevention,
    /// The client's mark, by which orders are canceled together.
    pub label: Option<String>,
    /// Canceled when the connection ends.
    pub cod: bool,
    /// The client's name for the order.
    pub cl_ord_id: Option<String>,
    /// The engine refuses the order after this time.
    pub deadline: Option<Time>,
    /// Asks what it would come to; nothing happens.
    pub dry_run: bool,
}

impl AddOrder {
    /// An order for so many lots on these terms, without any of the extras.
    pub fn new(symbol: impl Into<String>, side: Side, qty: impl Into<String>, terms: Terms) -> AddOrder {
        AddOrder {
            symbol: symbol.into(),
            side,
            terms,
            qty: qty.into(),
            min_qty: None,
            stp: SelfTradePrevention::CancelNewest,
            label: None,
            cod: false,
            cl_ord_id: None,
            deadline: None,
            dry_run: false,
        }
    }
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
    tif: Option<Tif>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_only: Option<PostOnly>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stp: Option<SelfTradePrevention>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cod: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl_ord_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

impl TryFrom<AddOrderFields> for AddOrder {
    type Error = ErrorObject;

    fn try_from(fields: AddOrderFields) -> Result<AddOrder, ErrorObject> {
        let AddOrderFields { symbol, side, r#type, price, limit_price, qty, tif, expires, .. } = fields;
        let AddOrderFields { post_only, min_qty, display_qty, stp, label, cod, cl_ord_id, deadline, .. } =
            fields;
        let post_only = post_only.unwrap_or_default();
        if !post_only.is_no() && min_qty.is_some() {
            return Err(bad_value("min_qty", "a post-only order trades nothing at once, so it has none"));
        }
        let terms = TermFields { price, limit_price, tif, expires, post_only, display_qty };
        let terms = match r#type {
            OrderType::Limit => Terms::of_limit(terms)?,
            OrderType::Market => Terms::of_market(terms)?,
        };
        let (stp, cod) = (stp.unwrap_or_default(), cod.unwrap_or_default());
        let dry_run = fields.dry_run.unwrap_or_default();
        Ok(AddOrder { symbol, side, terms, qty, min_qty, stp, label, cod, cl_ord_id, deadline, dry_run })
    }
}

impl From<AddOrder> for AddOrderFields {
    fn from(order: AddOrder) -> AddOrderFields {
        let AddOrder { symbol, side, terms, qty, min_qty, stp, label, cod, cl_ord_id, .. } = order;
        let (deadline, dry_run) = (order.deadline, order.dry_run.then_some(true));
        let (is_market, terms) = terms.fields();
        let TermFields { price, limit_price, tif, expires, post_only, display_qty } = terms;
        AddOrderFields {
            symbol,
            side,
            r#type: if is_market { OrderType::Market } else { OrderType::Limit },
            price,
            limit_price,
            qty,
            tif,
            expires,
            post_only: Some(post_only).filter(|post_only| !post_only.is_no()),
            min_qty,
            display_qty,
            stp: Some(stp).filter(|stp| *stp != SelfTradePrevention::default()),
            label,
            cod: cod.then_some(true),
            cl_ord_id,
            deadline,
            dry_run,
        }
    }
}
