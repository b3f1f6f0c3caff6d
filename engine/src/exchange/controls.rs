//! Controls of the exchange: modes, limits, locks, the kill switch, the dead man's timer.

use crate::control::{AccountLimits, CANCEL_AFTER_MAX, KillTarget, MarketLimits, ModeScope, TradingMode};
use crate::ending::CancelReason;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{AccountId, MarketId, index};
use crate::label::Label;
use crate::order_filter::OrderFilter;
use crate::reject::RejectReason;
use crate::timers::Timer;

impl Exchange {
    /// Checks that the account may do more than cancel.
    pub(super) fn check_unlocked(&self, account: AccountId) -> Result<(), RejectReason> {
        if self.ledger.accounts.at(account).locked { Err(RejectReason::AccountLocked) } else { Ok(()) }
    }

    pub(super) fn set_mode(
        &mut self,
        scope: ModeScope,
        mode: TradingMode,
        reason: Label,
    ) -> Result<(), RejectReason> {
        match scope {
            ModeScope::Venue => self.mode = mode,
            ModeScope::Market(market) => {
                let market = self.markets.get_mut(index(market.0));
                market.ok_or(RejectReason::MarketUnknown)?.mode = mode;
            }
            ModeScope::Instrument(instrument) => {
                let instrument = self.instruments.get_mut(index(instrument.0));
                instrument.ok_or(RejectReason::InstrumentUnknown)?.mode = mode;
            }
        }
        self.events.push(Event::ModeSet { scope, mode, reason });
        Ok(())
    }

    pub(super) fn set_market_limits(
        &mut self,
        market: MarketId,
        limits: &MarketLimits,
        reason: Label,
    ) -> Result<(), RejectReason> {
        let settings = self.markets.get_mut(index(market.0)).ok_or(RejectReason::MarketUnknown)?;
        limits.check()?;
        settings.limits = *limits;
        self.events.push(Event::MarketLimitsSet { market, limits: *limits, reason });
        Ok(())
    }

    pub(super) fn set_account_limits(
        &mut self,
        account: AccountId,
        limits: &AccountLimits,
        reason: Label,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.ledger.accounts.at_mut(account).limits = *limits;
        self.events.push(Event::AccountLimitsSet { account, limits: *limits, reason });
        Ok(())
    }

    pub(super) fn set_lock(
        &mut self,
        account: AccountId,
        locked: bool,
        reason: Label,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.ledger.accounts.at_mut(account).locked = locked;
        self.events.push(Event::LockSet { account, locked, reason });
        Ok(())
    }

    /// The kill switch. An account's orders are all gone when it returns; those of the venue go in portions.
    pub(super) fn kill(&mut self, target: KillTarget, reason: Label) -> Result<(), RejectReason> {
        if let KillTarget::Account(account) = target {
            self.check_account(account)?;
        }
        self.events.push(Event::Killed { target, reason });
        match target {
            KillTarget::Account(account) => {
                self.set_lock(account, true, reason)?;
                self.cancel_those(account, &OrderFilter::default(), CancelReason::Kill);
            }
            KillTarget::Venue => {
                self.set_mode(ModeScope::Venue, TradingMode::Halted, reason)?;
                if self.purge.is_none() {
                    self.timers.set(self.last.time, Timer::Purge);
                }
                self.purge = Some(AccountId::OPERATOR);
            }
        }
        Ok(())
    }

    /// Cancels a portion of the venue's orders, account by account. Returns whether any are left.
    pub(super) fn purge(&mut self, steps: &mut u32) -> bool {
        while 0 < *steps
            && let Some(account) = self.purge
        {
            *steps -= 1;
            match self.ledger.accounts.at(account).oldest.get() {
                Some(oldest) => self.cancel_resting(self.books.resting_in(oldest), CancelReason::Kill),
                None => {
                    let next = AccountId(account.0 + 1);
                    self.purge = Some(next).filter(|next| self.ledger.accounts.contains(*next));
                }
            }
        }
        self.purge.is_some()
    }

    pub(super) fn cancel_after(
        &mut self,
        account: AccountId,
        after: Option<u64>,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        let due = after.map(|nanos| self.last.time.after(nanos.min(CANCEL_AFTER_MAX)));
        match due {
            Some(due) => self.timers.set(due, Timer::DeadMan(account)),
            None => self.timers.unset(Timer::DeadMan(account)),
        }
        let xseq = self.xseq(account);
        self.events.push(Event::CancelAfterSet { account, xseq, due });
        Ok(())
    }

    /// The dead man's timer fires: cancels all the account's orders.
    pub(super) fn fire_dead_man(&mut self, account: AccountId, steps: &mut u32) {
        let xseq = self.xseq(account);
        self.events.push(Event::CancelAfterFired { account, xseq });
        *steps = steps.saturating_sub(1 + self.ledger.accounts.at(account).orders_open);
        self.cancel_those(account, &OrderFilter::default(), CancelReason::DeadMan);
    }
}
