//! Stakes of the model: what providers put at risk, what their work so far says, and what they lose.

use std::collections::BTreeMap;

use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Outcome;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::SlotNumber;
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId, index};
use engine::reject::RejectReason;

use crate::model::deliveries::Work;
use crate::model::orders::UNNUMBERED;
use crate::model::reasons::those;
use crate::model::{Model, amount};

/// What a provider has at stake, and its record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Standing {
    pub(crate) staked: u128,
    /// Until when it can not be taken back.
    pub(crate) locked: u64,
    pub(crate) clean: u64,
    /// The rate is raised until there are so many clean ones.
    pub(crate) raised: u64,
    /// Whether audited slots lacked an opening, the last one at the end.
    pub(crate) missing: Vec<bool>,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    /// What capacity is worth in windows that are not settled, where a stake is asked for.
    pub(crate) capacity: BTreeMap<InstrumentId, u128>,
}

impl Standing {
    /// 250,000, halved for each 500 clean ones up to five times, at least 10,000; times four after a flag.
    pub(super) fn rate_ppm(&self) -> u32 {
        let rates = [250_000, 125_000, 62_500, 31_250, 15_625, 10_000];
        let step = usize::try_from(self.clean / 500).unwrap_or(5).min(5);
        let rate: u32 = rates[step];
        if self.clean < self.raised { (4 * rate).min(1_000_000) } else { rate }
    }

    /// Whether the stake is a quarter of all capacity or more, with so much of it in one window.
    pub(super) fn secures(&self, instrument: InstrumentId, value: u128) -> bool {
        let elsewhere = self.capacity.iter().filter(|(other, _)| **other != instrument);
        elsewhere.map(|(_, value)| value).sum::<u128>() + value <= 4 * self.staked
    }

    pub(super) fn flag(&mut self) {
        self.raised = self.clean + 500;
    }
}

impl Model {
    pub(super) fn stake_reasons(&self, command: &DeliveryCommand) -> Vec<RejectReason> {
        let (account, by, adds) = match *command {
            DeliveryCommand::AddStake { account, amount } => (account, amount, true),
            DeliveryCommand::WithdrawStake { account, amount } => (account, amount, false),
            _ => unreachable!("asked for stakes only"),
        };
        if let Err(reason) = self.check_account(account) {
            return vec![reason];
        }
        let owner = &self.owners[index(account.0)];
        let by = u128::from(by.micro());
        let always = [(owner.locked, RejectReason::AccountLocked), (by == 0, RejectReason::StakeZero)];
        let mut reasons = those(always);
        reasons.extend(if adds {
            those([
                (!owner.provider, RejectReason::NotProvider),
                (self.available(account) < by, RejectReason::InsufficientCredit),
            ])
        } else {
            those([
                (self.now < owner.standing.locked, RejectReason::StakeLocked),
                (owner.standing.staked < by, RejectReason::InsufficientStake),
            ])
        });
        reasons
    }

    pub(super) fn stake(&mut self, account: AccountId, more: u128) {
        let owner = self.owner(account);
        owner.cash -= more;
        owner.standing.staked += more;
        self.tell_stake(account);
    }

    pub(super) fn unstake(&mut self, account: AccountId, less: u128) {
        let owner = self.owner(account);
        owner.cash += less;
        owner.standing.staked -= less;
        self.tell_stake(account);
    }

    fn tell_stake(&mut self, account: AccountId) {
        let staked = amount(self.owner(account).standing.staked);
        self.tell(Event::StakeChanged { account, xseq: UNNUMBERED, staked });
    }

    /// Until the last slot of a window is final at the latest, and two times for disputes more.
    pub(super) fn lock_stake(&mut self, account: AccountId, instrument: InstrumentId, terms: DeliveryTerms) {
        let slot_nanos = u64::from(self.market(instrument).spec.window_seconds) * 1_000_000_000 / 12;
        let (dispute, ruling) = (u64::from(terms.dispute_slots), u64::from(terms.ruling_slots));
        let last_final = 11 + 5 + dispute + ruling;
        let until = self.window(instrument).start + (last_final + 2 * dispute) * slot_nanos;
        let standing = &mut self.owner(account).standing;
        standing.locked = standing.locked.max(until);
    }

    /// What capacity is worth counts where the market asks for a stake.
    pub(super) fn count_capacity(&mut self, account: AccountId, instrument: InstrumentId, lots: u128) {
        let value = lots * self.window(instrument).bond;
        let asks = !self.market(instrument).delivery.stake.is_zero();
        let capacity = &mut self.owner(account).standing.capacity;
        if asks && value != 0 {
            capacity.insert(instrument, value);
        } else {
            capacity.remove(&instrument);
        }
    }

    /// What a final slot says of its provider.
    pub(super) fn record(&mut self, of: (DeliveryId, SlotNumber), outcome: Outcome) {
        let (work, twelfth) = (self.deliveries[&of.0].clone(), self.twelfth(of).clone());
        let seconds = u64::from(self.market(work.instrument).spec.window_seconds) / 12;
        let minutes = seconds * work.lots / 60;
        let before = self.owner(work.provider).standing.rate_ppm();
        let standing = &mut self.owner(work.provider).standing;
        let missing = outcome == Outcome::Unopened;
        // What one owes to oneself speaks against, never for.
        if missing || twelfth.opened && !work.own {
            standing.missing.push(missing);
            let spare = standing.missing.len().saturating_sub(100);
            standing.missing.drain(..spare);
        }
        let silent = missing && 1 < standing.missing.iter().filter(|missing| **missing).count();
        if missing {
            standing.flag();
        }
        let at_fault = matches!(outcome, Outcome::Rejected | Outcome::Missed | Outcome::Unopened);
        if !work.own {
            standing.delivered += if outcome == Outcome::Accepted { work.lots } else { 0 };
            standing.failed += if at_fault { work.lots } else { 0 };
            if outcome == Outcome::Accepted && twelfth.flagged_by.is_none() {
                standing.clean += u64::from(twelfth.sequences).min(minutes);
            }
        }
        let confirmed = twelfth.confirmed && outcome == Outcome::Rejected;
        if confirmed || silent {
            standing.clean = 0;
            standing.flag();
        }
        self.tell_rate(work.provider, before);
        if confirmed || silent {
            self.slash(&work, of, twelfth.flagged_by.filter(|_| confirmed));
        }
    }

    /// Says how much of a provider's work is audited from now on, if that was another part before.
    pub(super) fn tell_rate(&mut self, account: AccountId, before: u32) {
        let rate_ppm = self.owner(account).standing.rate_ppm();
        if rate_ppm != before {
            self.tell(Event::AuditRateChanged { account, rate_ppm });
        }
    }

    /// Five slots' worth, as far as there is a stake: the holder's loss beyond the bond, the bounty, the rest is burned.
    fn slash(&mut self, work: &Work, of: (DeliveryId, SlotNumber), finder: Option<AccountId>) {
        let worth = self.worth(work, of.1.number());
        let bounty = u128::from(self.window(work.instrument).terms.bounty.micro());
        let bounty = if finder.is_some() { bounty } else { 0 };
        let all = (5 * worth.escrow).min(self.owner(work.provider).standing.staked);
        if all == 0 {
            return;
        }
        let to_holder = if work.own { 0 } else { worth.uncovered.min(all) };
        let to_finder = bounty.min(all - to_holder);
        let burned = all - to_holder - to_finder;
        self.owner(work.provider).standing.staked -= all;
        self.owner(work.holder).cash += to_holder;
        if let Some(finder) = finder {
            self.owner(finder).cash += to_finder;
        }
        self.supply -= burned;
        let (holder, auditor, burned) = (amount(to_holder), amount(to_finder), amount(burned));
        let (account, xseq, (delivery, slot)) = (work.provider, UNNUMBERED, of);
        self.tell(Event::Slashed { account, xseq, delivery, slot, finder, holder, auditor, burned });
        self.tell_stake(account);
    }
}
