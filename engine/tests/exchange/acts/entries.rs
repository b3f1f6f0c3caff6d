//! Entries: orders that somebody enters, with all that they may say, and changes to them.

use engine::order::{OrderKind, SelfTradePrevention, Side};
use proptest::prelude::*;

use crate::acts::{Client, PROVIDER_FIRST, TRADERS, seldom, who, window};

/// How long an order waits; times are seconds from now.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waits {
    Gate,
    Date(i64),
    /// To the very nanosecond of the gate.
    Brink,
    Immediate,
    Whole,
}

/// An order that somebody enters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) who: u32,
    /// One of the windows that trade, or beyond those one that waits or has closed.
    pub(crate) window: u32,
    pub(crate) side: Side,
    pub(crate) shape: Shape,
    pub(crate) prevention: SelfTradePrevention,
    pub(crate) ticks: u64,
    pub(crate) lots: u64,
    pub(crate) client: Option<Client>,
    pub(crate) label: Option<u8>,
    pub(crate) session: Option<u32>,
    /// Seconds from now.
    pub(crate) deadline: Option<i64>,
}

/// What sort of order it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: OrderKind,
    pub(crate) waits: Waits,
    pub(crate) minimum: u64,
    pub(crate) shown: Option<u64>,
}

/// A change to an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) ticks: Option<u64>,
    /// Lots more or less than it asked for.
    pub(crate) lots: Option<i64>,
    pub(crate) client: Option<Client>,
    /// Whether it is right about the lots that are filled, if it says.
    pub(crate) filled: Option<bool>,
    /// Seconds from now.
    pub(crate) deadline: Option<i64>,
}

fn kind() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        Just(OrderKind::Limit),
        Just(OrderKind::Market),
        Just(OrderKind::PostOnly),
        Just(OrderKind::PostOnlySlide),
    ]
}

fn waits() -> impl Strategy<Value = Waits> {
    prop_oneof![
        Just(Waits::Gate),
        (-1..900_i64).prop_map(Waits::Date),
        Just(Waits::Immediate),
        Just(Waits::Whole),
    ]
}

/// Seldom anything at all, often contradictory; mostly what makes sense.
fn shape() -> impl Strategy<Value = Shape> {
    let waiting = prop_oneof![
        10 => Just(Waits::Gate),
        2 => (-1..200_i64).prop_map(Waits::Date),
        1 => Just(Waits::Brink),
    ];
    let taking = prop_oneof![Just(Waits::Immediate), Just(Waits::Whole)];
    let posting = prop_oneof![Just(OrderKind::PostOnly), Just(OrderKind::PostOnlySlide)];
    let clip = || 1..5_u64;
    let plain = Shape { kind: OrderKind::Limit, waits: Waits::Gate, minimum: 0, shown: None };
    prop_oneof![
        12 => waiting.clone().prop_map(move |waits| Shape { waits, ..plain }),
        5 => taking.clone().prop_map(move |waits| Shape { waits, ..plain }),
        3 => taking.prop_map(move |waits| Shape { kind: OrderKind::Market, waits, ..plain }),
        4 => (posting.clone(), waiting.clone()).prop_map(move |(kind, waits)| Shape { kind, waits, ..plain }),
        6 => (waiting, clip()).prop_map(move |(waits, clip)| Shape { waits, shown: Some(clip), ..plain }),
        1 => (posting, clip()).prop_map(move |(kind, clip)| Shape { kind, shown: Some(clip), ..plain }),
        3 => (waits(), 1..6_u64).prop_map(move |(waits, minimum)| Shape { waits, minimum, ..plain }),
        2 => (kind(), waits(), 0..4_u64, seldom(2, 0..14_u64)).prop_map(|(kind, waits, minimum, shown)| {
            Shape { kind, waits, minimum, shown }
        }),
    ]
}

fn ticks() -> impl Strategy<Value = u64> {
    let extreme = prop::sample::select(&[1, 2, 63, 64, 4_096, 999_999_999, 1_000_000_000][..]);
    prop_oneof![60 => 97..=103_u64, 6 => 1..=200_u64, 1 => extreme]
}

fn client() -> impl Strategy<Value = Option<Client>> {
    let used = any::<usize>().prop_map(|which| Some(Client::Used(which)));
    prop_oneof![5 => Just(None), 4 => Just(Some(Client::Fresh)), 1 => used]
}

fn prevention() -> impl Strategy<Value = SelfTradePrevention> {
    prop_oneof![
        Just(SelfTradePrevention::CancelNewest),
        Just(SelfTradePrevention::CancelOldest),
        Just(SelfTradePrevention::CancelBoth),
        Just(SelfTradePrevention::Decrement),
    ]
}

fn deadline() -> impl Strategy<Value = Option<i64>> {
    seldom(20, -1..=1_i64)
}

/// Who sells is mostly a provider: others have claims now and then.
pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    let trader = prop_oneof![
        20 => who().prop_map(|who| (Side::Bid, who)),
        14 => (PROVIDER_FIRST..=TRADERS).prop_map(|who| (Side::Ask, who)),
        6 => who().prop_map(|who| (Side::Ask, who)),
    ];
    let lots = prop_oneof![40 => 1..=12_u64, 2 => 13..=100_u64, 1 => Just(0), 1 => Just(10_000_000)];
    let marks = (client(), seldom(4, 0..3_u8), seldom(4, 1..4_u32), deadline());
    (trader, window(), shape(), prevention(), (ticks(), lots), marks).prop_map(
        |((side, who), window, shape, prevention, (ticks, lots), (client, label, session, deadline))| Entry {
            who,
            window,
            side,
            shape,
            prevention,
            ticks,
            lots,
            client,
            label,
            session,
            deadline,
        },
    )
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let filled = seldom(3, any::<bool>());
    (seldom(2, ticks()), seldom(2, -12..8_i64), client(), filled, deadline())
        .prop_map(|(ticks, lots, client, filled, deadline)| Change { ticks, lots, client, filled, deadline })
}
