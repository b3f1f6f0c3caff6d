//! Orders on the wire: what a client asks, and what became of it.

use engine::event::{CancelReason, Event, Liquidity};
use engine::ids::{AccountId, InstrumentId, OrderId};
use engine::label::Label;
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::stamp::{Stamp, Time};
use engine::units::{Lots, Price};
use engine::view::View;
use engine::view::accounts::FillView;
use engine::view::orders::{OrderStatus, OrderView};
use protocol::account::CU;
use protocol::add_order::{self, AddOrder, Terms};
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::execution::{self, Execution};
use protocol::order::{self, Order, OrderName};
use protocol::query::Fill;
use protocol::{name, time};

use crate::convert::account::amount;
use crate::convert::symbol;

/// The order that `add_order` asks for.
pub fn new_order(
    params: &AddOrder,
    account: AccountId,
    instrument: InstrumentId,
) -> Result<NewOrder, ErrorObject> {
    let (limit, time_in_force) = match &params.terms {
        Terms::Limit { price: text, tif: add_order::TimeInForce::Gtc } => {
            (price(text, "price")?, TimeInForce::GoodTillGate)
        }
        Terms::Limit { price: text, tif: add_order::TimeInForce::Ioc } => {
            (price(text, "price")?, TimeInForce::ImmediateOrCancel)
        }
        Terms::Market { limit_price } => (price(limit_price, "limit_price")?, TimeInForce::ImmediateOrCancel),
    };
    Ok(NewOrder {
        account,
        instrument,
        side: match params.side {
            order::Side::Buy => Side::Bid,
            order::Side::Sell => Side::Ask,
        },
        time_in_force,
        limit,
        lots: lots(&params.qty, "qty")?,
        client: params.cl_ord_id.as_deref().map(|text| label(text, "cl_ord_id")).transpose()?,
        deadline: params.deadline.map(|deadline| Time(deadline.ns())),
    })
}

/// A price in bounds.
fn price(text: &str, field: &str) -> Result<Price, ErrorObject> {
    let ticks = decimal::parse(text, Scale::Price, field)?;
    Price::new(ticks).ok_or_else(|| {
        ErrorObject::new(ErrorCode::BadTick, "a price is from 0.0001 to 100000.0000 CU").with_field(field)
    })
}

/// A quantity in bounds, at least 1.
pub fn lots(text: &str, field: &str) -> Result<Lots, ErrorObject> {
    let count = decimal::parse(text, Scale::Quantity, field)?;
    if count == 0 {
        return Err(ErrorObject::new(ErrorCode::BadLot, "a quantity is at least 1").with_field(field));
    }
    Lots::new(count).ok_or_else(|| {
        ErrorObject::new(ErrorCode::MaxQty, "a quantity is at most 10000000").with_field(field)
    })
}

/// A name that a client chose.
pub fn label(text: &str, field: &str) -> Result<Label, ErrorObject> {
    name::check(text, field)?;
    Ok(Label::new(text).expect("a name of the wire is a label of the engine"))
}

/// The order that a request names.
pub fn order_ref(named: &OrderName) -> Result<OrderRef, ErrorObject> {
    match named {
        OrderName::ClOrdId(text) => Ok(OrderRef::Client(label(text, "cl_ord_id")?)),
        OrderName::OrderId(text) => {
            let raw = text.strip_prefix("o_").and_then(|hex| u64::from_str_radix(hex, 16).ok());
            raw.map(|raw| OrderRef::Id(OrderId::from_raw(raw))).ok_or_else(|| {
                let message = "an order id is o_ and hexadecimal digits, as add_order returned it";
                ErrorObject::new(ErrorCode::BadValue, message).with_field("order_id")
            })
        }
    }
}

/// Lots as text.
pub fn quantity(lots: Lots) -> String {
    decimal::print(lots.count().into(), Scale::Quantity)
}

/// A price as text.
pub fn price_text(price: Price) -> String {
    decimal::print(price.ticks().into(), Scale::Price)
}

/// A side on the wire.
pub fn side(side: Side) -> order::Side {
    match side {
        Side::Bid => order::Side::Buy,
        Side::Ask => order::Side::Sell,
    }
}

/// Where an order is in its life, on the wire.
pub fn status(order: &OrderView) -> order::OrderStatus {
    match order.status {
        OrderStatus::Filled => order::OrderStatus::Filled,
        OrderStatus::Canceled(_) => order::OrderStatus::Canceled,
        OrderStatus::Open if order.filled.is_zero() => order::OrderStatus::Open,
        OrderStatus::Open => order::OrderStatus::PartiallyFilled,
    }
}

/// An order with its cumulative state.
pub fn wire(view: &View, order: &OrderView) -> Order {
    Order {
        order_id: order.order.to_string(),
        cl_ord_id: order.client.map(|client| client.to_string()),
        symbol: symbol::text(view, order.instrument),
        side: side(order.side),
        price: price_text(order.limit),
        qty: quantity(order.lots),
        cum_qty: quantity(order.filled),
        leaves_qty: quantity(order.leaves),
        avg_price: order.average().map(price_text),
        status: status(order),
    }
}

/// A private event about an order, with the order as it is just after; `None` for other events.
pub fn execution(view: &View, stamp: Stamp, event: &Event) -> Option<Execution> {
    let (order, event) = match *event {
        Event::OrderAccepted { order, .. } => (order, execution::Event::New),
        Event::OrderExecuted { order, trade, liquidity, price, lots, fee, .. } => {
            let traded = execution::Event::Trade {
                last_price: price_text(price),
                last_qty: quantity(lots),
                trade_id: trade.0,
                liquidity: self::liquidity(liquidity),
                fee: amount(fee),
                fee_unit: CU.to_owned(),
            };
            (order, traded)
        }
        Event::OrderReduced { order, .. } => (order, execution::Event::Reduced),
        Event::OrderCanceled { order, reason, .. } => {
            (order, execution::Event::Canceled { reason: cancel_reason(reason) })
        }
        _ => return None,
    };
    let order = view.order(order).expect("events name orders that the view knows");
    Some(Execution { event, order: wire(view, order), engine_seq: stamp.sequence.0 })
}

fn liquidity(liquidity: Liquidity) -> order::Liquidity {
    match liquidity {
        Liquidity::Maker => order::Liquidity::Maker,
        Liquidity::Taker => order::Liquidity::Taker,
    }
}

fn cancel_reason(reason: CancelReason) -> execution::CancelReason {
    match reason {
        CancelReason::User => execution::CancelReason::User,
        CancelReason::All => execution::CancelReason::CancelAll,
        CancelReason::Immediate => execution::CancelReason::Ioc,
        CancelReason::SelfTrade => execution::CancelReason::Stp,
        CancelReason::Gate => execution::CancelReason::GateClosed,
    }
}

/// One of an account's trades.
pub fn fill(view: &View, fill: &FillView) -> Fill {
    Fill {
        trade_id: fill.trade.0,
        order_id: fill.order.to_string(),
        cl_ord_id: fill.client.map(|client| client.to_string()),
        symbol: symbol::text(view, fill.instrument),
        side: side(fill.side),
        price: price_text(fill.price),
        qty: quantity(fill.lots),
        liquidity: liquidity(fill.liquidity),
        fee: amount(fill.fee),
        fee_unit: CU.to_owned(),
        ts: time::Time::from_ns(fill.stamp.time.0),
        engine_seq: fill.stamp.sequence.0,
        xseq: fill.xseq.0,
    }
}
