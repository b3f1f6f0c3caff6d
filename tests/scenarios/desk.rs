//! Desk: a whole exchange with its clock and its view, and the names that a scenario uses.
//!
//! After every command the exchange is sound and the view agrees with it.

use std::collections::BTreeMap;

use engine::command::Command;
use engine::command::Stamped;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, MarketId, OrderId};
use engine::label::Label;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::view::View;

use crate::agreement::assert_agreement;
use crate::decimal::span;

/// When scenarios begin: 2026-11-23, 12:00 UTC.
const BEGINNING: Time = Time::from_seconds(1_795_435_200);

/// No line of a scenario makes so much due that it takes this many ticks.
const TICKS_MAX: u32 = 100;

/// An exchange and the names of what is in it.
pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    pub(crate) view: View,
    sequencer: Sequencer,
    now: Time,
    /// Names of markets, by number.
    markets: Vec<String>,
    orders: BTreeMap<OrderId, usize>,
    /// Order lines so far, rejected ones too.
    orders_asked: usize,
    deposits: usize,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk {
            exchange: Exchange::default(),
            view: View::default(),
            sequencer: Sequencer::default(),
            now: BEGINNING,
            markets: Vec::new(),
            orders: BTreeMap::new(),
            orders_asked: 0,
            deposits: 0,
        }
    }

    /// Applies a command, and whatever timers it made due. Returns everything that happened.
    pub(crate) fn apply(&mut self, command: Command) -> Vec<Event> {
        let stamped = self.sequencer.stamp(self.now, command);
        let mut events = self.take(&stamped);
        events.extend(self.tick());
        events
    }

    /// Applies ticks until no timer is due.
    fn tick(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut ticks = 0;
        while let Some(tick) = self.sequencer.tick(self.now, &self.exchange) {
            events.extend(self.take(&tick));
            ticks += 1;
            assert!(ticks < TICKS_MAX, "every timer is done at last");
        }
        events
    }

    fn take(&mut self, stamped: &Stamped) -> Vec<Event> {
        let mut events = Vec::new();
        self.exchange.apply(stamped, &mut events);
        self.exchange.assert_sound();
        self.view.fold(stamped.stamp, &events);
        assert_agreement(&self.exchange, &self.view);
        for event in &events {
            if let Event::OrderAccepted { order, .. } = event {
                self.orders.insert(*order, self.orders_asked);
            }
        }
        events
    }

    /// Moves the clock.
    pub(crate) fn pass(&mut self, text: &str) -> Option<Vec<Event>> {
        self.now = self.moment(text)?;
        Some(self.tick())
    }

    /// The time that is `+5s` or `-5s` from now.
    pub(crate) fn moment(&self, text: &str) -> Option<Time> {
        let (nanos, past) = span(text)?;
        Some(if past { self.now.before(nanos) } else { self.now.after(nanos) })
    }

    /// Gives the next market its name.
    pub(crate) fn name_market(&mut self, name: &str) {
        self.markets.push(name.to_string());
    }

    /// Counts an order line; returns its number.
    pub(crate) fn ask_order(&mut self) -> usize {
        self.orders_asked += 1;
        self.orders_asked
    }

    /// A reference that no deposit had yet.
    pub(crate) fn new_reference(&mut self) -> String {
        self.deposits += 1;
        format!("deposit-{}", self.deposits)
    }

    /// The account of that name, or one that does not exist.
    pub(crate) fn account(&self, name: &str) -> AccountId {
        Label::new(name).and_then(|name| self.view.named(name)).unwrap_or(AccountId(9_999))
    }

    /// The instrument that `H` or `H+1` names, or one that does not exist.
    pub(crate) fn instrument(&self, text: &str) -> Option<InstrumentId> {
        let (name, ahead) = text.split_once('+').unwrap_or((text, "0"));
        let ahead: usize = ahead.parse().ok()?;
        let place = self.markets.iter().position(|market| market == name)?;
        let market = MarketId(u32::try_from(place).ok()?);
        Some(self.windows(market).nth(ahead).unwrap_or(InstrumentId(9_999)))
    }

    fn windows(&self, market: MarketId) -> impl Iterator<Item = InstrumentId> {
        let listed = self.view.instruments();
        listed.filter(move |(_, view)| view.market == market).map(|(instrument, _)| instrument)
    }

    /// The order with that number in the scenario, or one that does not exist.
    pub(crate) fn order(&self, number: usize) -> OrderId {
        let found = self.orders.iter().find(|(_, asked)| **asked == number);
        found.map_or(OrderId::from_raw(u64::MAX), |(order, _)| *order)
    }

    pub(crate) fn account_name(&self, account: AccountId) -> String {
        self.view.account(account).expect("events name accounts that exist").name.to_string()
    }

    pub(crate) fn market_name(&self, market: MarketId) -> &str {
        &self.markets[engine::ids::index(market.0)]
    }

    pub(crate) fn instrument_name(&self, instrument: InstrumentId) -> String {
        let market = self.view.instrument(instrument).expect("events name instruments that exist").market;
        let name = self.market_name(market);
        match self.windows(market).position(|window| window == instrument) {
            Some(0) => name.to_string(),
            Some(ahead) => format!("{name}+{ahead}"),
            None => unreachable!("an instrument is one of its market's windows"),
        }
    }

    pub(crate) fn order_name(&self, order: OrderId) -> String {
        format!("#{}", self.orders[&order])
    }
}
