//! Sampler: which token comes next, as the seed says, so that anyone who knows the seed can say it again.
//!
//! Among the `top_k` highest logits, the highest `score = logit / temperature + noise` wins. The noise is
//! `-ln(-ln u)`, drawn from the seed, the sequence, the position and the token alone: this is sampling from the softmax (the
//! Gumbel-max method), with no choice left to whoever computes. What a changed model or an old answer would have drawn does not fit.

use std::cmp::Ordering;

use crate::lanes::{Activations, LANES, Lanes};
use crate::narrow::{double, number, whole};
use crate::token::Token;

/// Millionths of a temperature of one.
const TEMPERATURE_UNIT: f64 = 1_000_000.0;
/// Millionths of a nat.
const MICRO_NATS: f64 = 1_000_000.0;

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Fresh for every attested batch.
    pub seed: [u8; 32],
    /// In millionths: 1,000,000 samples as the model says, 0 always takes the highest logit.
    pub temperature: u32,
    /// How many of the highest logits may be drawn; above the vocabulary's size, and 0, all of them.
    pub top_k: u32,
}

/// Where a token stands: of which sequence, and after how many generated tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The sequence's index in its attested batch.
    pub sequence: u32,
    /// Tokens generated before, the prompt not counted.
    pub position: u32,
}

/// The logits of one hidden state.
#[derive(Clone, Copy, Debug)]
pub struct Logits<'a> {
    rows: &'a Activations,
    row: usize,
    vocabulary: usize,
}

/// A token that may be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    logit: f32,
    token: u32,
}

impl<'a> Logits<'a> {
    pub(crate) fn new(rows: &'a Activations, row: usize, vocabulary: usize) -> Logits<'a> {
        Logits { rows, row, vocabulary }
    }

    /// One number for each token of the vocabulary, in order.
    pub fn values(&self) -> impl Iterator<Item = f32> + '_ {
        self.rows.row(self.row).flatten().copied().take(self.vocabulary)
    }

    fn of(&self, token: Token) -> Option<f32> {
        self.values().nth(crate::narrow::index(token.0))
    }

    /// The `count` highest, the higher first, of equals the lower token first.
    fn highest(&self, count: usize) -> Vec<Candidate> {
        let mut kept: Vec<Candidate> = Vec::with_capacity(2 * count);
        let mut floor = f32::NEG_INFINITY;
        for (panel, lanes) in self.rows.row(self.row).enumerate() {
            // Most panels have nothing that counts, and are passed over at one glance.
            if !is_any_above(lanes, floor) {
                continue;
            }
            let from = panel * LANES;
            for (lane, logit) in lanes.iter().enumerate().take(self.vocabulary.saturating_sub(from)) {
                if floor < *logit {
                    kept.push(Candidate { logit: *logit, token: number(from + lane) });
                }
            }
            if 2 * count <= kept.len() {
                // In no order yet: that takes longer than leaving the lower half out.
                let (_, last, _) = kept.select_nth_unstable_by(count - 1, Candidate::order);
                floor = last.logit;
                kept.truncate(count);
            }
        }
        kept.sort_unstable_by(Candidate::order);
        kept.truncate(count);
        kept
    }
}

/// Whether any lane is above. All are looked at, so that the loop has no branch.
fn is_any_above(lanes: &Lanes, floor: f32) -> bool {
    lanes.iter().fold(false, |any, lane| any | (floor < *lane))
}

impl Candidate {
    /// The higher first, of equals the lower token first.
    fn order(&self, other: &Candidate) -> Ordering {
        other.logit.total_cmp(&self.logit).then(self.token.cmp(&other.token))
    }
}

impl Terms {
    /// The token that is drawn at a place. What is not a number is never drawn.
    pub fn draw(&self, logits: &Logits<'_>, place: Place) -> Token {
        self.best(&self.candidates(logits), place).0
    }

    /// How far `token` is from being the one that is drawn, in millionths of a nat: 0 for that token itself.
    ///
    /// A token below the highest `top_k` is further away by what its logit lacks of theirs.
    pub fn margin(&self, logits: &Logits<'_>, place: Place, token: Token) -> u64 {
        let candidates = self.candidates(logits);
        let (drawn, best) = self.best(&candidates, place);
        if drawn == token {
            return 0;
        }
        let Some(logit) = logits.of(token) else { return u64::MAX };
        let lacks = candidates.last().map_or(0.0, |last| f64::from(last.logit) - f64::from(logit)).max(0.0);
        let behind = (best - self.score(Candidate { logit, token: token.0 }, place)).max(0.0);
        let margin = behind + lacks / self.divisor();
        if margin.is_nan() { u64::MAX } else { whole(margin * MICRO_NATS) }
    }

    /// The same for the logits of another engine: one for each token, in order.
    pub fn margin_of_values(&self, logits: &[f32], place: Place, token: Token) -> u64 {
        let mut rows = Activations::zero(logits.len().div_ceil(LANES), 1);
        for (lane, logit) in rows.lanes_mut().as_flattened_mut().iter_mut().zip(logits) {
            *lane = *logit;
        }
        self.margin(&Logits::new(&rows, 0, logits.len()), place, token)
    }

    fn candidates(&self, logits: &Logits<'_>) -> Vec<Candidate> {
        let top_k = crate::narrow::index(self.top_k);
        let count = match (self.temperature, top_k) {
            (0, _) => 1,
            (_, 0) => logits.vocabulary,
            _ => top_k.min(logits.vocabulary),
        };
        logits.highest(count)
    }

    /// Of equal scores the lower token wins.
    fn best(&self, candidates: &[Candidate], place: Place) -> (Token, f64) {
        let mut best: Option<(u32, f64)> = None;
        for candidate in candidates {
            let score = self.score(*candidate, place);
            let wins =
                best.is_none_or(|(token, high)| high < score || (high == score && candidate.token < token));
            if wins {
                best = Some((candidate.token, score));
            }
        }
        best.map_or((Token(0), f64::NEG_INFINITY), |(token, score)| (Token(token), score))
    }

    fn score(&self, candidate: Candidate, place: Place) -> f64 {
        let logit = f64::from(candidate.logit);
        if self.temperature == 0 {
            logit
        } else {
            logit / self.divisor() + self.noise(place, candidate.token)
        }
    }

    fn divisor(&self) -> f64 {
        if self.temperature == 0 { 1.0 } else { f64::from(self.temperature) / TEMPERATURE_UNIT }
    }

    /// `-ln(-ln u)`, with `u = (x + 1/2) / 2^53` of the upper 53 bits x of the keyed hash's first eight bytes.
    fn noise(&self, place: Place, token: u32) -> f64 {
        let mut message = [0; 12];
        message[..4].copy_from_slice(&place.sequence.to_le_bytes());
        message[4..8].copy_from_slice(&place.position.to_le_bytes());
        message[8..].copy_from_slice(&token.to_le_bytes());
        let hash = blake3::keyed_hash(&self.seed, &message);
        let bytes = hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
        let drawn = u64::from_le_bytes(*bytes) >> 11;
        let uniform = (double(drawn) + 0.5) / double(1 << 53);
        -libm::log(-libm::log(uniform))
    }
}
