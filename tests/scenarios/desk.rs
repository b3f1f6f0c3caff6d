//! Desk: a whole exchange with its clock and its view, and the names that a scenario uses.
//!
//! After every command the exchange is sound, the view agrees with it, and what is told of an order is what was asked.

use std::collections::{BTreeMap, BTreeSet};

use engine::command::Command;
use engine::command::Stamped;
use engine::delivery::slot::SlotNumber;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, DeliveryId, InstrumentId, MarketId, OrderId, index};
use engine::label::Label;
use engine::order::NewOrder;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::view::View;

use crate::agreement::assert_agreement;
use crate::decimal::span;
use crate::kinds::kind;

/// When scenarios begin: 2026-11-23, 12:00 UTC.
const BEGINNING: Time = Time::from_seconds(1_795_435_200);

/// No line of a scenario makes so much due that it takes this many ticks.
const TICKS_MAX: u32 = 100;

/// An exchange and the names of what is in it.
pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    pub(crate) view: View,
    /// Kinds of everything that happened.
    pub(crate) kinds: BTreeSet<&'static str>,
    sequencer: Sequencer,
    now: Time,
    /// Names of markets, by number.
    markets: Vec<String>,
    /// Windows by market, in order of listing.
    windows: BTreeMap<MarketId, Vec<InstrumentId>>,
    orders: BTreeMap<OrderId, usize>,
    /// Orders as they were asked for, rejected ones too.
    asked: Vec<NewOrder>,
    /// Slots that the scenario has named.
    pub(crate) watched: BTreeSet<(DeliveryId, SlotNumber)>,
    deposits: usize,
    /// Whether deliveries are drawn as soon as they can be, and how many were so far.
    draws: Option<u64>,
}

impl Desk {
    /// A desk that draws deliveries itself, or leaves that to the scenario.
    pub(crate) fn new(draws: bool) -> Desk {
        Desk {
            exchange: Exchange::default(),
            view: View::default(),
            kinds: BTreeSet::new(),
            sequencer: Sequencer::default(),
            now: BEGINNING,
            markets: Vec::new(),
            windows: BTreeMap::new(),
            orders: BTreeMap::new(),
            asked: Vec::new(),
            watched: BTreeSet::new(),
            deposits: 0,
            draws: draws.then_some(0),
        }
    }

    /// Applies a command, and whatever timers it made due. Returns everything that happened.
    pub(crate) fn apply(&mut self, command: Command) -> Vec<Event> {
        let stamped = self.sequencer.stamp(self.now, command);
        let mut events = self.take(&stamped);
        events.extend(self.tick());
        events
    }

    /// Applies ticks and draws until nothing is due.
    fn tick(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..TICKS_MAX {
            let tick = self.sequencer.tick(self.now, &self.exchange);
            let Some(stamped) = tick.or_else(|| self.draw()) else { return events };
            events.extend(self.take(&stamped));
        }
        panic!("every timer is done at last");
    }

    /// The next draw, if one is waited for and the scenario does not draw itself. Seeds are counted from one.
    fn draw(&mut self) -> Option<Stamped> {
        let seed = self.draws? + 1;
        let drawn = self.sequencer.draw((self.now, seed), &self.exchange)?;
        self.draws = Some(seed);
        Some(drawn)
    }

    fn take(&mut self, stamped: &Stamped) -> Vec<Event> {
        let mut events = Vec::new();
        self.exchange.apply(stamped, &mut events);
        self.exchange.assert_sound();
        self.view.fold(stamped.stamp, &events);
        assert_agreement(&self.exchange, &self.view);
        // The last that were asked for: of a batch several.
        let accepted = events.iter().filter(|event| matches!(event, Event::OrderAccepted { .. })).count();
        let mut number = self.asked.len() - accepted;
        for event in &events {
            self.kinds.insert(kind(event));
            match *event {
                Event::OrderAccepted { order, .. } => {
                    number += 1;
                    self.orders.insert(order, number);
                    self.assert_echo(order);
                }
                Event::InstrumentListed { instrument, market, .. } => {
                    self.windows.entry(market).or_default().push(instrument);
                }
                _ => {}
            }
        }
        events
    }

    /// Panics unless the events tell an order as it was asked for. Its limit may be another: slid, or cut by a band.
    fn assert_echo(&self, order: OrderId) {
        let asked = self.asked(order);
        let told = self.view.order_of(asked.account, order).expect("an order that is accepted is told");
        assert_eq!((told.account, told.instrument), (asked.account, asked.instrument), "whose, of what");
        assert_eq!((told.side, told.kind), (asked.side, asked.kind), "side and kind");
        assert_eq!((told.time_in_force, told.minimum), (asked.time_in_force, asked.minimum), "terms");
        assert_eq!((told.clip, told.client), (asked.shown, asked.client), "what it shows, and its name");
        assert_eq!((told.label, told.session), (asked.label, asked.session), "marks");
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

    /// A later time as `+5s` from now.
    pub(crate) fn span_to(&self, time: Time) -> String {
        let nanos = time.0.saturating_sub(self.now.0);
        let (whole, part) = (nanos / Time::SECOND, nanos % Time::SECOND);
        if part == 0 { format!("+{whole}s") } else { format!("+{whole}.{part:09}s") }
    }

    /// Gives the next market its name.
    pub(crate) fn name_market(&mut self, name: &str) {
        self.markets.push(name.to_string());
    }

    /// Counts an order line; returns its number.
    pub(crate) fn ask_order(&mut self, order: NewOrder) -> usize {
        self.asked.push(order);
        self.asked.len()
    }

    /// An order as it was asked for.
    pub(crate) fn asked(&self, order: OrderId) -> &NewOrder {
        &self.asked[self.orders[&order] - 1]
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

    /// The market of that name, or one that does not exist.
    pub(crate) fn market(&self, name: &str) -> MarketId {
        let place = self.markets.iter().position(|market| market == name);
        MarketId(place.and_then(|place| u32::try_from(place).ok()).unwrap_or(9_999))
    }

    /// The instrument that `H` or `H+1` names, or one that does not exist.
    pub(crate) fn instrument(&self, text: &str) -> Option<InstrumentId> {
        let (name, ahead) = text.split_once('+').unwrap_or((text, "0"));
        let ahead: usize = ahead.parse().ok()?;
        let market = self.market(name);
        index(market.0).lt(&self.markets.len()).then_some(())?;
        let window = self.windows.get(&market).and_then(|windows| windows.get(ahead));
        Some(window.copied().unwrap_or(InstrumentId(99_999)))
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
        &self.markets[index(market.0)]
    }

    pub(crate) fn instrument_name(&self, instrument: InstrumentId) -> String {
        let market = self.view.instrument(instrument).expect("events name instruments that exist").market;
        let name = self.market_name(market);
        match self.windows[&market].binary_search(&instrument) {
            Ok(0) => name.to_string(),
            Ok(ahead) => format!("{name}+{ahead}"),
            Err(_) => unreachable!("an instrument is one of its market's windows"),
        }
    }

    pub(crate) fn order_name(&self, order: OrderId) -> String {
        format!("#{}", self.orders[&order])
    }
}
