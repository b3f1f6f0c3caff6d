//! View: what the events say: depth, open orders, balances, positions, folded from events alone.
//!
//! The publisher answers every question from a view of durable events. After every command it says what the engine's
//! own state says; a property test holds that.

pub mod accounts;
pub mod deliveries;
pub mod depth;
mod image;
pub mod orders;
mod queues;
pub mod slot_ends;

use std::collections::{BTreeMap, BTreeSet};

use crate::control::{MarketLimits, ModeScope, TradingMode};
use crate::delivery::run::DeliveryTerms;
use crate::delivery::slot::SlotNumber;
use crate::event::Event;
use crate::exchange::Founding;
use crate::ids::{AccountId, DeliveryId, InstrumentId, MarketId, OrderId, index, position};
use crate::instrument::{Phase, Terms};
use crate::label::Label;
use crate::market::MarketSpec;
use crate::stamp::{Stamp, Time};
use crate::symbol::{ClassName, Symbol};
use crate::units::{Amount, Price};
use crate::view::accounts::{AccountView, AccountsView, KeyView};
use crate::view::deliveries::{DeliveriesView, DeliveryView};
use crate::view::depth::{Depth, LevelChange};
use crate::view::orders::{OrderView, OrdersView};
use crate::view::slot_ends::{SlotEnd, WindowEnds};

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
    /// What may be done in it; market and venue may be stricter.
    pub mode: TradingMode,
    /// What a trade costs; the bond is fixed when it opens.
    pub terms: Terms,
    /// What its deliveries go by, fixed when its gate closes.
    pub delivery: DeliveryTerms,
    /// How many deliveries were drawn.
    pub deliveries: u32,
}

/// A market as the events tell it.
#[derive(Clone, Copy, Debug)]
pub struct MarketView {
    /// Its settings.
    pub spec: MarketSpec,
    /// Bands and limits.
    pub limits: MarketLimits,
    /// What may be done in it; the venue may be stricter.
    pub mode: TradingMode,
    /// What its deliveries go by, from the next gate on.
    pub delivery: DeliveryTerms,
}

/// A class of GPU as the events tell it.
#[derive(Clone, Copy, Debug)]
pub struct ClassView {
    /// Its name.
    pub name: ClassName,
    /// End of the last period for which a reference rate was due.
    pub end: Option<Time>,
    /// That rate; none when it was withheld.
    pub reference: Option<Price>,
}

/// Everything that can be asked, as of the last folded command.
#[derive(Clone, Debug, Default)]
pub struct View {
    stamp: Stamp,
    founding: Option<Founding>,
    accounts: AccountsView,
    mode: TradingMode,
    classes: Vec<ClassView>,
    markets: Vec<MarketView>,
    instruments: Vec<InstrumentView>,
    symbols: BTreeMap<Symbol, InstrumentId>,
    /// Instruments whose gate has not closed.
    current: BTreeSet<InstrumentId>,
    deliveries: DeliveriesView,
    depths: Vec<Depth>,
    /// By instrument, the lots that somebody holds a claim to.
    claims: Vec<u64>,
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
        self.deliveries.begin();
    }

    /// Folds the next event of the command that was begun.
    pub fn apply(&mut self, event: &Event) {
        match *event {
            Event::Founded { epoch, seed, .. } => self.founding = Some(Founding { epoch, seed }),
            Event::Deposited { amount, .. } => self.supply = self.supply.plus(amount),
            Event::RedemptionEnded { amount, paid: true, .. } => self.supply = self.supply.less(amount),
            Event::DisputeClosed { deposit, lost: true, .. } => self.supply = self.supply.less(deposit),
            Event::Slashed { burned, .. } => self.supply = self.supply.less(burned),
            Event::FeesChanged { fees } => self.fees = fees,
            Event::ModeSet { scope, mode, .. } => self.set_mode(scope, mode),
            _ => self.apply_market(event),
        }
        if let Some(change) = self.orders.fold(event) {
            self.depths[index(change.instrument.0)].apply(&change);
            self.changes.push(change);
        }
        self.count_claims(event);
        if let Some(ended) = self.deliveries.fold(event) {
            self.accounts.count_slot(ended);
        }
        self.accounts.fold(self.stamp, event, &self.orders);
    }

    /// Counts claims, before the account's position is what the event says.
    fn count_claims(&mut self, event: &Event) {
        let Event::PositionChanged { account, instrument, position, .. } = *event else { return };
        let held = self.accounts.at(account).and_then(|account| account.positions.get(&instrument));
        let claims = |lots: i64| lots.max(0).unsigned_abs();
        let count = &mut self.claims[index(instrument.0)];
        *count = *count + claims(position) - claims(held.map_or(0, |held| held.lots));
    }

    /// Folds what concerns classes, markets and instruments.
    fn apply_market(&mut self, event: &Event) {
        match *event {
            Event::MarketAdded { market, spec } => {
                assert_eq!(index(market.0), self.markets.len(), "markets are numbered in order");
                if self.classes.iter().all(|class| class.name != spec.class) {
                    self.classes.push(ClassView { name: spec.class, end: None, reference: None });
                }
                let (limits, mode) = (MarketLimits::NONE, TradingMode::Open);
                self.markets.push(MarketView { spec, limits, mode, delivery: DeliveryTerms::DEFAULT });
            }
            Event::MarketLimitsSet { market, limits, .. } => self.markets[index(market.0)].limits = limits,
            Event::DeliveryTermsSet { market, terms, .. } => self.markets[index(market.0)].delivery = terms,
            Event::ReferencePublished { class, end, rate, .. } => {
                let view = &mut self.classes[index(class.0)];
                (view.end, view.reference) = (Some(end), rate);
            }
            Event::InstrumentListed { instrument, market, start } => self.list(instrument, market, start),
            Event::InstrumentOpened { instrument, bond } => {
                let view = &mut self.instruments[index(instrument.0)];
                (view.phase, view.terms.bond) = (Phase::Open, bond);
            }
            Event::InstrumentClosed { instrument } => {
                let view = &mut self.instruments[index(instrument.0)];
                (view.phase, view.delivery) = (Phase::Closed, self.markets[index(view.market.0)].delivery);
                self.current.remove(&instrument);
            }
            Event::InstrumentDelivering { instrument, deliveries } => {
                let view = &mut self.instruments[index(instrument.0)];
                (view.phase, view.deliveries) = (Phase::Delivering, deliveries);
            }
            Event::InstrumentSettled { instrument } => {
                self.instruments[index(instrument.0)].phase = Phase::Settled;
            }
            _ => {}
        }
    }

    fn set_mode(&mut self, scope: ModeScope, mode: TradingMode) {
        match scope {
            ModeScope::Venue => self.mode = mode,
            ModeScope::Market(market) => self.markets[index(market.0)].mode = mode,
            ModeScope::Instrument(instrument) => self.instruments[index(instrument.0)].mode = mode,
        }
    }

    fn list(&mut self, instrument: InstrumentId, market: MarketId, start: Time) {
        assert_eq!(index(instrument.0), self.instruments.len(), "instruments are numbered in order");
        let spec = &self.markets[index(market.0)].spec;
        let symbol = spec.symbol(start);
        let (gate, end) = (spec.gate(start), spec.end(start));
        let (phase, mode, terms) = (Phase::Listed, TradingMode::Open, spec.terms(spec.bond));
        self.instruments.push(InstrumentView {
            symbol,
            market,
            start,
            end,
            gate,
            phase,
            mode,
            terms,
            delivery: DeliveryTerms::DEFAULT,
            deliveries: 0,
        });
        self.symbols.insert(Symbol { minutes: false, ..symbol }, instrument);
        self.current.insert(instrument);
        self.depths.push(Depth::default());
        self.claims.push(0);
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

    /// A market, if there is one of that number.
    pub fn market(&self, market: MarketId) -> Option<&MarketView> {
        self.markets.get(index(market.0))
    }

    /// The market named by class, zone and tier in `symbol`.
    pub fn market_of(&self, symbol: &Symbol) -> Option<&MarketView> {
        let name = (symbol.class, symbol.zone, symbol.tier);
        let named = |spec: &MarketSpec| (spec.class, spec.zone, spec.tier) == name;
        self.markets.iter().find(|market| named(&market.spec))
    }

    /// Every instrument ever listed, in order.
    pub fn instruments(&self) -> impl Iterator<Item = (InstrumentId, &InstrumentView)> {
        self.instruments.iter().enumerate().map(|(number, view)| (InstrumentId(position(number)), view))
    }

    /// Every instrument whose gate has not closed, in order of listing: open, or listed and not open yet.
    pub fn current_instruments(&self) -> impl Iterator<Item = (InstrumentId, &InstrumentView)> {
        self.current.iter().map(|instrument| (*instrument, &self.instruments[index(instrument.0)]))
    }

    /// Every instrument that is open, in order of listing.
    pub fn open_instruments(&self) -> impl Iterator<Item = &InstrumentView> {
        self.current_instruments().map(|(_, view)| view).filter(|view| view.phase == Phase::Open)
    }

    /// Every market, in order.
    pub fn markets(&self) -> &[MarketView] {
        &self.markets
    }

    /// Every class of GPU, in order of its first market.
    pub fn classes(&self) -> &[ClassView] {
        &self.classes
    }

    /// What may be done in the whole venue; markets and instruments may be stricter.
    pub fn mode(&self) -> TradingMode {
        self.mode
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

    /// Open interest: the lots of an instrument that somebody holds a claim to and somebody else owes. After settlement
    /// it stays what it was.
    pub fn open_interest(&self, instrument: InstrumentId) -> u64 {
        self.claims.get(index(instrument.0)).copied().unwrap_or(0)
    }

    /// The orders of an instrument that show something, of both sides, in the order in which they joined the book: at one
    /// price that is the order in which they trade.
    pub fn resting(&self, instrument: InstrumentId) -> impl Iterator<Item = &OrderView> {
        self.orders.resting(instrument)
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

    /// The keys of an account, in order of their first eight bytes.
    pub fn keys_of(&self, account: AccountId) -> impl Iterator<Item = &KeyView> {
        let keys = self.accounts.at(account).into_iter().flat_map(|account| &account.keys);
        keys.map(|first| self.accounts.key(*first).expect("an account's keys are known"))
    }

    /// What waits to be paid out, by account and reference.
    pub fn redemptions(&self) -> impl Iterator<Item = (AccountId, Label, Amount)> {
        let all = self.accounts.redemptions().iter();
        all.map(|(&(account, reference), &amount)| (account, reference, amount))
    }

    /// A delivery, while its window is not settled.
    pub fn delivery(&self, delivery: DeliveryId) -> Option<&DeliveryView> {
        self.deliveries.find(delivery)
    }

    /// The slots that an account was drawn to audit, and of which it has said nothing.
    pub fn seats(&self, auditor: AccountId) -> impl Iterator<Item = (DeliveryId, SlotNumber)> {
        self.deliveries.seats(auditor)
    }

    /// The slots that wait for the arbiter, by delivery.
    pub fn cases(&self) -> impl Iterator<Item = (DeliveryId, SlotNumber)> {
        self.deliveries.cases()
    }

    /// Slots that the last command made final, in order, but those of deliveries within one group.
    pub fn slot_ends(&self) -> &[SlotEnd] {
        self.deliveries.ends().last()
    }

    /// How the slots ended so far of windows that are not settled, where any has.
    pub fn window_ends(&self) -> impl Iterator<Item = (InstrumentId, &WindowEnds)> {
        self.deliveries.ends().windows()
    }

    /// Every delivery of windows that are not settled, by number.
    pub fn deliveries(&self) -> impl Iterator<Item = (DeliveryId, &DeliveryView)> {
        self.deliveries.iter()
    }

    /// Those of them in which an account has a part.
    pub fn deliveries_of(&self, account: AccountId) -> impl Iterator<Item = (DeliveryId, &DeliveryView)> {
        self.deliveries.of_account(account)
    }

    /// An order that is open, or that the last command ended, unless its place was taken in the same command: of a batch
    /// that may be.
    pub fn order(&self, order: OrderId) -> Option<&OrderView> {
        self.orders.find(order)
    }

    /// An order of an account that is open, or is among the last of its orders that have ended.
    pub fn order_of(&self, account: AccountId, order: OrderId) -> Option<&OrderView> {
        let known = self.orders.find(order).filter(|known| known.account == account);
        known.or_else(|| {
            let mut ended = self.accounts.at(account)?.ended.iter().rev();
            ended.find(|ended| ended.order == order)
        })
    }

    /// The open orders of an account, oldest first.
    pub fn orders_of(&self, account: AccountId) -> impl Iterator<Item = &OrderView> {
        let open = self.accounts.at(account).into_iter().flat_map(|account| account.orders.values());
        open.map(|order| self.orders.find(*order).expect("an account's open orders are known"))
    }
}
