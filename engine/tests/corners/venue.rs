//! Venue: a small exchange that is asked one thing at a time, with ticks only where they are asked for.

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::reject::RejectReason;
use engine::sequencer::Sequencer;
use engine::stamp::{Stamp, Time};
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};

/// Buys.
pub(crate) const ANN: AccountId = AccountId(1);
/// Of ann's group.
pub(crate) const ABE: AccountId = AccountId(2);
/// A provider.
pub(crate) const PAT: AccountId = AccountId(3);
/// The only window that is open at first.
pub(crate) const FIRST: InstrumentId = InstrumentId(0);
pub(crate) const BEGINNING: Time = Time::from_seconds(1_795_435_200);
/// Seconds until the gate of the first window.
pub(crate) const GATE: u64 = 3_000;

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

pub(crate) fn lots(count: u64) -> Lots {
    Lots::new(count).unwrap()
}

pub(crate) fn price(ticks: u64) -> Price {
    Price::new(ticks).unwrap()
}

pub(crate) fn class(name: &str) -> ClassName {
    ClassName::new(name).unwrap()
}

/// A market of hours.
pub(crate) fn market(windows: u32) -> MarketSpec {
    MarketSpec {
        bond: Amount::new(10),
        class: class("H100SXM"),
        zone: ZoneName::new("US-E").unwrap(),
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        bond_rule: BondRule::Fixed,
        window_seconds: 3_600,
        windows,
        windows_ahead: 0,
        gate_seconds: 600,
        maker_fee: Ppm::new(200).unwrap(),
        taker_fee: Ppm::new(500).unwrap(),
    }
}

/// A plain order in the first window.
pub(crate) fn order(account: AccountId, side: Side, (count, ticks): (u64, u64)) -> NewOrder {
    NewOrder::limit(account, FIRST, side, (lots(count), price(ticks)))
}

/// A bid of ann's for one lot.
pub(crate) fn bid(ticks: u64) -> NewOrder {
    order(ANN, Side::Bid, (1, ticks))
}

/// The order, not to rest.
pub(crate) fn immediate(order: NewOrder) -> NewOrder {
    NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..order }
}

pub(crate) fn cancel(order: OrderId) -> Command {
    Command::CancelOrder { account: ANN, order: OrderRef::Id(order) }
}

pub(crate) fn rejected(reason: RejectReason) -> Vec<Event> {
    vec![Event::Rejected { reason }]
}

/// An exchange and the time.
#[derive(Clone)]
pub(crate) struct Venue {
    pub(crate) exchange: Exchange,
    pub(crate) now: Time,
}

impl Venue {
    /// An exchange in which ann and pat may trade.
    pub(crate) fn new() -> Venue {
        let mut venue = Venue::unfounded();
        venue.found();
        venue
    }

    /// An exchange to which nothing has happened.
    pub(crate) fn unfounded() -> Venue {
        Venue { exchange: Exchange::default(), now: BEGINNING }
    }

    /// Founds it, and lets ann and pat trade.
    pub(crate) fn found(&mut self) {
        self.ask(Command::Found { epoch: 1, seed: 7, operator: PublicKey([1; 32]) });
        let accounts = [("ann", false, None), ("abe", false, Some(ANN)), ("pat", true, None)];
        for (name, provider, joins) in accounts {
            self.ask(Command::OpenAccount { name: label(name), provider, joins });
        }
        for account in [ANN, ABE, PAT] {
            let reference = label(&format!("for-{}", account.0));
            self.ask(Command::Deposit { account, amount: Amount::new(1_000_000_000_000), reference });
        }
        self.ask(Command::AddMarket(market(1)));
        self.ask(Command::Tick);
        self.ask(Command::SetCapacity { account: PAT, instrument: FIRST, lots: Lots::MAX });
    }

    /// Asks for something now, without any tick before it.
    pub(crate) fn ask(&mut self, command: Command) -> Vec<Event> {
        let stamp = Stamp { sequence: self.exchange.last().sequence.next(), time: self.now };
        let mut events = Vec::new();
        self.exchange.apply(&Stamped { stamp, command }, &mut events);
        events
    }

    pub(crate) fn place(&mut self, order: NewOrder) -> Vec<Event> {
        self.ask(Command::PlaceOrder(order))
    }

    /// Enters an order that rests.
    pub(crate) fn rest(&mut self, order: NewOrder) -> OrderId {
        let events = self.place(order);
        let rested = events.iter().find_map(|event| match event {
            Event::OrderRested { order, .. } => Some(*order),
            _ => None,
        });
        rested.unwrap_or_else(|| panic!("the order rests: {events:?}"))
    }

    /// Lets everything happen that is due; returns what each tick told.
    pub(crate) fn ticks(&mut self) -> Vec<Vec<Event>> {
        let mut sequencer = Sequencer::resume(self.exchange.last());
        let mut told = Vec::new();
        while let Some(tick) = sequencer.tick(self.now, &self.exchange) {
            let mut events = Vec::new();
            self.exchange.apply(&tick, &mut events);
            self.exchange.assert_sound();
            told.push(events);
            assert!(told.len() < 1_000, "every timer is done at last");
        }
        told
    }

    /// Moves the clock on to so many seconds after the beginning; returns what each tick told.
    pub(crate) fn wait_until(&mut self, seconds: u64) -> Vec<Vec<Event>> {
        self.now = BEGINNING.after(seconds * Time::SECOND);
        self.ticks()
    }
}
