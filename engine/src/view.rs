//! View: what the events say: depth, open orders, balances, positions, folded from events alone.
//!
//! The publisher answers every question from a view of durable events. After every command it says what the engine's
//! own state says; a property test holds that.

pub mod accounts;
pub mod depth;
pub mod orders;

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::exchange::Founding;
use crate::ids::{AccountId, InstrumentId, MarketId, OrderId, index, position};
use crate::instrument::Phase;
use crate::label::Label;
use crate::market::MarketSpec;
use crate::stamp::{Stamp, Time};
use crate::symbol::Symbol;
use crate::units::Amount;
use crate::view::accounts::{AccountView, AccountsView, KeyView};
use crate::view::depth::{Depth, LevelChange};
use crate::view::orders::{OrderView, OrdersView};

/// An instrument as the events tell it.
#[derive(Clone, Copy, Debug)]
pub struct InstrumentView {
    /// Its symbol.
    pub symbol: Symbol,
    /// Its market.
    pub market: MarketId,
    /// Start of the delivery window.
    pub start: Time,
    /// End of the delivery window.
    pub end: Time,
    /// End of trading.
    pub gate: Time,
    /// Where it is in its life.
    pub phase: Phase,
}

/// Everything that can be asked, as of the last folded command.
#[derive(Clone, Debug, Default)]
pub struct View {
    stamp: Stamp,
    founding: Option<Founding>,
    accounts: AccountsView,
    markets: Vec<MarketSpec>,
    instruments: Vec<InstrumentView>,
    symbols: BTreeMap<Symbol, InstrumentId>,
    open: BTreeSet<InstrumentId>,
    depths: Vec<Depth>,
    orders: OrdersView,
    supply: Amount,
    fees: Amount,
    changes: Vec<LevelChange>,
}

impl View {
    /// Folds the events of one command.
    pub fn fold(&mut self, stamp: Stamp, events: &[Event]) {
        self.begin(stamp);
        for event in events {
            self.apply(event);
        }
    }

    /// Begins a command, whose events [`View::apply`] then takes one by one.
    pub fn begin(&mut self, stamp: Stamp) {
        self.stamp = stamp;
        self.changes.clear();
    }

    /// Folds the next event of the command that was begun.
    pub fn apply(&mut self, event: &Event) {
        match *event {
            Event::Founded { epoch, seed, .. } => self.founding = Some(Founding { epoch, seed }),
            Event::Deposited { amount, .. } => self.supply = self.supply.plus(amount),
            Event::FeesChanged { fees } => self.fees = fees,
            Event::MarketAdded { market, spec } => {
                assert_eq!(index(market.0), self.markets.len(), "markets are numbered in order");
                self.markets.push(spec);
            }
            Event::InstrumentListed { instrument, market, start } => self.list(instrument, market, start),
            Event::InstrumentClosed { instrument } => {
                self.instruments[index(instrument.0)].phase = Phase::Closed;
                self.open.remove(&instrument);
            }
            _ => {}
        }
        if let Some(change) = self.orders.fold(event) {
            self.depths[index(change.instrument.0)].apply(&change);
            self.changes.push(change);
        }
        self.accounts.fold(self.stamp, event, &self.orders);
    }

    fn list(&mut self, instrument: InstrumentId, market: MarketId, start: Time) {
        assert_eq!(index(instrument.0), self.instruments.len(), "instruments are numbered in order");
        let spec = &self.markets[index(market.0)];
        let minutes = !spec.window_seconds.is_multiple_of(3600);
        let symbol = Symbol { class: spec.class, zone: spec.zone, tier: spec.tier, start, minutes };
        let (gate, end) = (spec.gate(start), spec.end(start));
        self.instruments.push(InstrumentView { symbol, market, start, end, gate, phase: Phase::Open });
        self.symbols.insert(Symbol { minutes: false, ..symbol }, instrument);
        self.depths.push(Depth::default());
        self.open.insert(instrument);
    }

    /// The last command folded.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// What the founding command said, once there was one.
    pub fn founding(&self) -> Option<Founding> {
        self.founding
    }

    /// All credit there is.
    pub fn supply(&self) -> Amount {
        self.supply
    }

    /// Fees the exchange has taken.
    pub fn fees(&self) -> Amount {
        self.fees
    }

    /// Levels that the last command changed, in order; one may stand here more than once.
    pub fn changes(&self) -> &[LevelChange] {
        &self.changes
    }

    /// The market's settings, if there is one of that number.
    pub fn market(&self, market: MarketId) -> Option<&MarketSpec> {
        self.markets.get(index(market.0))
    }

    /// The settings of the market named by class, zone and tier in `symbol`.
    pub fn market_of(&self, symbol: &Symbol) -> Option<&MarketSpec> {
        let name = (symbol.class, symbol.zone, symbol.tier);
        self.markets.iter().find(|spec| (spec.class, spec.zone, spec.tier) == name)
    }

    /// Every instrument ever listed, in order.
    pub fn instruments(&self) -> impl Iterator<Item = (InstrumentId, &InstrumentView)> {
        self.instruments.iter().enumerate().map(|(number, view)| (InstrumentId(position(number)), view))
    }

    /// Every instrument whose gate has not closed, in order of listing.
    pub fn open_instruments(&self) -> impl Iterator<Item = &InstrumentView> {
        self.open.iter().map(|instrument| &self.instruments[index(instrument.0)])
    }

    /// Every market, in order.
    pub fn markets(&self) -> &[MarketSpec] {
        &self.markets
    }

    /// An instrument, if there is one of that number.
    pub fn instrument(&self, instrument: InstrumentId) -> Option<&InstrumentView> {
        self.instruments.get(index(instrument.0))
    }

    /// The instrument of a symbol.
    pub fn symbol(&self, symbol: &Symbol) -> Option<InstrumentId> {
        self.symbols.get(&Symbol { minutes: false, ..*symbol }).copied()
    }

    /// The book of an instrument, if there is one of that number.
    pub fn depth(&self, instrument: InstrumentId) -> Option<&Depth> {
        self.depths.get(index(instrument.0))
    }

    /// An account, if there is one of that number.
    pub fn account(&self, account: AccountId) -> Option<&AccountView> {
        self.accounts.at(account)
    }

    /// How many accounts were opened.
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// The account of that name.
    pub fn named(&self, name: Label) -> Option<AccountId> {
        self.accounts.named(name)
    }

    /// The key whose first eight bytes are these.
    pub fn key(&self, first: [u8; 8]) -> Option<&KeyView> {
        self.accounts.key(first)
    }

    /// An order that is open, or that the last command ended.
    pub fn order(&self, order: OrderId) -> Option<&OrderView> {
        self.orders.find(order)
    }

    /// The open orders of an account, oldest first.
    pub fn orders_of(&self, account: AccountId) -> impl Iterator<Item = &OrderView> {
        let open = self.accounts.at(account).into_iter().flat_map(|account| account.orders.values());
        open.map(|order| self.orders.find(*order).expect("an account's open orders are known"))
    }
}
