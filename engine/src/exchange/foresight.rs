//! Foresight: commands that come soon are looked at, so that what they need is near when they come.
//!
//! It changes nothing and decides nothing. Half of a command's time was waiting for the lines of memory that it leads to:
//! its client order id, its order, whom it trades with, and their ids, positions and obligations. Each of those leads to
//! the next, so a command is looked at four times, two commands apart, and each time asks for what the last one found.
//!
//! Every command is looked at alike, whatever its kind: what is asked for in vain costs less than a branch that nobody
//! can predict.

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
#[derive(Clone, Debug)]
pub struct Foresight {
    sights: [Sight; SIGHTS],
    next: usize,
}

impl Default for Foresight {
    fn default() -> Foresight {
        Foresight { sights: [Sight::NOTHING; SIGHTS], next: 0 }
    }
}

/// What is seen of a command. All that it leads to is likely, and nothing certain.
#[derive(Clone, Copy, Debug)]
struct Sight {
    account: AccountId,
    /// The hash of the client order id that it names or brings.
    hash: u64,
    /// The order that it enters; without lots when it enters none.
    entered: Entered,
    /// The account's position, if it meets any order.
    row: PositionRow,
    /// Slots of the orders that are met, and their owners' positions.
    makers: [(u32, PositionRow); MAKERS_MAX],
    /// How many those are.
    met: usize,
}

/// What an order that comes in is likely to trade with depends on this.
#[derive(Clone, Copy, Debug)]
struct Entered {
    instrument: InstrumentId,
    side: Side,
    limit: Price,
    lots: Lots,
}

impl Entered {
    const NOTHING: Entered =
        Entered { instrument: InstrumentId(0), side: Side::Bid, limit: Price::MIN, lots: Lots::ZERO };
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

/// The order that a command enters.
#[inline]
fn entered(command: &Command) -> Entered {
    match *command {
        Command::PlaceOrder(NewOrder { instrument, side, limit, lots, .. }) => {
            Entered { instrument, side, limit, lots }
        }
        _ => Entered::NOTHING,
    }
}

impl Foresight {
    /// Asks for what a command that comes soon will need.
    #[inline]
    pub fn look(&mut self, exchange: &Exchange, command: &Command) {
        let at = self.next;
        self.next = (at + 1) % SIGHTS;
        self.sights[at].begin(exchange, command);
        let earlier = |looks: usize| (at + SIGHTS - looks * PACE) % SIGHTS;
        self.sights[earlier(1)].find(exchange);
        let (third, last) = (&mut self.sights[earlier(2)], earlier(3));
        if 0 < third.met {
            third.follow(exchange);
        }
        if 0 < self.sights[last].met {
            self.sights[last].finish(exchange);
        }
    }
}

impl Sight {
    const NOTHING: Sight = Sight {
        account: AccountId::OPERATOR,
        hash: 0,
        entered: Entered::NOTHING,
        row: PositionRow(0),
        makers: [(0, PositionRow(0)); MAKERS_MAX],
        met: 0,
    };

    /// First: asks for where the id leads, for the account, and for its oldest id if that is to be forgotten.
    #[inline]
    fn begin(&mut self, exchange: &Exchange, command: &Command) {
        let (account, client) = named(command).unwrap_or((AccountId::OPERATOR, Label::SHORTEST));
        (self.account, self.entered) = (account, entered(command));
        self.hash = exchange.client_ids.hash(account, client);
        exchange.client_ids.prefetch(self.hash);
        exchange.ledger.accounts.prefetch(account);
        exchange.client_ids.prefetch_oldest(account);
    }

    /// Second: asks for the order that is named, for where the oldest id is entered, and for the orders that are met.
    #[inline]
    fn find(&mut self, exchange: &Exchange) {
        let order = exchange.client_ids.glance(self.hash);
        exchange.orders.prefetch(order);
        exchange.books.prefetch(order);
        exchange.client_ids.prefetch_forgotten(self.account);
        let Entered { instrument, side, limit, .. } = self.entered;
        self.met = 0;
        if exchange.books.meets(instrument, (side, limit)) {
            self.meet(exchange);
        }
    }

    #[inline(never)]
    fn meet(&mut self, exchange: &Exchange) {
        let Entered { instrument, side, limit, lots } = self.entered;
        for (maker, seen) in exchange.books.met(instrument, (side, limit), lots).zip(&mut self.makers) {
            seen.0 = maker;
            self.met += 1;
            exchange.orders.prefetch(maker);
        }
    }

    /// Third, of an order that meets others: asks for where their ids are, for their owners, and for the oldest obligations
    /// of all who trade.
    #[inline(never)]
    fn follow(&mut self, exchange: &Exchange) {
        for (maker, row) in &mut self.makers[..self.met] {
            let (owner, (position, client)) = (exchange.books.owner(*maker), exchange.orders.glance(*maker));
            exchange.ledger.accounts.prefetch(owner);
            exchange.client_ids.prefetch(exchange.client_ids.hash(owner, client.unwrap_or(Label::SHORTEST)));
            exchange.ledger.prefetch_obligation(position);
            *row = position;
        }
        self.row = exchange.ledger.positions.glance(self.account, self.entered.instrument);
        exchange.ledger.prefetch_obligation(self.row);
    }

    /// Last, of such an order: asks for the obligations that follow those.
    #[inline(never)]
    fn finish(&self, exchange: &Exchange) {
        exchange.ledger.prefetch_obligation_after(self.row);
        for &(_, row) in &self.makers[..self.met] {
            exchange.ledger.prefetch_obligation_after(row);
        }
    }
}
