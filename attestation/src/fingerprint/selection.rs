//! Selection: the 128 activations of largest magnitude among those that came by.
//!
//! Equal magnitudes go to the lower position. Nearly all numbers are passed over, sixteen at a glance.

use crate::fingerprint::COEFFICIENTS;

/// Kept before the least are thrown out: room for two selections.
const ROOM: usize = 2 * COEFFICIENTS;
/// Activations that are passed over at one glance, when none is large.
const GLANCE: usize = 16;
/// All bits of a float but its sign.
const MAGNITUDE: u32 = 0x7fff_ffff;

/// Activations kept so far, each as one number: magnitude (31 bits), the position's complement (32 bits), sign.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    ranked: Vec<u64>,
    /// What a newcomer must exceed.
    least: u64,
}

/// One of the largest activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Row times width, plus column.
    pub(super) position: u32,
    /// Its value as bf16, to nearest, ties to even.
    pub(super) bf16: u16,
}

impl Selection {
    /// Takes in activations that stand at `first` and after it.
    pub(super) fn take(&mut self, activations: &[f32], first: u32) {
        for (together, first) in activations.chunks(GLANCE).zip((first..).step_by(GLANCE)) {
            if self.is_any_as_large(together) {
                together
                    .iter()
                    .zip(first..)
                    .for_each(|(activation, position)| self.offer(*activation, position));
            }
        }
    }

    /// Whether any has the magnitude of the least that is kept. All are looked at, so that the loop has no branch.
    fn is_any_as_large(&self, activations: &[f32]) -> bool {
        let least = u32::try_from(self.least >> 33).expect("a magnitude has 31 bits");
        let is_as_large = |activation: &f32| least <= activation.to_bits() & MAGNITUDE;
        activations.iter().fold(false, |any, activation| any | is_as_large(activation))
    }

    fn offer(&mut self, activation: f32, position: u32) {
        let rank = rank(activation.to_bits(), position);
        if self.least < rank {
            self.ranked.push(rank);
            if self.ranked.len() == ROOM {
                self.cut();
            }
        }
    }

    /// The largest, the largest first.
    pub(super) fn finish(mut self) -> Vec<Kept> {
        self.ranked.sort_unstable_by(|left, right| right.cmp(left));
        self.ranked.truncate(COEFFICIENTS);
        self.ranked.into_iter().map(kept).collect()
    }

    fn cut(&mut self) {
        let (_, least, _) =
            self.ranked.select_nth_unstable_by(COEFFICIENTS - 1, |left, right| right.cmp(left));
        self.least = *least;
        self.ranked.truncate(COEFFICIENTS);
    }
}

/// Larger for larger magnitudes, then for lower positions. Never 0, for the position's complement is not.
fn rank(bits: u32, position: u32) -> u64 {
    let (magnitude, sign) = (bits & MAGNITUDE, bits >> 31);
    u64::from(magnitude) << 33 | u64::from(!position) << 1 | u64::from(sign)
}

fn kept(rank: u64) -> Kept {
    let part = |bits: u64| u32::try_from(bits).expect("parts of a rank fit 32 bits");
    let magnitude = part(rank >> 33);
    let sign = part(rank & 1);
    Kept { position: !part(rank >> 1 & 0xffff_ffff), bf16: bf16(sign << 31 | magnitude) }
}

/// To nearest, ties to even. What is no number would become infinite: the codes above that are no residues.
fn bf16(bits: u32) -> u16 {
    const INFINITE: u32 = 0x7f80;
    let (magnitude, sign) = (bits & MAGNITUDE, bits >> 31 << 15);
    let rounded = (magnitude + 0x7fff + (magnitude >> 16 & 1)) >> 16;
    u16::try_from(sign | rounded.min(INFINITE)).expect("31 bits shifted by 16, and a sign")
}

#[cfg(test)]
mod tests {
    use super::{Kept, Selection, bf16};

    #[test]
    fn bf16_rounds_to_nearest_even() {
        for (number, code) in [
            (1.0, 0x3f80),
            (-1.0, 0xbf80),
            (0.0, 0),
            (1.0 + 1.0 / 256.0, 0x3f80),
            (1.0 + 3.0 / 256.0, 0x3f82),
            (1.0 + 1.0 / 256.0 + 1e-6, 0x3f81),
            (f32::MAX, 0x7f80),
            (f32::NEG_INFINITY, 0xff80),
            (f32::NAN, 0x7f80),
        ] {
            assert_eq!(bf16(f32::to_bits(number)), code, "{number}");
        }
    }

    #[test]
    fn largest_are_kept_in_order() {
        let mut selection = Selection::default();
        let wave = |step: u32| if step.is_multiple_of(3) { -f64::from(step) } else { f64::from(step) };
        #[allow(clippy::as_conversions, reason = "small whole numbers")]
        let activations: Vec<f32> = (0..1_000).map(|step| wave(step * 617 % 1_000) as f32).collect();
        for (row, first) in activations.chunks(100).zip((0..).step_by(100)) {
            selection.take(row, first);
        }
        let kept = selection.finish();
        let magnitude = |kept: &Kept| activations[usize::try_from(kept.position).unwrap()].abs();
        let found: Vec<f32> = kept.iter().map(magnitude).collect();
        let mut sorted: Vec<f32> = activations.iter().map(|activation| activation.abs()).collect();
        sorted.sort_by(|left, right| right.total_cmp(left));
        assert_eq!(found, sorted[..128]);
    }

    #[test]
    fn equal_magnitudes_go_to_the_lower_position() {
        let mut selection = Selection::default();
        selection.take(&[0.5; 300], 0);
        let kept = selection.finish();
        let positions: Vec<u32> = kept.iter().map(|kept| kept.position).collect();
        assert_eq!(positions, (0..128).collect::<Vec<u32>>());
    }
}
