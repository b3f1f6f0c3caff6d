//! Numbers: how much a refused order needed or passed, and how much there is, where the view knows.

use engine::command::Command;
use engine::control::OPEN_ORDERS_MAX;
use engine::control::{BandWidth, MarketLimits};
use engine::fees;
use engine::ids::{AccountId, InstrumentId};
use engine::order::{Amendment, OrderRef, Side};
use engine::reject::RejectReason;
use engine::units::{Amount, Lots, Price};
use engine::view::accounts::AccountView;
use engine::view::orders::{OrderStatus, OrderView};
use engine::view::{InstrumentView, View};
use protocol::error::ErrorObject;
use serde_json::json;

use crate::convert::account::amount;
use crate::convert::order::{price_text, quantity};

/// Open orders among which one is looked for by its client's id. The publisher answers everyone, so a refusal must cost
/// little: an account with more is told the reason without numbers.
const ORDERS_SEARCHED_MAX: usize = 256;

/// What was sought: a new order, or what an amendment would have made of one.
struct Sought<'a> {
    account: &'a AccountView,
    listed: &'a InstrumentView,
    limits: &'a MarketLimits,
    instrument: InstrumentId,
    side: Side,
    limit: Price,
    lots: Lots,
    /// Credit that the order it replaces would have left to it.
    freed: Amount,
}

/// Puts the numbers into the message, and into the details for programs.
pub(super) fn add(
    error: ErrorObject,
    (reason, command): (RejectReason, &Command),
    view: &View,
) -> ErrorObject {
    if let (RejectReason::AmendRace, Command::AmendOrder(amendment)) = (reason, command) {
        return raced(error, amendment, view);
    }
    let Some(sought) = Sought::of(command, view) else { return error };
    match reason {
        RejectReason::InsufficientCredit => sought.credit(error),
        RejectReason::InsufficientBond => sought.bond(error),
        RejectReason::InsufficientCapacity | RejectReason::InsufficientClaims => sought.cover(error),
        RejectReason::OpenOrderLimit => sought.open_orders(error),
        RejectReason::OrderLotsLimit => sought.order_lots(error),
        RejectReason::OrderNotionalLimit => sought.notional(error),
        RejectReason::PositionLimit => sought.position(error),
        RejectReason::PriceBand => sought.band(error),
        RejectReason::PostOnlyWouldCross => sought.cross(error, view),
        _ => error,
    }
}

/// The order of an account that a command names, if it is open.
fn named(view: &View, account: AccountId, order: OrderRef) -> Option<&OrderView> {
    let found = match order {
        OrderRef::Id(order) => view.order(order).filter(|order| order.account == account),
        OrderRef::Client(client) => {
            let mut searched = view.orders_of(account).take(ORDERS_SEARCHED_MAX);
            searched.find(|order| order.client == Some(client))
        }
    };
    found.filter(|order| order.status == OrderStatus::Open)
}

fn raced(mut error: ErrorObject, amendment: &Amendment, view: &View) -> ErrorObject {
    let Some(order) = named(view, amendment.account, amendment.order) else { return error };
    let filled = quantity(order.filled);
    error.message = format!("{filled} has traded by now: look at the order, then amend it again").into();
    error.with_details(json!({ "cum_qty": filled }))
}

impl<'a> Sought<'a> {
    fn of(command: &Command, view: &'a View) -> Option<Sought<'a>> {
        let (account, instrument, side, limit, lots, before) = match *command {
            Command::PlaceOrder(order) => {
                (order.account, order.instrument, order.side, order.limit, order.lots, None)
            }
            Command::AmendOrder(amendment) => {
                let order = named(view, amendment.account, amendment.order)?;
                let lots = amendment.lots.unwrap_or(order.lots).count().checked_sub(order.filled.count())?;
                let lots = Lots::new(lots.into())?;
                let limit = amendment.limit.unwrap_or(order.limit);
                (order.account, order.instrument, order.side, limit, lots, Some(order))
            }
            _ => return None,
        };
        let listed = view.instrument(instrument)?;
        let held = |order: &OrderView| match order.side {
            Side::Bid => fees::bid_hold(&listed.terms, order.limit, order.leaves),
            Side::Ask => Amount::ZERO,
        };
        Some(Sought {
            account: view.account(account)?,
            listed,
            limits: &view.market(listed.market)?.limits,
            instrument,
            side,
            limit,
            lots,
            freed: before.map_or(Amount::ZERO, held),
        })
    }

    fn credit(&self, mut error: ErrorObject) -> ErrorObject {
        let needed = amount(fees::bid_hold(&self.listed.terms, self.limit, self.lots));
        let available = amount(self.account.balance.available.plus(self.freed));
        error.message = format!(
            "at its limit and with the higher fee the order needs {needed} CU, and {available} CU is available: \
             deposit, or lower price or qty"
        )
        .into();
        error.with_details(json!({ "needed": needed, "available": available }))
    }

    fn bond(&self, mut error: ErrorObject) -> ErrorObject {
        let per_lot = amount(self.listed.terms.bond);
        let available = amount(self.account.balance.available);
        error.message = format!(
            "each lot not covered by hours held needs a bond of {per_lot} CU, and {available} CU is available: \
             deposit, or sell less"
        )
        .into();
        error.with_details(json!({ "bond_per_lot": per_lot, "available": available }))
    }

    /// Hours held, and registered capacity.
    fn held(&self) -> (i64, u32) {
        let row = self.account.positions.get(&self.instrument);
        row.map_or((0, 0), |row| (row.lots, row.capacity.count()))
    }

    fn cover(&self, mut error: ErrorObject) -> ErrorObject {
        let (position, capacity) = self.held();
        error.message = format!(
            "{} (hours held {}, registered capacity {capacity}; open sells count against both)",
            error.message,
            position.max(0)
        )
        .into();
        error.with_details(json!({ "position": position, "capacity": capacity }))
    }

    fn open_orders(&self, mut error: ErrorObject) -> ErrorObject {
        let most = self.account.limits.open_orders.min(OPEN_ORDERS_MAX);
        error.message = format!("the account may have {most} open orders: cancel some first").into();
        error.with_details(json!({ "open_orders_max": most }))
    }

    fn order_lots(&self, mut error: ErrorObject) -> ErrorObject {
        let most = quantity(self.limits.order_lots);
        error.message = format!("an order here has at most {most} lots: split it").into();
        error.with_details(json!({ "order_qty": most }))
    }

    fn notional(&self, mut error: ErrorObject) -> ErrorObject {
        let cost = amount(self.limit.cost(self.lots));
        let most = amount(self.limits.order_notional.min(self.account.limits.order_notional));
        error.message = format!(
            "at its limit the order comes to {cost} CU, and one may come to {most} CU: lower qty or price"
        )
        .into();
        error.with_details(json!({ "notional": cost, "order_notional": most }))
    }

    fn position(&self, mut error: ErrorObject) -> ErrorObject {
        let most = quantity(self.limits.position_lots.min(self.account.limits.position_lots));
        let (position, _) = self.held();
        error.message = format!(
            "with all open orders of this side filled the position, now {position}, would pass {most} lots: lower qty \
             or cancel some"
        )
        .into();
        error.with_details(json!({ "position": position, "position_qty": most }))
    }

    fn band(&self, mut error: ErrorObject) -> ErrorObject {
        let (low, high) = (price_text(self.limits.price_min), price_text(self.limits.price_max));
        let parts = self.limits.band.map(BandWidth::parts);
        let near = parts.map_or_else(String::new, |parts| {
            format!(", and this side within {parts} millionths of the last trade's price")
        });
        error.message = format!("prices here are from {low} to {high}{near}: move the price").into();
        error.with_details(json!({ "price_min": low, "price_max": high, "band_ppm": parts }))
    }

    fn cross(&self, mut error: ErrorObject, view: &View) -> ErrorObject {
        let Some(depth) = view.depth(self.instrument) else { return error };
        let (best, name) = match self.side {
            Side::Bid => (depth.asks().next(), "best_ask"),
            Side::Ask => (depth.bids().next(), "best_bid"),
        };
        let Some((best, _)) = best else { return error };
        let (best, plain) = (price_text(best), name.replace('_', " "));
        error.message = format!(
            "the {plain} is {best}, so the order would trade at once: move its price, or send it with \
             \"post_only\": \"slide\""
        )
        .into();
        error.with_details(json!({ name: best }))
    }
}
