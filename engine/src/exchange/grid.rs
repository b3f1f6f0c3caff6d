//! Grid of the exchange: delivery windows are listed, opened, closed and ended by timers, a bounded portion at a time.

use crate::control::TradingMode;
use crate::delivery::run::DeliveryTerms;
use crate::ending::CancelReason;
use crate::event::Event;
use crate::exchange::{Exchange, TICK_STEPS_MAX};
use crate::ids::{InstrumentId, MarketId, index};
use crate::instrument::{Instrument, Phase};
use crate::market::{BondRule, Market, MarketSpec};
use crate::order::Side;
use crate::stamp::Time;
use crate::timers::Timer;
use crate::units::{Lots, Volume};

impl Exchange {
    /// Fires timers that are due, a bounded portion of them.
    pub(super) fn tick(&mut self) {
        let mut steps = TICK_STEPS_MAX;
        while 0 < steps
            && let Some((due, timer)) = self.timers.take_due(self.last.time)
        {
            if let Some(due) = self.fire(due, timer, &mut steps) {
                self.timers.set(due, timer);
            }
        }
    }

    /// Fires one timer. Returns when to go on with it.
    fn fire(&mut self, due: Time, timer: Timer, steps: &mut u32) -> Option<Time> {
        match timer {
            Timer::Expiry(slot) => {
                self.cancel_resting(self.books.resting_in(slot), CancelReason::Expired);
                *steps -= 1;
                None
            }
            Timer::DeadMan(account) => {
                self.fire_dead_man(account, steps);
                None
            }
            Timer::Gate(instrument) => self.close(instrument, steps).then_some(due),
            Timer::Reference(class) => {
                *steps -= 1;
                Some(self.publish_reference(class))
            }
            // Half a roll goes on before whatever else was due later: portions change nothing but where ticks end.
            Timer::Roll(market) => Some(self.roll(market, steps).unwrap_or(due)),
            Timer::Draw(_) => self.pair_some(steps).then_some(due),
            Timer::Deadline(instrument) => self.pass_deadline((due, instrument), steps),
            Timer::Settle(instrument) => self.settle(instrument, steps).then_some(due),
            Timer::Purge => self.purge(steps).then_some(due),
        }
    }

    /// Lists a market's windows up to its horizon, and opens those near enough. Returns when to roll again; `None` when
    /// some are left for another tick.
    fn roll(&mut self, market: MarketId, steps: &mut u32) -> Option<Time> {
        let now = self.last.time;
        let Market { spec, next_window, .. } = &self.markets[index(market.0)];
        let (spec, next_window) = (*spec, *next_window);
        let first = spec.first_open(now);
        let opened = first + u64::from(spec.windows);
        let listed = opened + u64::from(spec.windows_ahead);
        self.open_until(market, spec.start(opened), steps);
        let mut window = next_window.max(first);
        while 0 < *steps && window < listed {
            let instrument = self.list(market, &spec, window);
            *steps -= 1;
            if window < opened {
                self.open(instrument);
            } else {
                self.markets[index(market.0)].unopened.push_back(instrument);
            }
            window += 1;
        }
        self.markets[index(market.0)].next_window = window;
        let gate = spec.gate(spec.start(first));
        assert!(now < gate, "a market whose windows are listed rolls on later");
        let behind = window < listed || self.unopened(market, spec.start(opened)).is_some();
        (!behind).then_some(gate)
    }

    /// The next window of a market that is listed, starts before `end` and is not open yet.
    fn unopened(&self, market: MarketId, end: Time) -> Option<InstrumentId> {
        let next = *self.markets[index(market.0)].unopened.front()?;
        (self.instruments[index(next.0)].start < end).then_some(next)
    }

    /// Opens a market's listed windows that start before `end`.
    fn open_until(&mut self, market: MarketId, end: Time, steps: &mut u32) {
        while 0 < *steps
            && let Some(instrument) = self.unopened(market, end)
        {
            *steps -= 1;
            let state = &self.instruments[index(instrument.0)];
            // A window whose gate passed while nobody looked is closed by its own timer.
            if state.phase == Phase::Listed && self.last.time < state.gate {
                self.open(instrument);
            }
            self.markets[index(market.0)].unopened.pop_front();
        }
    }

    fn list(&mut self, market: MarketId, spec: &MarketSpec, window: u64) -> InstrumentId {
        let start = spec.start(window);
        let gate = spec.gate(start);
        let instrument = self.books.open();
        let class = self.markets[index(market.0)].class;
        self.instruments.push(Instrument {
            market,
            class,
            start,
            gate,
            phase: Phase::Listed,
            mode: TradingMode::Open,
            terms: spec.terms(spec.bond),
            anchor: None,
            trades: 0,
            issued: Volume::ZERO,
            extinguished: Volume::ZERO,
            reference: None,
            delivery: DeliveryTerms::DEFAULT,
            deliveries: 0,
        });
        self.timers.set(gate, Timer::Gate(instrument));
        self.events.push(Event::InstrumentListed { instrument, market, start });
        instrument
    }

    /// Opens a window: its bond is fixed, and the dynamic band begins around the reference rate.
    fn open(&mut self, instrument: InstrumentId) {
        let state = &mut self.instruments[index(instrument.0)];
        let spec = &self.markets[index(state.market.0)].spec;
        let reference = self.classes.at(state.class).reference;
        let one = Lots::new(1).expect("one lot is within bounds");
        let bond = match (spec.bond_rule, reference) {
            (BondRule::Reference, Some(rate)) => rate.cost(one),
            (BondRule::Reference, None) | (BondRule::Fixed, _) => spec.bond,
        };
        state.terms.bond = bond;
        state.anchor = reference;
        state.phase = Phase::Open;
        self.events.push(Event::InstrumentOpened { instrument, bond });
    }

    /// Closes a gate: cancels what rests. Returns whether orders are left for another tick.
    fn close(&mut self, instrument: InstrumentId, steps: &mut u32) -> bool {
        let state = &mut self.instruments[index(instrument.0)];
        if state.phase <= Phase::Open {
            state.phase = Phase::Closed;
            state.reference = self.classes.at(state.class).reference;
            state.delivery = self.markets[index(state.market.0)].delivery;
            self.events.push(Event::InstrumentClosed { instrument });
        }
        for side in [Side::Bid, Side::Ask] {
            while 0 < *steps
                && let Some(maker) = self.books.first(instrument, side)
            {
                self.cancel_resting(maker.order, CancelReason::Gate);
                *steps -= 1;
            }
        }
        // Closing itself is a step, so that a tick that closes many empty books is bounded too.
        *steps = steps.saturating_sub(1);
        let rests = |side| self.books.top(instrument, side).is_some();
        if rests(Side::Bid) || rests(Side::Ask) {
            return true;
        }
        self.await_delivery(instrument);
        false
    }

    /// A gate is closed and nothing rests: deliveries are drawn when anything is owed, and else the window just ends.
    fn await_delivery(&mut self, instrument: InstrumentId) {
        let Instrument { issued, extinguished, market, start, .. } = self.instruments[index(instrument.0)];
        if issued == extinguished {
            let end = self.markets[index(market.0)].spec.end(start);
            self.timers.set(end, Timer::Settle(instrument));
        } else {
            self.undrawn.push_back(instrument);
        }
    }

    /// Ends a window of which nothing is left. Returns whether positions are left for another tick.
    fn settle(&mut self, instrument: InstrumentId, steps: &mut u32) -> bool {
        // What this tick has paid is told before positions go.
        if !self.ledger.touched.positions.is_empty() {
            *steps = 0;
            return true;
        }
        while 0 < *steps
            && let Some((account, owed)) = self.ledger.positions.drop_one(instrument)
        {
            self.ledger.obligations.forget(owed);
            self.ledger.providers.count_capacity(account, instrument, 0);
            *steps -= 1;
        }
        if *steps == 0 {
            return true;
        }
        *steps -= 1;
        self.deliveries.end(instrument);
        self.instruments[index(instrument.0)].phase = Phase::Settled;
        self.events.push(Event::InstrumentSettled { instrument });
        false
    }
}
