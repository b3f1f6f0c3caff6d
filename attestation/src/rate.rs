//! Rate: how many of a million sequences are audited, and by which rule.
//!
//! The engine keeps the counts and restates the rule; here it serves whoever verifies from outside.

use crate::layout::{Reader, Writer};
use crate::malformed::Malformed;

/// Sequences audited, in parts per million: 10,000 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditRate(u32);

/// Clean sequences by which the rate is halved.
const CLEAN_PER_STEP: u64 = 500;
/// How often it is halved at the most.
const STEPS_MAX: u64 = 5;
/// By how much it rises after a flag, and when the taker's secret is missing.
const RISE: u32 = 4;

impl AuditRate {
    /// The least that is ever audited: one in a hundred.
    pub const MIN: AuditRate = AuditRate(10_000);
    /// What a new key begins with: one in four.
    pub const START: AuditRate = AuditRate(250_000);
    /// Everything.
    pub const ALL: AuditRate = AuditRate(1_000_000);

    /// `None` unless `10,000 <= ppm <= 1,000,000`.
    pub fn new(ppm: u32) -> Option<AuditRate> {
        let rate = AuditRate(ppm);
        (AuditRate::MIN <= rate && rate <= AuditRate::ALL).then_some(rate)
    }

    /// The rate of a provider with so many clean sequences: `max(10,000, 250,000 >> min(clean / 500, 5))`.
    pub fn of_clean(clean: u64) -> AuditRate {
        let steps = (clean / CLEAN_PER_STEP).min(STEPS_MAX);
        AuditRate(AuditRate::START.0 >> steps).max(AuditRate::MIN)
    }

    /// Four times as much, as after a flag; at most everything.
    pub fn raised(self) -> AuditRate {
        AuditRate(self.0 * RISE).min(AuditRate::ALL)
    }

    /// Whether the rule gives this rate to anybody: to some count of clean sequences, flagged or not.
    pub fn is_by_the_rule(self) -> bool {
        let rates = (0..=STEPS_MAX).map(|steps| AuditRate::of_clean(steps * CLEAN_PER_STEP));
        rates.into_iter().any(|rate| self == rate || self == rate.raised()) || self == AuditRate::ALL
    }

    /// The plain number.
    pub fn ppm(self) -> u32 {
        self.0
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<AuditRate, Malformed> {
        let ppm = reader.u32("rate_ppm")?;
        AuditRate::new(ppm).map_or_else(|| reader.refuse("rate_ppm", "10,000 to 1,000,000"), Ok)
    }

    pub(crate) fn write(self, writer: Writer) -> Writer {
        writer.u32(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::AuditRate;

    #[test]
    fn rate_falls_with_clean_sequences_and_rises_after_a_flag() {
        let steps = [
            (0, 250_000),
            (499, 250_000),
            (500, 125_000),
            (1_000, 62_500),
            (1_500, 31_250),
            (2_000, 15_625),
            (2_500, 10_000),
            (u64::MAX, 10_000),
        ];
        for (clean, ppm) in steps {
            assert_eq!(AuditRate::of_clean(clean).ppm(), ppm, "{clean}");
        }
        assert_eq!(AuditRate::MIN.raised().ppm(), 40_000);
        assert_eq!(AuditRate::START.raised(), AuditRate::ALL);
        assert_eq!(AuditRate::ALL.raised(), AuditRate::ALL);
    }

    #[test]
    fn new_key_has_no_better_terms_than_a_flagged_one() {
        for clean in 0..5_000 {
            assert!(AuditRate::of_clean(clean) <= AuditRate::of_clean(clean).raised());
            assert!(AuditRate::of_clean(clean) <= AuditRate::of_clean(0));
        }
    }

    #[test]
    fn rates_that_the_rule_gives_to_nobody_are_known() {
        for ppm in [10_000, 15_625, 250_000, 40_000, 62_500, 500_000, 1_000_000] {
            assert!(AuditRate::new(ppm).unwrap().is_by_the_rule(), "{ppm}");
        }
        for ppm in [10_001, 20_000, 300_000, 999_999] {
            assert!(!AuditRate::new(ppm).unwrap().is_by_the_rule(), "{ppm}");
        }
        assert_eq!(AuditRate::new(9_999), None);
        assert_eq!(AuditRate::new(1_000_001), None);
    }
}
