//! Judgement: thresholds in whole numbers, at their edges.

#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use attestation::calibration::{Calibration, NumericClass, Spread};
use attestation::finding::Finding;
use attestation::fingerprint::Distance;
use attestation::judgement::{Flags, Judgement};
use attestation::key::Signature;
use attestation::margin::Margins;
use attestation::statistic::{Statistic, VALUE_MAX};
use fixture::{calibration, exchange, receipt};

/// 128 activations so far off together, 100 tokens so wide together.
fn finding(ulps: u64, micronats: u64) -> Finding {
    Finding {
        index: 0,
        distance: Distance { activations: 128, mismatches: 0, ulps },
        margins: Margins { tokens: 100, equal: 99, micronats, widest_micronats: micronats },
        has_wrong_end: false,
    }
}

#[test]
fn sequence_flags_above_one_and_a_half_times_the_honest_maximum() {
    let calibration = calibration();
    // The largest honest mean distance is 9,000 millionths: 1.728 units of 128 allow 1.
    let flags = |finding: &Finding| Flags::of_sequence(finding, &calibration);
    assert!(!flags(&finding(1, 0)).has(Statistic::Ulps));
    assert!(flags(&finding(2, 0)).has(Statistic::Ulps));
    // The largest honest mean margin is 60 micro-nats: 90 are allowed.
    assert!(!flags(&finding(0, 9_000)).has(Statistic::Margin));
    assert!(!flags(&finding(0, 9_099)).has(Statistic::Margin), "means are rounded down");
    assert!(flags(&finding(0, 9_100)).has(Statistic::Margin));
}

#[test]
fn batch_flags_beyond_nine_deviations() {
    let spread = Spread { mean: 100, deviation: 10, most: 1_000_000 };
    let calibration = Calibration { spreads: [spread; 4], signature: Signature::NONE, ..calibration() };
    let batch = |count: usize, margin: u64| {
        let findings = vec![finding(0, margin * 100); count];
        Flags::of_batch(&findings, &calibration).has(Statistic::Margin)
    };
    // One sequence: 100 + 9 x 10. Four: each 100 + 9 x 10 / 2. A hundred: each 100 + 9.
    for (count, allowed) in [(1, 190), (4, 145), (100, 109)] {
        assert!(!batch(count, allowed), "{count} at {allowed}");
        assert!(batch(count, allowed + 1), "{count} at {}", allowed + 1);
    }
    assert!(!batch(100, 0), "better than honest is no fault");
    assert!(!Flags::of_batch(&[], &calibration).any());
}

#[test]
fn exact_class_allows_nothing() {
    let spreads = [Spread::default(); 4];
    let calibration =
        Calibration { class: NumericClass::Exact, spreads, ..calibration() }.signed(&exchange());
    let clean =
        Finding { margins: Margins { equal: 100, tokens: 100, ..Margins::default() }, ..finding(0, 0) };
    assert!(Judgement::of(&[clean; 5], &calibration).is_clean());
    let flagged = Judgement::of(&[clean, finding(1, 0)], &calibration);
    assert_eq!((flagged.sequences, flagged.batch.has(Statistic::Ulps)), (1, true));
}

#[test]
fn largest_batch_of_the_largest_values_does_not_overflow() {
    let spread = Spread { mean: VALUE_MAX, deviation: VALUE_MAX, most: VALUE_MAX };
    let calibration = Calibration { spreads: [spread; 4], ..calibration() };
    let worst = Finding {
        distance: Distance { activations: 128, mismatches: 128, ulps: 0 },
        ..finding(0, 20_000_000)
    };
    assert_eq!(Statistic::Ulps.of(&worst), VALUE_MAX);
    assert!(!Flags::of_batch(&vec![worst; 65_536], &calibration).any());
    let low = Calibration { spreads: [Spread::default(); 4], ..calibration };
    assert_eq!(Flags::of_batch(&vec![worst; 65_536], &low).bits(), 15);
}

#[test]
fn truncated_answer_is_a_flag() {
    let findings = [Finding { has_wrong_end: true, ..fixture::finding(0) }];
    assert_eq!(Judgement::of(&findings, &receipt().calibration).sequences, 1);
}

#[test]
fn short_answer_counts_as_thirty_two_tokens() {
    let one = Margins { tokens: 1, equal: 0, micronats: 320, widest_micronats: 320 };
    let finding = Finding { margins: one, ..finding(0, 0) };
    assert_eq!(Statistic::Margin.of(&finding), 10);
    assert_eq!(Statistic::Unequal.of(&finding), 31_250);
}

#[test]
fn calibration_is_measured_from_honest_findings() {
    let findings: Vec<Finding> = (0..4).map(|step| finding(step, 100 * step)).collect();
    let [mismatches, ulps, margin, unequal] = Spread::of(NumericClass::Exact, &findings);
    assert_eq!(mismatches, Spread::default());
    assert_eq!(ulps, Spread { mean: 11_719, deviation: 8_735, most: 23_437 });
    assert_eq!(margin, Spread { mean: 2, deviation: 2, most: 3 });
    assert_eq!(unequal, Spread { mean: 10_000, deviation: 0, most: 10_000 });
    // What was measured does not flag by its own measure.
    let calibration = Calibration { spreads: Spread::of(NumericClass::Exact, &findings), ..calibration() };
    assert!(Judgement::of(&findings, &calibration).is_clean());
}

/// One short sequence with so many accidents of rounding of one kind.
fn rounded(statistic: Statistic, accidents: u32) -> Finding {
    let of = |kind: Statistic| if kind == statistic { accidents } else { 0 };
    let (unequal, margin) = (of(Statistic::Unequal), of(Statistic::Margin));
    let micronats = u64::from(margin) * 160;
    Finding {
        distance: Distance {
            activations: 128,
            mismatches: of(Statistic::Mismatches),
            ulps: of(Statistic::Ulps).into(),
        },
        margins: Margins { tokens: 32, equal: 32 - unequal, micronats, widest_micronats: micronats },
        ..finding(0, 0)
    }
}

#[test]
fn who_computes_in_any_order_is_allowed_three_accidents_where_none_was_met() {
    let judged = |class, findings: &[Finding]| {
        let spreads = Spread::of(class, &[rounded(Statistic::Ulps, 0)]);
        Judgement::of(findings, &Calibration { class, spreads, ..calibration() })
    };
    for (statistic, class) in
        Statistic::ALL.into_iter().zip([NumericClass::F32, NumericClass::Bf16].repeat(2))
    {
        assert!(judged(class, &[rounded(statistic, 3)]).is_clean(), "{statistic:?}");
        let four = judged(class, &[rounded(statistic, 4)]);
        assert_eq!((four.sequences, four.batch.has(statistic)), (1, true), "{statistic:?}");
        // Nine sequences may have nine together, not one each and two more.
        let nine = |more| [vec![rounded(statistic, 1); 9 - more], vec![rounded(statistic, 2); more]].concat();
        assert!(judged(class, &nine(0)).is_clean(), "{statistic:?}");
        let eleven = judged(class, &nine(2));
        assert_eq!((eleven.sequences, eleven.batch.has(statistic)), (0, true), "{statistic:?}");
        assert!(!judged(NumericClass::Exact, &[rounded(statistic, 1)]).is_clean(), "{statistic:?}");
    }
}
