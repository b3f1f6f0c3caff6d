//! Deeds: what providers, holders, auditors, the arbiter and the operator do about deliveries.

use engine::delivery::audit::Verdict;
use engine::delivery::outcome::Ruling;
use engine::delivery::run::DeliveryTerms;
use engine::units::Amount;
use proptest::prelude::*;

use crate::acts::{seldom, who, window};

/// What is done about a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Acknowledge,
    Reclaim,
    /// With work above the quota, or this much below it.
    Commit(Option<u64>),
    DrawAuditors(u64),
    Open,
    /// By one of those drawn.
    Judge(Verdict),
    /// By the provider, or the holder.
    Dispute(bool),
    Rule(Ruling),
}

/// Which slot is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    /// One of those that stand where it can be done; any slot of any delivery when `amiss`.
    pub(crate) which: usize,
    pub(crate) amiss: bool,
    /// Who says so, if not whose it is.
    pub(crate) other: Option<u32>,
}

/// What is done about deliveries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivering {
    Do(Deed, Slots),
    /// The same deed for so many slots.
    All(Deed, u8),
    Terms(u32, DeliveryTerms),
    Auditor(u32, bool),
    Maintain(u32, u32),
    /// In micro-CU.
    Stake(u32, u64),
    Withdraw(u32, u64),
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![3 => Just(Verdict::Clean), 1 => Just(Verdict::Flagged)]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        1 => Just(Deed::Acknowledge),
        16 => Just(Deed::Reclaim),
        12 => seldom(12, 1..1_000_u64).prop_map(Deed::Commit),
        12 => any::<u64>().prop_map(Deed::DrawAuditors),
        12 => Just(Deed::Open),
        12 => verdict().prop_map(Deed::Judge),
        6 => any::<bool>().prop_map(Deed::Dispute),
        4 => prop::sample::select(&Ruling::ALL[..]).prop_map(Deed::Rule),
    ]
}

fn slots() -> impl Strategy<Value = Slots> {
    let amiss = prop::bool::weighted(0.1);
    (any::<usize>(), amiss, seldom(20, who())).prop_map(|(which, amiss, other)| Slots { which, amiss, other })
}

/// Mostly short, so that windows end; seldom none at all, which cannot be.
fn terms() -> impl Strategy<Value = DeliveryTerms> {
    let slots = || prop_oneof![12 => 1..4_u8, 1 => Just(0), 1 => Just(12)];
    let auditors = prop_oneof![12 => 1..=3_u8, 1 => Just(0), 1 => Just(4)];
    let deposit = prop_oneof![6 => 0..400_000_u64, 1 => Just(2_000_000_000)];
    let stakes = (prop_oneof![4 => Just(0), 1 => 1..200_000_u64], prop_oneof![Just(0), 1..20_000_u64]);
    (slots(), slots(), auditors, deposit, stakes).prop_map(
        |(dispute_slots, ruling_slots, auditors, deposit, stakes)| {
            let (stake, bounty) = (Amount::new(stakes.0), Amount::new(stakes.1));
            let deposit = Amount::new(deposit);
            DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty }
        },
    )
}

fn stake() -> impl Strategy<Value = u64> {
    prop_oneof![12 => 1..200_000_u64, 1 => Just(0), 1 => Just(9_000_000)]
}

pub(crate) fn delivering() -> impl Strategy<Value = Delivering> {
    let market = prop_oneof![12 => 0..4_u32, 1 => 4..7_u32];
    prop_oneof![
        20 => (deed(), slots()).prop_map(|(deed, slots)| Delivering::Do(deed, slots)),
        16 => (deed(), 2..40_u8).prop_map(|(deed, count)| Delivering::All(deed, count)),
        2 => (market, terms()).prop_map(|(market, terms)| Delivering::Terms(market, terms)),
        2 => (who(), prop::bool::weighted(0.8)).prop_map(|(who, auditor)| Delivering::Auditor(who, auditor)),
        2 => (who(), window()).prop_map(|(who, window)| Delivering::Maintain(who, window)),
        4 => (who(), stake()).prop_map(|(who, amount)| Delivering::Stake(who, amount)),
        2 => (who(), stake()).prop_map(|(who, amount)| Delivering::Withdraw(who, amount)),
    ]
}
