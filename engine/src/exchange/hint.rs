//! Hint: what a command is going to need, as far as the command itself tells. Whoever hands it in takes it from it.
//!
//! To the one writer the kind of the next command is a coin that is tossed: to look for what a later one names, he would
//! be held up by a wrong prediction every second time. Who hands it in has just made it, on a thread of his own.

use crate::command::Command;
use crate::ids::{AccountId, InstrumentId};
use crate::label::Label;
use crate::order::{NewOrder, OrderRef, Side};
use crate::units::{Lots, Price};

/// What a command names and what it enters. It is believed nowhere: a wrong one costs time and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Hint {
    pub(super) account: AccountId,
    /// The client order id that it names or brings.
    pub(super) client: Label,
    /// The order that it enters; without lots when it enters none.
    pub(super) entered: Entered,
}

/// What an order that comes in is likely to trade with depends on this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entered {
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) limit: Price,
    pub(super) lots: Lots,
}

impl Entered {
    const NOTHING: Entered =
        Entered { instrument: InstrumentId(0), side: Side::Bid, limit: Price::MIN, lots: Lots::ZERO };
}

/// No account has this number.
const NOBODY: AccountId = AccountId(u32::MAX);

impl Hint {
    /// Of a command of which nothing is known.
    pub(super) const NOTHING: Hint =
        Hint { account: NOBODY, client: Label::SHORTEST, entered: Entered::NOTHING };

    /// What a command tells.
    pub fn of(command: &Command) -> Hint {
        match *command {
            Command::PlaceOrder(NewOrder { account, client, instrument, side, limit, lots, .. }) => {
                let entered = Entered { instrument, side, limit, lots };
                client.map_or(Hint { entered, ..Hint::NOTHING }, |client| Hint { account, client, entered })
            }
            Command::CancelOrder { account, order } | Command::ReduceOrder { account, order, .. } => {
                Hint::named(account, order)
            }
            Command::AmendOrder(ref amendment) => Hint::named(amendment.account, amendment.order),
            _ => Hint::NOTHING,
        }
    }

    /// Of a command that names an order.
    fn named(account: AccountId, order: OrderRef) -> Hint {
        match order {
            OrderRef::Client(client) => Hint { account, client, ..Hint::NOTHING },
            OrderRef::Id(_) => Hint::NOTHING,
        }
    }
}
