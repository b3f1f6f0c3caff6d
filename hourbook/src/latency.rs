//! Latency: how long each of many things took, and the quantiles of that.

use std::time::Duration;

/// Durations that were measured.
#[derive(Default)]
pub(crate) struct Latencies {
    micros: Vec<u64>,
}

impl Latencies {
    /// Adds one, rounded down to a microsecond.
    pub(crate) fn add(&mut self, duration: Duration) {
        self.micros.push(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many were added.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.micros.len()
    }

    /// For each of `per_mille` the least time, in microseconds, that so many thousandths did not exceed. Zero when
    /// nothing was measured.
    pub(crate) fn quantiles<const N: usize>(mut self, per_mille: [usize; N]) -> [u64; N] {
        self.micros.sort_unstable();
        per_mille.map(|part| {
            let rank = (self.micros.len() * part).div_ceil(1_000).max(1);
            self.micros.get(rank - 1).copied().unwrap_or(0)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Latencies;

    fn quantiles(micros: impl Iterator<Item = u64>) -> [u64; 3] {
        let mut latencies = Latencies::default();
        micros.for_each(|micros| latencies.add(Duration::from_micros(micros)));
        latencies.quantiles([500, 990, 999])
    }

    #[test]
    fn quantile_is_a_measured_time() {
        assert_eq!(quantiles((1..=1_000).rev()), [500, 990, 999]);
        assert_eq!(quantiles(1..=10), [5, 10, 10]);
        assert_eq!(quantiles(7..=7), [7, 7, 7]);
        assert_eq!(quantiles(std::iter::empty()), [0, 0, 0]);
    }
}
