//! Spoiling: makes of a request one that asks for what cannot be, or for what is not one's own.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, OrderId};
use engine::order::{NewOrder, OrderKind, OrderRef, TimeInForce};
use engine::stamp::Time;
use engine::units::{Lots, Price};

use crate::kernel::choices::Choices;
use crate::kernel::request::Request;
use crate::kernel::workload::{batcher, deliverer};

/// An account and a window that nobody has.
const NOBODY: AccountId = AccountId(1_000_000);
const NOWHERE: InstrumentId = InstrumentId(1_000_000);

/// Changes a request for the worse. Some changes turn out to be harmless.
pub(super) fn spoil(request: &mut Request, choices: &mut Choices) {
    let other = AccountId(u32::try_from(choices.below(12)).expect("it is small"));
    let stranger = choices.one(&[NOBODY, other, other]);
    match request {
        Request::One(command) => spoil_command(command, stranger, choices),
        // A batch is of one account: whoever takes it in sees to that.
        Request::Batch(account, changes) => {
            let place = choices.place(changes.len());
            spoil_command(&mut changes[place], *account, choices);
            if choices.happens(1_000) {
                *account = stranger;
            }
            batcher::give_to(*account, changes);
        }
    }
}

fn spoil_command(command: &mut Command, stranger: AccountId, choices: &mut Choices) {
    match command {
        Command::PlaceOrder(order) => spoil_order(order, stranger, choices),
        Command::AmendOrder(amendment) => match choices.below(4) {
            0 => amendment.account = stranger,
            1 => amendment.lots = Some(choices.one(&[Lots::ZERO, Lots::MAX])),
            2 => amendment.deadline = Some(Time(1)),
            _ => amendment.order = nothing(choices),
        },
        Command::CancelOrder { account, order } | Command::ReduceOrder { account, order, .. } => {
            if choices.happens(5_000) { *account = stranger } else { *order = nothing(choices) }
        }
        Command::SetCapacity { account, instrument, lots } => match choices.below(3) {
            0 => *account = stranger,
            1 => *instrument = NOWHERE,
            _ => *lots = Lots::ZERO,
        },
        Command::CancelAll { account, only } => {
            if choices.happens(5_000) {
                *account = NOBODY
            } else {
                only.instrument = Some(NOWHERE)
            }
        }
        Command::CancelAfter { account, .. }
        | Command::EndSession { account, .. }
        | Command::Deposit { account, .. }
        | Command::RegisterKey { account, .. }
        | Command::Redeem { account, .. }
        | Command::EndRedemption { account, .. }
        | Command::SetAccountLimits { account, .. }
        | Command::SetLock { account, .. } => *account = stranger,
        Command::Transfer { account, to, .. } => {
            if choices.happens(5_000) {
                *account = stranger
            } else {
                *to = stranger
            }
        }
        Command::OpenAccount { joins, .. } => *joins = Some(NOBODY),
        Command::SetMarketLimits { limits, .. } => {
            (limits.price_min, limits.price_max) = (Price::MAX, Price::MIN);
        }
        Command::Delivery(command) => deliverer::spoil(command, stranger, choices),
        other => *other = Command::Draw { instrument: InstrumentId(0), seed: 0 },
    }
}

fn spoil_order(order: &mut NewOrder, stranger: AccountId, choices: &mut Choices) {
    match choices.below(9) {
        0 => order.account = stranger,
        1 => order.instrument = NOWHERE,
        2 => order.instrument = InstrumentId(u32::try_from(choices.below(40)).expect("it is small")),
        3 => order.lots = Lots::ZERO,
        4 => order.lots = Lots::MAX,
        5 => order.limit = choices.one(&[Price::MIN, Price::MAX]),
        6 => order.deadline = Some(Time(1)),
        7 => (order.kind, order.time_in_force) = (OrderKind::Market, TimeInForce::GoodTillGate),
        _ => order.minimum = Lots::MAX,
    }
}

/// An order that is not there.
fn nothing(choices: &mut Choices) -> OrderRef {
    OrderRef::Id(OrderId::new(u32::try_from(choices.below(4_000)).expect("it is small"), 999_999))
}
