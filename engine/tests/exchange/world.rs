//! World: an exchange under watch. After every command everything that can be checked is checked.

use engine::command::Command;
use engine::command::Stamped;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, Scopes, index};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef};
use engine::outcome::OutcomeHash;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::Tier;
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use engine::view::View;

use crate::acts::{Act, Entry, Meant, NOBODY, NOWHERE, PROVIDER_FIRST, WINDOWS_OPEN};
use crate::agreement::assert_agreement;
use crate::model::Model;
use crate::outcome::{assert_fills, assert_outcome};

/// Who trades: the name, whether it is a provider, whose group it joins, and its first deposit in micro-CU. The last has
/// enough for the largest order there is.
const TRADERS: [(&str, bool, Option<u32>, u64); 8] = [
    ("ann", false, None, 5_000_000),
    ("bob", false, None, 5_000_000),
    ("cyd", false, Some(2), 900_000),
    ("pat", true, None, 5_000_000),
    ("quin", true, None, 5_000_000),
    ("ray", true, Some(1), 5_000_000),
    ("sue", true, None, 120_000),
    ("tom", true, None, 3_000_000_000_000_000_000),
];

/// No command makes so much due that it takes this many ticks.
const TICKS_MAX: u32 = 100;

/// An exchange, its clock, and all who watch it.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) exchange: Exchange,
    sequencer: Sequencer,
    now: u64,
    view: View,
    pub(crate) model: Model,
    /// Every command with the events it made.
    history: Vec<(Stamped, Vec<Event>)>,
    /// Every order there ever was.
    orders: Vec<OrderId>,
    /// Windows for which the providers have registered.
    registered: usize,
}

fn label(text: &str) -> Label {
    Label::new(text).expect("it is a label")
}

fn lots(count: u64) -> Lots {
    Lots::new(count).expect("it is within bounds")
}

/// Keys 0 and 1, 2 and 3, 4 and 5 share their first eight bytes.
fn key(number: u8) -> PublicKey {
    let mut key = [number / 2; 32];
    key[31] = number;
    PublicKey(key)
}

/// Two markets: in the second a group may trade with itself, and fees are as high as they may be.
fn markets() -> [MarketSpec; 2] {
    let rate = |parts: u64| Ppm::new(parts).expect("it is a rate");
    let first = MarketSpec {
        bond: Amount::new(3_333),
        class: ClassName::new("H100SXM").expect("it is a name"),
        zone: ZoneName::new("US-E").expect("it is a name"),
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        window_seconds: 600,
        windows: 2,
        gate_seconds: 60,
        maker_fee: rate(200),
        taker_fee: rate(537),
    };
    let second = MarketSpec {
        bond: Amount::new(0),
        class: ClassName::new("B200").expect("it is a name"),
        tier: Tier::Interruptible,
        self_trade: SelfTrade::Allowed,
        windows: 1,
        gate_seconds: 0,
        maker_fee: rate(100_000),
        taker_fee: rate(77_777),
        ..first
    };
    [first, second]
}

impl World {
    pub(crate) fn new() -> World {
        let mut world = World { now: 1_795_435_200_000_000_000, ..World::default() };
        let operator = PublicKey([7; 32]);
        world.ask(Command::Found { epoch: 1, seed: 9, operator });
        for (number, (name, provider, joins, credit)) in (1..).zip(TRADERS) {
            world.ask(Command::OpenAccount { name: label(name), provider, joins: joins.map(AccountId) });
            let (account, amount) = (AccountId(number), Amount::new(credit));
            world.ask(Command::Deposit { account, amount, reference: label(&format!("first-{name}")) });
        }
        for spec in markets() {
            world.ask(Command::AddMarket(spec));
        }
        world.act(Act::Wait(0));
        world
    }

    /// Does it.
    pub(crate) fn act(&mut self, act: Act) {
        let Act::Wait(seconds) = act else {
            let command = self.command(act);
            return self.ask(command);
        };
        self.now += seconds * Time::SECOND;
        self.tick();
        // Providers register for what is new.
        for number in self.registered..self.model.windows.len() {
            let instrument = InstrumentId(u32::try_from(number).expect("few windows"));
            for account in (PROVIDER_FIRST..).map(AccountId).take(TRADERS.len() - 3) {
                self.ask(Command::SetCapacity { account, instrument, lots: lots(40) });
            }
        }
        self.registered = self.model.windows.len();
    }

    fn command(&self, act: Act) -> Command {
        match act {
            Act::Enter(entry) => self.entry(&entry),
            Act::Cancel(meant) => {
                let (account, order) = self.meant(meant);
                Command::CancelOrder { account, order }
            }
            Act::Reduce(meant, by) => {
                let (account, order) = self.meant(meant);
                Command::ReduceOrder { account, order, by: lots(by) }
            }
            Act::CancelAll(who, window) => {
                let instrument = window.map(|window| self.instrument(window));
                Command::CancelAll { account: AccountId(who), instrument }
            }
            Act::SetCapacity(who, window, count) => {
                let instrument = self.instrument(window);
                Command::SetCapacity { account: AccountId(who), instrument, lots: lots(count) }
            }
            Act::Deposit(who, amount, name) => {
                let reference = label(&format!("later-{name}"));
                Command::Deposit { account: AccountId(who), amount: Amount::new(amount), reference }
            }
            Act::Register(who, number) => {
                Command::RegisterKey { account: AccountId(who), key: key(number), scopes: Scopes::READ }
            }
            Act::Revoke(number) => Command::RevokeKey { key: key(number) },
            Act::Again(0) => Command::Found { epoch: 2, seed: 2, operator: PublicKey([2; 32]) },
            Act::Again(1) => {
                Command::OpenAccount { name: label("ann"), provider: true, joins: Some(AccountId(NOBODY)) }
            }
            Act::Again(_) => Command::AddMarket(markets()[0]),
            Act::Wait(_) => Command::Tick,
        }
    }

    fn entry(&self, entry: &Entry) -> Command {
        let deadline = entry.deadline.map(|seconds| {
            let nanos = u64::from(seconds.unsigned_abs()) * Time::SECOND;
            Time(if seconds < 0 { self.now - nanos } else { self.now + nanos })
        });
        Command::PlaceOrder(NewOrder {
            account: AccountId(entry.who),
            instrument: self.instrument(entry.window),
            side: entry.side,
            time_in_force: entry.time_in_force,
            limit: Price::new(entry.ticks).expect("prices are within bounds"),
            lots: lots(entry.lots),
            client: entry.client.map(|number| label(&format!("client-{number}"))),
            deadline,
        })
    }

    /// One of the windows that trade, one listed before, or one that does not exist.
    fn instrument(&self, window: u32) -> InstrumentId {
        let listed = (0..).zip(&self.model.windows);
        let open: Vec<u32> =
            listed.filter(|(_, window)| self.now < window.gate).map(|(number, _)| number).collect();
        let chosen = match window {
            NOWHERE => None,
            past if WINDOWS_OPEN <= past => open.first().and_then(|first| first.checked_sub(past - 2)),
            number => open.get(index(number)).copied(),
        };
        InstrumentId(chosen.unwrap_or(NOWHERE))
    }

    fn meant(&self, meant: Meant) -> (AccountId, OrderRef) {
        let open = &self.model.orders;
        if open.is_empty() || meant.ever {
            let order = self.orders.get(meant.which % self.orders.len().max(1));
            let order = order.copied().unwrap_or(OrderId::new(NOBODY, 3));
            return (AccountId(meant.other.unwrap_or(1)), OrderRef::Id(order));
        }
        let open = open[meant.which % open.len()];
        let client = open.client.filter(|_| meant.by_client);
        let order = client.map_or(OrderRef::Id(open.order), OrderRef::Client);
        (meant.other.map_or(open.account, AccountId), order)
    }

    fn tick(&mut self) {
        let mut ticks = 0;
        while let Some(tick) = self.sequencer.tick(Time(self.now), &self.exchange) {
            self.apply(tick);
            ticks += 1;
            assert!(ticks < TICKS_MAX, "every timer is done at last");
        }
        let late = self.model.orders.iter().find(|open| self.model.window(open.instrument).gate <= self.now);
        assert!(late.is_none(), "nothing rests behind the gate: {late:?}");
    }

    /// Applies a command as the node does, ticks first.
    pub(crate) fn ask(&mut self, command: Command) {
        self.tick();
        let stamped = self.sequencer.stamp(Time(self.now), command);
        self.apply(stamped);
    }

    fn apply(&mut self, stamped: Stamped) {
        let command = stamped.command;
        self.model.now = stamped.stamp.time.0;
        let refusal = self.exchange.founding().and_then(|_| self.model.refusal(&command));
        let idle = (command != Command::Tick).then(|| self.idle(stamped));
        let mut events = Vec::new();
        self.exchange.apply(&stamped, &mut events);
        self.exchange.assert_sound();
        self.view.fold(stamped.stamp, &events);
        assert_agreement(&self.exchange, &self.view);
        assert_outcome(&command, refusal, &events);
        assert_fills(&self.view, &events);
        if let Some(idle) = idle {
            let same = refusal.is_some() || events.is_empty() || self.model.is_set(&command);
            let hash = self.exchange.state_hash();
            assert_eq!(hash == idle, same, "what changes nothing, and nothing else, leaves the state");
        }
        for event in &events {
            self.model.hear(event);
            if let Event::OrderAccepted { order, .. } = event {
                assert!(!self.orders.contains(order), "an id is given once");
                self.orders.push(*order);
            }
        }
        self.model.finish();
        self.model.assert_counts(&self.exchange);
        self.history.push((stamped, events));
    }

    /// The state if nothing happened at this stamp: no timer is due, so a tick does nothing.
    fn idle(&self, stamped: Stamped) -> OutcomeHash {
        let mut exchange = self.exchange.clone();
        let mut events = Vec::new();
        exchange.apply(&Stamped { command: Command::Tick, ..stamped }, &mut events);
        assert_eq!(events, [], "ticks come before the command");
        exchange.state_hash()
    }

    /// Panics unless the same commands make the same history.
    pub(crate) fn assert_replays(&self) {
        let (mut exchange, mut view) = (Exchange::default(), View::default());
        let (mut told, mut again) = (OutcomeHash::default(), OutcomeHash::default());
        for (stamped, events) in &self.history {
            let mut repeated = Vec::new();
            exchange.apply(stamped, &mut repeated);
            view.fold(stamped.stamp, &repeated);
            assert_eq!(&repeated, events, "a replay of {stamped:?} makes the same events");
            events.iter().for_each(|event| event.fold(&mut told));
            repeated.iter().for_each(|event| event.fold(&mut again));
        }
        assert_eq!(told, again, "a replay has the same outcome");
        assert_eq!(exchange.state_hash(), self.exchange.state_hash(), "a replay ends in the same state");
        assert_agreement(&self.exchange, &view);
    }
}
