//! Measured: how far honest computations of the exchange's model were found to be from each other. The exchange signs it as its calibration.

use attestation::calibration::{NumericClass, Spread};
use attestation::statistic::PerStatistic;

/// How honest sequences are spread, for all providers of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// How exactly they compute.
    pub class: NumericClass,
    /// How many sequences were measured: at least 1.
    pub sequences: u32,
    /// How each statistic is spread among them.
    pub spreads: PerStatistic<Spread>,
}

impl Measured {
    /// Every provider computes bit for bit what the reference engine does.
    pub const EXACT: Measured = Measured {
        class: NumericClass::Exact,
        sequences: 1,
        spreads: [Spread { mean: 0, deviation: 0, most: 0 }; 4],
    };
}
