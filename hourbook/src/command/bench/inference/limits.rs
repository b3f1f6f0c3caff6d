//! Limits: how fast this machine multiplies and reads its memory at most, and how much of that a model uses.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use inference::Engine;
use serde::Serialize;

/// Memory that is read: larger than the last cache of most machines.
const MEMORY_WORDS: usize = 64 << 20;
const MEMORY_BYTES: u64 = (64 << 20) * 4;
const RUNS: usize = 5;

/// The machine's limits, and the shares of them that were used.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Limits {
    /// Products and sums a second of the engine's own inner loop, all threads together, when nothing leaves the first cache.
    pub(super) multiply_gflops: u64,
    /// What all threads together read from memory.
    pub(super) memory_gb_per_s: u64,
    pub(super) prefill_of_multiply_pct: u64,
    pub(super) decode_of_multiply_pct: u64,
    pub(super) decode_of_memory_pct: u64,
}

impl Limits {
    /// Measures the limits; the shares are those of so many tokens a second read and written, so many sequences at once.
    pub(super) fn measure(engine: &Engine, [read, written]: [u64; 2], sequences: u32) -> Limits {
        let model = engine.model();
        let multiply = u128::from(engine.products_per_s()) * 2;
        let memory = u128::from(memory_per_s(engine.threads()));
        let weights = u128::try_from(model.weights()).unwrap_or_default();
        let percent = |used: u128, limit: u128| u64::try_from(100 * used / limit.max(1)).unwrap_or(u64::MAX);
        // Each thread that computes sequences of its own reads all weights in every step.
        let groups = u128::try_from(engine.groups(sequences)).unwrap_or(1);
        let bytes = u128::try_from(model.bytes()).unwrap_or_default() * groups;
        let giga = |value: u128| u64::try_from(value / 1_000_000_000).unwrap_or(u64::MAX);
        Limits {
            multiply_gflops: giga(multiply),
            memory_gb_per_s: giga(memory),
            prefill_of_multiply_pct: percent(2 * weights * u128::from(read), multiply),
            decode_of_multiply_pct: percent(2 * weights * u128::from(written), multiply),
            decode_of_memory_pct: percent(bytes * u128::from(written) / u128::from(sequences), memory),
        }
    }
}

/// Bytes a second.
fn memory_per_s(threads: usize) -> u64 {
    let words = vec![1_u32; MEMORY_WORDS];
    let mut best = u64::MAX;
    for _ in 0..RUNS {
        let started = Instant::now();
        thread::scope(|scope| {
            for words in words.chunks(MEMORY_WORDS.div_ceil(threads)) {
                scope.spawn(|| black_box(sum(words)));
            }
        });
        best = best.min(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    u64::try_from(u128::from(MEMORY_BYTES) * 1_000_000_000 / u128::from(best.max(1))).unwrap_or(u64::MAX)
}

/// In as many sums as wide registers need.
fn sum(words: &[u32]) -> u32 {
    let mut sums = [0_u32; 64];
    for words in words.as_chunks::<64>().0 {
        for (sum, word) in sums.iter_mut().zip(words) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().fold(0, |total, sum| total.wrapping_add(*sum))
}
