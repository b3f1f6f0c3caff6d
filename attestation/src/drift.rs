//! Drift: a sequential test over a provider's batches, for cheating too small to be seen in any one of them.
//!
//! Page's cumulative sum (1954), per statistic: what the batches exceed the honest mean by, less half a deviation for each sequence,
//! never below zero. It alarms at 18 deviations (twelve, widened by half). Honest sequences reach that once in e^18, about sixty-five
//! million, if normally spread; a shift by one deviation reaches it after 36.

use crate::calibration::Calibration;
use crate::judgement::Flags;
use crate::statistic::PerStatistic;

/// Deviations at which it alarms.
const ALARM_DEVIATIONS: i128 = 18;

/// What a provider's batches have exceeded the ordinary by, in half millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drift(PerStatistic<i128>);

impl Drift {
    /// Takes in the sums over `count` audited sequences of one batch, and says which statistics alarm. Those begin anew.
    pub fn add(&mut self, sums: &PerStatistic<u64>, count: u32, calibration: &Calibration) -> Flags {
        let mut bits = 0;
        let each = self.0.iter_mut().zip(sums).zip(&calibration.spreads);
        for (place, ((excess, sum), spread)) in each.enumerate() {
            let (mean, deviation) = (i128::from(spread.mean), i128::from(spread.deviation));
            // Counted in halves, so that half a deviation is whole.
            *excess = 0.max(*excess + 2 * i128::from(*sum) - i128::from(count) * (2 * mean + deviation));
            if 2 * ALARM_DEVIATIONS * deviation < *excess {
                *excess = 0;
                bits |= 1 << place;
            }
        }
        Flags::from_bits(bits).expect("there are four statistics")
    }
}

#[cfg(test)]
mod tests {
    use super::Drift;
    use crate::calibration::{Calibration, NumericClass, Spread};
    use crate::digest::Digest;
    use crate::key::{SecretKey, Signature};
    use crate::statistic::Statistic;

    fn calibration(spread: Spread) -> Calibration {
        Calibration {
            exchange: SecretKey::from_bytes(&[1; 32]).public(),
            model: Digest::NONE,
            class: NumericClass::F32,
            sequences: 1,
            spreads: [spread; 4],
            signature: Signature::NONE,
        }
    }

    #[test]
    fn small_shift_is_found_in_time() {
        let calibration = calibration(Spread { mean: 100, deviation: 20, most: 200 });
        let mut drift = Drift::default();
        // One deviation above the mean, four sequences at a time: 36 sequences come to 18 deviations, the next one exceeds it.
        let alarmed =
            (1..).find(|_| drift.add(&[480, 400, 400, 400], 4, &calibration).has(Statistic::Mismatches));
        assert_eq!(alarmed, Some(10));
        assert_eq!(drift, Drift::default(), "and the test begins anew");
    }

    #[test]
    fn honest_batches_leave_nothing_behind() {
        let calibration = calibration(Spread { mean: 100, deviation: 20, most: 200 });
        let mut drift = Drift::default();
        for step in 0..10_000_u64 {
            let sums = [380 + step % 2 * 40; 4];
            assert!(!drift.add(&sums, 4, &calibration).any());
        }
    }

    #[test]
    fn exact_class_allows_nothing() {
        let calibration = calibration(Spread::default());
        let mut drift = Drift::default();
        assert!(!drift.add(&[0; 4], 10, &calibration).any());
        let flags = drift.add(&[0, 1, 0, 0], 10, &calibration);
        assert!(flags.has(Statistic::Ulps));
        assert_eq!(flags.bits(), 2);
    }
}
