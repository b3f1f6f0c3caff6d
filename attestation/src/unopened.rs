//! Unopened: audited sequences that a provider did not show.
//!
//! One is unproven and counts as a flag. Batches with one, twice among a provider's last hundred, are treated as confirmed
//! cheating: else whoever is caught would rather stay silent.

/// Batches that are remembered.
const BATCHES: u32 = 100;
/// How many of them may lack an opening.
const FORGIVEN: u32 = 1;

/// Which of a provider's last hundred batches lacked an opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unopened(u128);

impl Unopened {
    /// Takes in a batch; says whether the provider is now treated as confirmed.
    pub fn add(&mut self, is_missing: bool) -> bool {
        let remembered = (1 << BATCHES) - 1;
        self.0 = (self.0 << 1 | u128::from(is_missing)) & remembered;
        is_missing && FORGIVEN < self.0.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::Unopened;

    #[test]
    fn second_within_a_hundred_batches_confirms() {
        for (between, confirms) in [(0, true), (1, true), (98, true), (99, false), (500, false)] {
            let mut unopened = Unopened::default();
            assert!(!unopened.add(true), "one is forgiven");
            assert!((0..between).all(|_| !unopened.add(false)));
            assert_eq!(unopened.add(true), confirms, "after {between} others");
        }
    }
}
