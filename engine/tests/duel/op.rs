//! Op: what may be done to the books, and how choices make one.

use engine::ids::{AccountId, InstrumentId};
use engine::order::{OrderKind, SelfTradePrevention, Side, TimeInForce};
use engine::stamp::Time;
use engine::units::{Lots, Price};

use super::numbers::Numbers;
use super::venue::{NOW, traders};

/// Prices at which a ladder of nodes of 64 places has to grow or to go to a neighbour.
const EDGES: [u64; 21] = [
    1,
    2,
    62,
    63,
    64,
    65,
    127,
    128,
    4_095,
    4_096,
    4_097,
    262_143,
    262_144,
    262_145,
    16_777_215,
    16_777_216,
    16_777_217,
    536_870_912,
    999_999_936,
    999_999_999,
    1_000_000_000,
];

/// Which prices orders have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prices {
    /// A dozen: orders meet and queue.
    Narrow,
    /// Around the edge of a ladder's node.
    Edge,
    /// Any there is.
    Wide,
    /// The first, the last, and the edges of nodes at every height.
    Extreme,
}

impl Prices {
    pub(crate) const ALL: [Prices; 4] = [Prices::Narrow, Prices::Edge, Prices::Wide, Prices::Extreme];

    fn draw(self, numbers: &mut impl Numbers) -> Price {
        let ticks = match self {
            Prices::Narrow => 1_000 + numbers.below(12),
            Prices::Edge => 4_060 + numbers.below(80),
            Prices::Wide => 1 + numbers.below(u64::from(Price::MAX.ticks())),
            Prices::Extreme => numbers.choose(&EDGES),
        };
        Price::new(ticks).expect("a price within bounds")
    }
}

/// An order to be entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) instrument: InstrumentId,
    pub(crate) trader: AccountId,
    pub(crate) side: Side,
    pub(crate) kind: OrderKind,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) prevention: SelfTradePrevention,
    pub(crate) limit: Price,
    pub(crate) lots: Lots,
    pub(crate) minimum: Lots,
    pub(crate) shown: Option<Lots>,
}

/// What may be done. `which` picks one of the open orders or the last that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Place(Order),
    Amend { which: u64, limit: Option<Price>, lots: Option<Lots>, filled: Option<Lots> },
    Reduce { which: u64, by: Lots },
    Cancel { which: u64 },
}

impl Op {
    /// The more orders are open, the more are cancelled: the books breathe around sixty.
    pub(crate) fn draw(numbers: &mut impl Numbers, prices: Prices, open: u64) -> Op {
        let dice = numbers.below(200);
        let which = |numbers: &mut _| Numbers::below(numbers, 1 << 8);
        match dice {
            0..120 if open < dice => Op::Place(Order::draw(numbers, prices)),
            0..120 => Op::Cancel { which: which(numbers) },
            120..150 => Op::Amend {
                which: which(numbers),
                limit: maybe(numbers, |numbers| prices.draw(numbers)),
                lots: maybe(numbers, |numbers| draw_lots(numbers, 0, 40)),
                filled: maybe(numbers, |numbers| draw_lots(numbers, 0, 2)),
            },
            150..180 => Op::Reduce { which: which(numbers), by: draw_lots(numbers, 0, 12) },
            _ => Op::Place(Order::draw(numbers, prices)),
        }
    }
}

impl Order {
    /// Most orders make sense; one in sixteen says anything at all.
    fn draw(numbers: &mut impl Numbers, prices: Prices) -> Order {
        let trader = numbers.choose(&traders());
        let side = numbers.choose(&[Side::Bid, Side::Ask]);
        let rests = numbers.choose(&[
            TimeInForce::GoodTillGate,
            TimeInForce::GoodTillGate,
            TimeInForce::GoodTillDate(NOW.after(Time::SECOND)),
        ]);
        let plain = Order {
            instrument: numbers.choose(&[InstrumentId(0), InstrumentId(0), InstrumentId(0), InstrumentId(1)]),
            trader,
            side,
            kind: OrderKind::Limit,
            time_in_force: rests,
            prevention: numbers.choose(&PREVENTIONS),
            limit: prices.draw(numbers),
            lots: draw_lots(numbers, 1, 30),
            minimum: Lots::ZERO,
            shown: None,
        };
        let immediate = TimeInForce::ImmediateOrCancel;
        let minimum = numbers.choose(&[0, 0, 0, 1, 5, 20]);
        let minimum = plain.lots.min(Lots::new(minimum).expect("few lots"));
        match numbers.below(16) {
            0..5 => Order { minimum, ..plain },
            5..9 => Order { shown: Some(plain.lots.min(draw_lots(numbers, 1, 6))), minimum, ..plain },
            9 => Order { kind: OrderKind::PostOnly, ..plain },
            10 => Order { kind: OrderKind::PostOnlySlide, ..plain },
            11 => Order { time_in_force: immediate, minimum, ..plain },
            12 => Order { kind: OrderKind::Market, time_in_force: immediate, minimum, ..plain },
            13 => Order { time_in_force: TimeInForce::FillOrKill, ..plain },
            14 => Order { kind: OrderKind::Market, time_in_force: TimeInForce::FillOrKill, ..plain },
            _ => Order {
                kind: numbers.choose(&KINDS),
                time_in_force: numbers.choose(&[rests, immediate, TimeInForce::FillOrKill]),
                lots: draw_lots(numbers, 0, 30),
                minimum: draw_lots(numbers, 0, 30),
                shown: maybe(numbers, |numbers| draw_lots(numbers, 0, 40)),
                ..plain
            },
        }
    }
}

const PREVENTIONS: [SelfTradePrevention; 4] = [
    SelfTradePrevention::CancelNewest,
    SelfTradePrevention::CancelOldest,
    SelfTradePrevention::CancelBoth,
    SelfTradePrevention::Decrement,
];

const KINDS: [OrderKind; 4] =
    [OrderKind::Limit, OrderKind::Market, OrderKind::PostOnly, OrderKind::PostOnlySlide];

fn maybe<T, N: Numbers>(numbers: &mut N, draw: impl FnOnce(&mut N) -> T) -> Option<T> {
    (numbers.below(2) == 1).then(|| draw(numbers))
}

fn draw_lots(numbers: &mut impl Numbers, least: u64, most: u64) -> Lots {
    Lots::new(least + numbers.below(most - least + 1)).expect("few lots")
}
