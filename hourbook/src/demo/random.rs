//! Random: small choices of the demo's participants, each with a seed of its own.

/// A generator of numbers (xorshift64*, Vigna 2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator that is different for every seed.
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `bound`, which is above zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    /// One of `items`, if there are any.
    pub(super) fn choice<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(items.len()).ok().filter(|count| 0 < *count)?;
        items.get(usize::try_from(self.below(count)).ok()?)
    }
}
