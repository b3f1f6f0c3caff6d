//! Exchange: applies one command and says what happened.
//!
//! Everything that can fail comes before the first change: a command happens whole or is rejected whole.

mod accounts;
mod clearing;
mod markets;
mod orders;
mod soundness;
mod state;

use crate::book::Books;
use crate::command::Command;
use crate::command::Stamped;
use crate::event::{Event, PrivateSequence};
use crate::ids::{AccountId, InstrumentId, MarketId, index};
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::market::{Market, MarketSpec};
use crate::open_order::OpenOrders;
use crate::order::Side;
use crate::outcome::OutcomeHash;
use crate::reject::RejectReason;
use crate::stamp::{Stamp, Time};
use crate::timers::Timers;
use crate::units::{Price, Volume};

/// How many timers, listings and cancellations one tick carries out at the most.
pub const TICK_STEPS_MAX: u32 = 256;

/// What the founding command said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Founding {
    /// Names this history.
    pub epoch: u64,
    /// Keys hashes and seeds draws.
    pub seed: u64,
}

/// A whole exchange: one shard's books, ledger and timers, with one writer.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    founding: Option<Founding>,
    last: Stamp,
    markets: Vec<Market>,
    instruments: Vec<Instrument>,
    books: Books,
    orders: OpenOrders,
    ledger: Ledger,
    timers: Timers,
    /// The caller's list while a command is applied.
    events: Vec<Event>,
}

impl Exchange {
    /// Applies a command and appends what happened to `events`.
    ///
    /// Panics when the stamp does not follow the last one: order is the sequencer's promise.
    pub fn apply(&mut self, stamped: &Stamped, events: &mut Vec<Event>) {
        let stamp = stamped.stamp;
        assert_eq!(stamp.sequence, self.last.sequence.next(), "commands come without gaps");
        assert!(self.last.time <= stamp.time, "time never goes back");
        self.last = stamp;
        std::mem::swap(&mut self.events, events);
        self.ledger.begin(stamp.sequence);
        match self.execute(&stamped.command) {
            Ok(()) => self.tell_changes(),
            Err(reason) => self.events.push(Event::Rejected { reason }),
        }
        std::mem::swap(&mut self.events, events);
    }

    fn execute(&mut self, command: &Command) -> Result<(), RejectReason> {
        match (command, self.founding) {
            (Command::Found { .. } | Command::Tick, _) | (_, Some(_)) => {}
            (_, None) => return Err(RejectReason::NotFounded),
        }
        match *command {
            Command::Tick => {
                self.tick();
                Ok(())
            }
            Command::Found { epoch, seed, operator } => self.found(epoch, seed, operator),
            Command::OpenAccount { name, provider, joins } => self.open_account(name, provider, joins),
            Command::RegisterKey { account, key, scopes } => self.register_key(account, key, scopes),
            Command::RevokeKey { key } => self.revoke_key(key),
            Command::Deposit { account, amount, reference } => self.deposit(account, amount, reference),
            Command::AddMarket(ref spec) => self.add_market(spec),
            Command::SetCapacity { account, instrument, lots } => {
                self.set_capacity(account, instrument, lots)
            }
            Command::PlaceOrder(ref order) => self.place(order),
            Command::CancelOrder { account, order } => self.cancel(account, order),
            Command::ReduceOrder { account, order, by } => self.reduce(account, order, by),
            Command::CancelAll { account, instrument } => self.cancel_all(account, instrument),
        }
    }

    /// Tells the positions and balances that the command changed, as they are now.
    fn tell_changes(&mut self) {
        let (accounts, positions, fees) = self.ledger.take_touched();
        for row in &positions {
            let position = self.ledger.positions.at(*row);
            let (account, instrument, lots) = (position.account, position.instrument, position.lots);
            let (escrow, bonded) = (position.escrow, position.bonded);
            let xseq = self.xseq(account);
            self.events.push(Event::PositionChanged {
                account,
                xseq,
                instrument,
                position: lots,
                escrow,
                bonded,
            });
        }
        for account in &accounts {
            let xseq = self.xseq(*account);
            let balance = self.ledger.accounts.at(*account).balance;
            let (available, held, bonded) = (balance.available, balance.held, balance.bonded);
            self.events.push(Event::BalanceChanged { account: *account, xseq, available, held, bonded });
        }
        if fees {
            self.events.push(Event::FeesChanged { fees: self.ledger.fees });
        }
        self.ledger.recycle(accounts, positions);
    }

    /// Numbers the account's next private event.
    fn xseq(&mut self, account: AccountId) -> PrivateSequence {
        self.ledger.accounts.at_mut(account).next_xseq()
    }

    /// Settings of the market that an instrument belongs to.
    fn spec(&self, instrument: InstrumentId) -> MarketSpec {
        let market = self.instruments[index(instrument.0)].market;
        self.markets[index(market.0)].spec
    }

    /// When the next timer falls due.
    pub fn next_due(&self) -> Option<Time> {
        self.timers.next_due()
    }

    /// The stamp of the last command.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// What the founding command said, once there was one.
    pub fn founding(&self) -> Option<Founding> {
        self.founding
    }

    /// Who has what.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The open orders.
    pub fn orders(&self) -> &OpenOrders {
        &self.orders
    }

    /// The books.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// A market, if there is one of that number.
    pub fn market(&self, market: MarketId) -> Option<&Market> {
        self.markets.get(index(market.0))
    }

    /// An instrument, if there is one of that number.
    pub fn instrument(&self, instrument: InstrumentId) -> Option<&Instrument> {
        self.instruments.get(index(instrument.0))
    }

    /// How many instruments were ever listed.
    pub fn instruments(&self) -> usize {
        self.instruments.len()
    }

    /// The best price of a side and the lots there.
    pub fn top(&self, instrument: InstrumentId, side: Side) -> Option<(Price, Volume)> {
        self.books.top(instrument, side)
    }

    /// A hash over everything that later commands can depend on, in sorted order.
    pub fn state_hash(&self) -> OutcomeHash {
        state::hash(self)
    }
}
