//! Stakes of the exchange: providers put credit at risk, and lose it for what is proven false.

use crate::delivery::outcome::Outcome;
use crate::delivery::run::DeliveryTerms;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::delivering::SlotOf;
use crate::ids::{AccountId, InstrumentId, index};
use crate::provider::{Provider, Slash};
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::units::Amount;

/// One GPU counts as one clean sequence a minute at the most.
const CLEAN_NANOS: u64 = 60 * Time::SECOND;

impl Exchange {
    pub(super) fn add_stake(&mut self, account: AccountId, amount: Amount) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.check_unlocked(account)?;
        let owner = self.ledger.accounts.at(account);
        if !owner.provider {
            return Err(RejectReason::NotProvider);
        }
        if owner.balance().available < amount {
            return Err(RejectReason::InsufficientCredit);
        }
        if amount.is_zero() {
            return Err(RejectReason::StakeZero);
        }
        self.ledger.stake(account, amount);
        self.tell_stake(account);
        Ok(())
    }

    pub(super) fn withdraw_stake(&mut self, account: AccountId, amount: Amount) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.check_unlocked(account)?;
        if amount.is_zero() {
            return Err(RejectReason::StakeZero);
        }
        let provider = self.ledger.providers.of(account);
        if self.last.time < provider.locked {
            return Err(RejectReason::StakeLocked);
        }
        if provider.staked < amount {
            return Err(RejectReason::InsufficientStake);
        }
        self.ledger.unstake(account, amount);
        self.tell_stake(account);
        Ok(())
    }

    fn tell_stake(&mut self, account: AccountId) {
        let staked = self.ledger.providers.of(account).staked;
        let xseq = self.xseq(account);
        self.events.push(Event::StakeChanged { account, xseq, staked });
    }

    /// Locks a stake until two times for disputes after the last slot of a window that its provider may sell.
    pub(super) fn lock_stake(&mut self, account: AccountId, instrument: InstrumentId, terms: DeliveryTerms) {
        let state = &self.instruments[index(instrument.0)];
        let slot_nanos = self.markets[index(state.market.0)].spec.slot_nanos();
        let until = state.start.after(terms.locked_slots() * slot_nanos);
        let provider = self.ledger.providers.at_mut(account);
        provider.locked = provider.locked.max(until);
    }

    /// A slot is final: what it says of its provider, and what the provider loses for it.
    pub(super) fn judge_provider(&mut self, of: SlotOf, outcome: Outcome) {
        let (delivery, slot) = of;
        let found = *self.deliveries.at(delivery);
        let run = *self.deliveries.run(found.instrument).expect("a delivery under way has a run");
        let evidence = found.evidence(slot);
        let minutes = u64::from(found.lots.count()) * run.slot_nanos / CLEAN_NANOS;
        let missing = outcome == Outcome::Unopened;
        let confirmed = evidence.confirmed;
        assert!(
            !confirmed || outcome == Outcome::Rejected,
            "a flag that was confirmed ends the slot rejected"
        );
        let is_found_out = self.note_record(found.provider, |provider| {
            // What one owes to oneself speaks against a provider, never for it.
            let counts = missing || evidence.opened && !found.own;
            let silent = counts && provider.note_opening(missing);
            if missing {
                provider.flag();
            }
            if !found.own {
                provider.score.count(found.lots, outcome);
                if outcome == Outcome::Accepted && evidence.flagged_by.is_none() {
                    provider.clean += u64::from(evidence.sequences).min(minutes);
                }
            }
            if confirmed || silent {
                provider.disgrace();
            }
            confirmed || silent
        });
        if is_found_out {
            self.slash((delivery, slot), evidence.flagged_by.filter(|_| confirmed));
        }
    }

    /// Changes a provider's record, and tells when it is audited at another rate for it.
    pub(super) fn note_record<T>(&mut self, account: AccountId, note: impl FnOnce(&mut Provider) -> T) -> T {
        let provider = self.ledger.providers.at_mut(account);
        let before = provider.rate_ppm();
        let noted = note(provider);
        let rate_ppm = provider.rate_ppm();
        if rate_ppm != before {
            self.events.push(Event::AuditRateChanged { account, rate_ppm });
        }
        noted
    }

    /// Takes a part of a stake: for the holder, the auditor who flagged it, and the fire.
    fn slash(&mut self, (delivery, slot): SlotOf, finder: Option<AccountId>) {
        let found = *self.deliveries.at(delivery);
        let run = *self.deliveries.run(found.instrument).expect("a delivery under way has a run");
        let shares = found.shares(&run).slot(slot);
        let staked = self.ledger.providers.of(found.provider).staked;
        let bounty = if finder.is_some() { run.terms.bounty } else { Amount::ZERO };
        // Who owes to itself would get a part of its stake back.
        let uncovered = if found.own { Amount::ZERO } else { shares.uncovered };
        let slash = Slash::of(staked, shares.escrow, uncovered, bounty);
        if slash.total().is_zero() {
            return;
        }
        self.ledger.slash(found.provider, (found.holder, finder), &slash);
        let account = found.provider;
        let Slash { holder, auditor, burned } = slash;
        let xseq = self.xseq(account);
        self.events.push(Event::Slashed { account, xseq, delivery, slot, finder, holder, auditor, burned });
        self.tell_stake(account);
    }
}
