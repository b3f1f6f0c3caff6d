//! Reject reasons on the wire: the code, the field at fault, and what to change.

mod numbers;

use engine::command::{Command, Stamped};
use engine::delivery::command::DeliveryCommand;
use engine::event::Event;
use engine::instrument::Phase;
use engine::order::NewOrder;
use engine::reject::RejectReason;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;

use crate::config::RETRY_AFTER_MS;

/// The error of a rejected command; `None` when it was not rejected.
pub fn of(events: &[Event], stamped: &Stamped, view: &View) -> Option<ErrorObject> {
    let [Event::Rejected { reason }] = *events else { return None };
    Some(alone(reason, stamped, view))
}

/// The error of a command that was refused for this reason.
pub fn alone(reason: RejectReason, stamped: &Stamped, view: &View) -> ErrorObject {
    let error = error(reason, &stamped.command);
    let error = precise(error, (reason, stamped), view);
    numbers::add(error, (reason, &stamped.command), view)
}

/// The error of a cancel in a batch that is told again.
pub fn canceled_before() -> ErrorObject {
    let message = "this batch was sent before: what its cancels did then is not remembered";
    ErrorObject::new(ErrorCode::UnknownOrder, message)
}

/// The error of a refusal that is told again: the first one's, without what was true then.
pub fn again(reason: RejectReason, command: &Command) -> ErrorObject {
    error(reason, command)
        .with_details(serde_json::json!({ "duplicate": true }))
        .with_suggestion("this was the first outcome of this id: to try again, take another")
}

/// The error for this reason, where no command was made that could be refused for it.
pub fn plain(reason: RejectReason) -> ErrorObject {
    let (code, field, message) = words(reason);
    let error = ErrorObject::new(code, message);
    match field {
        Some(field) => error.with_field(field),
        None => error,
    }
}

fn error(reason: RejectReason, command: &Command) -> ErrorObject {
    let mut error = plain(reason);
    if let Some(field) = error.field.take() {
        error = error.with_field(field_of(command, &field).to_owned());
    }
    match (error.retryable, has_id(command)) {
        (false, _) => error,
        (true, false) => error.with_retry_after_ms(RETRY_AFTER_MS),
        (true, true) => {
            // The refusal may be this id's outcome, which would be told again for ever.
            error.retryable = false;
            error.with_suggestion("try again later, with another id")
        }
    }
}

/// Whether a command uses up a client order id.
fn has_id(command: &Command) -> bool {
    match command {
        Command::PlaceOrder(order) => order.client.is_some(),
        Command::AmendOrder(amendment) => amendment.client.is_some(),
        _ => false,
    }
}

/// A field of `add_order` as the command's own method calls it.
fn field_of<'a>(command: &Command, field: &'a str) -> &'a str {
    match (command, field) {
        (Command::AmendOrder(_), "cl_ord_id") => "new_cl_ord_id",
        (Command::ReduceOrder { .. }, "qty") => "by_qty",
        _ => field,
    }
}

/// Says which of two things a reason means here.
fn precise(mut error: ErrorObject, (reason, stamped): (RejectReason, &Stamped), view: &View) -> ErrorObject {
    let now = stamped.stamp.time;
    let (field, message) = match (reason, stamped.command) {
        (RejectReason::MarketClosed, Command::PlaceOrder(NewOrder { instrument, .. })) => {
            let coming = view.instrument(instrument).is_some_and(|listed| listed.phase == Phase::Listed);
            let closed = "the gate of this delivery window has closed: choose a later one";
            (
                "symbol",
                if coming { "this delivery window is not open yet: choose an earlier one" } else { closed },
            )
        }
        (RejectReason::DeadlinePassed, Command::PlaceOrder(NewOrder { deadline, .. })) => {
            match deadline.is_some_and(|deadline| deadline < now) {
                true => ("deadline", "the order came after its deadline"),
                false => ("expires", "the time that the order is good till has passed: choose a later one"),
            }
        }
        (RejectReason::DeadlinePassed, _) => ("deadline", "the change came after its deadline"),
        (RejectReason::InsufficientCredit, Command::Transfer { .. } | Command::Redeem { .. }) => {
            ("amount", "the account has less credit available than that: cancel orders, or send less")
        }
        (RejectReason::ReferenceConsumed, Command::Transfer { .. } | Command::Redeem { .. }) => {
            ("reference", "this account has used this reference for something else: take another")
        }
        (RejectReason::NotProvider, Command::Delivery(DeliveryCommand::AnnounceMaintenance { .. })) => {
            error.code = ErrorCode::InsufficientCapacity;
            error.category = error.code.category();
            (
                "symbol",
                "the account has no capacity in this window, so nothing of its can be maintained: name a window with capacity, or register some with set_capacity",
            )
        }
        (RejectReason::NotProvider, Command::Delivery(DeliveryCommand::AddStake { .. })) => {
            error.message = "only a provider's account has something at stake: log in with a key of the one that delivers".into();
            return error;
        }
        (RejectReason::ReduceTooLarge, Command::AmendOrder(_)) => (
            "qty",
            "so much has traded already, and something must be left: ask for more, or cancel the order",
        ),
        _ => return error,
    };
    error.message = message.into();
    error.with_field(field)
}

/// Code, field and sentence of each reason. A new reason does not compile until it has its words.
#[allow(clippy::too_many_lines, reason = "a table, a row for each reason")]
fn words(reason: RejectReason) -> (ErrorCode, Option<&'static str>, &'static str) {
    use ErrorCode as Code;
    use RejectReason as Reason;
    match reason {
        Reason::NotFounded => (Code::Overloaded, None, "the exchange is still being founded: try again"),
        Reason::AlreadyFounded => (Code::Internal, None, "the exchange was founded before"),
        Reason::ClientOrderIdConflict => (
            Code::ClOrdIdConflict,
            Some("cl_ord_id"),
            "this account has used this id for something else: take another",
        ),
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
        Reason::AccountLocked => (
            Code::AccountLocked,
            None,
            "the operator has locked this account: it may cancel, and nothing else",
        ),
        Reason::AmountZero => (Code::PaymentInvalid, Some("amount"), "a payment is above zero"),
        Reason::SelfPayment => {
            (Code::PaymentInvalid, Some("to"), "an account sends credit to others, not to itself")
        }
        Reason::RedemptionUnknown => (
            Code::RedemptionUnknown,
            Some("reference"),
            "nothing of this account waits to be paid out under this reference",
        ),
        Reason::BatchInvalid => (
            Code::BatchInvalid,
            None,
            "an atomic batch has at most 32 ops; where one of its orders would trade at once, nothing of it may come after \
             it in that window, and its orders may not meet each other: send a plain batch, or change their order",
        ),
        Reason::BatchRefused => {
            (Code::BatchRefused, None, "another change of the batch was refused, so none was made")
        }
        Reason::MarketInvalid => (
            Code::MarketInvalid,
            None,
            "a window is whole minutes up to a day and as long as in the class's other markets, the gate at most a \
             day before it, 1 to 672 windows are open and listed ahead together, and a bond is at most 100000 CU",
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
            "this delivery window is not open: it opens later, or its gate has closed",
        ),
        Reason::DeadlinePassed => (
            Code::DeadlinePassed,
            Some("deadline"),
            "it came after its deadline, or after the time that it is good till",
        ),
        Reason::MarketUnknown => (Code::UnknownMarket, Some("market"), "no market has this name"),
        Reason::LimitsInvalid => {
            (Code::LimitsInvalid, Some("price_min"), "price_min is at most price_max: no price would be left")
        }
        Reason::DrawUnexpected => (Code::Internal, None, "no delivery window waits for a draw"),
        Reason::MarketHalted => (
            Code::MarketHalted,
            None,
            "trading is halted here: orders can be canceled, and nothing else until it is open again",
        ),
        Reason::CancelOnly => (
            Code::CancelOnly,
            None,
            "orders can only be canceled or reduced here: no others are taken until it is open again",
        ),
        Reason::OrderUnknown => (
            Code::UnknownOrder,
            None,
            "no open order of this account has this id; it may be filled or canceled",
        ),
        Reason::LotsZero => (Code::BadLot, Some("qty"), "a quantity is at least 1"),
        Reason::OrderTerms => (
            Code::BadTerms,
            None,
            "these terms contradict each other: a market order is ioc or fok, a post-only order rests and has no \
             min_qty, an order that shows a part rests, and min_qty and display_qty are at most qty",
        ),
        Reason::ReduceTooLarge => {
            (Code::ReduceTooLarge, Some("by_qty"), "nothing would be left: cancel the order instead")
        }
        Reason::OpenOrderLimit => {
            (Code::OpenOrderLimit, None, "the account has as many open orders as it may: cancel some first")
        }
        Reason::AmendRace => (
            Code::AmendRace,
            Some("expect_cum_qty"),
            "another quantity has traded by now: look at the order, then amend it again",
        ),
        Reason::NotProvider => (
            Code::NotProvider,
            None,
            "only a provider's account registers capacity: an operator opens accounts that are one",
        ),
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
        Reason::OrderLotsLimit => {
            (Code::MaxQty, Some("qty"), "the market allows fewer lots in one order: split it")
        }
        Reason::OrderNotionalLimit => (
            Code::NotionalLimit,
            Some("qty"),
            "the order comes to more CU at its limit than one may: lower qty or price",
        ),
        Reason::PositionLimit => (
            Code::PositionLimit,
            Some("qty"),
            "with all open orders filled the position would be larger than it may: lower qty or cancel some",
        ),
        Reason::PriceBand => {
            (Code::PriceBand, Some("price"), "the price lies outside the market's bands: move it")
        }
        Reason::PostOnlyMode => (
            Code::PostOnlyMode,
            None,
            "only orders that rest are taken here now, and this one would trade at once or cannot rest: send it \
             good till canceled, with \"post_only\": \"slide\"",
        ),
        Reason::PostOnlyWouldCross => (
            Code::PostOnlyWouldCross,
            Some("price"),
            "the order would trade at once: move its price, or send it with \"post_only\": \"slide\"",
        ),
        Reason::FillOrKill => (
            Code::FokNotFillable,
            Some("qty"),
            "the order cannot be filled at once in whole: lower qty, move the price, or send it as ioc",
        ),
        Reason::MinimumNotMet => (
            Code::MinQty,
            Some("min_qty"),
            "fewer lots than min_qty can trade at once: lower min_qty, or move the price",
        ),
        Reason::DeliveryTermsInvalid => (
            Code::TermsInvalid,
            None,
            "disputes and rulings take 1 slot or more, and 1 to 3 auditors look at a slot",
        ),
        Reason::DeliveryUnknown => (
            Code::UnknownDelivery,
            Some("delivery"),
            "no delivery of this number is under way in which the account has this part: ask for deliveries",
        ),
        Reason::SlotLate => (Code::TooLate, Some("slot"), "the slot's deadline for this has passed"),
        Reason::SlotUnexpected => {
            (Code::WrongState, None, "the delivery, or its slot, does not stand where this can be done")
        }
        // A commitment that is taken is of the whole batch, which is worth the whole slot.
        Reason::WorkBelowQuota => (Code::Internal, None, "the metered work is less than the slot's quota"),
        Reason::NotInterruptible => {
            (Code::NotInterruptible, None, "only slots of an interruptible window can be taken back")
        }
        Reason::NoticeTooShort => (
            Code::NoticeTooShort,
            None,
            "it comes too late: maintenance is announced 24 windows ahead, slots are taken back one slot ahead",
        ),
        Reason::NotAuditor => {
            (Code::NotAuditor, None, "the account was not drawn to audit this slot, or has answered")
        }
        Reason::DisputeRepeated => {
            (Code::DisputeRepeated, Some("slot"), "the account has disputed this slot before")
        }
        Reason::InsufficientDeposit => (
            Code::InsufficientCredit,
            None,
            "too little credit is available for the deposit of a dispute: cancel orders, or deposit",
        ),
        Reason::StakeZero => (Code::PaymentInvalid, Some("amount"), "a stake is above zero"),
        Reason::StakeLocked => (
            Code::StakeLocked,
            Some("amount"),
            "the stake secures what is sold, or may be: it is free two times for disputes after the last slot",
        ),
        Reason::InsufficientStake => (
            Code::InsufficientStake,
            None,
            "the provider has less at stake than that: add to the stake first",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use engine::ids::{AccountId, InstrumentId};
    use engine::label::Label;
    use engine::order::Side;
    use engine::units::{Lots, Price};

    use super::*;

    #[test]
    fn what_uses_up_an_id_is_not_tried_again() {
        let terms = (Lots::new(1).unwrap(), Price::MIN);
        let plain = NewOrder::limit(AccountId(1), InstrumentId(0), Side::Bid, terms);
        let refused = |order| error(RejectReason::VenueFull, &Command::PlaceOrder(order));
        let without = refused(plain);
        assert_eq!((without.retryable, without.retry_after_ms), (true, Some(RETRY_AFTER_MS)));
        let with = refused(NewOrder { client: Label::new("mine"), ..plain });
        assert_eq!((with.retryable, with.retry_after_ms), (false, None));
    }

    #[test]
    fn few_reasons_share_a_code() {
        let mut codes: BTreeMap<String, Vec<RejectReason>> = BTreeMap::new();
        for reason in RejectReason::ALL {
            codes.entry(words(*reason).0.to_string()).or_default().push(*reason);
        }
        let shared: Vec<_> = codes.into_iter().filter(|(_, reasons)| 1 < reasons.len()).collect();
        use RejectReason as Reason;
        let expected = [
            ("INSUFFICIENT_CREDIT", vec![Reason::InsufficientCredit, Reason::InsufficientDeposit]),
            // What no client can be the reason of.
            ("INTERNAL", vec![Reason::AlreadyFounded, Reason::DrawUnexpected, Reason::WorkBelowQuota]),
            ("OVERLOADED", vec![Reason::NotFounded, Reason::VenueFull]),
            ("PAYMENT_INVALID", vec![Reason::AmountZero, Reason::SelfPayment, Reason::StakeZero]),
        ];
        assert_eq!(shared, expected.map(|(code, reasons)| (code.to_owned(), reasons)));
    }
}
