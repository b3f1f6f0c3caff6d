//! Kernel: worlds hold whatever happens in them, everything does happen, and the same seed lives the same life.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use engine::delivery::outcome::Outcome;
use engine::reject::RejectReason;
use simulator::kernel::disk::Disk;
use simulator::kernel::kept::Kept;
use simulator::kernel::soak::Soak;
use simulator::kernel::trial::{Calm, Checks, Counts, Life, Trial};

fn lived(trial: &Trial) -> Counts {
    trial.run().unwrap_or_else(|failure| panic!("seed {}: {failure}", trial.seed))
}

#[test]
fn the_simulated_log_keeps_the_contract() {
    journal::contract::check(Disk::prompt, |mut disk| {
        disk.reopen();
        disk
    });
}

#[test]
fn the_same_seed_lives_the_same_life() {
    let mut fingerprints = BTreeSet::new();
    for seed in 0..6 {
        let trial = Trial { acts: 1_500, ..Trial::new(seed) };
        let first = lived(&trial);
        assert_eq!(first, lived(&trial), "seed {seed}");
        fingerprints.insert(first.fingerprint);
        // What is checked and written down changes nothing.
        let (again, trace) = Trial { trace: true, checks: Checks::Sampled, ..trial }.traced();
        assert_eq!(again.unwrap(), first, "seed {seed}");
        assert_eq!(u64::try_from(trace.len()).unwrap(), first.commands);
    }
    assert_eq!(fingerprints.len(), 6, "other seeds live other lives");
}

#[test]
fn threads_change_nothing() {
    let soaked = [1, 2, 5].map(|threads| {
        let first = Trial { acts: 400, ..Trial::new(1_000) };
        Soak { first, seeds: 24, threads }.run(&mut |_| {}).unwrap()
    });
    assert!(0 < soaked[0].commands);
    assert!(soaked.iter().all(|other| *other == soaked[0]), "{soaked:?}");
}

#[test]
fn what_is_left_out_or_calm_leaves_a_world_that_holds() {
    let third = Kept::Only((0..3_000).filter(|act| act % 3 == 0).collect());
    for seed in 20..26 {
        let trial = Trial { acts: 3_000, kept: third.clone(), ..Trial::new(seed) };
        let some = lived(&trial);
        assert!(0 < some.asked && some.asked <= 1_000, "{some:?}");
        let all = lived(&Trial { acts: 3_000, ..Trial::new(seed) });
        assert!(some.asked < all.asked);
        for (network, schedule) in [(true, false), (false, true), (true, true)] {
            let calm = Calm { network, schedule };
            let counts = lived(&Trial { acts: 1_000, calm, ..Trial::new(seed) });
            assert_eq!(counts.asked, counts.answered);
        }
    }
}

#[test]
fn a_plain_life_holds() {
    let counts = lived(&Trial { life: Life::Plain, ..Trial::new(1) });
    assert_eq!((counts.crashes, counts.disconnects, counts.answered), (0, 0, 5_000));
    assert!(2 * counts.commands < counts.events, "{counts:?}");
}

/// How slots ended, as a line says.
fn ended(line: &str) -> impl Iterator<Item = String> {
    Outcome::ALL.map(|outcome| format!("Final({outcome:?})")).into_iter().filter(|ended| line.contains(ended))
}

/// Notes what a line of a trace says: the kind of a command or an event, and why something was refused.
fn note(line: &str, seen: &mut BTreeSet<String>) {
    let word = |text: &str| text.split([' ', '(']).next().unwrap().to_owned();
    match line.strip_prefix("    ") {
        Some(event) if event.starts_with("Rejected") => seen.insert(event.to_owned()),
        Some(event) => {
            if let Some((_, reason)) = event.split_once("BatchRefused { op: ") {
                seen.insert(format!("a batch refused for {}", reason.split_once("reason: ").unwrap().1));
            }
            seen.insert(word(event))
        }
        None => seen.insert(word(line.split_once(": ").unwrap().1)),
    };
    seen.extend(ended(line));
}

/// What must have happened in all worlds together.
fn expected() -> Vec<String> {
    // Nobody registers capacity so long ahead that maintenance can be announced.
    let rare = [
        RejectReason::NotFounded,
        RejectReason::AlreadyFounded,
        RejectReason::SupplyLimit,
        RejectReason::VenueFull,
        RejectReason::MarketInvalid,
        RejectReason::MarketExists,
        RejectReason::MarketUnknown,
        // Of a batch and its orders.
        RejectReason::BatchInvalid,
        RejectReason::BatchRefused,
    ];
    let reasons = RejectReason::ALL.iter().filter(|reason| !rare.contains(reason));
    let mut expected: Vec<String> =
        reasons.map(|reason| format!("Rejected {{ reason: {reason:?} }}")).collect();
    let kinds = "Tick Found OpenAccount RegisterKey ReplaceKey RevokeKey Deposit Transfer Redeem EndRedemption AddMarket SetCapacity PlaceOrder \
        CancelOrder ReduceOrder CancelAll AmendOrder CancelAfter EndSession SetMode SetMarketLimits SetAccountLimits \
        SetLock Kill Draw Batch Founded AccountOpened KeyRegistered KeyConfined KeyRevoked Deposited \
        Transferred RedemptionBegun RedemptionEnded PaymentRepeated MarketAdded InstrumentListed \
        InstrumentOpened InstrumentClosed DrawBegun DeliveryDrawn InstrumentDelivering InstrumentSettled \
        ReferencePublished CapacitySet ModeSet MarketLimitsSet AccountLimitsSet LockSet Killed CancelAfterSet \
        CancelAfterFired OrderAccepted OrderTerms OrderRepeated Traded OrderExecuted OrderRested OrderReduced \
        OrderAmended OrderCanceled BatchStep BatchRefused PositionChanged BalanceChanged FeesChanged \
        DeliveryTold SlotChanged SlotPaid DeliveryTermsSet AuditorSet StakeChanged \
        DeliveryAcknowledged SlotCommitted AuditorsDrawn AuditorDrawn SlotOpened SlotJudged SlotRuled SlotDisputed \
        DisputeClosed Slashed";
    expected.extend(kinds.split_whitespace().map(str::to_owned));
    expected.extend(Outcome::ALL.map(|outcome| format!("Final({outcome:?})")));
    // What a batch is refused for, above all what depends on the changes before.
    let reasons = [
        RejectReason::OpenOrderLimit,
        RejectReason::OrderUnknown,
        RejectReason::InsufficientClaims,
        RejectReason::InsufficientCapacity,
        RejectReason::InsufficientBond,
        RejectReason::InsufficientCredit,
        RejectReason::PositionLimit,
        RejectReason::PostOnlyWouldCross,
        RejectReason::FillOrKill,
        RejectReason::MinimumNotMet,
        RejectReason::ClientOrderIdConflict,
        RejectReason::BatchInvalid,
    ];
    expected.extend(reasons.map(|reason| format!("a batch refused for {reason:?} }}")));
    expected
}

/// What worlds are for: that everything happens in them.
#[test]
fn everything_happens() {
    let mut seen = BTreeSet::new();
    let mut all = Counts::default();
    for seed in 0..60 {
        let (counts, trace) = Trial { trace: true, ..Trial::new(seed) }.traced();
        let counts = counts.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        assert_eq!(counts.asked, counts.answered, "everybody is answered: {counts:?}");
        assert!(5 < counts.batches && 5 < counts.batches_refused, "batches are in every world: {counts:?}");
        all.crashes += counts.crashes;
        all.failed_syncs += counts.failed_syncs;
        all.damages += counts.damages;
        all.disconnects += counts.disconnects;
        all.clock_jumps += counts.clock_jumps;
        all.busy += counts.busy;
        all.evidence_damages += counts.evidence_damages;
        all.given_up += counts.given_up;
        all.slots += counts.slots;
        all.sent += counts.sent - counts.asked;
        for line in trace.iter().flat_map(|entry| entry.lines()) {
            note(line, &mut seen);
        }
    }
    for (what, count) in [
        ("crashes", all.crashes),
        ("failed syncs", all.failed_syncs),
        ("damaged journals", all.damages),
        ("lost connections", all.disconnects),
        ("jumps of the clock", all.clock_jumps),
        ("busy", all.busy),
        ("damaged pieces of evidence", all.evidence_damages),
        ("slots whose evidence was lost", all.given_up),
        ("slots", all.slots),
        ("sent again", all.sent),
    ] {
        assert!(0 < count, "there are no {what}: {all:?}");
    }
    let expected = expected();
    let missing: Vec<&String> = expected.iter().filter(|kind| !seen.contains(*kind)).collect();
    assert!(missing.is_empty(), "nothing of this happens: {missing:?}");
}
