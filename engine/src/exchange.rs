//! Exchange: applies one command and says what happened.
//!
//! Everything that can fail comes before the first change: a command happens whole or is rejected whole.

mod accounts;
mod amend;
mod auditing;
pub mod batch;
mod cancel;
mod clearing;
mod controls;
mod delivering;
mod disputes;
mod drawing;
mod entry;
pub mod foresight;
mod grid;
pub mod hint;
mod identity;
mod image;
mod markets;
mod orders;
mod payments;
mod prevention;
mod rates;
mod reach;
mod scene;
mod soundness;
mod stakes;
mod state;
mod told;
mod work;

use std::collections::VecDeque;

use crate::account::KeyGrant;
use crate::book::Books;
use crate::class::Classes;
use crate::client_ids::ClientIds;
use crate::command::Command;
use crate::command::Stamped;
use crate::control::TradingMode;
use crate::delivery::Deliveries;
use crate::delivery::drawing::Drawing;
use crate::event::Event;
use crate::exchange::batch::Gathering;
use crate::exchange::foresight::Foresight;
use crate::exchange::identity::named;
use crate::ids::{AccountId, InstrumentId, MarketId, index};
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::market::Market;
use crate::open_order::OpenOrders;
use crate::order::Side;
use crate::outcome::OutcomeHash;
use crate::reject::RejectReason;
use crate::stamp::{Stamp, Time};
use crate::timers::Timers;
use crate::units::{Lots, Price, Volume};

/// How many timers, listings, pairings and cancellations one tick carries out at the most.
pub const TICK_STEPS_MAX: u32 = 256;
/// How many resting orders one incoming order meets at the most.
pub const SWEEP_MAX: u32 = 8_192;

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
    mode: TradingMode,
    classes: Classes,
    markets: Vec<Market>,
    instruments: Vec<Instrument>,
    books: Books,
    orders: OpenOrders,
    client_ids: ClientIds,
    ledger: Ledger,
    deliveries: Deliveries,
    /// Instruments behind their gates that wait for a draw, in order of closing.
    undrawn: VecDeque<InstrumentId>,
    drawing: Option<Drawing>,
    /// The batch whose changes are coming.
    gathering: Option<Gathering>,
    /// The account whose orders are cancelled next, while those of the whole venue are.
    purge: Option<AccountId>,
    timers: Timers,
    /// What was seen of commands that come soon.
    foresight: Foresight,
    /// Used while the reach of an order is found; kept, so that it is not allocated again.
    hiding: VecDeque<(Lots, Lots)>,
    /// What happened: the caller's list, for as long as he lends it.
    events: Vec<Event>,
}

impl Exchange {
    /// Applies a command and appends what happened to `events`.
    ///
    /// Panics when the stamp does not follow the last one: order is the sequencer's promise.
    pub fn apply(&mut self, stamped: &Stamped, events: &mut Vec<Event>) {
        self.swap_told(events);
        self.perform(stamped.stamp, &stamped.command, None);
        self.swap_told(events);
    }

    /// What happened, as far as the exchange's own list has it.
    pub fn told(&self) -> &[Event] {
        &self.events
    }

    /// Puts another list in place of the exchange's own, and that in place of it.
    pub fn swap_told(&mut self, events: &mut Vec<Event>) {
        std::mem::swap(&mut self.events, events);
    }

    /// Applies a command and appends what happened to the exchange's own list. Of a command that was shown to
    /// [`Exchange::foresee`], `later` says how many were shown since.
    ///
    /// Panics as [`Exchange::apply`] does.
    pub fn perform(&mut self, stamp: Stamp, command: &Command, later: Option<usize>) {
        self.foresight.attend(later);
        assert_eq!(stamp.sequence, self.last.sequence.next(), "commands come without gaps");
        assert!(self.last.time <= stamp.time, "time never goes back");
        self.last = stamp;
        match self.execute(command) {
            Ok(()) => self.tell_changes(),
            Err(reason) => {
                assert!(self.ledger.is_untouched(), "a command happens whole or is rejected whole");
                self.events.push(Event::Rejected { reason });
            }
        }
    }

    fn execute(&mut self, command: &Command) -> Result<(), RejectReason> {
        if self.founding.is_none() && !matches!(command, Command::Found { .. } | Command::Tick) {
            return Err(RejectReason::NotFounded);
        }
        if self.gathering.is_some() && self.is_gathered(command) {
            return Ok(());
        }
        match *command {
            Command::PlaceOrder(ref order) => self.place(order),
            Command::CancelOrder { account, order } => self.cancel(account, order),
            Command::ReduceOrder { account, order, by } => self.reduce(account, order, by),
            _ => self.execute_rare(command),
        }
    }

    /// What is asked now and then.
    #[inline(never)]
    fn execute_rare(&mut self, command: &Command) -> Result<(), RejectReason> {
        match *command {
            Command::Tick => {
                self.tick();
                Ok(())
            }
            Command::AmendOrder(ref amendment) => self.amend(amendment),
            Command::CancelAll { account, ref only } => self.cancel_all(account, only),
            Command::CancelAfter { account, after } => self.cancel_after(account, after),
            Command::EndSession { account, session } => self.end_session(account, session),
            Command::Draw { instrument, seed } => self.draw(instrument, seed),
            Command::Batch { account, count } => self.gather(account, count),
            Command::Delivery(ref command) => self.deliver(command),
            _ => self.administer(command),
        }
    }

    /// What operators ask for.
    fn administer(&mut self, command: &Command) -> Result<(), RejectReason> {
        match *command {
            Command::Found { epoch, seed, operator } => self.found(epoch, seed, operator),
            Command::OpenAccount { name, provider, joins } => self.open_account(name, provider, joins),
            Command::RegisterKey { account, key, scopes, bounds } => {
                self.register_key(key, KeyGrant { account, scopes, bounds })
            }
            Command::ReplaceKey { key, by } => self.replace_key(key, by),
            Command::RevokeKey { key } => self.revoke_key(key),
            Command::Deposit { account, amount, reference } => self.deposit(account, amount, reference),
            Command::Transfer { account, to, amount, reference } => {
                self.transfer((account, reference), to, amount)
            }
            Command::Redeem { account, amount, reference } => self.redeem((account, reference), amount),
            Command::EndRedemption { account, reference, paid } => {
                self.end_redemption((account, reference), paid)
            }
            Command::AddMarket(ref spec) => self.add_market(spec),
            Command::SetCapacity { account, instrument, lots } => {
                self.set_capacity(account, instrument, lots)
            }
            Command::SetMode { scope, mode, reason } => self.set_mode(scope, mode, reason),
            Command::SetMarketLimits { market, ref limits, reason } => {
                self.set_market_limits(market, limits, reason)
            }
            Command::SetAccountLimits { account, ref limits, reason } => {
                self.set_account_limits(account, limits, reason)
            }
            Command::SetLock { account, locked, reason } => self.set_lock(account, locked, reason),
            Command::Kill { target, reason } => self.kill(target, reason),
            _ => unreachable!("carried out by the caller"),
        }
    }

    /// Makes room for so many open orders and so many client order ids, so that no command waits for memory. Beyond it, and
    /// without it, room is made as it is needed.
    pub fn reserve(&mut self, orders: u32, ids: u32) {
        self.books.reserve(orders);
        self.orders.reserve(orders);
        self.client_ids.reserve(ids, named(&self.orders, &self.books));
    }

    /// When the next timer falls due.
    pub fn next_due(&self) -> Option<Time> {
        self.timers.next_due()
    }

    /// The instrument whose deliveries are to be drawn next, with a seed from outside.
    pub fn next_draw(&self) -> Option<InstrumentId> {
        self.undrawn.front().copied().filter(|_| self.drawing.is_none())
    }

    /// The stamp of the last command.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// What the founding command said, once there was one.
    pub fn founding(&self) -> Option<Founding> {
        self.founding
    }

    /// What may be done in the whole venue; markets and instruments may be stricter.
    pub fn mode(&self) -> TradingMode {
        self.mode
    }

    /// Who has what.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The open orders.
    pub fn orders(&self) -> &OpenOrders {
        &self.orders
    }

    /// The client order ids that are done and remembered.
    pub fn client_ids(&self) -> &ClientIds {
        &self.client_ids
    }

    /// The books.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The classes of GPU.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The deliveries drawn so far.
    pub fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// What falls due.
    pub fn timers(&self) -> &Timers {
        &self.timers
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

    /// The best price of a side and the lots shown there.
    pub fn top(&self, instrument: InstrumentId, side: Side) -> Option<(Price, Volume)> {
        self.books.top(instrument, side)
    }

    /// A hash over everything that later commands can depend on, in sorted order.
    pub fn state_hash(&self) -> OutcomeHash {
        state::hash(self)
    }
}
