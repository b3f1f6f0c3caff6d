//! Grid of the model: everything that is due by a time happens, in order of (time, kind, number).

use std::collections::{BTreeMap, VecDeque};

use engine::delivery::run::DeliveryTerms;
use engine::ending::CancelReason;
use engine::event::Event;
use engine::ids::{AccountId, InstrumentId, MarketId, OrderId, index};
use engine::instrument::Phase;
use engine::market::BondRule;
use engine::order::Side;
use engine::stamp::Time;

use crate::model::orders::UNNUMBERED;
use crate::model::{Model, Order, Window, amount, cost};

/// What can fall due. What is due at one time happens in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// By the order's slot.
    Expiry(u32, OrderId),
    DeadMan(AccountId),
    Reference(usize),
    Gate(InstrumentId),
    Roll(usize),
    Draw(InstrumentId),
    Deadline(InstrumentId),
    Settle(InstrumentId),
    Purge,
}

impl Model {
    /// Moves the clock on. Returns what must happen by then.
    pub(crate) fn wait(&mut self, now: u64) -> Vec<Event> {
        self.now = now;
        while let Some((_, due)) = self.due().filter(|(time, _)| *time <= now) {
            self.fire(due);
        }
        std::mem::take(&mut self.events)
    }

    /// What falls due next, and when.
    fn due(&self) -> Option<(u64, Due)> {
        let expiries = self.orders.iter().filter_map(|open| {
            open.expires.map(|expires| (expires, Due::Expiry(open.order.slot(), open.order)))
        });
        let owners = (0..).map(AccountId).zip(&self.owners);
        let dead_men =
            owners.filter_map(|(account, owner)| Some((owner.cancel_after?, Due::DeadMan(account))));
        let windows = (0..).map(InstrumentId).zip(&self.windows).filter_map(|(number, window)| {
            let over = window.phase == Phase::Closed && window.issued == window.extinguished;
            match window.phase {
                Phase::Listed | Phase::Open => Some((window.gate, Due::Gate(number))),
                Phase::Closed => over.then_some((window.end, Due::Settle(number))),
                Phase::Delivering => {
                    let next = window.agenda.front().map(|(due, _, _)| (*due, Due::Deadline(number)));
                    next.or(window.over.map(|over| (over, Due::Settle(number))))
                }
                Phase::Settled => None,
            }
        });
        let classes = self.classes.iter().enumerate();
        let references = classes.map(|(number, class)| (class.period + class.length, Due::Reference(number)));
        let rolls = self.markets.iter().enumerate().map(|(number, market)| (market.rolls, Due::Roll(number)));
        let draws = self.drawing.iter().map(|(since, line)| (*since, Due::Draw(line.instrument())));
        let purges = self.purge.iter().map(|since| (*since, Due::Purge));
        let early = expiries.chain(dead_men).chain(windows);
        early.chain(references).chain(rolls).chain(draws).chain(purges).min()
    }

    fn fire(&mut self, due: Due) {
        match due {
            Due::Expiry(_, order) => self.cancel(order, CancelReason::Expired),
            Due::DeadMan(account) => {
                self.owner(account).cancel_after = None;
                self.tell(Event::CancelAfterFired { account, xseq: UNNUMBERED });
                self.cancel_those(account, CancelReason::DeadMan, |_, _| true);
            }
            Due::Gate(instrument) => self.close(instrument),
            Due::Reference(class) => self.publish(class),
            Due::Roll(market) => self.roll(market),
            Due::Draw(_) => self.deliver(),
            Due::Deadline(instrument) => self.step(instrument),
            Due::Settle(instrument) => {
                self.windows[index(instrument.0)].phase = Phase::Settled;
                self.holdings.retain(|(_, of), _| *of != instrument);
                for owner in &mut self.owners {
                    owner.standing.capacity.remove(&instrument);
                }
                self.deliveries.retain(|_, work| work.instrument != instrument);
                self.tell(Event::InstrumentSettled { instrument });
            }
            Due::Purge => {
                self.purge = None;
                let accounts = u32::try_from(self.owners.len()).expect("few accounts");
                for account in (0..accounts).map(AccountId) {
                    self.cancel_those(account, CancelReason::Kill, |_, _| true);
                }
            }
        }
    }

    /// At the gate everything that rests is cancelled: bids, then asks, as they stand in the queue.
    fn close(&mut self, instrument: InstrumentId) {
        let market = self.market(instrument);
        let (reference, terms) = (self.classes[self.class(&market.spec)].reference, market.delivery);
        let window = &mut self.windows[index(instrument.0)];
        window.phase = Phase::Closed;
        (window.reference, window.terms) = (reference, terms);
        let owed = window.issued != window.extinguished;
        self.tell(Event::InstrumentClosed { instrument });
        let mut resting: Vec<Order> =
            self.orders.iter().filter(|open| open.instrument == instrument).cloned().collect();
        resting.sort_by_key(|open| match open.side {
            Side::Bid => (0, u64::MAX - open.limit, open.turn),
            Side::Ask => (1, open.limit, open.turn),
        });
        resting.iter().for_each(|open| self.cancel(open.order, CancelReason::Gate));
        if owed {
            self.undrawn.push_back(instrument);
        }
    }

    /// Windows whose gate is still open are listed up to the horizon, and the nearest of them open.
    fn roll(&mut self, number: usize) {
        let spec = self.markets[number].spec;
        let length = u64::from(spec.window_seconds) * 1_000_000_000;
        let ahead = u64::from(spec.gate_seconds) * 1_000_000_000;
        let first = (0..).find(|skipped| {
            let start = ((self.now + ahead) / length + skipped) * length;
            self.now < start.saturating_sub(ahead)
        });
        let first = (self.now + ahead) / length + first.expect("some window is to come");
        let opens = first + u64::from(spec.windows);
        let market = MarketId(u32::try_from(number).expect("few markets"));
        let listed = (0..).map(InstrumentId).zip(&self.windows).filter(|(_, window)| {
            let waits = window.phase == Phase::Listed && self.now < window.gate;
            window.market == market && waits && window.start < opens * length
        });
        let listed: BTreeMap<u64, InstrumentId> =
            listed.map(|(instrument, window)| (window.start, instrument)).collect();
        listed.into_values().for_each(|instrument| self.open_window(instrument));
        let end = opens + u64::from(spec.windows_ahead);
        for window in self.markets[number].next.max(first)..end {
            let instrument = self.list(market, window * length);
            if window < opens {
                self.open_window(instrument);
            }
        }
        self.markets[number].next = end.max(self.markets[number].next);
        self.markets[number].rolls = (first * length).saturating_sub(ahead);
    }

    fn list(&mut self, market: MarketId, start: u64) -> InstrumentId {
        let spec = self.markets[index(market.0)].spec;
        let instrument = InstrumentId(u32::try_from(self.windows.len()).expect("few windows"));
        self.windows.push(Window {
            market,
            start,
            gate: start.saturating_sub(u64::from(spec.gate_seconds) * 1_000_000_000),
            end: start + u64::from(spec.window_seconds) * 1_000_000_000,
            phase: Phase::Listed,
            mode: Default::default(),
            bond: spec.bond.micro().into(),
            anchor: None,
            trades: 0,
            issued: 0,
            extinguished: 0,
            reference: None,
            terms: DeliveryTerms::DEFAULT,
            agenda: VecDeque::new(),
            over: None,
        });
        self.tell(Event::InstrumentListed { instrument, market, start: Time(start) });
        instrument
    }

    /// The bond is fixed: the market's, or the class's reference rate.
    fn open_window(&mut self, instrument: InstrumentId) {
        let spec = self.market(instrument).spec;
        let reference = self.classes[self.class(&spec)].reference;
        let window = &mut self.windows[index(instrument.0)];
        if let (BondRule::Reference, Some(rate)) = (spec.bond_rule, reference) {
            window.bond = cost(rate, 1);
        }
        window.anchor = reference;
        window.phase = Phase::Open;
        let bond = amount(window.bond);
        self.tell(Event::InstrumentOpened { instrument, bond });
    }
}
