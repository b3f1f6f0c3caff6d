//! Book: whatever is asked, the exchange's books do what the reference book does, event for event and order for order.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the engine has no clock; a soak has one"
)]

mod duel;

use std::env;
use std::io::Write;
use std::time::{Instant, SystemTime};

use engine::book::reference::happened::Happened;
use engine::book::reference::{MEETINGS_MAX, Told};
use engine::ending::CancelReason;
use engine::ids::{AccountId, InstrumentId};
use engine::order::{OrderKind, SelfTradePrevention, Side, TimeInForce};
use engine::reject::RejectReason;
use engine::units::{Lots, Price};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::duel::Duel;
use crate::duel::numbers::{Bytes, Dice};
use crate::duel::op::{Op, Order, Prices};

/// How many operations a long run does, unless `SOAK_OPERATIONS` says more.
const OPERATIONS: u64 = 300_000;

/// Operations as bytes, so that a failing case gets shorter and its choices simpler.
fn operations() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 24), 1..200)
}

/// The same cases in every run; `PROPTEST_RNG_SEED` tries others. A failing case is shortened for half a minute at most.
fn cases(count: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let (cases, rng_seed) = match config.rng_seed {
        RngSeed::Random => (count, RngSeed::Fixed(1)),
        fixed => (config.cases, fixed),
    };
    ProptestConfig { cases, rng_seed, max_shrink_time: 30_000, failure_persistence: None, ..config }
}

fn check(prices: Prices, operations: &[Vec<u8>]) {
    let mut duel = Duel::new(1);
    for bytes in operations {
        let op = Op::draw(&mut Bytes(bytes), prices, duel.open());
        duel.apply(&op).ok();
    }
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn a_narrow_book_equals_the_reference(operations in operations()) {
        check(Prices::Narrow, &operations);
    }

    #[test]
    fn a_book_around_a_nodes_edge_equals_the_reference(operations in operations()) {
        check(Prices::Edge, &operations);
    }

    #[test]
    fn a_wide_book_equals_the_reference(operations in operations()) {
        check(Prices::Wide, &operations);
    }

    #[test]
    fn a_book_at_extreme_prices_equals_the_reference(operations in operations()) {
        check(Prices::Extreme, &operations);
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}: give a number")))
}

/// Tells whoever waits. Cargo hides what `eprintln!` prints.
fn say(text: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{text}").unwrap();
}

/// Prices from one range after another, so that nodes freed at one height are used again at another.
/// `SOAK_OPERATIONS` makes it long; `SOAK_SEED` repeats what a soak has said.
#[test]
fn a_long_run_equals_the_reference() {
    let soak = number("SOAK_OPERATIONS");
    let operations = soak.unwrap_or(OPERATIONS);
    let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into();
    let seed = number("SOAK_SEED").unwrap_or_else(|| if soak.is_some() { clock() } else { 1 });
    if soak.is_some() {
        say(&format!("book: {operations} operations, SOAK_SEED={seed}"));
    }
    let start = Instant::now();
    let mut duel = Duel::new(if soak.is_some() { 1_000 } else { 10 });
    let mut dice = Dice(seed);
    let mut prices = Prices::ALL.iter().cycle();
    let mut range = Prices::Narrow;
    for step in 1..=operations {
        if step % 500 == 0 {
            range = *prices.next().unwrap();
        }
        let op = Op::draw(&mut dice, range, duel.open());
        duel.apply(&op).ok();
        if soak.is_some() && step % 1_000_000 == 0 {
            let millis = u64::try_from(start.elapsed().as_millis()).unwrap();
            say(&format!("book: {step} operations equal, {} per second", step * 1_000 / millis.max(1)));
        }
    }
    duel.seen.assert_everything(operations / 1_000);
}

fn lots(count: u64) -> Lots {
    Lots::new(count).unwrap()
}

/// A plain order at one price. Traders 1 and 2 are of one group, trader 3 is of another.
fn plain(trader: u32, side: Side, count: u64) -> Order {
    Order {
        instrument: InstrumentId(0),
        trader: AccountId(trader),
        side,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::GoodTillGate,
        prevention: SelfTradePrevention::CancelNewest,
        limit: Price::new(1_000).unwrap(),
        lots: lots(count),
        minimum: Lots::ZERO,
        shown: None,
    }
}

/// A book with an iceberg that shows one lot at a time, and more of them than one order may meet.
fn before_an_iceberg() -> Duel {
    assert_eq!(u64::from(MEETINGS_MAX), AT_MOST);
    let mut duel = Duel::new(1);
    duel.apply(&Op::Place(Order { shown: Some(lots(1)), ..plain(3, Side::Ask, ICEBERG) })).unwrap();
    duel
}

/// What becomes of a bid for so many lots in that book.
fn bid(duel: &mut Duel, count: u64, change: impl FnOnce(Order) -> Order) -> Told {
    duel.apply(&Op::Place(change(plain(1, Side::Bid, count))))
}

/// As many as one order may meet.
const AT_MOST: u64 = 8_192;
/// Lots of an iceberg that one order cannot meet all.
const ICEBERG: u64 = 20_000;

#[test]
fn one_order_meets_so_many_and_no_more() {
    let sweep = |leaves| Some((lots(leaves), CancelReason::Sweep));
    let ended = |told: &Told| match told.as_ref().unwrap().last() {
        Some(Happened::Canceled { leaves, reason, .. }) => Some((*leaves, *reason)),
        _ => None,
    };
    let mut duel = before_an_iceberg();
    assert_eq!(ended(&bid(&mut duel, AT_MOST, |order| order)), None, "as many as it may meet");
    assert_eq!(ended(&bid(&mut duel, AT_MOST + 5, |order| order)), sweep(5), "the rest does not rest");
    let immediate = |order| Order { time_in_force: TimeInForce::ImmediateOrCancel, ..order };
    let rest = ICEBERG - 2 * AT_MOST;
    let expected = Some((lots(7), CancelReason::Immediate));
    assert_eq!(ended(&bid(&mut duel, rest + 7, immediate)), expected, "who finds too few meets no bound");
}

#[test]
fn only_what_one_order_may_meet_counts_for_fill_or_kill_and_minimum() {
    let whole = |order| Order { time_in_force: TimeInForce::FillOrKill, ..order };
    let least = |minimum| move |order| Order { minimum: lots(minimum), ..order };
    let mut duel = before_an_iceberg();
    assert_eq!(bid(&mut duel, AT_MOST + 1, whole), Err(RejectReason::FillOrKill));
    assert_eq!(bid(&mut duel, AT_MOST + 1, least(AT_MOST + 1)), Err(RejectReason::MinimumNotMet));
    assert!(bid(&mut duel, 10, whole).is_ok(), "few lots of a large iceberg");
    assert!(bid(&mut duel, AT_MOST, whole).is_ok(), "as many as it may meet");
    assert!(bid(&mut duel, AT_MOST + 1, least(AT_MOST)).is_ok(), "the minimum is met");
}

#[test]
fn own_orders_are_met_too() {
    for prevention in [SelfTradePrevention::CancelOldest, SelfTradePrevention::Decrement] {
        let mut duel = before_an_iceberg();
        duel.apply(&Op::Place(Order { shown: Some(lots(1)), ..plain(2, Side::Ask, 7) })).unwrap();
        let whole = |order| Order { time_in_force: TimeInForce::FillOrKill, prevention, ..order };
        assert_eq!(bid(&mut duel, AT_MOST, whole), Err(RejectReason::FillOrKill), "{prevention:?}");
        let fits = bid(&mut duel, AT_MOST - 1, whole).is_ok();
        assert_eq!(fits, prevention == SelfTradePrevention::CancelOldest, "{prevention:?}");
    }
}
