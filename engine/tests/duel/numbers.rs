//! Numbers: where the choices of a random operation come from.

use engine::index::mix64;

/// A source of choices.
pub(crate) trait Numbers {
    /// A number below `bound`, which is above zero.
    fn below(&mut self, bound: u64) -> u64;

    /// One of several.
    fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        let bound = u64::try_from(choices.len()).expect("few choices");
        choices[usize::try_from(self.below(bound)).expect("few choices")]
    }
}

/// Choices without end from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Numbers for Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix64(self.0, 0x5EED);
        self.0 % bound
    }
}

/// Choices that bytes make: one byte each, or four where one is too few. Behind the end all are zero.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u64 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        u64::from(*first)
    }
}

impl Numbers for Bytes<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        let bytes = if bound <= 256 { 1 } else { 4 };
        let number = (0..bytes).fold(0, |number, _| number << 8 | self.next());
        number % bound
    }
}
