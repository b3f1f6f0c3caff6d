//! Sample: which sequences of a batch are audited.
//!
//! Each sequence has a draw: the first 8 bytes of a hash of beacon and index. It is audited when the draw is below the rate. When none
//! is, the one with the smallest draw is, so that every batch is looked into.

use crate::beacon::Beacon;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::rate::AuditRate;

/// The indexes audited in a batch of `count` sequences, in ascending order: at least one, if there are any.
pub fn sample(beacon: &Beacon, rate: AuditRate, count: u32) -> Vec<u32> {
    let (digest, rate) = match beacon {
        Beacon::Whole(digest) => (*digest, rate),
        Beacon::Alone(digest) => (*digest, rate.raised()),
        Beacon::Missing => return (0..count).collect(),
    };
    let bound = bound(rate);
    let drawn: Vec<u32> = (0..count).filter(|index| u128::from(draw(digest, *index)) < bound).collect();
    if drawn.is_empty() {
        return (0..count).min_by_key(|index| (draw(digest, *index), *index)).into_iter().collect();
    }
    drawn
}

/// The others: what a second stage looks at, fresh. All of them again, if there are no others.
pub fn rest(sample: &[u32], count: u32) -> Vec<u32> {
    let rest: Vec<u32> = (0..count).filter(|index| sample.binary_search(index).is_err()).collect();
    if rest.is_empty() { (0..count).collect() } else { rest }
}

fn draw(beacon: Digest, index: u32) -> u64 {
    Digest::of(Domain::DRAW, &[&beacon.0, &index.to_le_bytes()]).first_u64()
}

/// The rate as a part of 2^64.
fn bound(rate: AuditRate) -> u128 {
    (u128::from(rate.ppm()) << 64) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::{rest, sample};
    use crate::beacon::Beacon;
    use crate::digest::Digest;
    use crate::rate::AuditRate;

    fn beacons() -> impl Iterator<Item = Digest> {
        (0..200_u8).map(|byte| Digest([byte; 32]))
    }

    #[test]
    fn sample_follows_the_rate() {
        for ppm in [10_000, 62_500, 250_000] {
            let rate = AuditRate::new(ppm).unwrap();
            let drawn: usize =
                beacons().map(|beacon| sample(&Beacon::Whole(beacon), rate, 1_000).len()).sum();
            let expected = usize::try_from(ppm).unwrap() / 5;
            assert!(expected.abs_diff(drawn) < expected / 10, "{drawn} of 200,000 at {ppm}");
        }
        assert_eq!(sample(&Beacon::Whole(Digest::NONE), AuditRate::ALL, 50), (0..50).collect::<Vec<u32>>());
    }

    #[test]
    fn every_batch_is_looked_into() {
        let mut found = [false; 4];
        for beacon in beacons() {
            let drawn = sample(&Beacon::Whole(beacon), AuditRate::MIN, 4);
            assert!(!drawn.is_empty());
            drawn.iter().for_each(|index| found[usize::try_from(*index).unwrap()] = true);
        }
        assert_eq!(found, [true; 4], "whichever has the smallest draw");
    }

    #[test]
    fn missing_secrets_are_paid_for_in_audits() {
        let all: Vec<u32> = (0..1_000).collect();
        assert_eq!(sample(&Beacon::Missing, AuditRate::MIN, 1_000), all);
        let alone: usize =
            beacons().map(|beacon| sample(&Beacon::Alone(beacon), AuditRate::MIN, 1_000).len()).sum();
        assert!(8_000_usize.abs_diff(alone) < 800, "{alone} of 200,000 at 40,000 ppm");
    }

    #[test]
    fn rest_is_fresh() {
        assert_eq!(rest(&[1, 3], 5), [0, 2, 4]);
        assert_eq!(rest(&[0, 1, 2], 3), [0, 1, 2], "nothing is fresh: all again");
    }
}
