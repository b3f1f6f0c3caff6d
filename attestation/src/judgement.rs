//! Judgement: which findings are out of the ordinary, by calibration.
//!
//! A sequence flags when a statistic exceeds one and a half times the largest of honest ones. A batch flags when the
//! sum over its m audited sequences exceeds what honest ones would have by nine deviations (six sigma, widened by half):
//! `sum > m mu` and `(sum - m mu)^2 > 81 m sigma^2`, in whole numbers. A flag by itself costs nothing: it lets the arbiter look.

use crate::calibration::{Calibration, Spread};
use crate::finding::Finding;
use crate::statistic::{PerStatistic, Statistic};

/// Nine deviations, squared.
const DEVIATIONS_SQUARED: u128 = 81;

/// Which statistics are out of the ordinary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(PerStatistic<bool>);

/// What findings come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Sequences that flag by themselves, those with a wrong end among them.
    pub sequences: u32,
    /// What flags over all of them together.
    pub batch: Flags,
}

impl Flags {
    /// Whether this statistic is flagged.
    pub fn has(&self, statistic: Statistic) -> bool {
        Statistic::ALL.iter().zip(self.0).any(|(each, is_flagged)| *each == statistic && is_flagged)
    }

    /// Whether any is.
    pub fn any(&self) -> bool {
        self.0.contains(&true)
    }

    /// One bit each, the first statistic the lowest.
    pub fn bits(&self) -> u32 {
        self.0.iter().rev().fold(0, |bits, is_flagged| bits << 1 | u32::from(*is_flagged))
    }

    /// Which a sequence has by itself.
    pub fn of_sequence(finding: &Finding, calibration: &Calibration) -> Flags {
        Flags::of(calibration, |statistic, spread| spread.most * 3 < statistic.of(finding) * 2)
    }

    /// Which the audited sequences of a batch have together.
    pub fn of_batch(findings: &[Finding], calibration: &Calibration) -> Flags {
        Flags::of(calibration, |statistic, spread| {
            let sum: u64 = findings.iter().map(|finding| statistic.of(finding)).sum();
            let count = u128::try_from(findings.len()).expect("a count fits");
            let (mean, deviation) = (u128::from(spread.mean), u128::from(spread.deviation));
            // Values are below 2^27 and counts at most 2^16: squares of sums stay below 2^86.
            let excess = u128::from(sum).saturating_sub(count * mean);
            DEVIATIONS_SQUARED * count * deviation * deviation < excess * excess
        })
    }

    /// `None` for bits beyond the four.
    pub(crate) fn from_bits(bits: u32) -> Option<Flags> {
        (bits < 16).then(|| Flags([0, 1, 2, 3].map(|place| bits >> place & 1 == 1)))
    }

    fn of(calibration: &Calibration, is_flagged: impl Fn(Statistic, &Spread) -> bool) -> Flags {
        let mut spreads = calibration.spreads.iter();
        Flags(Statistic::ALL.map(|statistic| {
            is_flagged(statistic, spreads.next().expect("there is a spread for each statistic"))
        }))
    }
}

impl Judgement {
    /// Judges the findings of one batch.
    pub fn of(findings: &[Finding], calibration: &Calibration) -> Judgement {
        let is_flagged =
            |finding: &&Finding| finding.has_wrong_end || Flags::of_sequence(finding, calibration).any();
        let sequences = findings.iter().filter(is_flagged).count();
        Judgement {
            sequences: u32::try_from(sequences).expect("a batch is bounded"),
            batch: Flags::of_batch(findings, calibration),
        }
    }

    /// Whether nothing is flagged.
    pub fn is_clean(&self) -> bool {
        self.sequences == 0 && !self.batch.any()
    }
}
