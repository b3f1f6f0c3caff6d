//! Attention: every token looks back over its sequence and takes of each position as much as its key fits.

use rayon::prelude::*;

use crate::cache::{Cache, KeyHead};
use crate::forward::Work;
use crate::instructions::{Block, Instructions, TOKENS_BLOCK};
use crate::lanes::{Activations, LANES, Lanes, ZERO, fold};
use crate::narrow::{number, single};
use crate::shape::Shape;

/// What all heads have in common while one layer is computed.
struct Heads<'a> {
    shape: &'a Shape,
    layer: usize,
    /// All heads' queries, panel by panel.
    queries: &'a [Lanes],
    tokens: usize,
    scale: f32,
    instructions: Instructions,
}

/// Up to four neighbouring tokens of a sequence.
struct Span<'a> {
    cache: &'a Cache,
    /// The first one's row in the computation, and its position in the sequence.
    row: usize,
    position: usize,
    count: usize,
}

/// What every head of every token takes from its sequence.
pub(crate) fn attend(
    shape: &Shape,
    layer: usize,
    (queries, work): (&[Lanes], &[Work<'_>]),
    instructions: Instructions,
) -> Activations {
    let tokens = work.iter().map(|work| work.tokens.len()).sum();
    let scale = single(1.0 / f64::from(number(shape.head_width)).sqrt());
    let heads = Heads { shape, layer, queries, tokens, scale, instructions };
    let mut output = Activations::zero(shape.query_width() / LANES, tokens);
    let chunk = shape.head_width / LANES * tokens;
    let each = |(head, out): (usize, &mut [Lanes])| {
        let mut row = 0;
        for work in work {
            for at in (0..work.tokens.len()).step_by(TOKENS_BLOCK) {
                let count = TOKENS_BLOCK.min(work.tokens.len() - at);
                let span =
                    Span { cache: work.cache, row: row + at, position: work.cache.positions() + at, count };
                heads.attend(head, &span, out);
            }
            row += work.tokens.len();
        }
    };
    output.lanes_mut().par_chunks_mut(chunk).enumerate().for_each(each);
    output
}

impl Heads<'_> {
    fn attend(&self, head: usize, span: &Span<'_>, out: &mut [Lanes]) {
        let key_head = head / (self.shape.heads / self.shape.key_heads);
        let key_head = KeyHead { layer: self.layer, head: key_head };
        let panels = self.shape.head_width / LANES;
        let pages = (span.position + span.count).div_ceil(LANES);
        let queries = &self.queries[head * panels * self.tokens..];
        let queries = Block { lanes: queries, tokens: self.tokens, first: span.row };
        let mut scores = vec![ZERO; pages * span.count];
        for (page, scores) in scores.chunks_exact_mut(span.count).enumerate() {
            self.instructions.accumulate(span.cache.keys(key_head, page), queries, scores);
        }
        let totals = self.weigh(&mut scores, span);
        for panel in 0..panels {
            let mut sums = [ZERO; TOKENS_BLOCK];
            let sums = &mut sums[..span.count];
            for page in 0..pages {
                let weights = Block { lanes: &scores[page * span.count..], tokens: span.count, first: 0 };
                let values = span.cache.values(key_head, page, panel);
                self.instructions.accumulate(values, weights, sums);
            }
            let places = out[panel * self.tokens + span.row..].iter_mut();
            for ((place, sums), total) in places.zip(sums).zip(&totals) {
                *place = sums.map(|sum| sum / total);
            }
        }
    }

    /// Turns scores into weights, and returns their sum for each token. Positions after a token weigh nothing.
    fn weigh(&self, scores: &mut [Lanes], span: &Span<'_>) -> Vec<f32> {
        for (page, scores) in scores.chunks_exact_mut(span.count).enumerate() {
            for (token, lanes) in scores.iter_mut().enumerate() {
                let seen = (span.position + token + 1).saturating_sub(page * LANES).min(LANES);
                lanes[seen..].fill(f32::NEG_INFINITY);
            }
        }
        self.instructions.weigh(scores, span.count, self.scale);
        let mut sums = [ZERO; TOKENS_BLOCK];
        for scores in scores.chunks_exact(span.count) {
            for (sums, weights) in sums.iter_mut().zip(scores) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += weight;
                }
            }
        }
        sums[..span.count].iter().map(fold).collect()
    }
}
