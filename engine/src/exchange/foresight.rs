//! Foresight: commands that come soon are looked at, so that what they need is near when they come.
//!
//! It changes nothing and decides nothing. Half of a command's time was waiting for the lines of memory that it leads to:
//! its client order id, its order, whom it trades with, and their ids, positions and obligations. Each of those leads to
//! the next, so a command is looked at four times, two commands apart, and each time asks for what the last one found.

use crate::command::Command;
use crate::exchange::Exchange;
use crate::ids::{AccountId, InstrumentId};
use crate::label::Label;
use crate::order::{NewOrder, OrderRef, Side};
use crate::position::PositionRow;
use crate::units::{Lots, Price};

/// How many commands ahead one should be shown to [`Foresight::look`].
pub const FORESIGHT: usize = 8;
/// From one look at a command to the next, in commands: what was asked for has come by then.
const PACE: usize = 2;
/// How many commands are being looked at.
const SIGHTS: usize = 8;
/// How many of the orders that an incoming one meets are looked at.
const MAKERS_MAX: usize = 4;

const _: () = assert!(3 * PACE < SIGHTS && SIGHTS <= FORESIGHT);

/// The last few commands that were shown, and what they led to.
#[derive(Clone, Debug, Default)]
pub struct Foresight {
    sights: [Sight; SIGHTS],
    next: usize,
}

/// What is seen of a command.
#[derive(Clone, Debug, Default)]
struct Sight {
    /// The account and the hash of the client order id that the command names or brings.
    named: Option<(AccountId, u64)>,
    /// The order that it enters.
    entered: Option<Entered>,
    /// The positions that it changes, as far as they are known.
    rows: [Option<PositionRow>; 1 + MAKERS_MAX],
    /// Slots of the orders that it meets.
    makers: [Option<u32>; MAKERS_MAX],
    /// Slot of the order that it names.
    order: Option<u32>,
}

/// What an order that comes in is likely to trade with depends on this.
#[derive(Clone, Copy, Debug)]
struct Entered {
    instrument: InstrumentId,
    side: Side,
    limit: Price,
    lots: Lots,
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
        let at = self.next;
        self.next = (at + 1) % SIGHTS;
        self.sights[at] = Sight::of(exchange, command);
        let earlier = |looks: usize| (at + SIGHTS - looks * PACE) % SIGHTS;
        self.sights[earlier(1)].find(exchange);
        self.sights[earlier(2)].follow(exchange);
        self.sights[earlier(3)].finish(exchange);
    }
}

impl Sight {
    /// First: asks for where the id leads, and for the account.
    #[inline]
    fn of(exchange: &Exchange, command: &Command) -> Sight {
        let named = named(command).map(|(account, client)| {
            let hash = exchange.client_ids.hash(account, client);
            exchange.client_ids.prefetch(hash);
            exchange.ledger.accounts.prefetch(account);
            (account, hash)
        });
        let entered = match *command {
            Command::PlaceOrder(ref order) => {
                let &NewOrder { instrument, side, limit, lots, .. } = order;
                Some(Entered { instrument, side, limit, lots })
            }
            _ => None,
        };
        Sight { named, entered, ..Sight::default() }
    }

    /// Second: asks for the order that is named, for the account's oldest id if that is to be forgotten, for the orders
    /// that are met, and for the position.
    #[inline]
    fn find(&mut self, exchange: &Exchange) {
        let Some((account, hash)) = self.named else { return };
        self.order = exchange.client_ids.glance(hash);
        if let Some(slot) = self.order {
            exchange.orders.prefetch(slot);
            exchange.books.prefetch(slot);
        }
        exchange.client_ids.prefetch_oldest(account);
        let Some(Entered { instrument, side, limit, lots }) = self.entered else { return };
        self.rows[0] = exchange.ledger.positions.glance(account, instrument);
        if let Some(row) = self.rows[0] {
            exchange.ledger.positions.prefetch(row);
        }
        let makers = exchange.books.met(instrument, (side, limit), lots);
        for (maker, seen) in makers.zip(&mut self.makers) {
            *seen = Some(maker);
            exchange.orders.prefetch(maker);
        }
    }

    /// Third: asks for where the ids of those orders lead, and of the oldest one, and for their positions.
    #[inline]
    fn follow(&mut self, exchange: &Exchange) {
        let Some((account, _)) = self.named else { return };
        exchange.client_ids.prefetch_forgotten(account);
        if let Some(order) = self.order {
            self.rows[0] = exchange.orders.glance(order);
            if let Some(row) = self.rows[0] {
                exchange.ledger.positions.prefetch(row);
            }
        }
        for (maker, row) in self.makers.iter().zip(&mut self.rows[1..]) {
            let Some(maker) = *maker else { break };
            let (owner, client) = (exchange.books.owner(maker), exchange.orders.client(maker));
            exchange.ledger.accounts.prefetch(owner);
            if let Some(client) = client {
                exchange.client_ids.prefetch(exchange.client_ids.hash(owner, client));
            }
            *row = exchange.orders.glance(maker);
            if let Some(row) = *row {
                exchange.ledger.positions.prefetch(row);
            }
        }
    }

    /// Last: asks for the oldest obligations of those who trade.
    #[inline]
    fn finish(&mut self, exchange: &Exchange) {
        if self.makers[0].is_none() {
            return;
        }
        for row in self.rows.into_iter().flatten() {
            exchange.ledger.obligations.prefetch(exchange.ledger.positions.at(row).obligations);
        }
    }
}
