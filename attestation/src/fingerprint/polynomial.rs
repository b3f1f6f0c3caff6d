//! Polynomial: of degree below 128, modulo the prime 65,497.
//!
//! Products of two residues fit 32 bits, and 2^16 is 39 modulo the prime, so reducing takes shifts and small products: the
//! inner loops compile to vector instructions.

use crate::fingerprint::COEFFICIENTS;

/// The largest prime of TOPLOC's: every bf16 that is a number is below it.
pub(super) const PRIME: u16 = 65_497;

const P: u32 = 65_497;

/// Coefficients, that of the constant first. They are below the prime, but for those of a fingerprint not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Polynomial([u32; COEFFICIENTS]);

impl Polynomial {
    pub(super) fn new(coefficients: [u32; COEFFICIENTS]) -> Polynomial {
        Polynomial(coefficients)
    }

    pub(super) fn coefficients(&self) -> &[u32; COEFFICIENTS] {
        &self.0
    }

    /// The one of lowest degree through these points: at most 128. Of points at one place modulo the prime the first counts.
    ///
    /// Newton's way: each point corrects what is there by a multiple of the product that vanishes at the points before it.
    pub(super) fn through(points: &[(u32, u32)]) -> Polynomial {
        let mut found = [0; COEFFICIENTS];
        let mut vanishing = [0; COEFFICIENTS + 1];
        vanishing[0] = 1;
        for (known, &(place, value)) in points.iter().enumerate() {
            // At most this many points are known, and their product has this degree or a lower one.
            let place = place % P;
            let powers = powers(place, known + 1);
            let vanishing_here = dot(&vanishing[..=known], &powers);
            if vanishing_here == 0 {
                continue;
            }
            let missing = value % P + P - dot(&found[..known], &powers);
            let scale = product(missing % P, inverse(vanishing_here));
            for (coefficient, step) in found[..=known].iter_mut().zip(&vanishing) {
                *coefficient = residue(*coefficient + product(scale, *step));
            }
            // Times (x - place), from the top down.
            let negative = residue(P - place);
            for degree in (0..=known + 1).rev() {
                let below = if degree == 0 { 0 } else { vanishing[degree - 1] };
                vanishing[degree] = residue(below + product(negative, vanishing[degree]));
            }
        }
        Polynomial(found)
    }

    /// Its values at these places: Horner's way, for all places together.
    pub(super) fn values(&self, places: &[u32]) -> Vec<u32> {
        let places: Vec<u32> = places.iter().map(|place| place % P).collect();
        let mut values = vec![0; places.len()];
        for coefficient in self.0.iter().rev() {
            for (value, place) in values.iter_mut().zip(&places) {
                *value = residue(product(*value, *place) + coefficient);
            }
        }
        values
    }
}

fn powers(place: u32, count: usize) -> [u32; COEFFICIENTS] {
    let mut powers = [0; COEFFICIENTS];
    let mut power = 1;
    for place_of_power in &mut powers[..count] {
        *place_of_power = power;
        power = product(power, place);
    }
    powers
}

/// The sum of products: at most 128 of them, each below 2^32.
fn dot(coefficients: &[u32], powers: &[u32]) -> u32 {
    let terms = coefficients.iter().zip(powers);
    let sum: u64 = terms.map(|(coefficient, power)| u64::from(*coefficient) * u64::from(*power)).sum();
    u32::try_from(sum % u64::from(P)).expect("a residue fits")
}

/// By Fermat: the power of the prime less two.
fn inverse(number: u32) -> u32 {
    let (mut power, mut result, mut exponent) = (number, 1, P - 2);
    while exponent != 0 {
        if exponent & 1 == 1 {
            result = product(result, power);
        }
        power = product(power, power);
        exponent >>= 1;
    }
    result
}

/// Of two numbers below the prime.
#[inline]
fn product(left: u32, right: u32) -> u32 {
    residue(left * right)
}

/// Any number modulo the prime.
#[inline]
fn residue(number: u32) -> u32 {
    let folded = (number >> 16) * 39 + (number & 0xffff);
    let folded = (folded >> 16) * 39 + (folded & 0xffff);
    if folded < P { folded } else { folded - P }
}

#[cfg(test)]
mod tests {
    use super::{P, Polynomial, inverse, residue};

    #[test]
    fn residues_are_those_of_division() {
        let edges = [0, 1, P - 1, P, P + 1, 2 * P, 65_535, 65_536, (P - 1) * (P - 1), u32::MAX];
        let spread = (0..100_000_u32).map(|step| step.wrapping_mul(2_654_435_761));
        for number in edges.into_iter().chain(spread) {
            assert_eq!(residue(number), number % P, "{number}");
        }
    }

    #[test]
    fn inverses_give_one() {
        for number in [1, 2, 3, 40_000, P - 1] {
            assert_eq!(number * inverse(number) % P, 1);
        }
    }

    #[test]
    fn polynomial_goes_through_its_points() {
        for count in [1, 2, 3, 64, 127, 128] {
            let points: Vec<(u32, u32)> =
                (0..count).map(|step| (step * 509 % P, step * step * 7_919 % P)).collect();
            let places: Vec<u32> = points.iter().map(|point| point.0).collect();
            let values: Vec<u32> = points.iter().map(|point| point.1).collect();
            let polynomial = Polynomial::through(&points);
            assert_eq!(polynomial.values(&places), values);
            let beyond = usize::try_from(count).unwrap();
            assert!(polynomial.coefficients()[beyond..].iter().all(|coefficient| *coefficient == 0));
        }
    }

    #[test]
    fn polynomial_has_the_textbook_coefficients() {
        // Through (1, 6), (2, 11) and (3, 18): x^2 + 2x + 3.
        let polynomial = Polynomial::through(&[(1, 6), (2, 11), (3, 18)]);
        assert_eq!(polynomial.coefficients()[..4], [3, 2, 1, 0]);
        let taken = [(1, 6), (1 + P, 7), (2, 11), (3, 18)];
        assert_eq!(Polynomial::through(&taken), polynomial, "a place that is taken keeps its value");
    }
}
