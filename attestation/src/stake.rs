//! Stake: what a provider must have at risk, and what becomes of it when cheating is proven.
//!
//! Amounts are whole micro-CU. The engine holds the money and restates these rules; here they serve the simulation that shows why
//! they suffice, and whoever checks a slash from outside.

/// The open value that a stake covers, in stakes.
const OPEN_VALUE_STAKES: u64 = 4;
/// The slash, in values of the batch.
const SLASH_BATCHES: u64 = 5;
/// The margin over what just deters.
const DETERRENCE: u128 = 3;
const MILLION: u32 = 1_000_000;

/// What a stake is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The least that any provider stakes.
    pub minimum: u64,
    /// The price of everything sold and not yet final.
    pub open_value: u64,
    /// What cheating on one sequence saves.
    pub gain: u64,
    /// How likely one cheated sequence is found: audit rate times detection, in parts per million, 1 to 1,000,000.
    pub found_ppm: u32,
}

/// Where a slash goes. The parts add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slash {
    /// To the taker, as far as the lot bond left a loss uncovered.
    pub taker: u64,
    /// To the auditor who was drawn, a fixed bounty.
    pub auditor: u64,
    /// Destroyed, so that takers and finders who collude recover nothing.
    pub burned: u64,
}

impl Exposure {
    /// `max(minimum, open value / 4, 3 g (1 - q) / q)`, rounded up; `u64::MAX` when it does not fit. Panics unless
    /// `1 <= found_ppm <= 1,000,000`.
    pub fn stake(&self) -> u64 {
        assert!((1..=MILLION).contains(&self.found_ppm), "cheating is found with some probability");
        let missed = u128::from(MILLION - self.found_ppm);
        let deterring = (DETERRENCE * u128::from(self.gain) * missed).div_ceil(u128::from(self.found_ppm));
        let deterring = u64::try_from(deterring).unwrap_or(u64::MAX);
        self.minimum.max(self.open_value.div_ceil(OPEN_VALUE_STAKES)).max(deterring)
    }
}

/// The most that may be sold and not final, behind this stake.
pub fn open_value_max(stake: u64) -> u64 {
    stake.saturating_mul(OPEN_VALUE_STAKES)
}

impl Slash {
    /// `min(stake, 5 batches)`: first the taker's uncovered loss, then the bounty, and the rest burns.
    pub fn of(stake: u64, batch_value: u64, uncovered: u64, bounty: u64) -> Slash {
        let total = stake.min(batch_value.saturating_mul(SLASH_BATCHES));
        let taker = total.min(uncovered);
        let auditor = (total - taker).min(bounty);
        Slash { taker, auditor, burned: total - taker - auditor }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.taker + self.auditor + self.burned
    }
}

#[cfg(test)]
mod tests {
    use super::{Exposure, Slash, open_value_max};

    #[test]
    fn stake_is_the_largest_of_three() {
        let least = Exposure { minimum: 100, open_value: 0, gain: 0, found_ppm: 1_000_000 };
        assert_eq!(least.stake(), 100);
        assert_eq!(Exposure { open_value: 401, ..least }.stake(), 101, "rounded up");
        assert_eq!(Exposure { gain: 100, found_ppm: 250_000, ..least }.stake(), 900);
        assert_eq!(Exposure { gain: 1, found_ppm: 7_000, ..least }.stake(), 426, "rounded up");
        assert_eq!(Exposure { gain: u64::MAX, found_ppm: 1, ..least }.stake(), u64::MAX);
        assert_eq!(open_value_max(101), 404);
        assert_eq!(open_value_max(u64::MAX), u64::MAX);
    }

    #[test]
    fn slash_goes_down_the_waterfall() {
        let cases = [
            ((1_000, 100, 200, 50), (200, 50, 250)),
            ((300, 100, 200, 50), (200, 50, 50)),
            ((220, 100, 200, 50), (200, 20, 0)),
            ((150, 100, 200, 50), (150, 0, 0)),
            ((0, 100, 200, 50), (0, 0, 0)),
            ((u64::MAX, u64::MAX, 0, 0), (0, 0, u64::MAX)),
        ];
        for ((stake, batch, uncovered, bounty), (taker, auditor, burned)) in cases {
            let slash = Slash::of(stake, batch, uncovered, bounty);
            assert_eq!(slash, Slash { taker, auditor, burned });
            assert_eq!(slash.total(), stake.min(5_u64.saturating_mul(batch)));
        }
    }
}
