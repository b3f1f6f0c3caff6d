//! Reject reasons on the wire: the code, the field at fault, and what to change.

use engine::command::Command;
use engine::event::Event;
use engine::fees;
use engine::ids::{AccountId, InstrumentId};
use engine::order::NewOrder;
use engine::reject::RejectReason;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;

use crate::config::RETRY_AFTER_MS;
use crate::convert::account::amount;

/// The error of a rejected command; `None` when it was not rejected.
pub fn of(events: &[Event], command: &Command, view: &View) -> Option<ErrorObject> {
    let [Event::Rejected { reason }] = *events else { return None };
    let (code, field, message) = words(reason);
    let mut error = ErrorObject::new(code, message);
    if let Some(field) = field {
        error = error.with_field(field);
    }
    if error.retryable {
        error = error.with_retry_after_ms(RETRY_AFTER_MS);
    }
    Some(match (reason, command) {
        (RejectReason::InsufficientCredit, Command::PlaceOrder(order)) => credit(error, order, view),
        (RejectReason::InsufficientBond, Command::PlaceOrder(order)) => bond(error, order, view),
        (
            RejectReason::InsufficientCapacity | RejectReason::InsufficientClaims,
            Command::PlaceOrder(order),
        ) => cover(error, (order.account, order.instrument), view),
        _ => error,
    })
}

/// Code, field and sentence of each reason. A new reason does not compile until it has its words.
#[allow(clippy::too_many_lines, reason = "a table, a row for each reason")]
fn words(reason: RejectReason) -> (ErrorCode, Option<&'static str>, &'static str) {
    use ErrorCode as Code;
    use RejectReason as Reason;
    match reason {
        Reason::NotFounded => (Code::Overloaded, None, "the exchange is still being founded: try again"),
        Reason::AlreadyFounded => (Code::Internal, None, "the exchange was founded before"),
        Reason::AccountUnknown => (Code::AccountUnknown, Some("account"), "no account has this name"),
        Reason::AccountExists => (Code::AccountExists, Some("account"), "an account of this name is open"),
        Reason::KeyExists => (
            Code::KeyExists,
            Some("key"),
            "this key, or one with the same key_id, is registered: make another",
        ),
        Reason::KeyUnknown => (Code::KeyUnknown, Some("key_id"), "no key has this key_id"),
        Reason::ReferenceConsumed => {
            (Code::ReferenceConsumed, Some("reference"), "a deposit with this reference was credited before")
        }
        Reason::SupplyLimit => (
            Code::SupplyLimit,
            Some("amount"),
            "a deposit is above zero, and all of them stay below 9 trillion CU",
        ),
        Reason::VenueFull => {
            (Code::Overloaded, None, "the exchange holds as many as it can: try again later")
        }
        Reason::MarketInvalid => (
            Code::MarketInvalid,
            None,
            "a window is whole minutes up to a day, the gate at most a day before it, 1 to 672 windows are listed, \
             and a bond is at most 100000 CU",
        ),
        Reason::MarketExists => {
            (Code::MarketExists, Some("class"), "a market of this class, zone and tier exists")
        }
        Reason::InstrumentUnknown => {
            (Code::UnknownSymbol, Some("symbol"), "no listed market has this symbol")
        }
        Reason::MarketClosed => (
            Code::MarketClosed,
            Some("symbol"),
            "the gate of this delivery window has closed: choose a later one",
        ),
        Reason::DeadlinePassed => {
            (Code::DeadlinePassed, Some("deadline"), "the order came after its deadline")
        }
        Reason::OrderUnknown => (
            Code::UnknownOrder,
            None,
            "no open order of this account has this id; it may be filled or canceled",
        ),
        Reason::LotsZero => (Code::BadLot, Some("qty"), "a quantity is at least 1"),
        Reason::ClientOrderIdTaken => (
            Code::ClOrdIdConflict,
            Some("cl_ord_id"),
            "an open order of this account has this id: choose another",
        ),
        Reason::ReduceTooLarge => {
            (Code::ReduceTooLarge, Some("by_qty"), "nothing would be left: cancel the order instead")
        }
        Reason::OpenOrderLimit => {
            (Code::OpenOrderLimit, None, "the account has 8192 open orders, the most: cancel some first")
        }
        Reason::NotProvider => (Code::NotProvider, None, "only a provider's account registers capacity"),
        Reason::CapacityInUse => (
            Code::CapacityInUse,
            Some("gpus"),
            "open sells and obligations need more than that: cancel or buy back first",
        ),
        Reason::InsufficientClaims => {
            (Code::InsufficientClaims, Some("qty"), "the account sells more than the hours it holds")
        }
        Reason::InsufficientCapacity => (
            Code::InsufficientCapacity,
            Some("qty"),
            "the account sells more than its hours and its registered capacity: register more with set_capacity",
        ),
        Reason::InsufficientBond => (
            Code::InsufficientBond,
            Some("qty"),
            "too little credit is available for the lot bond: deposit or sell less",
        ),
        Reason::InsufficientCredit => (
            Code::InsufficientCredit,
            Some("qty"),
            "too little credit is available for the order at its limit with the higher fee: deposit, or lower price or qty",
        ),
    }
}

fn available(order: &NewOrder, view: &View) -> String {
    let account = view.account(order.account).expect("a session's account exists");
    amount(account.balance.available)
}

fn credit(mut error: ErrorObject, order: &NewOrder, view: &View) -> ErrorObject {
    let listed = view.instrument(order.instrument).and_then(|listed| view.market(listed.market));
    let spec = listed.expect("an order short of credit names a listed instrument");
    let needed = amount(fees::bid_hold(spec, order.limit, order.lots));
    let available = available(order, view);
    error.message = format!(
        "at its limit and with the higher fee the order needs {needed} CU, and {available} CU is available: deposit, or \
         lower price or qty"
    )
    .into();
    error.with_details(serde_json::json!({ "needed": needed, "available": available }))
}

fn bond(mut error: ErrorObject, order: &NewOrder, view: &View) -> ErrorObject {
    let listed = view.instrument(order.instrument).and_then(|listed| view.market(listed.market));
    let spec = listed.expect("an order short of bond names a listed instrument");
    let per_lot = amount(spec.bond);
    let available = available(order, view);
    error.message = format!(
        "each lot not covered by hours held needs a bond of {per_lot} CU, and {available} CU is available: deposit, or \
         sell less"
    )
    .into();
    error.with_details(serde_json::json!({ "bond_per_lot": per_lot, "available": available }))
}

fn cover(
    mut error: ErrorObject,
    (account, instrument): (AccountId, InstrumentId),
    view: &View,
) -> ErrorObject {
    let row = view.account(account).and_then(|account| account.positions.get(&instrument));
    let (position, capacity) = row.map_or((0, 0), |row| (row.lots, row.capacity.count()));
    error.message = format!(
        "{} (hours held {}, registered capacity {capacity}; open sells count against both)",
        error.message,
        position.max(0)
    )
    .into();
    let details = serde_json::json!({ "position": position, "capacity": capacity });
    error.with_details(details)
}
