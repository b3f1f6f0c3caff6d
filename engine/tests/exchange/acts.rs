//! Acts: what hostile and ordinary traders do, drawn at random.

use std::ops::Range;

use engine::order::{Side, TimeInForce};
use proptest::prelude::*;

/// Number of an account that does not exist.
pub(crate) const NOBODY: u32 = 1_000_000;
/// Number of a window that does not exist.
pub(crate) const NOWHERE: u32 = 1_000_000;

/// Accounts that trade, counted from 1.
const TRADERS: u32 = 8;
/// From here on they are providers.
pub(crate) const PROVIDER_FIRST: u32 = 4;
/// Windows that trade at any time.
pub(crate) const WINDOWS_OPEN: u32 = 3;

/// An order that somebody enters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) who: u32,
    /// One of the windows that trade, or beyond those one that has closed.
    pub(crate) window: u32,
    pub(crate) side: Side,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) ticks: u64,
    pub(crate) lots: u64,
    pub(crate) client: Option<u8>,
    /// Seconds from now.
    pub(crate) deadline: Option<i8>,
}

/// Which order is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant {
    /// One of the open orders, or of all there ever were.
    pub(crate) which: usize,
    pub(crate) ever: bool,
    /// Who says so, if not its owner.
    pub(crate) other: Option<u32>,
    /// Whether it is named by the client's id.
    pub(crate) by_client: bool,
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Enter(Entry),
    Cancel(Meant),
    Reduce(Meant, u64),
    CancelAll(u32, Option<u32>),
    SetCapacity(u32, u32, u64),
    Deposit(u32, u64, u8),
    /// Registers one of a few keys, for somebody.
    Register(u32, u8),
    /// Withdraws one of them.
    Revoke(u8),
    /// Moves the clock by so many seconds.
    Wait(u64),
    /// Asks for what is there already: the exchange, an account, a market.
    Again(u8),
}

/// A trader, now and then the operator or nobody.
fn who() -> impl Strategy<Value = u32> {
    prop_oneof![40 => 1..=TRADERS, 1 => Just(0), 1 => Just(NOBODY)]
}

fn window() -> impl Strategy<Value = u32> {
    prop_oneof![40 => 0..WINDOWS_OPEN, 2 => WINDOWS_OPEN..6, 1 => Just(NOWHERE)]
}

/// Who sells is mostly a provider: others have claims now and then.
fn entry() -> impl Strategy<Value = Entry> {
    let trader = prop_oneof![
        20 => who().prop_map(|who| (Side::Bid, who)),
        14 => (PROVIDER_FIRST..=TRADERS).prop_map(|who| (Side::Ask, who)),
        6 => who().prop_map(|who| (Side::Ask, who)),
    ];
    let time_in_force =
        prop_oneof![4 => Just(TimeInForce::GoodTillGate), 1 => Just(TimeInForce::ImmediateOrCancel)];
    let extreme = prop::sample::select(&[1, 63, 64, 4_096, 1_000_000_000][..]);
    let ticks = prop_oneof![30 => 97..=103_u64, 4 => 1..=200_u64, 1 => extreme];
    let lots = prop_oneof![30 => 1..=12_u64, 2 => 13..=100_u64, 1 => Just(0), 1 => Just(10_000_000)];
    let client = prop_oneof![4 => Just(None), 1 => (0..3_u8).prop_map(Some)];
    let deadline = prop_oneof![14 => Just(None), 1 => (-1..=1_i8).prop_map(Some)];
    let what = (time_in_force, ticks, lots);
    (trader, window(), what, client, deadline).prop_map(|((side, who), window, what, client, deadline)| {
        let (time_in_force, ticks, lots) = what;
        Entry { who, window, side, time_in_force, ticks, lots, client, deadline }
    })
}

fn meant() -> impl Strategy<Value = Meant> {
    let other = prop_oneof![9 => Just(None), 1 => who().prop_map(Some)];
    let (ever, by_client) = (prop::bool::weighted(0.1), prop::bool::weighted(0.3));
    (any::<usize>(), ever, other, by_client).prop_map(|(which, ever, other, by_client)| Meant {
        which,
        ever,
        other,
        by_client,
    })
}

/// So many acts, one after another.
pub(crate) fn acts(count: Range<usize>) -> impl Strategy<Value = Vec<Act>> {
    let amount = prop_oneof![8 => 1..3_000_000_u64, 1 => Just(0), 1 => Just(8_000_000_000_000_000_000)];
    let capacity = prop_oneof![6 => 0..60_u64, 1 => Just(10_000_000)];
    // Windows last ten minutes: most waits pass no gate, some pass one, few pass many.
    let wait = prop_oneof![12 => 0..40_u64, 4 => 100..400_u64, 1 => 400..4_000_u64];
    let only = prop_oneof![1 => Just(None), 2 => window().prop_map(Some)];
    let act = prop_oneof![
        60 => entry().prop_map(Act::Enter),
        10 => meant().prop_map(Act::Cancel),
        10 => (meant(), 0..9_u64).prop_map(|(meant, by)| Act::Reduce(meant, by)),
        2 => (who(), only).prop_map(|(who, only)| Act::CancelAll(who, only)),
        4 => (who(), window(), capacity).prop_map(|(who, window, lots)| Act::SetCapacity(who, window, lots)),
        3 => (who(), amount, 0..40_u8).prop_map(|(who, amount, name)| Act::Deposit(who, amount, name)),
        1 => (who(), 0..6_u8).prop_map(|(who, key)| Act::Register(who, key)),
        1 => (0..6_u8).prop_map(Act::Revoke),
        8 => wait.prop_map(Act::Wait),
        1 => (0..3_u8).prop_map(Act::Again),
    ];
    prop::collection::vec(act, count)
}
