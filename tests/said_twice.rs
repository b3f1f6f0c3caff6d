//! Rules that are said twice: the engine's rates of audits and slashes are those of the crate `attestation`.

#![allow(clippy::unwrap_used, reason = "a test")]

use attestation::rate::AuditRate;
use attestation::stake::Slash as OutsideSlash;
use attestation::unopened::Unopened;
use engine::provider::{Provider, Slash};
use engine::units::Amount;

#[test]
fn rates_of_audits_are_the_same() {
    for clean in (0..3_000).chain([1_000_000, u64::MAX / 2]) {
        let provider = Provider { clean, ..Provider::default() };
        assert_eq!(provider.rate_ppm(), AuditRate::of_clean(clean).ppm(), "after {clean}");
        let flagged = Provider { raised: clean + 1, ..provider };
        assert_eq!(flagged.rate_ppm(), AuditRate::of_clean(clean).raised().ppm(), "flagged after {clean}");
    }
}

#[test]
fn slashes_are_the_same() {
    let amounts = [0, 1, 2, 5, 99, 100, 101, 1_000, 12_345_678, u64::MAX / 4];
    for stake in amounts {
        for slot in amounts {
            for (uncovered, bounty) in amounts.into_iter().flat_map(|one| amounts.map(|two| (one, two))) {
                let here = Slash::of(
                    Amount::new(stake),
                    Amount::new(slot),
                    Amount::new(uncovered),
                    Amount::new(bounty),
                );
                let there = OutsideSlash::of(stake, slot, uncovered, bounty);
                let here = [here.holder, here.auditor, here.burned].map(Amount::micro);
                assert_eq!(here, [there.taker, there.auditor, there.burned]);
            }
        }
    }
}

#[test]
fn missing_openings_count_the_same() {
    let (mut here, mut there) = (Provider::default(), Unopened::default());
    for slot in 0..2_000_u64 {
        // Seldom one, now and then two within a hundred.
        let missing = engine::index::mix64(9, slot).is_multiple_of(90);
        assert_eq!(here.note_opening(missing), there.add(missing), "slot {slot}");
    }
}
