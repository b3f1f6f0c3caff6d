//! Plain: the same computation, written to be read: one token at a time, one number at a time, no cache of anything but keys and
//! values. What the engine computes must be this, bit for bit.

use std::collections::HashMap;

use crate::file::{FEED, HEADS, KEY_HEADS, LAYERS, WIDTH};

const HEAD: usize = WIDTH / HEADS;

/// A model's matrices, row by row.
pub(crate) struct Plain {
    pub(crate) weights: HashMap<String, Vec<f32>>,
}

impl Plain {
    /// The hidden state of every token, after the last norm, and its logits.
    pub(crate) fn read(&self, tokens: &[u32]) -> Vec<(Vec<f32>, Vec<f32>)> {
        let mut past = vec![Vec::new(); LAYERS];
        tokens.iter().enumerate().map(|(position, token)| self.token(*token, position, &mut past)).collect()
    }

    fn token(&self, token: u32, position: usize, past: &mut [Vec<[Vec<f32>; 2]>]) -> (Vec<f32>, Vec<f32>) {
        let from = usize::try_from(token).expect("it is small") * WIDTH;
        let mut state = self.weights["token_embd.weight"][from..][..WIDTH].to_vec();
        for (layer, past) in past.iter_mut().enumerate() {
            let named = |part: &str| format!("blk.{layer}.{part}.weight");
            let normed = self.norm(&state, &named("attn_norm"));
            let mut query = self.linear(&normed, &named("attn_q"));
            let mut key = self.linear(&normed, &named("attn_k"));
            let slower = self.weights.get("rope_freqs.weight").map(Vec::as_slice);
            rotate(&mut query, position, slower);
            rotate(&mut key, position, slower);
            past.push([key, self.linear(&normed, &named("attn_v"))]);
            add(&mut state, &self.linear(&attend(&query, past), &named("attn_output")));
            let normed = self.norm(&state, &named("ffn_norm"));
            let gate = self.linear(&normed, &named("ffn_gate"));
            let up = self.linear(&normed, &named("ffn_up"));
            let gated: Vec<f32> =
                gate.iter().zip(&up).map(|(gate, up)| gate / (1.0 + exponential(-gate)) * up).collect();
            assert_eq!(gated.len(), FEED);
            add(&mut state, &self.linear(&gated, &named("ffn_down")));
        }
        let hidden = self.norm(&state, "output_norm.weight");
        let is_tied = !self.weights.contains_key("output.weight");
        let logits = self.linear(&hidden, if is_tied { "token_embd.weight" } else { "output.weight" });
        (hidden, logits)
    }

    /// Each output is the sum of its products, in the order of the columns.
    fn linear(&self, input: &[f32], name: &str) -> Vec<f32> {
        let dot = |row: &[f32]| row.iter().zip(input).fold(0.0, |sum, (weight, value)| sum + weight * value);
        self.weights[name].chunks_exact(input.len()).map(dot).collect()
    }

    fn norm(&self, input: &[f32], name: &str) -> Vec<f32> {
        let squares: Vec<f32> = input.iter().map(|value| value * value).collect();
        let width = f32::from(u16::try_from(WIDTH).expect("it is small"));
        let length = (total(&squares) / width + 1e-5).sqrt();
        input.iter().zip(&self.weights[name]).map(|(value, weight)| value / length * weight).collect()
    }
}

/// 32 sums, of every 32nd value each; then halves are added.
fn total(values: &[f32]) -> f32 {
    let sum = |lane: usize| values.iter().skip(lane).step_by(32).fold(0.0, |sum, value| sum + value);
    let mut sums: Vec<f32> = (0..32).map(sum).collect();
    while 1 < sums.len() {
        let (first, second) = sums.split_at(sums.len() / 2);
        sums = first.iter().zip(second).map(|(a, b)| a + b).collect();
    }
    sums[0]
}

fn add(state: &mut [f32], change: &[f32]) {
    state.iter_mut().zip(change).for_each(|(value, change)| *value += change);
}

fn rotate(heads: &mut [f32], position: usize, slower: Option<&[f32]>) {
    for head in heads.chunks_exact_mut(HEAD) {
        for (pair, values) in head.chunks_exact_mut(2).enumerate() {
            let slower = slower.map_or(1.0, |slower| f64::from(slower[pair]));
            let [pair, width, position] =
                [pair, HEAD, position].map(|number| f64::from(u32::try_from(number).expect("it is small")));
            let angle = position * libm::pow(10_000.0, -2.0 * pair / width) / slower;
            let (cosine, sine) = (single(libm::cos(angle)), single(libm::sin(angle)));
            let (a, b) = (values[0], values[1]);
            values[0] = a * cosine - b * sine;
            values[1] = a * sine + b * cosine;
        }
    }
}

fn attend(query: &[f32], past: &[[Vec<f32>; 2]]) -> Vec<f32> {
    let mut output = Vec::new();
    for (head, query) in query.chunks_exact(HEAD).enumerate() {
        let from = head / (HEADS / KEY_HEADS) * HEAD;
        let scale = single(1.0 / f64::from(u32::try_from(HEAD).expect("it is small")).sqrt());
        let score = |key: &[f32]| query.iter().zip(key).fold(0.0, |sum, (a, b)| sum + a * b) * scale;
        let scores: Vec<f32> = past.iter().map(|[key, _]| score(&key[from..][..HEAD])).collect();
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = scores.iter().map(|score| exponential(score - highest)).collect();
        let total = total(&weights);
        for at in from..from + HEAD {
            let mixed =
                weights.iter().zip(past).fold(0.0, |sum, (weight, [_, value])| sum + weight * value[at]);
            output.push(mixed / total);
        }
    }
    output
}

/// Cephes' `expf`, as the engine defines it.
fn exponential(x: f32) -> f32 {
    if x < -87.0 {
        return 0.0;
    }
    let x = if 87.0 < x { 87.0 } else { x };
    let twos = (x * std::f32::consts::LOG2_E).round_ties_even();
    let rest = x - twos * 0.693_359_4 - twos * -2.121_944_4e-4;
    let coefficients = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    let series = coefficients.into_iter().reduce(|series, next| series * rest + next).expect("there are six");
    (series * rest * rest + rest + 1.0) * single(libm::exp2(f64::from(twos)))
}

#[allow(clippy::as_conversions, reason = "rounds to nearest")]
fn single(value: f64) -> f32 {
    value as f32
}
