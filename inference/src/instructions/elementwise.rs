//! Elementwise: the exponential, and the loops in which every value stands for itself.

use crate::instructions::Instructions;
use crate::lanes::{LANES, Lanes};

/// Below this the exponential counts as 0, above its negative it stays what it is there.
const EXPONENT_MAX: f32 = 87.0;

impl Instructions {
    /// `gate = gate / (1 + exp(-gate)) * up`: the gated activation of the feed-forward layers.
    pub(crate) fn gate(self, gate: &mut [Lanes], up: &[Lanes]) {
        self.run(
            #[inline(always)]
            || {
                for (gate, up) in gate.as_flattened_mut().iter_mut().zip(up.as_flattened()) {
                    *gate = *gate / (1.0 + exponential(-*gate)) * up;
                }
            },
        );
    }

    /// `score = exp(score * scale - highest)`, with the highest product of the token: lanes are of `tokens` tokens in turn.
    pub(crate) fn weigh(self, scores: &mut [Lanes], tokens: usize, scale: f32) {
        self.run(
            #[inline(always)]
            || {
                for token in 0..tokens {
                    let mut highest = [f32::NEG_INFINITY; LANES];
                    for scores in scores.iter_mut().skip(token).step_by(tokens) {
                        for (score, highest) in scores.iter_mut().zip(&mut highest) {
                            *score *= scale;
                            *highest = if *highest < *score { *score } else { *highest };
                        }
                    }
                    let highest = highest.iter().fold(f32::NEG_INFINITY, |a, b| if a < *b { *b } else { a });
                    for scores in scores.iter_mut().skip(token).step_by(tokens) {
                        scores.iter_mut().for_each(|score| *score = exponential(*score - highest));
                    }
                }
            },
        );
    }
}

/// The exponential function, to within 1e-7 of its value; 0 below -87, and exp(87) above 87.
///
/// Reduced by multiples of ln 2 in two parts, then a polynomial (Cephes, `expf`). Products and sums only, so that it is
/// the same everywhere.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
    const ROUNDER: f32 = 12_582_912.0;
    let clamped = if x < -EXPONENT_MAX { -EXPONENT_MAX } else { x };
    let clamped = if EXPONENT_MAX < clamped { EXPONENT_MAX } else { clamped };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUNDER;
    let twos = shifted - ROUNDER;
    let rest = clamped - twos * 0.693_359_4 - twos * -2.121_944_4e-4;
    let mut series = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        series = series * rest + coefficient;
    }
    let fraction = series * rest * rest + rest + 1.0;
    // The low bits of `shifted` count the twos; they become the exponent.
    let exponent = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_shl(23);
    let power = f32::from_bits(exponent.wrapping_add(1.0_f32.to_bits()));
    if x < -EXPONENT_MAX { 0.0 } else { fraction * power }
}

#[cfg(test)]
mod tests {
    use super::exponential;

    #[test]
    fn exponential_is_near_the_true_one() {
        for step in -87_000..87_000_i32 {
            let x = f64::from(step) / 1000.0 + 0.000_37;
            let x = crate::narrow::single(x);
            let truth = libm::exp(f64::from(x));
            let error = (f64::from(exponential(x)) - truth).abs() / truth;
            assert!(error < 1.2e-7, "exp({x}) is off by {error:e}");
        }
        assert_eq!(exponential(-1000.0), 0.0);
        assert_eq!(exponential(f32::NEG_INFINITY), 0.0);
        assert_eq!(exponential(1000.0), exponential(87.0));
        assert_eq!(exponential(0.0), 1.0);
        assert!(exponential(f32::NAN).is_nan());
    }
}
