//! Inserted: what nobody asked for but the core puts before commands: ends of sessions, ticks, draws.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use engine::command::{Command, Stamped};
use engine::ending::CancelReason;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::instrument::Phase;
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, SessionId, Side};
use engine::order_filter::OrderFilter;
use engine::stamp::{Sequence, Stamp, Time};
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use engine::view::View;
use journal::log::{AppendError, CommandLog, ReadError, Tip};
use journal::memory::MemoryLog;
use journal::recovery::recover;
use journal::sealed::SealedRecords;
use node::batch::Told;
use node::clock::Clock;
use node::entropy::Entropy;
use node::inlet::Inbound;
use node::outlet::Outlet;
use node::pipeline::Pipeline;
use node::ready::Ready;

/// How long a test waits for what has to come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
const ANN: AccountId = AccountId(1);
const PAT: AccountId = AccountId(2);

/// A log that others can look into while it is written.
#[derive(Clone, Default)]
struct SharedLog(Arc<Mutex<MemoryLog>>);

impl SharedLog {
    /// What a machine that loses its power now finds on its disk.
    fn killed(&self) -> SharedLog {
        let records = self.0.lock().unwrap().records().to_vec();
        SharedLog(Arc::new(Mutex::new(MemoryLog::from_records(records))))
    }

    /// Every command in it, and the exchange that they make.
    fn replayed(&self) -> (Vec<Command>, Exchange) {
        let mut commands = Vec::new();
        let recovered = recover(self, &mut |stamped, _| commands.push(stamped.command)).unwrap();
        (commands, recovered.exchange)
    }
}

impl CommandLog for SharedLog {
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        self.0.lock().unwrap().append(expected_last, records)
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        self.0.lock().unwrap().last()
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        self.0.lock().unwrap().read(from).collect::<Vec<_>>().into_iter()
    }
}

/// A clock that the test sets, in seconds.
#[derive(Clone, Default)]
struct SetClock(Arc<AtomicU64>);

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// Seeds 1, 2, 3...
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl Entropy for Counter {
    fn seed(&mut self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Tells whoever waits, and notes orders that ended with their session.
struct Notes {
    told: mpsc::Sender<Vec<Event>>,
}

impl Outlet for Notes {
    type Origin = ();
    type Question = ();

    fn tell_event(&mut self, _: Stamp, _: &Event, _: &View) {}

    fn tell(&mut self, told: Told<'_, ()>, _: &View) {
        if told.origin.is_some() {
            let _ = self.told.send(told.events.to_vec());
        }
    }

    fn answer(&mut self, (): (), _: &View) {}
}

struct World {
    log: SharedLog,
    clock: SetClock,
    seeds: Counter,
    pipeline: Pipeline<SharedLog, Notes>,
    told: mpsc::Receiver<Vec<Event>>,
}

impl World {
    /// Recovers a log and goes on with it at `seconds`.
    fn start(log: SharedLog, seconds: u64) -> World {
        let (clock, seeds) = (SetClock::default(), Counter::default());
        clock.0.store(seconds, Ordering::SeqCst);
        let (tell, told) = mpsc::channel();
        let ready = Ready::recover(log.clone(), &mut |_: &Stamped, _: &[Event], _: &View| {}).unwrap();
        let outside = (clock.clone(), seeds.clone());
        let pipeline = Pipeline::start(ready, outside, Notes { told: tell }, |_| {});
        World { log, clock, seeds, pipeline, told }
    }

    /// Submits a command and waits until it is durable; returns what came of it.
    fn ask(&self, command: Command) -> Vec<Event> {
        assert!(self.pipeline.inlet().submit(Inbound::one((), command)).is_ok());
        let events = self.told.recv_timeout(PATIENCE).unwrap();
        assert!(!matches!(events[..], [Event::Rejected { .. }]), "{command:?}: {events:?}");
        events
    }

    /// A founded exchange at 1,000 seconds, with hours that close as they begin, at 3,600 and 7,200 seconds.
    fn trading() -> World {
        let world = World::start(SharedLog::default(), 1_000);
        let name = |text| Label::new(text).unwrap();
        world.ask(Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) });
        for (account, text) in [(ANN, "ann"), (PAT, "pat")] {
            world.ask(Command::OpenAccount { name: name(text), provider: true, joins: None });
            let amount = Amount::new(1_000_000_000);
            world.ask(Command::Deposit { account, amount, reference: name(text) });
        }
        world.ask(Command::AddMarket(MarketSpec {
            bond: Amount::new(500_000),
            class: ClassName::new("H").unwrap(),
            zone: ZoneName::new("Z").unwrap(),
            tier: Tier::Firm,
            self_trade: SelfTrade::Prevented,
            bond_rule: BondRule::Fixed,
            window_seconds: 3_600,
            windows: 2,
            windows_ahead: 0,
            gate_seconds: 0,
            maker_fee: Ppm::new(0).unwrap(),
            taker_fee: Ppm::new(0).unwrap(),
        }));
        for instrument in [InstrumentId(0), InstrumentId(1)] {
            world.ask(Command::SetCapacity { account: PAT, instrument, lots: Lots::new(10).unwrap() });
        }
        world
    }

    fn place(&self, order: NewOrder) {
        self.ask(Command::PlaceOrder(order));
    }
}

fn session(number: u32) -> SessionId {
    SessionId(NonZeroU32::new(number).unwrap())
}

/// An order for one lot, by its window, side and price.
fn order(account: AccountId, instrument: u32, (side, ticks): (Side, u64)) -> NewOrder {
    let terms = (Lots::new(1).unwrap(), Price::new(ticks).unwrap());
    NewOrder::limit(account, InstrumentId(instrument), side, terms)
}

#[test]
fn after_a_kill_sessions_end_before_anything_else() {
    let world = World::trading();
    let mine =
        |ticks, number| NewOrder { session: Some(session(number)), ..order(ANN, 1, (Side::Bid, ticks)) };
    world.place(mine(100, 7));
    world.place(mine(101, 9));
    world.place(mine(102, 7));
    world.place(order(ANN, 1, (Side::Bid, 103)));
    world.place(NewOrder { session: Some(session(7)), ..order(PAT, 1, (Side::Ask, 200)) });
    let before = world.log.replayed().0.len();

    // The power is gone, and comes back when the first gate has passed.
    let world = World::start(world.log.killed(), 4_000);
    assert_eq!(
        world.log.replayed().1.ledger().accounts.at(ANN).orders_open,
        1,
        "ended before anyone can ask"
    );
    let nothing = OrderFilter { label: Label::new("nothing"), ..OrderFilter::default() };
    world.ask(Command::CancelAll { account: ANN, only: nothing });
    let log = world.log.clone();
    let stopped = world.pipeline.stop();
    let (commands, replayed) = log.replayed();
    let inserted = &commands[before..];
    let end = |account, number| Command::EndSession { account, session: session(number) };
    let ticks = inserted.iter().take_while(|command| **command == Command::Tick).count();
    assert!(0 < ticks, "ticks were due, and come before whatever is stamped later");
    assert_eq!(inserted[ticks..ticks + 3], [end(ANN, 7), end(ANN, 9), end(PAT, 7)]);
    assert_eq!(inserted.len(), ticks + 4, "then comes what was asked");
    let open: Vec<_> = stopped.view.orders_of(ANN).chain(stopped.view.orders_of(PAT)).collect();
    assert_eq!(open.len(), 1, "orders without a session stay");
    assert_eq!((open[0].limit.ticks(), open[0].session), (103, None));
    assert_eq!(replayed.state_hash(), stopped.exchange.state_hash());

    // Nothing is left to end when it starts again.
    let before = commands.len();
    World::start(log.clone(), 4_001).pipeline.stop();
    assert!(log.replayed().0[before..].iter().all(|command| *command == Command::Tick));
}

#[test]
fn orders_of_an_ended_session_say_so() {
    let world = World::trading();
    world.place(NewOrder { session: Some(session(7)), ..order(ANN, 1, (Side::Bid, 100)) });
    let log = world.log.killed();
    World::start(log.clone(), 1_000).pipeline.stop();
    let mut reasons = Vec::new();
    recover(&log, &mut |_, events| {
        reasons.extend(events.iter().filter_map(|event| match *event {
            Event::OrderCanceled { reason, .. } => Some(reason),
            _ => None,
        }));
    })
    .unwrap();
    assert_eq!(reasons, [CancelReason::Session]);
}

#[test]
fn deliveries_are_drawn_with_a_seed_that_comes_after_the_gate() {
    let world = World::trading();
    world.place(order(PAT, 0, (Side::Ask, 100)));
    world.place(order(ANN, 0, (Side::Bid, 100)));
    world.place(order(PAT, 1, (Side::Ask, 100)));
    assert_eq!(world.seeds.0.load(Ordering::SeqCst), 0, "nothing is drawn before a gate");

    world.clock.0.store(3_600, Ordering::SeqCst);
    world.ask(Command::CancelAll { account: PAT, only: OrderFilter::in_instrument(InstrumentId(1)) });
    let log = world.log.clone();
    let seeds = world.seeds.clone();
    let stopped = world.pipeline.stop();
    let (commands, replayed) = log.replayed();
    let draws: Vec<usize> =
        (0..commands.len()).filter(|place| matches!(commands[*place], Command::Draw { .. })).collect();
    let [draw] = draws[..] else { panic!("one draw for the one window that owes: {commands:?}") };
    assert_eq!(commands[draw], Command::Draw { instrument: InstrumentId(0), seed: 1 });
    assert_eq!((commands[draw - 1], commands[draw + 1]), (Command::Tick, Command::Tick));
    assert!(matches!(commands[draw + 2], Command::CancelAll { .. }), "it comes before what is asked");
    assert_eq!(seeds.0.load(Ordering::SeqCst), 1, "a seed is taken for a draw only");
    assert_eq!(stopped.view.instrument(InstrumentId(0)).unwrap().phase, Phase::Delivering);
    assert_eq!(stopped.view.instrument(InstrumentId(0)).unwrap().deliveries, 1);
    assert_eq!(replayed.state_hash(), stopped.exchange.state_hash(), "the journal has the seed");
    stopped.exchange.assert_sound();
}
