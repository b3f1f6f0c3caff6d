//! Markets of the exchange: what is traded, and how much of it a provider can deliver.

use std::collections::VecDeque;

use crate::control::{MarketLimits, TradingMode};
use crate::delivery::run::DeliveryTerms;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{AccountId, InstrumentId, MarketId, index, position};
use crate::instrument::Phase;
use crate::market::{MARKETS_MAX, Market, MarketSpec, WINDOWS_LISTED_MAX, WINDOWS_MAX};
use crate::reject::RejectReason;
use crate::timers::Timer;
use crate::units::Lots;

impl Exchange {
    pub(super) fn add_market(&mut self, spec: &MarketSpec) -> Result<(), RejectReason> {
        let windows = |spec: &MarketSpec| spec.windows.saturating_add(spec.windows_ahead);
        let listed = self.markets.iter().map(|market| windows(&market.spec)).sum::<u32>();
        let room = WINDOWS_LISTED_MAX - listed;
        if MARKETS_MAX <= self.markets.len() || (room < windows(spec) && windows(spec) <= WINDOWS_MAX) {
            return Err(RejectReason::VenueFull);
        }
        spec.check()?;
        let class = self.classes.named(spec.class);
        if class.is_some_and(|class| self.classes.at(class).window_seconds != spec.window_seconds) {
            return Err(RejectReason::MarketInvalid);
        }
        let name = |spec: &MarketSpec| (spec.class, spec.zone, spec.tier);
        if self.markets.iter().any(|market| name(&market.spec) == name(spec)) {
            return Err(RejectReason::MarketExists);
        }
        let now = self.last.time;
        let class = class.unwrap_or_else(|| {
            let class = self.classes.add(spec.class, spec.window_seconds, now);
            let ends = self.classes.at(class).period.after(self.classes.at(class).period_nanos());
            self.timers.set(ends, Timer::Reference(class));
            class
        });
        let market = MarketId(position(self.markets.len()));
        let (limits, mode) = (MarketLimits::NONE, TradingMode::Open);
        let unopened = VecDeque::new();
        let delivery = DeliveryTerms::DEFAULT;
        self.markets.push(Market { spec: *spec, class, next_window: 0, unopened, limits, mode, delivery });
        self.timers.set(now, Timer::Roll(market));
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
        if !self.ledger.positions.has_room() {
            return Err(RejectReason::VenueFull);
        }
        self.check_unlocked(account)?;
        self.check_before_gate(instrument)?;
        if !self.ledger.accounts.at(account).provider {
            return Err(RejectReason::NotProvider);
        }
        let positions = &self.ledger.positions;
        let (used, registered) = positions.find(account, instrument).map_or((0, Lots::ZERO), |row| {
            let position = positions.at(row);
            (position.short(position.open_sells), position.capacity)
        });
        if u64::from(lots.count()) < used {
            return Err(RejectReason::CapacityInUse);
        }
        let state = &self.instruments[index(instrument.0)];
        let terms = self.markets[index(state.market.0)].delivery;
        let counts = !terms.stake.is_zero();
        let value = if counts { state.terms.value(lots) } else { 0 };
        // Less than there was may always be registered, whatever was slashed meanwhile.
        if registered < lots {
            let provider = self.ledger.providers.of(account);
            let elsewhere = self.ledger.providers.capacity_elsewhere(account, instrument);
            if provider.staked < terms.stake || counts && !provider.secures(elsewhere, value) {
                return Err(RejectReason::InsufficientStake);
            }
            self.lock_stake(account, instrument, terms);
        }
        self.ledger.set_capacity(account, instrument, lots);
        self.ledger.providers.count_capacity(account, instrument, value);
        self.events.push(Event::CapacitySet { account, instrument, lots });
        Ok(())
    }

    /// Checks that an instrument exists and its gate has not closed at the present command's time.
    fn check_before_gate(&self, instrument: InstrumentId) -> Result<(), RejectReason> {
        let found = self.instruments.get(index(instrument.0)).ok_or(RejectReason::InstrumentUnknown)?;
        let before = found.phase <= Phase::Open && self.last.time < found.gate;
        if before { Ok(()) } else { Err(RejectReason::MarketClosed) }
    }
}
