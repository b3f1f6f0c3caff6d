//! Markets of the exchange: the rolling grid of delivery windows, their gates, and capacity.

use crate::event::{CancelReason, Event};
use crate::exchange::{Exchange, TICK_STEPS_MAX};
use crate::ids::{AccountId, InstrumentId, MarketId, index, position};
use crate::instrument::{Instrument, Phase};
use crate::ledger::bond_needed;
use crate::market::{MARKETS_MAX, Market, MarketSpec, WINDOWS_LISTED_MAX, WINDOWS_MAX};
use crate::order::Side;
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::timers::Timer;
use crate::units::Lots;

impl Exchange {
    pub(super) fn add_market(&mut self, spec: &MarketSpec) -> Result<(), RejectReason> {
        let listed = self.markets.iter().map(|market| market.spec.windows).sum::<u32>();
        let room = WINDOWS_LISTED_MAX - listed;
        if MARKETS_MAX <= self.markets.len() || (room < spec.windows && spec.windows <= WINDOWS_MAX) {
            return Err(RejectReason::VenueFull);
        }
        spec.check()?;
        let name = |spec: &MarketSpec| (spec.class, spec.zone, spec.tier);
        if self.markets.iter().any(|market| name(&market.spec) == name(spec)) {
            return Err(RejectReason::MarketExists);
        }
        let market = MarketId(position(self.markets.len()));
        self.markets.push(Market { spec: *spec, next_window: 0 });
        self.timers.set(self.last.time, Timer::Roll(market));
        self.events.push(Event::MarketAdded { market, spec: *spec });
        Ok(())
    }

    pub(super) fn set_capacity(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        lots: Lots,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.check_open(instrument)?;
        if !self.ledger.accounts.at(account).provider {
            return Err(RejectReason::NotProvider);
        }
        if u64::from(lots.count()) < self.ledger.short_with(account, instrument, Lots::ZERO).short {
            return Err(RejectReason::CapacityInUse);
        }
        self.ledger.set_capacity(account, instrument, lots);
        self.events.push(Event::CapacitySet { account, instrument, lots });
        Ok(())
    }

    /// Checks that an instrument exists and trades at the present command's time.
    pub(super) fn check_open(&self, instrument: InstrumentId) -> Result<(), RejectReason> {
        let found = self.instruments.get(index(instrument.0)).ok_or(RejectReason::InstrumentUnknown)?;
        if found.trades_at(self.last.time) { Ok(()) } else { Err(RejectReason::MarketClosed) }
    }

    /// Fires timers that are due, a bounded portion of them.
    pub(super) fn tick(&mut self) {
        let mut steps = TICK_STEPS_MAX;
        while 0 < steps
            && let Some((due, timer)) = self.timers.take_due(self.last.time)
        {
            let next = match timer {
                Timer::Gate(instrument) => self.close(instrument, &mut steps).then_some(due),
                Timer::Roll(market) => Some(self.roll(market, &mut steps)),
            };
            if let Some(due) = next {
                self.timers.set(due, timer);
            }
        }
    }

    /// Closes a gate: cancels what rests. Returns whether orders are left for another tick.
    fn close(&mut self, instrument: InstrumentId, steps: &mut u32) -> bool {
        let state = &mut self.instruments[index(instrument.0)];
        if state.phase == Phase::Open {
            state.phase = Phase::Closed;
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
        self.books.top(instrument, Side::Bid).is_some() || self.books.top(instrument, Side::Ask).is_some()
    }

    /// Lists a market's windows up to its horizon. Returns when to go on.
    fn roll(&mut self, market: MarketId, steps: &mut u32) -> Time {
        let Market { spec, next_window } = self.markets[index(market.0)];
        let first = spec.first_open(self.last.time);
        let mut window = next_window.max(first);
        while 0 < *steps && window < first + u64::from(spec.windows) {
            self.list(market, &spec, window);
            window += 1;
            *steps -= 1;
        }
        self.markets[index(market.0)].next_window = window;
        let gate = spec.gate(spec.start(first));
        assert!(self.last.time < gate, "a market whose windows are listed rolls on later");
        let behind = window < first + u64::from(spec.windows);
        if behind { self.last.time } else { gate }
    }

    fn list(&mut self, market: MarketId, spec: &MarketSpec, window: u64) {
        let start = spec.start(window);
        let gate = spec.gate(start);
        let instrument = self.books.open();
        self.instruments.push(Instrument::new(market, start, gate));
        self.timers.set(gate, Timer::Gate(instrument));
        self.events.push(Event::InstrumentListed { instrument, market, start });
    }

    /// Checks that an ask of `lots` is covered by claims, or by capacity and bond.
    pub(super) fn check_offer(
        &self,
        account: AccountId,
        instrument: InstrumentId,
        lots: Lots,
    ) -> Result<(), RejectReason> {
        let owner = self.ledger.accounts.at(account);
        let shortfall = self.ledger.short_with(account, instrument, lots);
        if u64::from(shortfall.capacity.count()) < shortfall.short {
            let provider = owner.provider;
            let reason = [RejectReason::InsufficientClaims, RejectReason::InsufficientCapacity];
            return Err(reason[usize::from(provider)]);
        }
        let bond = self.spec(instrument).bond;
        let needed = bond_needed(shortfall.short, bond).ok_or(RejectReason::InsufficientBond)?;
        if owner.balance.available.plus(shortfall.bonded) < needed {
            return Err(RejectReason::InsufficientBond);
        }
        Ok(())
    }
}
