//! Norm: every token's values brought to a mean square of one, then weighed.

use crate::lanes::{Activations, Lanes, ZERO, fold};
use crate::narrow::{number, single};

/// `value / sqrt(mean of squares + epsilon) * weight`.
///
/// The squares are summed lane by lane, in the order of the panels; then the lanes are folded.
pub(crate) fn normalise(input: &Activations, weights: &[Lanes], epsilon: f32) -> Activations {
    let count = single(f64::from(number(weights.len() * ZERO.len())));
    let mut output = Activations::zero(input.panels(), input.tokens());
    for token in 0..input.tokens() {
        let mut squares = ZERO;
        for lanes in input.row(token) {
            for (square, value) in squares.iter_mut().zip(lanes) {
                *square += value * value;
            }
        }
        let length = (fold(&squares) / count + epsilon).sqrt();
        let normed = |(lanes, weights): (&Lanes, &Lanes)| {
            std::array::from_fn(|lane| lanes[lane] / length * weights[lane])
        };
        output.set_row(token, input.row(token).zip(weights).map(normed));
    }
    output
}
