//! Corners: what random commands do not reach: bounds, gates without a tick, and states that look alike.

use engine::account::OPEN_ORDERS_MAX;
use engine::command::Command;
use engine::command::Stamped;
use engine::event::Event;
use engine::exchange::{Exchange, TICK_STEPS_MAX};
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, Scopes};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade, WINDOWS_MAX};
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::outcome::OutcomeHash;
use engine::reject::RejectReason;
use engine::sequencer::Sequencer;
use engine::stamp::{Stamp, Time};
use engine::symbol::Tier;
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};

const ANN: AccountId = AccountId(1);
const BEGINNING: Time = Time::from_seconds(1_795_435_200);
/// Seconds until the gate of the first window.
const GATE: u64 = 3_000;

fn market(windows: u32) -> MarketSpec {
    MarketSpec {
        bond: Amount::new(0),
        class: ClassName::new("H100SXM").expect("it is a name"),
        zone: ZoneName::new("US-E").expect("it is a name"),
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        window_seconds: 3_600,
        windows,
        gate_seconds: 600,
        maker_fee: Ppm::new(200).expect("it is a rate"),
        taker_fee: Ppm::new(500).expect("it is a rate"),
    }
}

fn bid(ticks: u64) -> Command {
    Command::PlaceOrder(NewOrder {
        account: ANN,
        instrument: InstrumentId(0),
        side: Side::Bid,
        time_in_force: TimeInForce::GoodTillGate,
        limit: Price::new(ticks).expect("it is a price"),
        lots: Lots::new(1).expect("it is lots"),
        client: None,
        deadline: None,
    })
}

fn cancel(order: OrderId) -> Command {
    Command::CancelOrder { account: ANN, order: OrderRef::Id(order) }
}

/// Applies a command now, without any tick.
fn apply(exchange: &mut Exchange, now: Time, command: Command) -> Vec<Event> {
    let stamp = Stamp { sequence: exchange.last().sequence.next(), time: now };
    let mut events = Vec::new();
    exchange.apply(&Stamped { stamp, command }, &mut events);
    events
}

/// An exchange in which ann may trade.
fn founded() -> Exchange {
    let mut exchange = Exchange::default();
    let name = Label::new("ann").expect("it is a label");
    let amount = Amount::new(1_000_000_000_000);
    for command in [
        Command::Found { epoch: 1, seed: 7, operator: PublicKey([1; 32]) },
        Command::OpenAccount { name, provider: false, joins: None },
        Command::Deposit { account: ANN, amount, reference: name },
        Command::AddMarket(market(1)),
        Command::Tick,
    ] {
        apply(&mut exchange, BEGINNING, command);
    }
    exchange
}

/// Enters a bid that rests.
fn rest(exchange: &mut Exchange, ticks: u64) -> OrderId {
    match apply(exchange, BEGINNING, bid(ticks))[..] {
        [Event::OrderAccepted { order, .. }, Event::OrderRested { .. }, ..] => order,
        ref other => panic!("a bid in an empty book rests: {other:?}"),
    }
}

fn rejected(reason: RejectReason) -> Vec<Event> {
    vec![Event::Rejected { reason }]
}

#[test]
fn an_account_has_a_bounded_number_of_open_orders() {
    let mut exchange = founded();
    let first = rest(&mut exchange, 1);
    for number in 1..OPEN_ORDERS_MAX {
        rest(&mut exchange, u64::from(number % 900) + 1);
    }
    exchange.assert_sound();
    assert_eq!(apply(&mut exchange, BEGINNING, bid(1)), rejected(RejectReason::OpenOrderLimit));
    apply(&mut exchange, BEGINNING, cancel(first));
    rest(&mut exchange, 1);
    let all = Command::CancelAll { account: ANN, instrument: None };
    apply(&mut exchange, BEGINNING, all);
    exchange.assert_sound();
    assert_eq!(exchange.orders().of(exchange.ledger().accounts.at(ANN)).count(), 0);
}

#[test]
fn an_order_at_the_gate_is_late_even_before_the_tick() {
    let mut exchange = founded();
    let gate = BEGINNING.after(GATE * Time::SECOND);
    assert_eq!(exchange.instrument(InstrumentId(0)).map(|window| window.gate), Some(gate));
    assert_ne!(apply(&mut exchange, gate.before(1), bid(1)), rejected(RejectReason::MarketClosed));
    assert_eq!(apply(&mut exchange, gate, bid(1)), rejected(RejectReason::MarketClosed));
    let (account, instrument) = (AccountId(0), InstrumentId(0));
    let capacity = Command::SetCapacity { account, instrument, lots: Lots::ZERO };
    assert_eq!(apply(&mut exchange, gate, capacity), rejected(RejectReason::MarketClosed));
}

#[test]
fn a_tick_does_a_bounded_portion() {
    let mut exchange = founded();
    let orders = 2 * TICK_STEPS_MAX + 3;
    for number in 0..orders {
        rest(&mut exchange, u64::from(number % 7) + 1);
    }
    let mut sequencer = Sequencer::resume(exchange.last());
    let now = BEGINNING.after(GATE * Time::SECOND);
    let (mut canceled, mut ticks) = (0, 0);
    while let Some(tick) = sequencer.tick(now, &exchange) {
        let mut events = Vec::new();
        exchange.apply(&tick, &mut events);
        exchange.assert_sound();
        let count = events.iter().filter(|event| matches!(event, Event::OrderCanceled { .. })).count();
        assert!(count <= usize::try_from(TICK_STEPS_MAX).expect("a small number"), "a portion is bounded");
        canceled += count;
        ticks += 1;
        assert!(ticks <= 3, "every timer is done at last");
    }
    assert_eq!((canceled, ticks), (usize::try_from(orders).expect("a small number"), 3));
}

#[test]
fn a_long_grid_is_listed_in_portions() {
    let mut exchange = founded();
    let class = ClassName::new("B200").expect("it is a name");
    apply(&mut exchange, BEGINNING, Command::AddMarket(MarketSpec { class, ..market(WINDOWS_MAX) }));
    let mut sequencer = Sequencer::resume(exchange.last());
    let mut ticks = 0;
    while let Some(tick) = sequencer.tick(BEGINNING, &exchange) {
        exchange.apply(&tick, &mut Vec::new());
        ticks += 1;
        assert!(ticks <= 3, "every timer is done at last");
    }
    let listed = 1 + usize::try_from(WINDOWS_MAX).expect("a small number");
    assert_eq!((exchange.instruments(), ticks), (listed, 3));
}

#[test]
fn events_are_appended() {
    let mut exchange = founded();
    let mut events = vec![Event::Rejected { reason: RejectReason::LotsZero }];
    let stamp = Stamp { sequence: exchange.last().sequence.next(), time: BEGINNING };
    exchange.apply(&Stamped { stamp, command: bid(1) }, &mut events);
    assert_eq!(events[0], Event::Rejected { reason: RejectReason::LotsZero });
    assert!(matches!(events[1], Event::OrderAccepted { .. }));
}

/// Four bids, of which some are cancelled, in this order.
fn after_cancelling(places: [usize; 3]) -> Exchange {
    let mut exchange = founded();
    let orders = [1, 2, 3, 4].map(|ticks| rest(&mut exchange, ticks));
    for place in places {
        apply(&mut exchange, BEGINNING, cancel(orders[place]));
    }
    exchange
}

/// The same orders rest, the same name is given next; but the name after it differs.
#[test]
fn a_state_knows_the_names_of_orders_to_come() {
    let (mut one, mut other) = (after_cancelling([0, 1, 2]), after_cancelling([1, 0, 2]));
    let hashes = (one.state_hash(), other.state_hash());
    assert_eq!(rest(&mut one, 9), rest(&mut other, 9));
    assert_ne!(rest(&mut one, 9), rest(&mut other, 9), "they go on differently");
    assert_ne!(hashes.0, hashes.1, "states that go on differently differ");
}

/// The same orders rest under the same names, at other ages: cancelling all tells them in order of age.
#[test]
fn a_state_knows_the_ages_of_an_accounts_orders() {
    // The next names are 1 and 0 in one, 0 and 1 in the other, so that the bids at 8 and 9 get the same in both.
    let (mut one, mut other) = (after_cancelling([2, 0, 1]), after_cancelling([2, 1, 0]));
    let (eight, nine) = (rest(&mut one, 8), rest(&mut one, 9));
    assert_eq!((rest(&mut other, 9), rest(&mut other, 8)), (nine, eight));
    let hashes = (one.state_hash(), other.state_hash());
    let all = Command::CancelAll { account: ANN, instrument: None };
    assert_ne!(apply(&mut one, BEGINNING, all), apply(&mut other, BEGINNING, all), "they go on differently");
    assert_ne!(hashes.0, hashes.1, "states that go on differently differ");
}

/// Commands of one kind that differ in one thing lead to states that differ.
#[test]
fn a_state_knows_what_it_was_told() {
    let label = |text: &str| Label::new(text).expect("it is a label");
    let open = |name: &str, provider: bool, joins: Option<AccountId>| Command::OpenAccount {
        name: label(name),
        provider,
        joins,
    };
    let deposit = |account: AccountId, micro: u64, name: &str| Command::Deposit {
        account,
        amount: Amount::new(micro),
        reference: label(name),
    };
    let register = |account: AccountId, number: u8, scopes: Scopes| Command::RegisterKey {
        account,
        key: PublicKey([number; 32]),
        scopes,
    };
    let order = |ticks: u64, lots: u64, client: Option<&str>| {
        let Command::PlaceOrder(order) = bid(ticks) else { unreachable!("a bid is an order") };
        let (lots, client) = (Lots::new(lots).expect("it is lots"), client.map(label));
        Command::PlaceOrder(NewOrder { lots, client, ..order })
    };
    let class = ClassName::new("B200").expect("it is a name");
    let other = MarketSpec { class, ..market(1) };
    let commands = [
        Command::Tick,
        open("bob", false, None),
        open("cyd", false, None),
        open("bob", true, None),
        open("bob", false, Some(ANN)),
        deposit(ANN, 5, "x"),
        deposit(ANN, 5, "y"),
        deposit(ANN, 6, "x"),
        deposit(AccountId::OPERATOR, 5, "x"),
        register(ANN, 5, Scopes::READ),
        register(ANN, 6, Scopes::READ),
        register(ANN, 5, Scopes::TRADE),
        register(AccountId::OPERATOR, 5, Scopes::READ),
        order(5, 1, None),
        order(6, 1, None),
        order(5, 2, None),
        order(5, 1, Some("x")),
        order(5, 1, Some("y")),
        Command::AddMarket(other),
        Command::AddMarket(MarketSpec { gate_seconds: 601, ..other }),
        Command::AddMarket(MarketSpec { tier: Tier::Interruptible, ..other }),
    ];
    let state = |command: &Command| {
        let mut exchange = founded();
        let events = apply(&mut exchange, BEGINNING, *command);
        assert!(!matches!(events[..], [Event::Rejected { .. }]), "{command:?} happens");
        (exchange.state_hash(), *command)
    };
    let mut states: Vec<(OutcomeHash, Command)> = commands.iter().map(state).collect();
    states.sort_by_key(|(hash, _)| *hash);
    for pair in states.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "{:?} and {:?} lead apart", pair[0].1, pair[1].1);
    }
}
