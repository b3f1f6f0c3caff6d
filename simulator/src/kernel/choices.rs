//! Choices: named streams of random numbers. What is chosen depends on the seed and on whose choice it is, never on what
//! others chose before: what is left of a shortened run goes on choosing as it did.

use engine::index::mix64;
use engine::outcome::OutcomeHash;

/// Whose choices they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chooser {
    /// How rough this world is, and who lives in it.
    Profile,
    /// What is done, by the number of the act.
    Act,
    /// How long until it is done, by the number of the act.
    Gap,
    /// What becomes of a message, by the act and how often it was sent.
    Network,
    /// How long steps take, by the number of the step.
    Schedule,
    /// How long a sync takes and what it leaves, by the number of the write.
    Disk,
    /// What a crash leaves, by the number of the crash.
    Crash,
    /// Seeds that nobody could know.
    Draw,
    /// What a provider does in a slot, by the slot.
    Deed,
    /// How long a sync of evidence takes, by the number of the write.
    Evidence,
}

/// Where all choices of a run come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    key: u64,
}

impl Source {
    /// The choices of one seed in one scenario.
    pub(super) fn new(seed: u64, scenario: &str) -> Source {
        let mut name = OutcomeHash::default();
        name.bytes(scenario.as_bytes());
        let (high, low) = (name.value() >> 64, name.value() & u128::from(u64::MAX));
        let word = |half: u128| u64::try_from(half).expect("half of it is a word");
        Source { key: mix64(mix64(word(high), seed), word(low)) }
    }

    /// The choices of one chooser at one place.
    pub(super) fn stream(self, chooser: Chooser, index: u64) -> Choices {
        let whose = mix64(self.key, chooser.number());
        Choices { key: mix64(whose, index.wrapping_mul(0x9E37_79B9_7F4A_7C15)), drawn: 0 }
    }
}

impl Chooser {
    const fn number(self) -> u64 {
        match self {
            Chooser::Profile => 1,
            Chooser::Act => 2,
            Chooser::Gap => 3,
            Chooser::Network => 4,
            Chooser::Schedule => 5,
            Chooser::Disk => 6,
            Chooser::Crash => 7,
            Chooser::Draw => 8,
            Chooser::Deed => 9,
            Chooser::Evidence => 10,
        }
    }
}

/// A stream of numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices {
    key: u64,
    drawn: u64,
}

impl Choices {
    /// Any number.
    pub(super) fn word(&mut self) -> u64 {
        self.drawn += 1;
        mix64(self.key, self.drawn.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    /// A number below `bound`, which is above zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The higher half of the product: no division, and the same on every machine.
        let wide = u128::from(self.word()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("it is below the bound")
    }

    /// A number from `low` to below `high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low)
    }

    /// Whether something happens that happens so many times in 10,000.
    pub(super) fn happens(&mut self, in_ten_thousand: u64) -> bool {
        self.below(10_000) < in_ten_thousand
    }

    /// A place in a list of so many, which is not empty.
    pub(super) fn place(&mut self, length: usize) -> usize {
        let length = u64::try_from(length).expect("lists are short");
        usize::try_from(self.below(length)).expect("it is below the length")
    }

    /// One of these.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.place(of.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_apart_and_the_same_again() {
        let words = |seed, scenario, chooser, index| {
            let mut choices = Source::new(seed, scenario).stream(chooser, index);
            [choices.word(), choices.word(), choices.below(1_000)]
        };
        let first = words(1, "a", Chooser::Act, 0);
        assert_eq!(first, words(1, "a", Chooser::Act, 0));
        for other in [
            words(2, "a", Chooser::Act, 0),
            words(1, "b", Chooser::Act, 0),
            words(1, "a", Chooser::Gap, 0),
            words(1, "a", Chooser::Act, 1),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn choices_are_spread_evenly() {
        let mut choices = Source::new(7, "even").stream(Chooser::Act, 3);
        let mut counts = [0; 10];
        for _ in 0..100_000 {
            counts[choices.place(10)] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
