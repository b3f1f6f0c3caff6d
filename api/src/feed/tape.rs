//! Tape: what has traded, kept as last trades, candles and reference rates. Folded from events, so it survives a restart.

use std::collections::{BTreeSet, HashMap, VecDeque};

use engine::event::Event;
use engine::ids::{ClassId, InstrumentId, TradeId, index};
use engine::order::Side;
use engine::stamp::{Stamp, Time};
use engine::symbol::Tier;
use engine::units::{Lots, Price, Volume};
use engine::view::View;
use protocol::look::TRADES_MAX;
use protocol::speed::Interval;

use crate::config::CANDLES_MAX;

/// One trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) trade: TradeId,
    pub(super) price: Price,
    pub(super) lots: Lots,
    pub(super) taker_side: Side,
    pub(super) time: Time,
}

/// What traded in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) start: Time,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    /// Lots, of all trades together.
    pub(super) volume: u64,
    pub(super) trades: u64,
}

/// Bars of every length, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Bars([VecDeque<Bar>; Interval::ALL.len()]);

/// What has traded in one instrument.
#[derive(Debug)]
pub(super) struct MarketTape {
    pub(super) last: Print,
    /// The last trades, the oldest first.
    pub(super) prints: VecDeque<Print>,
    pub(super) bars: Bars,
}

/// A reference rate and what it was computed from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fix {
    pub(super) class: ClassId,
    pub(super) end: Time,
    pub(super) rate: Option<Price>,
    pub(super) partitions: u8,
    pub(super) groups: u32,
    pub(super) lots: Volume,
}

/// What has happened to a class.
#[derive(Debug, Default)]
struct ClassTape {
    fix: Option<Fix>,
    /// Trades in the firm windows that close next.
    front: Bars,
    /// Its firm windows that are open, by their start.
    open: BTreeSet<(Time, InstrumentId)>,
}

/// Everything that has traded.
#[derive(Debug, Default)]
pub(super) struct Tape {
    markets: HashMap<InstrumentId, MarketTape>,
    classes: HashMap<ClassId, ClassTape>,
}

/// A trade's way onto the tape: the instrument's class, if the instrument is one of the class's front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) instrument: InstrumentId,
    pub(super) front: Option<ClassId>,
}

impl Tape {
    /// Folds the events of a command, all of which the view has. Returns what they traded, each instrument once.
    pub(super) fn fold(&mut self, stamp: Stamp, events: &[Event], view: &View) -> Vec<Printed> {
        let mut printed: Vec<Printed> = Vec::new();
        for event in events {
            match *event {
                Event::Traded { instrument, trade, price, lots, taker_side, .. } => {
                    let print = Print { trade, price, lots, taker_side, time: stamp.time };
                    let print = self.print(instrument, print, view);
                    if !printed.contains(&print) {
                        printed.push(print);
                    }
                }
                Event::InstrumentOpened { instrument, .. } => self.follow(instrument, true, view),
                Event::InstrumentClosed { instrument } => self.follow(instrument, false, view),
                Event::InstrumentSettled { instrument } => drop(self.markets.remove(&instrument)),
                Event::ReferencePublished { class, end, rate, partitions, groups, lots } => {
                    let fix = Fix { class, end, rate, partitions, groups, lots };
                    self.classes.entry(class).or_default().fix = Some(fix);
                }
                _ => {}
            }
        }
        printed
    }

    /// Notes that a window of a class's front opens or closes.
    fn follow(&mut self, instrument: InstrumentId, opens: bool, view: &View) {
        let listed = view.instrument(instrument).expect("events name listed instruments");
        if listed.symbol.tier != Tier::Firm {
            return;
        }
        let open = &mut self.classes.entry(class_of(view, instrument)).or_default().open;
        if opens {
            open.insert((listed.start, instrument));
        } else {
            open.remove(&(listed.start, instrument));
        }
    }

    fn print(&mut self, instrument: InstrumentId, print: Print, view: &View) -> Printed {
        let market = self.markets.entry(instrument);
        let market = market.or_insert_with(|| MarketTape {
            last: print,
            prints: VecDeque::new(),
            bars: Bars::default(),
        });
        market.last = print;
        if market.prints.len() == index(TRADES_MAX) {
            market.prints.pop_front();
        }
        market.prints.push_back(print);
        market.bars.add(&print);
        let start = view.instrument(instrument).expect("events name listed instruments").start;
        let class = class_of(view, instrument);
        let tape = self.classes.entry(class).or_default();
        // Windows of several zones may be the next together.
        let is_front = tape.open.contains(&(start, instrument))
            && tape.open.first().is_some_and(|(first, _)| *first == start);
        if is_front {
            tape.front.add(&print);
        }
        Printed { instrument, front: is_front.then_some(class) }
    }

    /// What has traded in an instrument, if anything has.
    pub(super) fn market(&self, instrument: InstrumentId) -> Option<&MarketTape> {
        self.markets.get(&instrument)
    }

    /// What has traded in the window of a class that closes next, window after window.
    pub(super) fn front(&self, class: ClassId) -> Option<&Bars> {
        self.classes.get(&class).map(|tape| &tape.front)
    }

    /// The last reference rate of a class.
    pub(super) fn fix(&self, class: ClassId) -> Option<&Fix> {
        self.classes.get(&class).and_then(|tape| tape.fix.as_ref())
    }
}

impl Bars {
    fn add(&mut self, print: &Print) {
        for (bars, interval) in self.0.iter_mut().zip(Interval::ALL) {
            let length = interval.seconds() * Time::SECOND;
            let start = Time(print.time.0 / length * length);
            match bars.back_mut().filter(|bar| bar.start == start) {
                Some(bar) => bar.add(print),
                None => {
                    if CANDLES_MAX <= bars.len() {
                        bars.pop_front();
                    }
                    bars.push_back(Bar::new(start, print));
                }
            }
        }
    }

    /// Those of one length, the oldest first.
    pub(super) fn of(&self, interval: Interval) -> &VecDeque<Bar> {
        let place = Interval::ALL.iter().position(|other| *other == interval);
        &self.0[place.expect("every interval is among all")]
    }
}

impl Bar {
    fn new(start: Time, print: &Print) -> Bar {
        let price = print.price;
        let volume = print.lots.count().into();
        Bar { start, open: price, high: price, low: price, close: price, volume, trades: 1 }
    }

    fn add(&mut self, print: &Print) {
        self.high = self.high.max(print.price);
        self.low = self.low.min(print.price);
        self.close = print.price;
        self.volume += u64::from(print.lots.count());
        self.trades += 1;
    }
}

/// The class of an instrument.
pub(super) fn class_of(view: &View, instrument: InstrumentId) -> ClassId {
    let listed = view.instrument(instrument).expect("events name listed instruments");
    let named = |class: &engine::view::ClassView| class.name == listed.symbol.class;
    let place = view.classes().iter().position(named).expect("an instrument's class is known");
    ClassId(u32::try_from(place).expect("classes are few"))
}

/// Nanoseconds of an hour.
const HOUR: u64 = 3_600 * Time::SECOND;

/// The beginning of the hour that a time is in.
pub(super) fn hour(now: Time) -> Time {
    Time(now.0 / HOUR * HOUR)
}

/// The hours of the last day as of a time: when they begin, and their bars.
pub(super) fn day(bars: &Bars, now: Time) -> (Time, impl Iterator<Item = &Bar>) {
    let from = Time(hour(now).0.saturating_sub(23 * HOUR));
    (from, bars.of(Interval::H1).iter().filter(move |bar| from <= bar.start))
}

const _: () = assert!(24 <= CANDLES_MAX, "a day is made of hours");
