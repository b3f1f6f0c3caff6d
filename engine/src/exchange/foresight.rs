//! Foresight: commands that come soon are looked at, so that what they need is near when they come.
//!
//! It changes nothing and decides nothing. A good part of a command's time is waiting for the few lines of memory that
//! its client order id leads to; asked for some commands ahead, they are there.

use crate::command::Command;
use crate::exchange::Exchange;
use crate::ids::AccountId;
use crate::label::Label;
use crate::order::OrderRef;

/// How many commands ahead one should be shown to [`Foresight::look`].
pub const FORESIGHT: usize = 8;
/// How many commands later the order that it means is asked for: what leads there has come by then.
const ORDER_AFTER: usize = 4;

/// The last few commands that were shown: the hashes of the client order ids in them.
#[derive(Clone, Debug, Default)]
pub struct Foresight {
    hashes: [Option<u64>; ORDER_AFTER],
    next: usize,
}

/// The client order id that a command names or brings, and whose.
#[inline]
fn named(command: &Command) -> Option<(AccountId, Label)> {
    match *command {
        Command::PlaceOrder(ref order) => order.client.map(|client| (order.account, client)),
        Command::CancelOrder { account, order: OrderRef::Client(client) }
        | Command::ReduceOrder { account, order: OrderRef::Client(client), .. } => Some((account, client)),
        Command::AmendOrder(ref amendment) => match amendment.order {
            OrderRef::Client(client) => Some((amendment.account, client)),
            OrderRef::Id(_) => None,
        },
        _ => None,
    }
}

impl Foresight {
    /// Asks for what a command that comes soon will need.
    #[inline]
    pub fn look(&mut self, exchange: &Exchange, command: &Command) {
        let hash = named(command).map(|(account, client)| {
            let hash = exchange.client_ids.hash(account, client);
            exchange.client_ids.prefetch(hash);
            exchange.ledger.accounts.prefetch(account);
            hash
        });
        let before = std::mem::replace(&mut self.hashes[self.next], hash);
        self.next = (self.next + 1) % ORDER_AFTER;
        if let Some(slot) = before.and_then(|hash| exchange.client_ids.glance(hash)) {
            exchange.orders.prefetch(slot);
            exchange.books.prefetch(slot);
        }
    }
}
