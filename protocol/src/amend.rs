//! Amend: params of `amend_order`.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::order::OrderName;
use crate::terms::missing;
use crate::time::Time;

/// Params of `amend_order`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AmendFields", into = "AmendFields")]
pub struct AmendOrder {
    /// Which order.
    pub order: OrderName,
    /// The client's new name for it.
    pub new_cl_ord_id: Option<String>,
    /// Another limit.
    pub price: Option<String>,
    /// Another quantity in all, what has traded included.
    pub qty: Option<String>,
    /// Refused unless exactly so much has traded.
    pub expect_cum_qty: Option<String>,
    /// The engine refuses the change after this time.
    pub deadline: Option<Time>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl_ord_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_cl_ord_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect_cum_qty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Time>,
}

impl TryFrom<AmendFields> for AmendOrder {
    type Error = ErrorObject;

    fn try_from(fields: AmendFields) -> Result<AmendOrder, ErrorObject> {
        let AmendFields { new_cl_ord_id, price, qty, expect_cum_qty, deadline, .. } = fields;
        let order = OrderName::one_of(fields.order_id, fields.cl_ord_id)?;
        if price.is_none() && qty.is_none() && new_cl_ord_id.is_none() {
            return Err(missing("price", "say what changes: price, qty or new_cl_ord_id"));
        }
        Ok(AmendOrder { order, new_cl_ord_id, price, qty, expect_cum_qty, deadline })
    }
}

impl From<AmendOrder> for AmendFields {
    fn from(amend: AmendOrder) -> AmendFields {
        let AmendOrder { order, new_cl_ord_id, price, qty, expect_cum_qty, deadline } = amend;
        let (order_id, cl_ord_id) = order.fields();
        AmendFields { order_id, cl_ord_id, new_cl_ord_id, price, qty, expect_cum_qty, deadline }
    }
}
