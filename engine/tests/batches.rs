//! Batches: what a batch does is what its changes do one by one; what cannot be done whole is not done at all.
//!
//! The oracle is a copy of the exchange in which the same changes are asked for alone.

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::exchange::batch::BATCH_OPS_MAX;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, index};
use engine::index::mix64;
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderKind, OrderRef, SelfTradePrevention, Side, TimeInForce};
use engine::outcome::OutcomeHash;
use engine::reject::RejectReason;
use engine::stamp::{Stamp, Time};
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use engine::view::View;

const ACCOUNTS: u32 = 3;
const WINDOWS: u32 = 3;
const RUNS: u64 = 600;
const STEPS: usize = 120;

/// An exchange, its view, and numbers that look random.
#[derive(Clone)]
struct World {
    exchange: Exchange,
    view: View,
    state: u64,
    clients: u64,
    orders: Vec<(AccountId, OrderId)>,
}

impl World {
    /// In every third, groups may trade with themselves.
    fn new(seed: u64) -> World {
        let self_trade = if seed % 3 == 2 { SelfTrade::Allowed } else { SelfTrade::Prevented };
        let (exchange, view) = (Exchange::default(), View::default());
        let mut world = World { exchange, view, state: seed << 32, clients: 0, orders: Vec::new() };
        world.ask(Command::Found { epoch: 1, seed, operator: PublicKey([1; 32]) });
        for number in 1..=ACCOUNTS {
            let name = Label::new(&format!("a{number}")).expect("it is a label");
            // The third is of the second's group.
            let joins = (number == 3).then_some(AccountId(2));
            world.ask(Command::OpenAccount { name, provider: number != 1, joins });
            let (account, amount) = (AccountId(number), Amount::new(45_000));
            world.ask(Command::Deposit { account, amount, reference: name });
        }
        world.ask(Command::AddMarket(MarketSpec {
            bond: Amount::new(40),
            class: ClassName::new("H100SXM").expect("it is a name"),
            zone: ZoneName::new("US-E").expect("it is a name"),
            tier: Tier::Firm,
            self_trade,
            bond_rule: BondRule::Fixed,
            window_seconds: 3_600,
            windows: WINDOWS,
            windows_ahead: 0,
            gate_seconds: 0,
            maker_fee: Ppm::new(20_000).expect("it is a rate"),
            taker_fee: Ppm::new(50_000).expect("it is a rate"),
        }));
        world.ask(Command::Tick);
        for account in [2, 3].map(AccountId) {
            for instrument in (0..WINDOWS).map(InstrumentId) {
                let lots = Lots::new(40).expect("a few lots");
                world.ask(Command::SetCapacity { account, instrument, lots });
            }
        }
        world
    }

    fn below(&mut self, below: u64) -> u64 {
        self.state += 1;
        mix64(5, self.state) % below
    }

    fn ask(&mut self, command: Command) -> Vec<Event> {
        let last = self.exchange.last();
        let time = Time(last.time.0.max(1_795_435_200_000_000_000) + 1);
        let stamp = Stamp { sequence: last.sequence.next(), time };
        let mut events = Vec::new();
        self.exchange.apply(&Stamped { stamp, command }, &mut events);
        self.view.fold(stamp, &events);
        for event in &events {
            if let Event::OrderAccepted { account, order, .. } = *event {
                self.orders.push((account, order));
            }
        }
        events
    }

    /// Asks for all of it as one batch; returns what came of the last command. Those before it do nothing.
    fn ask_batch(&mut self, account: AccountId, ops: &[Command]) -> Vec<Event> {
        let count = u8::try_from(ops.len()).expect("a batch is small");
        let mut told = self.ask(Command::Batch { account, count });
        for op in ops {
            assert_eq!(told, [], "nothing happens before the last change");
            told = self.ask(*op);
        }
        told
    }

    fn client(&mut self) -> Label {
        let used = self.below(25) == 0 && 0 < self.clients;
        let number = if used { self.below(self.clients) } else { self.clients };
        self.clients = self.clients.max(number + 1);
        Label::new(&format!("id-{number}")).expect("it is a label")
    }

    fn order(&mut self, account: AccountId) -> NewOrder {
        let side = [Side::Bid, Side::Ask][usize::from(self.below(2) == 0)];
        let instrument = InstrumentId(u32::try_from(self.below(WINDOWS.into())).expect("few windows"));
        let ticks = match side {
            Side::Bid => 8 + self.below(5),
            Side::Ask => 10 + self.below(5),
        };
        let lots = 1 + self.below(6);
        let kinds = [OrderKind::Limit, OrderKind::Limit, OrderKind::PostOnly, OrderKind::PostOnlySlide];
        let kind = kinds[usize::try_from(self.below(4)).expect("few kinds")];
        let rests = kind.posts_only() || self.below(3) != 0;
        let immediate = [TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill];
        let time_in_force =
            if rests { TimeInForce::GoodTillGate } else { immediate[usize::from(self.below(2) == 0)] };
        let preventions = [
            SelfTradePrevention::CancelNewest,
            SelfTradePrevention::CancelOldest,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ];
        let few = |count: u64| Lots::new(count).expect("a few lots");
        let minimum =
            if self.below(8) == 0 && !kind.posts_only() { few(1 + self.below(lots)) } else { Lots::ZERO };
        NewOrder {
            kind,
            time_in_force,
            minimum,
            prevention: preventions[usize::try_from(self.below(4)).expect("few modes")],
            client: (self.below(3) == 0).then(|| self.client()),
            ..NewOrder::limit(
                account,
                instrument,
                side,
                (few(lots), Price::new(ticks).expect("it is a price")),
            )
        }
    }

    fn op(&mut self, account: AccountId) -> Command {
        let own: Vec<OrderId> = self.view.orders_of(account).map(|order| order.order).collect();
        if self.below(3) != 0 || (own.is_empty() && self.below(6) != 0) {
            return Command::PlaceOrder(self.order(account));
        }
        let chosen = usize::try_from(self.below(own.len().max(1).try_into().expect("few"))).expect("few");
        let order = own.get(chosen).copied().unwrap_or(OrderId::new(7, 7));
        Command::CancelOrder { account, order: OrderRef::Id(order) }
    }

    /// Everything but numbers of sequences and events.
    fn standing(&self) -> Vec<String> {
        let ledger = self.exchange.ledger();
        let balances =
            ledger.accounts.iter().map(|(_, owner)| format!("{:?} {}", owner.balance(), owner.orders_open));
        let queues = (0..WINDOWS).map(InstrumentId).flat_map(|instrument| {
            [Side::Bid, Side::Ask].into_iter().flat_map(move |side| {
                self.exchange
                    .books()
                    .queue(instrument, side)
                    .map(move |maker| format!("{instrument:?} {maker:?}"))
            })
        });
        let positions = ledger.positions.iter().map(|row| {
            format!("{:?} {:?} {} {} {}", row.account, row.instrument, row.lots, row.escrow, row.bonded)
        });
        balances.chain(queues).chain(positions).chain([ledger.fees.to_string()]).collect()
    }
}

/// What happened to orders, without numbers of private streams.
fn plain(events: &[Event]) -> Vec<String> {
    let told = events.iter().filter(|event| {
        !matches!(
            event,
            Event::BatchStep { .. }
                | Event::PositionChanged { .. }
                | Event::BalanceChanged { .. }
                | Event::FeesChanged { .. }
        )
    });
    told.map(|event| {
        let text = format!("{event:?}");
        match text.split_once("xseq: PrivateSequence(") {
            Some((before, after)) => {
                format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest))
            }
            None => text,
        }
    })
    .collect()
}

#[derive(Debug, Default)]
struct Seen {
    done: u32,
    refused: u32,
    invalid: u32,
    repeated: u32,
    trades: u32,
}

fn check(world: &mut World, account: AccountId, ops: &[Command], seen: &mut Seen) {
    let mut alone = world.clone();
    let before = world.standing();
    let told = world.ask_batch(account, ops);
    world.exchange.assert_sound();
    match *told {
        [Event::BatchRefused { op, reason }] => {
            assert_eq!(world.standing(), before, "nothing has happened");
            seen.refused += 1;
            if reason == RejectReason::BatchInvalid {
                seen.invalid += 1;
                return;
            }
            // Alone, the changes before it are done, and it is refused for the same reason. Where changes before it have
            // made room, a quantity that must trade at once may find it: that the plan does not know.
            let unknown = matches!(reason, RejectReason::FillOrKill | RejectReason::MinimumNotMet);
            let conflict = reason == RejectReason::ClientOrderIdConflict;
            // Nor does it count on what an order of the batch would earn, or free where it meets its own group.
            let mut earned = false;
            for (place, command) in ops.iter().enumerate().take(usize::from(op) + 1) {
                let events = alone.ask(*command);
                earned |= !matches!(command, Command::CancelOrder { .. })
                    && events.iter().any(|event| {
                        matches!(
                            event,
                            Event::Traded { .. } | Event::OrderCanceled { .. } | Event::OrderReduced { .. }
                        )
                    });
                let expected = place == usize::from(op);
                let refused = matches!(*events, [Event::Rejected { reason: alone }] if alone == reason);
                let other = unknown || conflict || earned;
                assert!(refused == expected || other, "{ops:?} at {place}: {events:?}, in a batch {told:?}");
            }
        }
        _ => {
            let mut single = Vec::new();
            for command in ops {
                let events = alone.ask(*command);
                assert!(!matches!(*events, [Event::Rejected { .. }]), "alone it is refused: {ops:?}");
                single.extend(events);
            }
            let again = told.iter().any(|event| matches!(event, Event::OrderRepeated { .. }));
            seen.repeated += u32::from(again);
            seen.done += 1;
            seen.trades += u32::from(told.iter().any(|event| matches!(event, Event::Traded { .. })));
            assert_eq!(plain(&told), plain(&single), "{ops:?}");
            assert_eq!(world.standing(), alone.standing(), "{ops:?}");
        }
    }
}

#[test]
fn a_batch_does_what_its_changes_do_alone_or_nothing() {
    let mut seen = Seen::default();
    for seed in 0..RUNS {
        let mut world = World::new(seed);
        let mut sent: Option<(AccountId, Vec<Command>)> = None;
        for _ in 0..STEPS {
            let account = AccountId(1 + u32::try_from(world.below(ACCOUNTS.into())).expect("few accounts"));
            match world.below(4) {
                0 => {
                    let op = world.op(account);
                    world.ask(op);
                }
                1 if sent.is_some() && world.below(4) == 0 => {
                    let (account, ops) = sent.take().expect("it was just seen");
                    // Sent again after it was done, cancels of it would be refused alone.
                    if ops
                        .iter()
                        .all(|op| matches!(op, Command::PlaceOrder(NewOrder { client: Some(_), .. })))
                    {
                        check(&mut world, account, &ops, &mut seen);
                    }
                }
                _ => {
                    let count = 1 + world.below(5);
                    let named = world.below(3) == 0;
                    let ops: Vec<Command> = (0..count)
                        .map(|_| {
                            let op = if named {
                                Command::PlaceOrder(world.order(account))
                            } else {
                                world.op(account)
                            };
                            match op {
                                Command::PlaceOrder(order) if named => {
                                    Command::PlaceOrder(NewOrder { client: Some(world.client()), ..order })
                                }
                                other => other,
                            }
                        })
                        .collect();
                    check(&mut world, account, &ops, &mut seen);
                    sent = Some((account, ops));
                }
            }
        }
    }
    let Seen { done, refused, invalid, repeated, trades } = seen;
    assert!(2_000 < done && 2_000 < refused && 100 < invalid && 10 < repeated && 300 < trades, "{seen:?}");
}

/// Where an account may trade with itself, what it cancels in the batch is not there to be taken any more.
#[test]
fn an_order_that_must_fill_does_not_count_on_what_the_batch_cancels() {
    let mut world = World::new(2);
    let account = AccountId(2);
    let order = |side, time_in_force, minimum| {
        let few = |count| Lots::new(count).expect("a few lots");
        let terms = (few(4), Price::new(10).expect("it is a price"));
        NewOrder {
            time_in_force,
            minimum: few(minimum),
            ..NewOrder::limit(account, InstrumentId(0), side, terms)
        }
    };
    world.ask(Command::PlaceOrder(order(Side::Ask, TimeInForce::GoodTillGate, 0)));
    let (_, own) = *world.orders.last().expect("it was accepted");
    let cancel = Command::CancelOrder { account, order: OrderRef::Id(own) };
    let refused = |reason| vec![Event::BatchRefused { op: 1, reason }];
    for (taker, reason) in [
        (order(Side::Bid, TimeInForce::FillOrKill, 0), RejectReason::FillOrKill),
        (order(Side::Bid, TimeInForce::GoodTillGate, 1), RejectReason::MinimumNotMet),
    ] {
        let told = world.ask_batch(account, &[cancel, Command::PlaceOrder(taker)]);
        assert_eq!(told, refused(reason));
        world.exchange.assert_sound();
    }
    // Another's is there.
    world.ask(Command::PlaceOrder(NewOrder {
        account: AccountId(3),
        ..order(Side::Ask, TimeInForce::GoodTillGate, 0)
    }));
    let taker = Command::PlaceOrder(order(Side::Bid, TimeInForce::FillOrKill, 0));
    let told = world.ask_batch(account, &[cancel, taker]);
    assert!(told.iter().any(|event| matches!(event, Event::Traded { .. })), "{told:?}");
}

#[test]
fn a_refused_batch_is_refused_again_under_its_ids() {
    let mut world = World::new(1);
    let account = AccountId(1);
    let name = |text| Some(Label::new(text).expect("it is a label"));
    let bid = |client, lots| {
        let terms = (Lots::new(lots).expect("a few lots"), Price::new(9).expect("it is a price"));
        Command::PlaceOrder(NewOrder {
            client,
            ..NewOrder::limit(account, InstrumentId(0), Side::Bid, terms)
        })
    };
    let ops = [bid(name("small"), 1), bid(name("large"), 100_000)];
    let refused = [Event::BatchRefused { op: 1, reason: RejectReason::InsufficientCredit }];
    assert_eq!(world.ask_batch(account, &ops), refused);
    world.ask(Command::Deposit {
        account,
        amount: Amount::new(1_000_000_000_000),
        reference: Label::new("more").expect("it is a label"),
    });
    let again = world.ask_batch(account, &ops);
    let outcomes: Vec<String> = again
        .iter()
        .filter_map(|event| match event {
            Event::OrderRepeated { outcome, .. } => Some(format!("{outcome:?}")),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, ["Rejected(BatchRefused)", "Rejected(InsufficientCredit)"]);
    assert_eq!(world.view.orders_of(account).count(), 0);
    let other = world.ask_batch(account, &[bid(name("small"), 2)]);
    assert_eq!(other, [Event::BatchRefused { op: 0, reason: RejectReason::ClientOrderIdConflict }]);
    let mixed = world.ask_batch(account, &[bid(name("small"), 1), bid(name("fresh"), 1)]);
    assert_eq!(mixed, [Event::BatchRefused { op: 0, reason: RejectReason::ClientOrderIdConflict }]);
}

#[test]
fn a_batch_has_its_bounds() {
    let mut world = World::new(1);
    let account = AccountId(1);
    let terms = (Lots::new(1).expect("a lot"), Price::new(8).expect("it is a price"));
    let bid = Command::PlaceOrder(NewOrder::limit(account, InstrumentId(0), Side::Bid, terms));
    assert_eq!(
        world.ask(Command::Batch { account, count: 0 }),
        [Event::Rejected { reason: RejectReason::BatchInvalid }]
    );
    let most = usize::from(BATCH_OPS_MAX);
    let told = world.ask_batch(account, &vec![bid; most + 1]);
    assert_eq!(told, [Event::BatchRefused { op: BATCH_OPS_MAX, reason: RejectReason::BatchInvalid }]);
    let told = world.ask_batch(account, &vec![bid; most]);
    assert_eq!(told.iter().filter(|event| matches!(event, Event::OrderRested { .. })).count(), most);
    let nobody = AccountId(99);
    let terms = NewOrder::limit(nobody, InstrumentId(0), Side::Bid, terms);
    let told = world.ask_batch(nobody, &[Command::PlaceOrder(terms)]);
    assert_eq!(told, [Event::BatchRefused { op: 0, reason: RejectReason::AccountUnknown }]);
}

/// Whoever orders commands keeps a batch together. If something else comes nevertheless, the batch is none.
#[test]
fn what_comes_between_ends_a_batch_without_effect() {
    let mut world = World::new(1);
    let account = AccountId(1);
    let terms = (Lots::new(1).expect("a lot"), Price::new(9).expect("it is a price"));
    let bid = Command::PlaceOrder(NewOrder::limit(account, InstrumentId(0), Side::Bid, terms));
    let state = |world: &World| -> OutcomeHash { world.exchange.state_hash() };
    world.ask(Command::Batch { account, count: 2 });
    let (mut one, mut other) = (world.clone(), world.clone());
    one.ask(bid);
    other.ask(Command::Tick);
    assert_ne!(state(&one), state(&other), "a state knows what has come of a batch");
    assert_eq!(one.ask(Command::Tick), []);
    assert_eq!(one.view.orders_of(account).count(), 0);
    assert_eq!(
        index(u32::try_from(one.ask(bid).len()).expect("few")),
        3,
        "accepted, rested, and the balance"
    );
}
