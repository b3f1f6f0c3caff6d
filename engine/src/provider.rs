//! Provider: what a seller of hours has at stake, and what its work so far was.
//!
//! The rules of rates and slashes are those of the crate `attestation`, said again: the engine depends on nothing. A test
//! outside holds that both say the same.

use std::collections::BTreeMap;

use crate::delivery::outcome::Outcome;
use crate::ids::{AccountId, InstrumentId};
use crate::stamp::Time;
use crate::units::{Amount, Lots};

/// What a new provider begins with, in parts per million: one sequence in four is audited.
const RATE_START: u32 = 250_000;
/// The least that is audited: one in a hundred.
const RATE_MIN: u32 = 10_000;
/// Everything.
const RATE_ALL: u32 = 1_000_000;
/// Clean sequences by which the rate is halved.
const CLEAN_PER_STEP: u64 = 500;
/// How often it is halved at the most.
const STEPS_MAX: u64 = 5;
/// By how much a flag raises it.
const RISE: u32 = 4;
/// Audited slots that are remembered, of which one may lack its opening.
const REMEMBERED: u32 = 100;
/// A slash, in values of a slot.
const SLASH_SLOTS: u64 = 5;
/// How many times its stake a provider may sell at the most.
const OPEN_STAKES: u128 = 4;

/// A provider's stake and record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// Credit against false proofs.
    pub staked: Amount,
    /// Until when it can not be taken back: two times for disputes after the last slot that it may have sold.
    pub locked: Time,
    /// Audited sequences that were clean, of others than its own group; at most one per minute of a GPU.
    pub clean: u64,
    /// Until it has so many of them the rate is raised.
    pub raised: u64,
    /// Which of the last hundred audited slots lacked an opening, the last one in the lowest bit.
    pub unopened: u128,
    /// How its slots ended.
    pub score: Score,
    /// What it may sell at the most, in micro-CU: the capacity that it registered in windows that are not settled, of markets that ask for a stake,
    /// each lot at the bond that the window had then.
    pub capacity: u128,
}

/// How slots of a provider ended that others hold, each as often as it has lots. Nobody's fault counts as neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Accepted.
    pub delivered: u64,
    /// The provider's fault.
    pub failed: u64,
}

impl Score {
    /// Counts a slot that is final.
    pub(crate) fn count(&mut self, lots: Lots, outcome: Outcome) {
        let lots = u64::from(lots.count());
        match outcome {
            Outcome::Accepted => self.delivered += lots,
            outcome if outcome.is_providers_fault() => self.failed += lots,
            _ => {}
        }
    }
}

impl Provider {
    /// How many of a million sequences are audited: `max(10,000, 250,000 >> min(clean / 500, 5))`, four times that for
    /// 500 clean ones after a flag.
    pub fn rate_ppm(&self) -> u32 {
        let steps = (self.clean / CLEAN_PER_STEP).min(STEPS_MAX);
        let rate = (RATE_START >> steps).max(RATE_MIN);
        if self.clean < self.raised { (rate * RISE).min(RATE_ALL) } else { rate }
    }

    /// Whether its stake secures capacity worth so many micro-CU beside what else it registered: all of it is at most four stakes.
    pub fn secures(&self, elsewhere: u128, value: u128) -> bool {
        elsewhere + value <= OPEN_STAKES * u128::from(self.staked.micro())
    }

    /// Something of it was flagged, or not opened.
    pub(crate) fn flag(&mut self) {
        self.raised = self.clean + CLEAN_PER_STEP;
    }

    /// It was found out: it begins anew, with the rate raised.
    pub(crate) fn disgrace(&mut self) {
        self.clean = 0;
        self.flag();
    }

    /// Takes in an audited slot; returns whether a missing opening is one too many, which counts as found out.
    pub fn note_opening(&mut self, is_missing: bool) -> bool {
        let remembered = (1 << REMEMBERED) - 1;
        self.unopened = (self.unopened << 1 | u128::from(is_missing)) & remembered;
        is_missing && 1 < self.unopened.count_ones()
    }
}

/// Where a slash goes. The parts add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slash {
    /// To the holder, as far as the lot bond left its loss uncovered.
    pub holder: Amount,
    /// To the auditor who flagged it: a fixed bounty.
    pub auditor: Amount,
    /// Destroyed, so that holders and auditors who collude recover nothing.
    pub burned: Amount,
}

impl Slash {
    /// `min(stake, 5 slots)`: first the holder's uncovered loss, then the bounty, and the rest burns.
    pub fn of(stake: Amount, slot: Amount, uncovered: Amount, bounty: Amount) -> Slash {
        let total = stake.min(Amount::new(slot.micro().saturating_mul(SLASH_SLOTS)));
        let holder = total.min(uncovered);
        let auditor = total.less(holder).min(bounty);
        Slash { holder, auditor, burned: total.less(holder).less(auditor) }
    }

    /// All of it.
    pub fn total(&self) -> Amount {
        self.holder.plus(self.auditor).plus(self.burned)
    }
}

/// Every provider that has a stake or a record.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    providers: BTreeMap<AccountId, Provider>,
    /// What the capacity of each is worth in each window, where it counts.
    capacities: BTreeMap<(AccountId, InstrumentId), u128>,
}

impl Providers {
    /// What an account has at stake, and its record.
    pub fn of(&self, account: AccountId) -> Provider {
        self.providers.get(&account).copied().unwrap_or_default()
    }

    /// Every one, in order of opening.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, &Provider)> {
        self.providers.iter().map(|(account, provider)| (*account, provider))
    }

    pub(crate) fn at_mut(&mut self, account: AccountId) -> &mut Provider {
        self.providers.entry(account).or_default()
    }

    /// What the capacity of each is worth in each window, where it counts; never nothing.
    pub fn capacities(&self) -> impl Iterator<Item = ((AccountId, InstrumentId), u128)> {
        self.capacities.iter().map(|(window, value)| (*window, *value))
    }

    /// What a provider's capacity is worth in all windows but one, in micro-CU.
    pub(crate) fn capacity_elsewhere(&self, account: AccountId, instrument: InstrumentId) -> u128 {
        let here = self.capacities.get(&(account, instrument)).copied().unwrap_or_default();
        self.of(account).capacity - here
    }

    /// Notes what a provider's capacity in a window is worth from now on; nothing when it no longer counts.
    pub(crate) fn count_capacity(&mut self, account: AccountId, instrument: InstrumentId, value: u128) {
        let before = match value {
            0 => self.capacities.remove(&(account, instrument)),
            _ => self.capacities.insert((account, instrument), value),
        };
        let before = before.unwrap_or_default();
        if before != value {
            let provider = self.at_mut(account);
            provider.capacity = provider.capacity - before + value;
        }
    }
}

fields!(Score { delivered, failed });
fields!(Provider { staked, locked, clean, raised, unopened, score, capacity });
fields!(Providers { providers, capacities });
