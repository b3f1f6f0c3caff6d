//! Again: a command that carried a client order id is sent once more, with something else or without.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, TimeInForce};
use engine::units::Lots;

use crate::acts::Again;
use crate::model::Model;
use crate::requests::{LOTS_MAX, Requests, from_now, lots, mark, price, session};
use crate::stage::label;

impl Requests {
    /// One of the commands that carried an id, once more.
    pub(super) fn again(&self, which: usize, again: Again, model: &Model) -> Option<Command> {
        let mut command = *self.sent.get(which.checked_rem(self.sent.len())?)?;
        match (&mut command, again) {
            (_, Again::Same) => {}
            (Command::PlaceOrder(order), Again::Later(seconds)) => {
                order.deadline = seconds.map(|seconds| from_now(seconds, model));
                order.session = seconds.map(|_| session(7));
            }
            (Command::AmendOrder(amendment), Again::Later(seconds)) => {
                amendment.deadline = seconds.map(|seconds| from_now(seconds, model));
            }
            (Command::PlaceOrder(order), Again::Changed(what)) => change_order(order, what),
            (Command::AmendOrder(amendment), Again::Changed(what)) => change_amendment(amendment, what),
            (Command::PlaceOrder(order), Again::Other(who)) => order.account = AccountId(who),
            (Command::AmendOrder(amendment), Again::Other(who)) => amendment.account = AccountId(who),
            _ => unreachable!("only orders and amendments carry ids"),
        }
        Some(command)
    }
}

/// Asks for something else under the same id: one thing differs.
fn change_order(order: &mut NewOrder, what: u8) {
    match what % 10 {
        0 => order.instrument = InstrumentId(order.instrument.0 ^ 1),
        1 => order.side = order.side.opposite(),
        2 => {
            let whole = order.time_in_force == TimeInForce::FillOrKill;
            order.time_in_force =
                if whole { TimeInForce::ImmediateOrCancel } else { TimeInForce::FillOrKill };
        }
        3 => {
            let newest = order.prevention == SelfTradePrevention::CancelNewest;
            order.prevention =
                [SelfTradePrevention::CancelNewest, SelfTradePrevention::CancelBoth][usize::from(newest)];
        }
        4 => order.limit = price(u64::from(order.limit.ticks()) % 1_000 + 1),
        5 => order.lots = lots((u64::from(order.lots.count()) + 1) % LOTS_MAX),
        6 => order.minimum = lots((u64::from(order.minimum.count()) + 1) % LOTS_MAX),
        7 => order.shown = if order.shown.is_none() { Some(Lots::ZERO) } else { None },
        8 => order.label = if order.label.is_none() { Some(mark(0)) } else { None },
        _ => {
            let kinds = [OrderKind::Limit, OrderKind::PostOnly];
            order.kind = kinds[usize::from(order.kind == kinds[0])];
        }
    }
}

/// Asks for another change under the same id: one thing differs.
fn change_amendment(amendment: &mut Amendment, what: u8) {
    match what % 4 {
        0 => amendment.limit = if amendment.limit.is_none() { Some(price(99)) } else { None },
        1 => amendment.lots = if amendment.lots.is_none() { Some(lots(9)) } else { None },
        2 => amendment.filled = if amendment.filled.is_none() { Some(Lots::ZERO) } else { None },
        _ => amendment.order = OrderRef::Client(label("another")),
    }
}
