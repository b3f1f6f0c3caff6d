//! Budget: how often something may be asked for: so many at once, and so many each second.
//!
//! A token bucket, kept as the one time at which it will be full again. Several connections take from it at the same
//! time, without a lock. Time comes from whoever takes.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::venue::Rate;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What may still be asked for.
#[derive(Debug, Default)]
pub struct Budget {
    /// When nothing will be missing any more, in nanoseconds since 1970.
    full_at: AtomicU64,
}

/// The budget has too little left. Nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// How many nanoseconds until there will be enough.
    pub wait_nanos: u64,
}

impl Budget {
    /// Takes `count` at `now`, nanoseconds since 1970. More than may be asked for at once is taken as that much, so that
    /// it waits for a full budget, not for ever.
    ///
    /// # Errors
    /// `Spent` when too little is left.
    pub fn take(&self, rate: Rate, now: u64, count: u32) -> Result<(), Spent> {
        let (each, whole) = spans(rate);
        let cost = each.saturating_mul(count.into()).min(whole);
        let latest = now.saturating_add(whole);
        let mut seen = self.full_at.load(Ordering::Relaxed);
        loop {
            let full_at = seen.max(now).saturating_add(cost);
            if latest < full_at {
                return Err(Spent { wait_nanos: full_at - latest });
            }
            match self.full_at.compare_exchange_weak(seen, full_at, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => seen = changed,
            }
        }
    }

    /// How many may be asked for at once now.
    pub fn left(&self, rate: Rate, now: u64) -> u32 {
        let (each, whole) = spans(rate);
        let missing = self.full_at.load(Ordering::Relaxed).saturating_sub(now);
        u32::try_from(whole.saturating_sub(missing) / each).unwrap_or(u32::MAX)
    }

    /// Whether nothing is missing.
    pub fn is_full(&self, now: u64) -> bool {
        self.full_at.load(Ordering::Relaxed) <= now
    }
}

/// Nanoseconds for one, and for all that may be asked for at once. A rate of nothing is taken as one each second.
fn spans(rate: Rate) -> (u64, u64) {
    let each = NANOS_PER_SECOND / u64::from(rate.per_s.max(1));
    (each, each.saturating_mul(rate.burst.max(1).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_s: 100, burst: 200 };
    const NOW: u64 = 1_795_356_000_000_000_000;

    #[test]
    fn a_burst_is_taken_and_comes_back() {
        let budget = Budget::default();
        for taken in 0..200 {
            assert_eq!(budget.left(RATE, NOW), 200 - taken);
            assert_eq!(budget.take(RATE, NOW, 1), Ok(()));
        }
        assert_eq!(budget.take(RATE, NOW, 1), Err(Spent { wait_nanos: 10_000_000 }));
        assert_eq!(budget.take(RATE, NOW, 3), Err(Spent { wait_nanos: 30_000_000 }));
        assert_eq!(budget.take(RATE, NOW + 10_000_000, 1), Ok(()));
        assert!(!budget.is_full(NOW + 1_999_999_999));
        assert!(budget.is_full(NOW + 2_010_000_000));
        assert_eq!(budget.left(RATE, NOW + 900_000_000_000), 200, "it is never more than full");
    }

    #[test]
    fn more_than_fits_waits_for_a_full_budget() {
        let budget = Budget::default();
        assert_eq!(budget.take(RATE, NOW, 1_000), Ok(()));
        assert_eq!(budget.take(RATE, NOW, 1_000), Err(Spent { wait_nanos: 2_000_000_000 }));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let budget = Budget::default();
        assert_eq!(budget.take(RATE, NOW, 200), Ok(()));
        assert!(budget.take(RATE, NOW - 5_000_000_000, 1).is_err());
    }

    #[test]
    fn connections_share_it_exactly() {
        let budget = Budget::default();
        let taken: u32 = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    scope
                        .spawn(|| (0..200).map(|_| u32::from(budget.take(RATE, NOW, 1).is_ok())).sum::<u32>())
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().expect("nothing panics")).sum()
        });
        assert_eq!(taken, 200);
    }
}
