//! Orders on the wire: what became of them.

use engine::ending::CancelReason;
use engine::event::{Liquidity, ReduceReason};
use engine::order::{OrderKind, Side, TimeInForce};
use engine::stamp::Stamp;
use engine::units::{Lots, Price};
use engine::view::View;
use engine::view::accounts::FillView;
use engine::view::orders::{OrderStatus, OrderView};
use journal::history::{self, OrderChange};
use protocol::account::CU;
use protocol::decimal::{self, Scale};
use protocol::execution::{self, Execution};
use protocol::order::{self, Order};
use protocol::query::Fill;
use protocol::terms::{PostOnly, Tif};
use protocol::time::Time;

use crate::convert::account::amount;
use crate::convert::symbol;

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
        OrderStatus::Open => open_status(order.filled),
    }
}

/// Where an open order is in its life, when so much of it has traded.
pub fn open_status(filled: Lots) -> order::OrderStatus {
    if filled.is_zero() { order::OrderStatus::Open } else { order::OrderStatus::PartiallyFilled }
}

/// Why an order was canceled, if it was.
pub fn canceled(order: &OrderView) -> Option<order::CancelReason> {
    match order.status {
        OrderStatus::Canceled(reason) => Some(cancel_reason(reason)),
        OrderStatus::Open | OrderStatus::Filled => None,
    }
}

/// An order with its cumulative state.
pub fn wire(view: &View, order: &OrderView) -> Order {
    told(order, symbol::text(view, order.instrument))
}

fn told(order: &OrderView, symbol: String) -> Order {
    let (tif, expires) = match order.time_in_force {
        TimeInForce::GoodTillGate => (None, None),
        TimeInForce::GoodTillDate(expires) => (Some(Tif::Gtd), Some(Time::from_ns(expires.0))),
        TimeInForce::ImmediateOrCancel => (Some(Tif::Ioc), None),
        TimeInForce::FillOrKill => (Some(Tif::Fok), None),
    };
    Order {
        order_id: order.order.to_string(),
        cl_ord_id: order.client.map(|client| client.to_string()),
        symbol,
        side: side(order.side),
        price: price_text(order.limit),
        qty: quantity(order.lots),
        cum_qty: quantity(order.filled),
        leaves_qty: quantity(order.leaves),
        avg_price: order.average().map(price_text),
        status: status(order),
        tif,
        expires,
        post_only: match order.kind {
            OrderKind::Limit | OrderKind::Market => PostOnly::No,
            OrderKind::PostOnly => PostOnly::Refuse,
            OrderKind::PostOnlySlide => PostOnly::Slide,
        },
        display_qty: order.clip.map(quantity),
        label: order.label.map(|label| label.to_string()),
        cod: order.session.is_some(),
    }
}

/// What happened to an order, with the order as it was just after and its symbol.
pub fn execution(stamp: Stamp, change: &OrderChange, (order, symbol): (&OrderView, String)) -> Execution {
    let event = match *change {
        OrderChange::Accepted => execution::Event::New,
        OrderChange::Executed(history::Execution { trade, liquidity, price, lots, fee }) => {
            execution::Event::Trade {
                last_price: price_text(price),
                last_qty: quantity(lots),
                trade_id: trade.0,
                liquidity: self::liquidity(liquidity),
                fee: amount(fee),
                fee_unit: CU.to_owned(),
            }
        }
        OrderChange::Reduced(reason) => {
            let reason = match reason {
                ReduceReason::User => execution::ReduceReason::User,
                ReduceReason::SelfTrade => execution::ReduceReason::Stp,
            };
            execution::Event::Reduced { reason }
        }
        OrderChange::Amended(kept) => execution::Event::Amended { priority_kept: kept },
        OrderChange::Canceled => {
            let OrderStatus::Canceled(reason) = order.status else {
                unreachable!("an order that was canceled says why")
            };
            execution::Event::Canceled { reason: cancel_reason(reason) }
        }
    };
    Execution { event, order: told(order, symbol), engine_seq: stamp.sequence.0 }
}

fn liquidity(liquidity: Liquidity) -> order::Liquidity {
    match liquidity {
        Liquidity::Maker => order::Liquidity::Maker,
        Liquidity::Taker => order::Liquidity::Taker,
    }
}

/// Why an order ended, on the wire.
pub fn cancel_reason(reason: CancelReason) -> order::CancelReason {
    match reason {
        CancelReason::User => order::CancelReason::User,
        CancelReason::All => order::CancelReason::CancelAll,
        CancelReason::Immediate => order::CancelReason::Ioc,
        CancelReason::SelfTrade => order::CancelReason::Stp,
        CancelReason::Gate => order::CancelReason::GateClosed,
        CancelReason::Expired => order::CancelReason::Expired,
        CancelReason::Session => order::CancelReason::Cod,
        CancelReason::DeadMan => order::CancelReason::CancelAllAfter,
        CancelReason::Kill => order::CancelReason::KillSwitch,
        CancelReason::PriceBand => order::CancelReason::PriceBand,
        CancelReason::Sweep => order::CancelReason::Sweep,
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
        ts: Time::from_ns(fill.stamp.time.0),
        engine_seq: fill.stamp.sequence.0,
        xseq: fill.xseq.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_word() {
        let words = [
            (CancelReason::User, "user"),
            (CancelReason::All, "cancel_all"),
            (CancelReason::Immediate, "ioc"),
            (CancelReason::SelfTrade, "stp"),
            (CancelReason::Gate, "gate_closed"),
            (CancelReason::Expired, "expired"),
            (CancelReason::Session, "cod"),
            (CancelReason::DeadMan, "cancel_all_after"),
            (CancelReason::Kill, "kill_switch"),
            (CancelReason::PriceBand, "price_band"),
            (CancelReason::Sweep, "sweep"),
        ];
        for (reason, word) in words {
            assert_eq!(serde_json::to_value(cancel_reason(reason)).unwrap(), word);
        }
    }
}
