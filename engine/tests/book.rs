//! Book: for any commands it does what the reference book does, fill for fill and level for level.

use engine::book::reference::{ReferenceBook, ReferenceOrder};
use engine::book::{Books, Incoming};
use engine::ids::{AccountId, InstrumentId, OrderId, index};
use engine::index::mix64;
use engine::order::Side;
use engine::units::{Lots, Price, Volume};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const INSTRUMENTS: u32 = 3;

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

/// What may be done to the books.
#[derive(Clone, Copy, Debug)]
enum Op {
    Place {
        instrument: u32,
        side: Side,
        ticks: u64,
        lots: u64,
        immediate: bool,
    },
    /// Cancels one of the open orders.
    Cancel(usize),
    /// Takes lots off one of the open orders: fewer than it has, if it has more than one.
    Reduce(usize, u32),
}

/// The books and, for every instrument, the reference.
struct Both {
    books: Books,
    references: Vec<ReferenceBook>,
    open: Vec<(OrderId, InstrumentId)>,
    gone: Option<OrderId>,
}

impl Both {
    fn new() -> Both {
        let mut books = Books::default();
        let references = (0..INSTRUMENTS).map(|number| {
            assert_eq!(books.open(), InstrumentId(number));
            ReferenceBook::default()
        });
        let references = references.collect();
        Both { books, references, open: Vec::new(), gone: None }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Place { instrument, side, ticks, lots, immediate } => {
                let limit = Price::new(ticks).expect("prices are within bounds");
                let leaves = Lots::new(lots).expect("lots are within bounds");
                let instrument = InstrumentId(instrument);
                self.place(Incoming { instrument, side, limit, leaves }, immediate);
            }
            Op::Cancel(_) | Op::Reduce(..) if self.open.is_empty() => {}
            Op::Cancel(which) => {
                let (order, instrument) = self.open.swap_remove(which % self.open.len());
                self.books.remove(order);
                assert!(self.references[index(instrument.0)].reduce(order.raw(), None), "it rested");
                self.gone = Some(order);
            }
            Op::Reduce(which, by) => {
                let (order, instrument) = self.open[which % self.open.len()];
                let leaves = self.books.leaves(order).expect("an open order rests").count();
                let by = Lots::new((by % leaves).into()).expect("a part of an order is lots");
                if !by.is_zero() {
                    self.books.reduce(order, by);
                    assert!(self.references[index(instrument.0)].reduce(order.raw(), Some(by)), "it rested");
                }
            }
        }
        self.compare();
    }

    fn place(&mut self, mut incoming: Incoming, immediate: bool) {
        let order = self.books.name();
        let expected = self.references[index(incoming.instrument.0)].take(
            incoming.side,
            incoming.limit,
            incoming.leaves,
        );
        let mut fills = Vec::new();
        while !incoming.leaves.is_zero()
            && let Some(maker) = self.books.facing(&incoming)
        {
            let fill = self.books.trade(&mut incoming, maker);
            assert_eq!(fill.maker, maker);
            assert_eq!(fill.maker_leaves, maker.lots.less(fill.lots));
            fills.push((maker.order.raw(), maker.price, fill.lots));
            if fill.maker_leaves.is_zero() {
                self.open.retain(|(open, _)| *open != maker.order);
                self.gone = Some(maker.order);
            }
        }
        assert_eq!((fills, incoming.leaves), (expected.fills, expected.leaves), "fills of {incoming:?}");
        if immediate || incoming.leaves.is_zero() {
            self.books.drop_name(order);
            self.gone = Some(order);
            return;
        }
        self.books.rest(order, AccountId(3), &incoming);
        let resting = ReferenceOrder { number: order.raw(), lots: incoming.leaves };
        self.references[index(incoming.instrument.0)].rest(incoming.side, incoming.limit, resting);
        self.open.push((order, incoming.instrument));
    }

    fn compare(&self) {
        assert!(self.gone.is_none_or(|gone| self.books.leaves(gone).is_none()), "what is gone rests no more");
        let mut resting = 0;
        for (number, reference) in (0..).zip(&self.references) {
            let instrument = InstrumentId(number);
            self.books.assert_sound(instrument);
            for side in [Side::Bid, Side::Ask] {
                let depth: Vec<(Price, Volume)> = self.books.depth(instrument, side).collect();
                assert_eq!(depth, reference.depth(side), "depth of {instrument:?}, {side:?}");
                assert_eq!(self.books.top(instrument, side), depth.first().copied(), "the best level");
                resting += self.books.queue(instrument, side).count();
            }
        }
        assert_eq!(resting, self.open.len(), "every open order rests");
    }
}

fn place(prices: BoxedStrategy<u64>) -> impl Strategy<Value = Op> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let immediate = prop::bool::weighted(0.2);
    (0..INSTRUMENTS, side, prices, 1..20_u64, immediate).prop_map(
        |(instrument, side, ticks, lots, immediate)| Op::Place { instrument, side, ticks, lots, immediate },
    )
}

fn ops(prices: BoxedStrategy<u64>) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => place(prices),
        2 => any::<usize>().prop_map(Op::Cancel),
        1 => (any::<usize>(), any::<u32>()).prop_map(|(which, by)| Op::Reduce(which, by)),
    ];
    prop::collection::vec(op, 1..250)
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

fn check(ops: &[Op]) {
    let mut both = Both::new();
    ops.iter().for_each(|op| both.apply(*op));
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_narrow_book_equals_the_reference(ops in ops((1_000..1_012_u64).boxed())) {
        check(&ops);
    }

    #[test]
    fn a_wide_book_equals_the_reference(ops in ops((1..=1_000_000_000_u64).boxed())) {
        check(&ops);
    }

    #[test]
    fn a_book_around_a_nodes_edge_equals_the_reference(ops in ops((4_060..4_140_u64).boxed())) {
        check(&ops);
    }

    #[test]
    fn a_book_at_extreme_prices_equals_the_reference(ops in ops(prop::sample::select(&EDGES[..]).boxed())) {
        check(&ops);
    }
}

/// Prices from one range after another, so that nodes freed at one height are used again at another.
#[test]
fn a_long_run_equals_the_reference() {
    let mut both = Both::new();
    let mut random = 1;
    let mut below = |bound: u64| {
        random = mix64(random, 0x5EED);
        random % bound
    };
    for step in 0..200_000_u64 {
        let lots = 1 + below(30);
        let ticks = match step / 500 % 4 {
            0 => 1_000 + below(40),
            1 => 1 + below(1_000_000_000),
            2 => EDGES[usize::try_from(below(21)).expect("an index is small")],
            _ => 1 << below(30),
        };
        let which = usize::try_from(below(1 << 20)).expect("an index is small");
        let side = if below(2) == 0 { Side::Bid } else { Side::Ask };
        let instrument = u32::try_from(below(INSTRUMENTS.into())).expect("a number of an instrument");
        // The more orders are open, the more are cancelled: the book breathes around sixty.
        let crowd = u64::try_from(both.open.len()).expect("a length") / 2;
        both.apply(match below(100) {
            dice if dice < crowd => Op::Cancel(which),
            dice if 90 <= dice => Op::Reduce(which, u32::try_from(lots).expect("lots are small")),
            dice => Op::Place { instrument, side, ticks, lots, immediate: dice % 5 == 0 },
        });
    }
}
