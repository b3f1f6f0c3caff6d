//! States: what looks alike and goes on differently has another state hash.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::control::{AccountLimits, BandWidth, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::ids::{AccountId, InstrumentId, MarketId, PublicKey, Scopes};
use engine::key::{KeyBounds, Network, Networks};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{
    Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, SessionId, Side, TimeInForce,
};
use engine::order_filter::OrderFilter;
use engine::outcome::OutcomeHash;
use engine::stamp::Time;
use engine::symbol::{Tier, ZoneName};
use engine::units::{Amount, Ppm};

use crate::venue::{
    ABE, ANN, BEGINNING, FIRST, PAT, Venue, bid, cancel, class, immediate, label, lots, market, order, price,
};

/// Four bids, of which some are cancelled, in this order.
fn after_cancelling(places: [usize; 3]) -> Venue {
    let mut venue = Venue::new();
    let orders = [1, 2, 3, 4].map(|ticks| venue.rest(bid(ticks)));
    for place in places {
        venue.ask(cancel(orders[place]));
    }
    venue
}

fn state(venue: &Venue) -> OutcomeHash {
    venue.exchange.state_hash()
}

/// The same orders rest, the same name is given next; but the name after it differs.
#[test]
fn a_state_knows_the_names_of_orders_to_come() {
    let (mut one, mut other) = (after_cancelling([0, 1, 2]), after_cancelling([1, 0, 2]));
    let hashes = (state(&one), state(&other));
    assert_eq!(one.rest(bid(9)), other.rest(bid(9)));
    assert_ne!(one.rest(bid(9)), other.rest(bid(9)), "they go on differently");
    assert_ne!(hashes.0, hashes.1, "states that go on differently differ");
}

/// The same orders rest under the same names, at other ages: cancelling all tells them in order of age.
#[test]
fn a_state_knows_the_ages_of_an_accounts_orders() {
    // The next names are 1 and 0 in one, 0 and 1 in the other, so that the bids at 8 and 9 get the same in both.
    let (mut one, mut other) = (after_cancelling([2, 0, 1]), after_cancelling([2, 1, 0]));
    let (eight, nine) = (one.rest(bid(8)), one.rest(bid(9)));
    assert_eq!((other.rest(bid(9)), other.rest(bid(8))), (nine, eight));
    let hashes = (state(&one), state(&other));
    let all = Command::CancelAll { account: ANN, only: OrderFilter::default() };
    assert_ne!(one.ask(all), other.ask(all), "they go on differently");
    assert_ne!(hashes.0, hashes.1, "states that go on differently differ");
}

/// Ids that are done are forgotten in the order in which their orders ended.
#[test]
fn a_state_knows_the_order_in_which_ids_were_used() {
    let after = |clients: [&str; 2]| {
        let mut venue = Venue::new();
        // The same orders get the same names, and end in another order.
        let orders = clients.map(|client| venue.rest(NewOrder { client: Some(label(client)), ..bid(5) }));
        let (one, other) = if clients[0] < clients[1] { (0, 1) } else { (1, 0) };
        venue.ask(cancel(orders[one]));
        venue.ask(cancel(orders[other]));
        state(&venue)
    };
    assert_ne!(after(["a", "b"]), after(["b", "a"]));
}

/// Panics unless all these lead apart.
fn assert_apart(venue: &Venue, commands: &[Command]) {
    let after = |command: &Command| {
        let mut venue = venue.clone();
        let events = venue.ask(*command);
        let refused = |event: &engine::event::Event| matches!(event, engine::event::Event::Rejected { .. });
        assert!(!events.iter().any(refused), "{command:?} happens: {events:?}");
        (state(&venue), *command)
    };
    let mut states: Vec<(OutcomeHash, Command)> = commands.iter().map(after).collect();
    states.sort_by_key(|(hash, _)| *hash);
    for pair in states.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "{:?} and {:?} lead apart", pair[0].1, pair[1].1);
    }
}

#[test]
fn a_state_knows_who_may_do_what() {
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
        bounds: KeyBounds::NONE,
    };
    let bounded = |bounds: KeyBounds| Command::RegisterKey {
        account: ANN,
        key: PublicKey([5; 32]),
        scopes: Scopes::READ,
        bounds,
    };
    let home = Networks::new(&[Network::new([7; 16], 128).expect("it is a network")]).expect("it is one");
    let (sent, redeemed) = (label("t"), label("r"));
    let transfer = |to: AccountId, micro: u64, reference: Label| Command::Transfer {
        account: ANN,
        to,
        amount: Amount::new(micro),
        reference,
    };
    let redeem = |micro: u64, reference: Label| Command::Redeem {
        account: ANN,
        amount: Amount::new(micro),
        reference,
    };
    assert_apart(
        &Venue::new(),
        &[
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
            Command::RevokeKey { key: PublicKey([1; 32]) },
            Command::ReplaceKey { key: PublicKey([1; 32]), by: PublicKey([2; 32]) },
            bounded(KeyBounds { expires: Time(1), ..KeyBounds::NONE }),
            bounded(KeyBounds { order_notional: Amount::new(1), ..KeyBounds::NONE }),
            bounded(KeyBounds { networks: home, ..KeyBounds::NONE }),
            transfer(ABE, 5, sent),
            transfer(ABE, 6, sent),
            transfer(ABE, 5, redeemed),
            transfer(AccountId::OPERATOR, 5, sent),
            redeem(5, sent),
            redeem(5, redeemed),
            redeem(6, redeemed),
        ],
    );
}

#[test]
fn a_state_knows_what_an_order_said() {
    let plain = bid(5);
    let named = NewOrder { client: Some(label("x")), ..plain };
    let date = |seconds| TimeInForce::GoodTillDate(BEGINNING.after(seconds * Time::SECOND));
    let several = NewOrder { lots: lots(9), ..plain };
    let session = |number| NonZeroU32::new(number).map(SessionId);
    let orders = [
        plain,
        NewOrder { limit: price(6), ..plain },
        several,
        NewOrder { account: ABE, ..plain },
        NewOrder { shown: Some(lots(2)), ..several },
        NewOrder { shown: Some(lots(3)), ..several },
        // It shows all it has now; after an amendment it would not.
        NewOrder { shown: Some(lots(9)), ..several },
        NewOrder { kind: OrderKind::PostOnly, ..plain },
        NewOrder { kind: OrderKind::PostOnlySlide, ..plain },
        NewOrder { prevention: SelfTradePrevention::CancelOldest, ..plain },
        NewOrder { prevention: SelfTradePrevention::CancelBoth, ..plain },
        NewOrder { prevention: SelfTradePrevention::Decrement, ..plain },
        NewOrder { time_in_force: date(50), ..plain },
        NewOrder { time_in_force: date(60), ..plain },
        immediate(plain),
        NewOrder { label: Some(label("x")), ..plain },
        NewOrder { label: Some(label("y")), ..plain },
        NewOrder { session: session(1), ..plain },
        NewOrder { session: session(2), ..plain },
        named,
        NewOrder { client: Some(label("y")), ..plain },
        // These rest like the first of them, and are told apart when they are sent again.
        NewOrder { kind: OrderKind::PostOnly, ..named },
        NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..named },
        NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, limit: price(6), ..named },
        NewOrder { account: PAT, ..named },
    ];
    let ask = order(PAT, Side::Ask, (9, 5));
    let venue = Venue::new();
    assert_apart(&venue, &orders.map(Command::PlaceOrder));
    assert_apart(&venue, &[ask, NewOrder { side: Side::Bid, ..ask }].map(Command::PlaceOrder));
}

/// What was refused under an id is remembered, with the reason.
#[test]
fn a_state_knows_what_was_refused() {
    let refused = |order: NewOrder| {
        let mut venue = Venue::new();
        venue.place(NewOrder { client: Some(label("x")), ..order });
        state(&venue)
    };
    let none = NewOrder { lots: lots(0), ..bid(5) };
    let unknown = NewOrder { instrument: InstrumentId(9), ..bid(5) };
    let states = [refused(none), refused(unknown), refused(NewOrder { limit: price(6), ..none })];
    assert!(states[0] != states[1] && states[1] != states[2] && states[0] != states[2]);
}

#[test]
fn a_state_knows_what_was_changed() {
    let mut venue = Venue::new();
    let order = OrderRef::Id(venue.rest(NewOrder { lots: lots(9), client: Some(label("old")), ..bid(5) }));
    let (account, none) = (ANN, None);
    let change =
        Amendment { account, order, limit: none, lots: None, client: None, filled: None, deadline: None };
    let changes = [
        Amendment { lots: Some(lots(8)), ..change },
        Amendment { lots: Some(lots(7)), ..change },
        Amendment { limit: Some(price(6)), ..change },
        Amendment { client: Some(label("new")), ..change },
        Amendment { client: Some(label("other")), ..change },
        // The same comes of it, and it is told apart when it is sent again.
        Amendment { client: Some(label("new")), filled: Some(lots(0)), ..change },
        Amendment { client: Some(label("new")), order: OrderRef::Client(label("old")), ..change },
    ];
    let mut commands = changes.map(Command::AmendOrder).to_vec();
    commands.push(Command::CancelOrder { account, order });
    commands.push(Command::ReduceOrder { account, order, by: lots(3) });
    assert_apart(&venue, &commands);
}

#[test]
fn a_state_knows_what_the_operator_set() {
    let reason = label("why");
    let mode = |scope, mode| Command::SetMode { scope, mode, reason };
    let first = MarketId(0);
    let bounds = MarketLimits::NONE;
    let market_limits = |limits| Command::SetMarketLimits { market: first, limits, reason };
    let account_limits = |account, limits| Command::SetAccountLimits { account, limits, reason };
    let after = |account, after| Command::CancelAfter { account, after };
    let (ten, few) = (lots(10), AccountLimits::NONE);
    assert_apart(
        &Venue::new(),
        &[
            Command::Tick,
            mode(ModeScope::Venue, TradingMode::Halted),
            mode(ModeScope::Venue, TradingMode::PostOnly),
            mode(ModeScope::Market(first), TradingMode::Halted),
            mode(ModeScope::Market(first), TradingMode::CancelOnly),
            mode(ModeScope::Instrument(FIRST), TradingMode::Halted),
            market_limits(MarketLimits { price_min: price(9), ..bounds }),
            market_limits(MarketLimits { price_max: price(9), ..bounds }),
            market_limits(MarketLimits { band: BandWidth::new(9), ..bounds }),
            market_limits(MarketLimits { band: BandWidth::new(8), ..bounds }),
            market_limits(MarketLimits { order_lots: ten, ..bounds }),
            market_limits(MarketLimits { position_lots: ten, ..bounds }),
            market_limits(MarketLimits { order_notional: Amount::new(10), ..bounds }),
            account_limits(ANN, AccountLimits { open_orders: 10, ..few }),
            account_limits(ANN, AccountLimits { position_lots: ten, ..few }),
            account_limits(ANN, AccountLimits { order_notional: Amount::new(10), ..few }),
            account_limits(PAT, AccountLimits { open_orders: 10, ..few }),
            Command::SetLock { account: ANN, locked: true, reason },
            Command::SetLock { account: PAT, locked: true, reason },
            Command::Kill { target: KillTarget::Venue, reason },
            after(ANN, None),
            after(ANN, Some(5)),
            after(ANN, Some(6)),
            after(PAT, Some(5)),
            Command::SetCapacity { account: PAT, instrument: FIRST, lots: ten },
        ],
    );
}

#[test]
fn a_state_knows_the_settings_of_a_market() {
    let other = MarketSpec { class: class("B200"), ..market(1) };
    let rate = |parts| Ppm::new(parts).unwrap();
    let specs = [
        other,
        MarketSpec { bond: Amount::new(11), ..other },
        MarketSpec { class: class("A100"), ..other },
        MarketSpec { zone: ZoneName::new("EU-W").unwrap(), ..other },
        MarketSpec { tier: Tier::Interruptible, ..other },
        MarketSpec { self_trade: SelfTrade::Allowed, ..other },
        MarketSpec { bond_rule: BondRule::Reference, ..other },
        MarketSpec { window_seconds: 7_200, ..other },
        MarketSpec { windows: 2, ..other },
        MarketSpec { windows_ahead: 1, ..other },
        MarketSpec { gate_seconds: 601, ..other },
        MarketSpec { maker_fee: rate(201), ..other },
        MarketSpec { taker_fee: rate(501), ..other },
    ];
    assert_apart(&Venue::new(), &specs.map(Command::AddMarket));
}

/// Volume is cut from a reference rate in journal order, and nothing else tells in which order two groups bought.
#[test]
fn a_state_knows_in_which_order_groups_traded() {
    let mut venue = Venue::new();
    venue.ask(Command::OpenAccount { name: label("bob"), provider: false, joins: None });
    let bob = AccountId(4);
    let reference = label("for-bob");
    venue.ask(Command::Deposit { account: bob, amount: Amount::new(1_000_000_000_000), reference });
    for account in [ANN, bob] {
        venue.place(immediate(order(account, Side::Bid, (1, 5))));
    }
    venue.rest(order(PAT, Side::Ask, (9, 5)));
    let after = |buyers: [AccountId; 2]| {
        let mut venue = venue.clone();
        for buyer in buyers {
            venue.place(immediate(order(buyer, Side::Bid, (1, 5))));
        }
        state(&venue)
    };
    assert_ne!(after([ANN, bob]), after([bob, ANN]));
}

/// The dynamic band lies around the last price, and nothing else tells which of two trades was the last: claims are
/// resold for cash, in a market that counts toward no rate.
#[test]
fn a_state_knows_the_last_price() {
    let mut venue = Venue::new();
    venue.ask(Command::AddMarket(MarketSpec { tier: Tier::Interruptible, ..market(1) }));
    venue.ticks();
    let instrument = InstrumentId(1);
    venue.ask(Command::SetCapacity { account: PAT, instrument, lots: lots(2) });
    let there = |order: NewOrder| NewOrder { instrument, ..order };
    venue.rest(there(order(PAT, Side::Ask, (2, 5))));
    venue.place(immediate(there(order(ANN, Side::Bid, (2, 5)))));
    let after = |prices: [u64; 2]| {
        let mut venue = venue.clone();
        for ticks in prices {
            venue.rest(there(order(PAT, Side::Bid, (1, ticks))));
            venue.place(immediate(there(order(ANN, Side::Ask, (1, ticks)))));
        }
        state(&venue)
    };
    assert_ne!(after([5, 6]), after([6, 5]));
}

/// A trade moves the price around which the band lies, and what counts toward the reference rate.
#[test]
fn a_state_knows_what_was_traded() {
    let mut venue = Venue::new();
    venue.rest(order(PAT, Side::Ask, (9, 5)));
    venue.rest(order(PAT, Side::Ask, (9, 6)));
    let take =
        |account, lots, ticks| Command::PlaceOrder(immediate(order(account, Side::Bid, (lots, ticks))));
    assert_apart(&venue, &[take(ANN, 1, 5), take(ANN, 2, 5), take(ABE, 1, 5), take(ANN, 10, 6)]);
    // In another twelfth of the hour the same trade counts apart.
    let later = |seconds| {
        let mut venue = venue.clone();
        venue.now = BEGINNING.after(seconds * Time::SECOND);
        venue.ask(take(ANN, 1, 5));
        venue.now = BEGINNING.after(900 * Time::SECOND);
        venue.ask(Command::Tick);
        state(&venue)
    };
    assert_ne!(later(10), later(310));
    assert_eq!(later(10), later(20), "in the same twelfth it does not");
}
