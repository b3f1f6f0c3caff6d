//! Entry on the wire: the orders, amendments and cancellations that clients ask for. Numbers are checked here, once.

use engine::ids::{AccountId, InstrumentId, OrderId};
use engine::label::Label;
use engine::order::{
    Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, SessionId, Side, TimeInForce,
};
use engine::stamp::Time;
use engine::units::{Amount, Lots, Price};
use protocol::add_order::AddOrder;
use protocol::amend::AmendOrder;
use protocol::cancel::CancelAllAfter;
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::order::{self, OrderName};
use protocol::terms::{self, PostOnly, Terms};
use protocol::{name, time};

/// The longest time of `cancel_all_after`, in milliseconds: a day.
const TIMEOUT_MS_MAX: u64 = engine::control::CANCEL_AFTER_MAX / NANOS_PER_MS;
const NANOS_PER_MS: u64 = 1_000_000;

/// The order that `add_order` asks for. `session` is the connection's, for an order that ends with it.
pub fn new_order(
    params: &AddOrder,
    (account, instrument): (AccountId, InstrumentId),
    session: SessionId,
) -> Result<NewOrder, ErrorObject> {
    let lots = lots(&params.qty, "qty")?;
    let part = |text: Option<&str>, field: &str| text.map(|text| part_of(lots, text, field)).transpose();
    let (limit, kind, shown) = match &params.terms {
        Terms::Limit { price: text, post_only, display_qty, .. } => {
            let kind = match post_only {
                PostOnly::No => OrderKind::Limit,
                PostOnly::Refuse => OrderKind::PostOnly,
                PostOnly::Slide => OrderKind::PostOnlySlide,
            };
            (price(text, "price")?, kind, part(display_qty.as_deref(), "display_qty")?)
        }
        Terms::Market { limit_price, .. } => (price(limit_price, "limit_price")?, OrderKind::Market, None),
    };
    Ok(NewOrder {
        account,
        instrument,
        side: side(params.side),
        kind,
        time_in_force: time_in_force(&params.terms),
        prevention: match params.stp {
            terms::SelfTradePrevention::CancelNewest => SelfTradePrevention::CancelNewest,
            terms::SelfTradePrevention::CancelOldest => SelfTradePrevention::CancelOldest,
            terms::SelfTradePrevention::CancelBoth => SelfTradePrevention::CancelBoth,
            terms::SelfTradePrevention::Decrement => SelfTradePrevention::Decrement,
        },
        limit,
        lots,
        minimum: part(params.min_qty.as_deref(), "min_qty")?.unwrap_or(Lots::ZERO),
        shown,
        client: params.cl_ord_id.as_deref().map(|text| label(text, "cl_ord_id")).transpose()?,
        label: params.label.as_deref().map(|text| label(text, "label")).transpose()?,
        session: params.cod.then_some(session),
        deadline: params.deadline.map(moment),
    })
}

fn time_in_force(terms: &Terms) -> TimeInForce {
    match *terms {
        Terms::Limit { tif: terms::TimeInForce::Gtc, .. } => TimeInForce::GoodTillGate,
        Terms::Limit { tif: terms::TimeInForce::Gtd(expires), .. } => {
            TimeInForce::GoodTillDate(moment(expires))
        }
        Terms::Limit { tif: terms::TimeInForce::Ioc, .. } | Terms::Market { fok: false, .. } => {
            TimeInForce::ImmediateOrCancel
        }
        Terms::Limit { tif: terms::TimeInForce::Fok, .. } | Terms::Market { fok: true, .. } => {
            TimeInForce::FillOrKill
        }
    }
}

/// The change that `amend_order` asks for.
pub fn amendment(params: &AmendOrder, account: AccountId) -> Result<Amendment, ErrorObject> {
    Ok(Amendment {
        account,
        order: order_ref(&params.order)?,
        limit: params.price.as_deref().map(|text| price(text, "price")).transpose()?,
        lots: params.qty.as_deref().map(|text| lots(text, "qty")).transpose()?,
        client: params.new_cl_ord_id.as_deref().map(|text| label(text, "new_cl_ord_id")).transpose()?,
        filled: params.expect_cum_qty.as_deref().map(|text| count(text, "expect_cum_qty")).transpose()?,
        deadline: params.deadline.map(moment),
    })
}

/// How long `cancel_all_after` waits, in nanoseconds; `None` withdraws it.
pub fn cancel_after(params: &CancelAllAfter) -> Result<Option<u64>, ErrorObject> {
    if TIMEOUT_MS_MAX < params.timeout_ms {
        let message = format!("a timeout is at most {TIMEOUT_MS_MAX} ms, a day; 0 withdraws it");
        return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("timeout_ms"));
    }
    Ok(Some(params.timeout_ms * NANOS_PER_MS).filter(|nanos| 0 < *nanos))
}

/// A side of the engine.
pub fn side(side: order::Side) -> Side {
    match side {
        order::Side::Buy => Side::Bid,
        order::Side::Sell => Side::Ask,
    }
}

fn moment(time: time::Time) -> Time {
    Time(time.ns())
}

/// A price in bounds.
pub fn price(text: &str, field: &str) -> Result<Price, ErrorObject> {
    let ticks = decimal::parse(text, Scale::Price, field)?;
    Price::new(ticks).ok_or_else(|| {
        ErrorObject::new(ErrorCode::BadTick, "a price is from 0.0001 to 100000.0000 CU").with_field(field)
    })
}

/// A quantity in bounds, at least 1.
pub fn lots(text: &str, field: &str) -> Result<Lots, ErrorObject> {
    let lots = count(text, field)?;
    if lots.is_zero() {
        return Err(ErrorObject::new(ErrorCode::BadLot, "a quantity is at least 1").with_field(field));
    }
    Ok(lots)
}

/// A quantity in bounds, or zero.
pub fn count(text: &str, field: &str) -> Result<Lots, ErrorObject> {
    Lots::new(decimal::parse(text, Scale::Quantity, field)?).ok_or_else(|| {
        ErrorObject::new(ErrorCode::MaxQty, "a quantity is at most 10000000").with_field(field)
    })
}

/// A quantity that is part of another.
/// CU as micro-CU.
pub fn amount(text: &str, field: &str) -> Result<Amount, ErrorObject> {
    decimal::parse(text, Scale::Amount, field).map(Amount::new)
}

fn part_of(whole: Lots, text: &str, field: &str) -> Result<Lots, ErrorObject> {
    let part = lots(text, field)?;
    if whole < part {
        let message = format!("this is at most the order's qty, {}", whole.count());
        return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field(field));
    }
    Ok(part)
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
