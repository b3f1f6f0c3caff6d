//! Statistic: the four numbers by which a sequence is compared with honest ones.
//!
//! Each is a mean over the sequence, in millionths, so that long and short sequences can be compared. A short one is divided
//! as if it had 32 tokens, so that a single rounding in a short answer does not look like many in a long one.
//!
//! The noise of honest computations is not smooth: it comes in whole accidents, each an activation that is rounded the other
//! way, or one of the 128 largest exchanged for another, or a token that changes places with one equally good. Most short
//! sequences have none, a few have one, and how many have two can't be measured before thousands were.

use crate::finding::Finding;
use crate::fingerprint::{ACTIVATIONS, ULPS_MAX};

/// What is measured of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Activations that do not match, in millionths of those compared.
    Mismatches,
    /// Mean distance of the others, in millionths of a unit of the last place.
    Ulps,
    /// Mean margin of a token, in micro-nats.
    Margin,
    /// Tokens that differ, in millionths of all.
    Unequal,
}

/// A number for each statistic, in their order.
pub type PerStatistic<T> = [T; 4];

/// The highest value of any statistic: all activations as far as matching ones can be.
pub const VALUE_MAX: u64 = ULPS_MAX * MICRO;

const MICRO: u64 = 1_000_000;
const TOKENS_MIN: u64 = 32;
/// How far a token may be behind another that is as good but for roundings: logits of 16 in f32, times a hundred of their roundings.
const ROUNDED_MICRONATS: u64 = 160;

impl Statistic {
    /// All of them, in their order.
    pub const ALL: PerStatistic<Statistic> =
        [Statistic::Mismatches, Statistic::Ulps, Statistic::Margin, Statistic::Unequal];

    /// Its name, as a receipt's check says it.
    pub fn name(self) -> &'static str {
        match self {
            Statistic::Mismatches => "mismatches",
            Statistic::Ulps => "ulps",
            Statistic::Margin => "margin",
            Statistic::Unequal => "unequal",
        }
    }

    /// Whether it is about fingerprints; the others are about tokens.
    pub fn is_of_fingerprints(self) -> bool {
        matches!(self, Statistic::Mismatches | Statistic::Ulps)
    }

    /// What one accident of rounding adds to it in the shortest sequence: an activation of 128, a token of 32.
    pub fn accident(self) -> u64 {
        match self {
            Statistic::Mismatches | Statistic::Ulps => MICRO.div_ceil(ACTIVATIONS.into()),
            Statistic::Margin => ROUNDED_MICRONATS / TOKENS_MIN,
            Statistic::Unequal => MICRO / TOKENS_MIN,
        }
    }

    /// Its value for a sequence.
    pub fn of(self, finding: &Finding) -> u64 {
        let (distance, margins) = (&finding.distance, &finding.margins);
        let activations = u64::from(distance.activations.max(ACTIVATIONS));
        let tokens = u64::from(margins.tokens).max(TOKENS_MIN);
        match self {
            Statistic::Mismatches => u64::from(distance.mismatches) * MICRO / activations,
            Statistic::Ulps => {
                let matched = activations - u64::from(distance.mismatches);
                (distance.ulps * MICRO).checked_div(matched).unwrap_or(VALUE_MAX)
            }
            Statistic::Margin => margins.micronats / tokens,
            Statistic::Unequal => u64::from(margins.tokens - margins.equal) * MICRO / tokens,
        }
    }

    /// Adds up what `findings` have of each.
    pub fn sums(findings: &[Finding]) -> PerStatistic<u64> {
        Statistic::ALL.map(|statistic| findings.iter().map(|finding| statistic.of(finding)).sum())
    }
}
