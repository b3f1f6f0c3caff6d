//! Margin: how far a token is from the one that the auditor's own model would have chosen.
//!
//! The auditor computes its own scores (logit over temperature, plus the sampler's noise; the plain logit at temperature 0)
//! and asks by how much the best of them beats the token that the provider gave. Scores are floats of the model;
//! what enters a verdict is whole micro-nats.

/// A margin is never counted as wider: 20 nats. A token outside the sampler's choice has this margin.
pub const MARGIN_MICRONATS_MAX: u64 = 20_000_000;

/// The auditor's view of one token of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// What the auditor would have chosen.
    pub best: u32,
    /// Its score, in nats.
    pub best_score: f64,
    /// The score of the token that was given; `None` when it is not among those that the sampler chooses from.
    pub given_score: Option<f64>,
}

/// The margins of an answer, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// Tokens compared.
    pub tokens: u32,
    /// Tokens that the auditor would have chosen too.
    pub equal: u32,
    /// The margins of the others, added up.
    pub micronats: u64,
    /// The widest of them.
    pub widest_micronats: u64,
}

impl Margins {
    /// Takes in one token. Panics beyond 2^32 of them.
    pub fn add(&mut self, given: u32, choice: &Choice) {
        self.tokens += 1;
        if given == choice.best {
            self.equal += 1;
            return;
        }
        let margin = choice.micronats();
        self.micronats += margin;
        self.widest_micronats = self.widest_micronats.max(margin);
    }
}

impl Choice {
    /// The margin in whole micro-nats, rounded down. What is no number counts as the widest.
    fn micronats(&self) -> u64 {
        let margin = self.given_score.map_or(f64::INFINITY, |given| self.best_score - given);
        whole_micronats(margin)
    }
}

/// Half the interval until the whole number is found: exact, and without a conversion that could go wrong unseen.
fn whole_micronats(nats: f64) -> u64 {
    let micro = nats * 1e6;
    let reaches = |bound: u32| f64::from(bound) <= micro;
    let most = u32::try_from(MARGIN_MICRONATS_MAX).expect("20 million fits");
    if nats.is_nan() || reaches(most) {
        return MARGIN_MICRONATS_MAX;
    }
    let (mut low, mut high) = (0, most);
    while 1 < high - low {
        let middle = u32::midpoint(low, high);
        if reaches(middle) { low = middle } else { high = middle }
    }
    u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::{Choice, MARGIN_MICRONATS_MAX, Margins};

    fn micronats(best_score: f64, given_score: Option<f64>) -> u64 {
        Choice { best: 0, best_score, given_score }.micronats()
    }

    #[test]
    fn margins_are_whole_micronats_rounded_down() {
        assert_eq!(micronats(1.0, Some(0.5)), 500_000);
        assert_eq!(micronats(2.5, Some(2.5)), 0);
        assert_eq!(micronats(1e-6, Some(0.0)), 1);
        assert_eq!(micronats(1.999_999e-6, Some(0.0)), 1);
        assert_eq!(micronats(0.9e-6, Some(0.0)), 0);
        assert_eq!(micronats(19.999_999_5, Some(0.0)), 19_999_999);
    }

    #[test]
    fn what_cannot_be_measured_counts_as_the_widest() {
        for (best, given) in [
            (1.0, None),
            (f64::NAN, Some(0.0)),
            (f64::INFINITY, Some(0.0)),
            (f64::INFINITY, Some(f64::INFINITY)),
            (100.0, Some(0.0)),
        ] {
            assert_eq!(micronats(best, given), MARGIN_MICRONATS_MAX, "{best} {given:?}");
        }
        // A token that beats the best cannot be, but may be asked.
        assert_eq!(micronats(0.0, Some(1.0)), 0);
    }

    #[test]
    fn tokens_are_added_up() {
        let mut margins = Margins::default();
        let choice = Choice { best: 7, best_score: 1.0, given_score: Some(0.75) };
        margins.add(7, &choice);
        margins.add(8, &choice);
        margins.add(9, &Choice { given_score: Some(0.5), ..choice });
        let expected = Margins { tokens: 3, equal: 1, micronats: 750_000, widest_micronats: 500_000 };
        assert_eq!(margins, expected);
    }
}
