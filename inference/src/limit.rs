//! Limit: how many products the engine's inner loop does when it waits for nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::instructions::{Block, TOKENS_BLOCK};
use crate::lanes::{LANES, ZERO};
use crate::narrow::number;

/// How long each thread multiplies.
const TIME: Duration = Duration::from_millis(300);
/// Columns of the tile that is multiplied again and again.
const COLUMNS: usize = 128;
/// Passes between two looks at the clock.
const PASSES: u64 = 1_000;

impl Engine {
    /// Products of a weight and a value, each added to a sum, that all threads together do in a second when everything is in
    /// their first caches. No model is computed faster.
    pub fn products_per_s(&self) -> u64 {
        self.broadcast(&|| self.multiply()).into_iter().sum()
    }

    fn multiply(&self) -> u64 {
        let tile = [[1.0; LANES]; COLUMNS];
        let values = [[0.5; LANES]; COLUMNS / LANES * TOKENS_BLOCK];
        let block = Block { lanes: &values, tokens: TOKENS_BLOCK, first: 0 };
        let mut sums = [ZERO; TOKENS_BLOCK];
        let (started, mut passes) = (Instant::now(), 0);
        while started.elapsed() < TIME {
            for _ in 0..PASSES {
                self.instructions().accumulate(black_box(&tile), block, &mut sums);
            }
            passes += PASSES;
        }
        black_box(sums);
        let products = u128::from(passes) * u128::from(number(COLUMNS * LANES * TOKENS_BLOCK));
        u64::try_from(products * 1_000_000_000 / started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
