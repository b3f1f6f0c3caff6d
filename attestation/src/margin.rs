//! Margin: how far a token is from the one that the auditor's own model would have drawn.
//!
//! The auditor computes its own scores: logit over temperature, plus the noise that the seed gives (the plain logit at temperature
//! 0). The margin is what the best score has more than the score of the token that the provider gave, in whole
//! micro-nats, rounded down. A token below the choice of the top k is further away by what its logit lacks.

/// A margin is never counted as wider: 20 nats.
pub const MARGIN_MICRONATS_MAX: u64 = 20_000_000;

/// The margins of an answer, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// Tokens compared.
    pub tokens: u32,
    /// Tokens without a margin: those that the auditor would have drawn too, or was within a millionth of a nat of drawing.
    pub equal: u32,
    /// The margins of the others, added up.
    pub micronats: u64,
    /// The widest of them.
    pub widest_micronats: u64,
}

impl Margins {
    /// Takes in one token. Panics beyond 2^32 of them.
    pub fn add(&mut self, micronats: u64) {
        let micronats = micronats.min(MARGIN_MICRONATS_MAX);
        self.tokens += 1;
        self.equal += u32::from(micronats == 0);
        self.micronats += micronats;
        self.widest_micronats = self.widest_micronats.max(micronats);
    }
}

#[cfg(test)]
mod tests {
    use super::{MARGIN_MICRONATS_MAX, Margins};

    #[test]
    fn tokens_are_added_up_to_a_bound_each() {
        let mut margins = Margins::default();
        [0, 250_000, 0, u64::MAX, 500_000].into_iter().for_each(|micronats| margins.add(micronats));
        let widest_micronats = MARGIN_MICRONATS_MAX;
        assert_eq!(margins, Margins { tokens: 5, equal: 2, micronats: 20_750_000, widest_micronats });
    }
}
