//! Acts: what hostile and ordinary traders and operators do, drawn at random.

#[path = "acts/controls.rs"]
pub(crate) mod controls;
#[path = "acts/deeds.rs"]
pub(crate) mod deeds;
#[path = "acts/entries.rs"]
pub(crate) mod entries;

use std::ops::Range;

use engine::order::Side;
use engine::symbol::Tier;
use proptest::prelude::*;

use crate::acts::controls::{Control, control};
use crate::acts::deeds::{Delivering, delivering};
use crate::acts::entries::{Change, Entry, change, entry};

/// Number of an account that does not exist.
pub(crate) const NOBODY: u32 = 1_000_000;
/// Number of a window that does not exist.
pub(crate) const NOWHERE: u32 = 1_000_000;

/// Accounts that trade, counted from 1.
pub(crate) const TRADERS: u32 = 8;
/// From here on they are providers.
pub(crate) const PROVIDER_FIRST: u32 = 4;
/// Windows that trade at any time; the next few are listed.
pub(crate) const WINDOWS_OPEN: u32 = 6;

/// Which order is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meant {
    /// One of the open orders, or of all there ever were.
    pub(crate) which: usize,
    pub(crate) ever: bool,
    /// Who says so, if not its owner.
    pub(crate) other: Option<u32>,
    pub(crate) by: Name,
}

/// How an order is named.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    Id,
    Client,
    /// By an id that was never used.
    Wrong,
}

/// Which client order id an order brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    Fresh,
    /// One that somebody has used.
    Used(usize),
}

/// How a command that carried an id is sent again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Again {
    Same,
    /// With another deadline and session, which do not count.
    Later(Option<i64>),
    /// Asking for something else.
    Changed(u8),
    /// For somebody else.
    Other(u32),
}

/// Which of somebody's orders are meant. Windows are as in [`Entry`], the rest is numbered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter {
    pub(crate) window: Option<u32>,
    pub(crate) class: Option<u8>,
    pub(crate) zone: Option<u8>,
    pub(crate) tier: Option<Tier>,
    /// Start of this window.
    pub(crate) start: Option<u32>,
    pub(crate) side: Option<Side>,
    pub(crate) label: Option<u8>,
    pub(crate) session: Option<u32>,
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Enter(Entry),
    Amend(Meant, Change),
    Cancel(Meant),
    Reduce(Meant, u64),
    /// Sends one of the commands that carried an id again.
    Repeat(usize, Again),
    CancelAll(u32, Filter),
    /// Nanoseconds.
    CancelAfter(u32, Option<u64>),
    EndSession(u32, u32),
    SetCapacity(u32, u32, u64),
    Control(Control),
    Deliver(Delivering),
    /// Draws the next window that waits, or another one.
    Draw(u64, bool),
    /// Moves the clock by so many seconds, seldom back.
    Wait(i64),
    /// Takes back all controls.
    Calm,
}

/// A trader, now and then the operator, somebody new or nobody.
pub(crate) fn who() -> impl Strategy<Value = u32> {
    prop_oneof![40 => 1..=TRADERS, 1 => Just(0), 1 => TRADERS + 1..TRADERS + 4, 1 => Just(NOBODY)]
}

/// A window that trades, one that does not trade yet, one that traded before, or none.
pub(crate) fn window() -> impl Strategy<Value = u32> {
    // Most of them in two windows, so that books get deep.
    prop_oneof![
        40 => 0..2_u32,
        12 => 2..WINDOWS_OPEN,
        4 => WINDOWS_OPEN..WINDOWS_OPEN + 6,
        1 => Just(NOWHERE),
    ]
}

pub(crate) fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Mostly nothing, else one of these.
pub(crate) fn seldom<T: Clone + std::fmt::Debug>(
    one_in: u32,
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![one_in - 1 => Just(None), 1 => value.prop_map(Some)]
}

fn meant() -> impl Strategy<Value = Meant> {
    let by = prop_oneof![14 => Just(Name::Id), 8 => Just(Name::Client), 1 => Just(Name::Wrong)];
    let ever = prop::bool::weighted(0.1);
    (any::<usize>(), ever, seldom(12, who()), by).prop_map(|(which, ever, other, by)| Meant {
        which,
        ever,
        other,
        by,
    })
}

fn again() -> impl Strategy<Value = Again> {
    prop_oneof![
        4 => Just(Again::Same),
        2 => seldom(2, -1..=1_i64).prop_map(Again::Later),
        4 => any::<u8>().prop_map(Again::Changed),
        1 => who().prop_map(Again::Other),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let tier = prop_oneof![Just(Tier::Firm), Just(Tier::Interruptible)];
    let place = (seldom(3, window()), seldom(4, 0..4_u8), seldom(4, 0..4_u8), seldom(4, tier));
    let terms = (seldom(5, window()), seldom(4, side()), seldom(5, 0..3_u8), seldom(5, 1..4_u32));
    (place, terms).prop_map(|((window, class, zone, tier), (start, side, label, session))| Filter {
        window,
        class,
        zone,
        tier,
        start,
        side,
        label,
        session,
    })
}

/// Nanoseconds, up to beyond the longest that is allowed.
fn after() -> impl Strategy<Value = Option<u64>> {
    let seconds = prop_oneof![1 => Just(0), 6 => 1..120_u64, 1 => 80_000..100_000_u64];
    let nanos = seconds.prop_map(|seconds| seconds * 1_000_000_000);
    prop_oneof![2 => Just(None), 8 => nanos.prop_map(Some), 1 => Just(Some(u64::MAX))]
}

/// What traders do.
fn trading() -> impl Strategy<Value = Act> {
    let capacity = prop_oneof![6 => 0..80_u64, 1 => Just(10_000_000)];
    prop_oneof![
        60 => entry().prop_map(Act::Enter),
        12 => (meant(), change()).prop_map(|(meant, change)| Act::Amend(meant, change)),
        8 => meant().prop_map(Act::Cancel),
        6 => (meant(), 0..9_u64).prop_map(|(meant, by)| Act::Reduce(meant, by)),
        5 => (any::<usize>(), again()).prop_map(|(which, again)| Act::Repeat(which, again)),
        3 => (who(), filter()).prop_map(|(who, filter)| Act::CancelAll(who, filter)),
        2 => (who(), after()).prop_map(|(who, after)| Act::CancelAfter(who, after)),
        2 => (who(), 1..4_u32).prop_map(|(who, session)| Act::EndSession(who, session)),
        3 => (who(), window(), capacity).prop_map(|(who, window, lots)| Act::SetCapacity(who, window, lots)),
    ]
}

fn draw() -> impl Strategy<Value = Act> {
    (any::<u64>(), prop::bool::weighted(0.8)).prop_map(|(seed, next)| Act::Draw(seed, next))
}

/// So many acts, one after another, in which everything happens. Windows last ten minutes: most waits pass no gate, some
/// pass one, few pass many.
pub(crate) fn hostile(count: Range<usize>) -> impl Strategy<Value = Vec<Act>> {
    let wait = prop_oneof![12 => 0..40_i64, 5 => 100..400_i64, 1 => 400..4_000_i64, 1 => -30..0_i64];
    let act = prop_oneof![
        100 => trading(),
        16 => control().prop_map(Act::Control),
        4 => Just(Act::Calm),
        4 => draw(),
        12 => delivering().prop_map(Act::Deliver),
        9 => wait.prop_map(Act::Wait),
    ];
    prop::collection::vec(act, count)
}

/// So many acts, one after another, in which little is traded and most of it is delivered.
pub(crate) fn delivered(count: Range<usize>) -> impl Strategy<Value = Vec<Act>> {
    let wait = prop_oneof![20 => 10..50_i64, 5 => 50..200_i64, 1 => 200..700_i64];
    let act = prop_oneof![
        30 => trading(),
        2 => control().prop_map(Act::Control),
        3 => Just(Act::Calm),
        8 => draw(),
        60 => delivering().prop_map(Act::Deliver),
        20 => wait.prop_map(Act::Wait),
    ];
    prop::collection::vec(act, count)
}

/// So many acts, one after another, of a day on which much is traded and little else happens.
pub(crate) fn busy(count: Range<usize>) -> impl Strategy<Value = Vec<Act>> {
    // Seldom nobody looks while a whole period passes.
    let wait = prop_oneof![50 => 10..30_i64, 1 => 600..1_300_i64];
    let act = prop_oneof![
        100 => trading(),
        4 => control().prop_map(Act::Control),
        4 => Just(Act::Calm),
        2 => draw(),
        8 => wait.prop_map(Act::Wait),
    ];
    prop::collection::vec(act, count)
}
