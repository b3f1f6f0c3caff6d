//! Duel: an exchange and the reference book do the same, and must tell the same.
//!
//! Two instruments: in the second a group may trade with itself. Everybody has credit and capacity for anything, fees
//! and bonds are zero, and the clock stands still, so that whatever happens is the book's doing.

mod names;
pub(crate) mod numbers;
pub(crate) mod op;
mod script;
mod seen;
mod venue;

use std::io::Write;

use engine::book::reference::order::{ReferenceAmendment, ReferenceOrder, ReferenceResting};
use engine::book::reference::{ReferenceBook, Told};
use engine::command::Command;
use engine::exchange::Exchange;
use engine::ids::{InstrumentId, index};
use engine::market::SelfTrade;
use engine::order::{Amendment, NewOrder, OrderRef, Side};
use engine::units::{Lots, Price, Volume};

use self::names::{Names, Open};
use self::op::{Op, Order};
use self::seen::Seen;
use self::venue::{Venue, group};

/// Whether a group may trade with itself, by instrument.
const SELF_TRADE: [SelfTrade; 2] = [SelfTrade::Prevented, SelfTrade::Allowed];

/// The exchange and, for every instrument, the reference.
pub(crate) struct Duel {
    venue: Venue,
    references: [ReferenceBook; 2],
    names: Names,
    /// Operations so far: the number of the order that the present one enters.
    step: u64,
    /// The whole exchange is checked after every so many operations; its books are after every one.
    sound_every: u64,
    pub(crate) seen: Seen,
}

impl Duel {
    /// An empty exchange that is checked as a whole after every so many operations.
    pub(crate) fn new(sound_every: u64) -> Duel {
        Duel {
            venue: Venue::new(&SELF_TRADE),
            references: SELF_TRADE.map(ReferenceBook::new),
            names: Names::default(),
            step: 0,
            sound_every,
            seen: Seen::default(),
        }
    }

    /// How many orders rest.
    pub(crate) fn open(&self) -> u64 {
        self.names.open()
    }

    /// The exchange.
    #[allow(dead_code, reason = "only images are made of it")]
    pub(crate) fn exchange(&self) -> &Exchange {
        &self.venue.exchange
    }

    /// Does it on both sides, and compares what they tell and what rests then. Returns what they tell.
    pub(crate) fn apply(&mut self, op: &Op) -> Told {
        self.step += 1;
        // Without any order yet there is none to change.
        let Some((command, expected)) = self.ask(op) else { return Ok(Vec::new()) };
        let events = self.venue.apply(command);
        let told = script::told(&mut self.names, self.step, (&command, events));
        assert_same(&told, &expected, op);
        self.seen.count(&told);
        self.names.follow(&told);
        for (instrument, reference) in (0..).map(InstrumentId).zip(&self.references) {
            self.venue.exchange.books().assert_sound(instrument);
            self.compare(instrument, reference, Side::Bid);
            self.compare(instrument, reference, Side::Ask);
        }
        if self.step.is_multiple_of(self.sound_every) {
            self.venue.exchange.assert_sound();
        }
        told
    }

    /// The command that an operation is, and what the reference does about it. `None` when there is no order to do it to.
    fn ask(&mut self, op: &Op) -> Option<(Command, Told)> {
        if let Op::Place(order) = op {
            let told = self.references[index(order.instrument.0)].place(&referred(self.step, order));
            return Some((Command::PlaceOrder(asked(order)), told));
        }
        let (Op::Amend { which, .. } | Op::Reduce { which, .. } | Op::Cancel { which }) = *op else {
            unreachable!("an order is entered or changed")
        };
        let Open { number, id, account, instrument } = self.names.pick(which)?;
        let reference = &mut self.references[index(instrument.0)];
        let order = OrderRef::Id(id);
        Some(match *op {
            Op::Place(_) => unreachable!("entered above"),
            Op::Amend { limit, lots, filled, .. } => {
                let told = reference.amend(&ReferenceAmendment { number, limit, lots, filled });
                let (client, deadline) = (None, None);
                let amendment = Amendment { account, order, limit, lots, client, filled, deadline };
                (Command::AmendOrder(amendment), told)
            }
            Op::Reduce { by, .. } => {
                (Command::ReduceOrder { account, order, by }, reference.reduce(number, by))
            }
            Op::Cancel { .. } => (Command::CancelOrder { account, order }, reference.cancel(number)),
        })
    }

    /// Every resting order in its place, and every level.
    fn compare(&self, instrument: InstrumentId, reference: &ReferenceBook, side: Side) {
        let books = self.venue.exchange.books();
        let mut queue = books.queue(instrument, side);
        for resting in reference.resting(side) {
            let maker = queue.next().map(|maker| {
                let clip = (maker.clip < Lots::MAX).then_some(maker.clip);
                (self.names.number(maker.order), maker.price, maker.shown, maker.hidden, clip)
            });
            let &ReferenceResting { order, shown, hidden } = resting;
            let expected = (order.number, order.limit, shown, hidden, order.shown);
            assert_eq!(maker, Some(expected), "queue of {instrument:?}, {side:?}");
        }
        assert_eq!(queue.next(), None, "nothing else rests in {instrument:?}, {side:?}");
        let depth: Vec<(Price, Volume)> = books.depth(instrument, side).collect();
        assert_eq!(depth, reference.depth(side), "depth of {instrument:?}, {side:?}");
        assert_eq!(books.top(instrument, side), depth.first().copied(), "the best level");
    }
}

/// Says where it was when anything panics, the engine's own assertions too.
impl Drop for Duel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "this was operation {}", self.step);
        }
    }
}

/// Panics unless both tell the same. A sweep tells thousands of things, so only the first that differs is shown.
fn assert_same(told: &Told, expected: &Told, op: &Op) {
    let count = |told: &Told| told.as_ref().map(Vec::len).map_err(|reason| *reason);
    for (place, (one, other)) in told.iter().flatten().zip(expected.iter().flatten()).enumerate() {
        assert_eq!(one, other, "number {place} of what became of {op:?}");
    }
    assert_eq!(count(told), count(expected), "how much became of {op:?}");
}

/// The order as the exchange is asked for it.
fn asked(order: &Order) -> NewOrder {
    let &Order { instrument, trader, side, limit, lots, .. } = order;
    let &Order { kind, time_in_force, prevention, minimum, shown, .. } = order;
    let plain = NewOrder::limit(trader, instrument, side, (lots, limit));
    NewOrder { kind, time_in_force, prevention, minimum, shown, ..plain }
}

/// The order as the reference is asked for it.
fn referred(number: u64, order: &Order) -> ReferenceOrder {
    let &Order { trader, side, limit, lots, .. } = order;
    let &Order { kind, time_in_force, prevention, minimum, shown, .. } = order;
    let plain = ReferenceOrder::limit(number, side, (lots, limit));
    ReferenceOrder { group: group(trader), kind, time_in_force, prevention, minimum, shown, ..plain }
}
