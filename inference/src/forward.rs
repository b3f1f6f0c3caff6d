//! Forward: from tokens to hidden states, for several sequences at once, each with as many tokens as it likes.
//!
//! What a token comes to depends on nothing but its sequence up to it: not on its neighbours in the computation, nor on how
//! the sequence was cut into computations.

mod attention;
mod norm;
mod rotation;

use rayon::prelude::*;

use crate::cache::{Cache, KeyHead};
use crate::forward::attention::attend;
use crate::forward::norm::normalise;
use crate::forward::rotation::Rotation;
use crate::instructions::Instructions;
use crate::lanes::{Activations, LANES, Lanes};
use crate::matrix::{Matrix, multiply};
use crate::model::{Layer, Model};
use crate::narrow::index;
use crate::token::Token;

/// What a computation does for one sequence.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    /// What the sequence has so far; these tokens are added to it.
    pub(crate) cache: &'a mut Cache,
    pub(crate) tokens: &'a [Token],
    /// Hidden states are wanted from this one of the tokens on.
    pub(crate) wanted_from: usize,
}

/// The hidden states, after the last norm, of all tokens that are wanted, in the order of the work.
pub(crate) fn forward(model: &Model, work: &mut [Work<'_>], instructions: Instructions) -> Activations {
    work.iter_mut().for_each(|work| work.cache.reserve(work.tokens.len()));
    let mut state = embed(model, work, instructions);
    let rotation = Rotation::new(model, work);
    for (at, layer) in model.layers.iter().enumerate() {
        let normed = normalise(&state, &layer.attention_norm, model.shape.norm_epsilon);
        let mut mixed = multiply(&[&layer.query, &layer.key, &layer.value], &normed, instructions);
        let attended = mix(model, (at, &mut mixed), (work, &rotation), instructions);
        add(&mut state, &multiply(&[&layer.attention_output], &attended, instructions));
        let normed = normalise(&state, &layer.feed_norm, model.shape.norm_epsilon);
        let gated = feed(layer, &normed, instructions);
        add(&mut state, &multiply(&[&layer.down], &gated, instructions));
    }
    work.iter_mut().for_each(|work| work.cache.commit(work.tokens.len()));
    normalise(&wanted(&state, work), &model.norm, model.shape.norm_epsilon)
}

/// The logits of hidden states: a row of the vocabulary's size for each.
pub(crate) fn logits(model: &Model, hidden: &Activations, instructions: Instructions) -> Activations {
    multiply(&[model.output()], hidden, instructions)
}

fn embed(model: &Model, work: &[Work<'_>], instructions: Instructions) -> Activations {
    let tokens = work.iter().map(|work| work.tokens.len()).sum();
    let mut state = Activations::zero(model.shape.width / LANES, tokens);
    let all = work.iter().flat_map(|work| work.tokens);
    for (row, token) in all.enumerate() {
        let lanes: Vec<Lanes> = model.embedding.row(index(token.0), instructions);
        state.set_row(row, lanes.into_iter());
    }
    state
}

/// Rotates queries and keys, keeps keys and values, and lets every token look back.
fn mix(
    model: &Model,
    (layer, mixed): (usize, &mut Activations),
    (work, rotation): (&mut [Work<'_>], &Rotation),
    instructions: Instructions,
) -> Activations {
    let shape = &model.shape;
    let tokens = mixed.tokens();
    let rotated = (shape.query_width() + shape.key_width()) / LANES * tokens;
    rotation.rotate(&mut mixed.lanes_mut()[..rotated]);
    let (queries, rest) = mixed.lanes().split_at(shape.query_width() / LANES * tokens);
    let (keys, values) = rest.split_at(shape.key_width() / LANES * tokens);
    let panels = shape.head_width / LANES;
    let mut row = 0;
    for work in work.iter_mut() {
        let first = work.cache.positions();
        for at in first..first + work.tokens.len() {
            for head in 0..shape.key_heads {
                let key_head = KeyHead { layer, head };
                let all = (head * panels..(head + 1) * panels).map(|panel| panel * tokens + row);
                work.cache.set_key(key_head, at, all.clone().map(|at| keys[at]));
                work.cache.set_value(key_head, at, all.map(|at| values[at]));
            }
            row += 1;
        }
    }
    attend(shape, layer, (queries, work), instructions)
}

/// The gated part of a feed-forward layer.
fn feed(layer: &Layer, input: &Activations, instructions: Instructions) -> Activations {
    let mut both = multiply(&[&layer.gate, &layer.up], input, instructions);
    let tokens = both.tokens();
    let gates = layer.gate.panels();
    let (gate, up) = both.lanes_mut().split_at_mut(gates * tokens);
    let pairs = gate.par_chunks_mut(tokens).zip(up.par_chunks(tokens)).with_min_len(gates.div_ceil(8));
    pairs.for_each(|(gate, up)| instructions.gate(gate, up));
    both.truncate(gates);
    both
}

fn add(state: &mut Activations, change: &Activations) {
    let change = change.lanes().as_flattened();
    for (value, change) in state.lanes_mut().as_flattened_mut().iter_mut().zip(change) {
        *value += change;
    }
}

fn wanted(state: &Activations, work: &[Work<'_>]) -> Activations {
    let count = |work: &Work<'_>| work.tokens.len() - work.wanted_from;
    let mut rows = Activations::zero(state.panels(), work.iter().map(count).sum());
    let (mut from, mut to) = (0, 0);
    for work in work {
        for row in work.wanted_from..work.tokens.len() {
            rows.set_row(to, state.row(from + row).copied());
            to += 1;
        }
        from += work.tokens.len();
    }
    rows
}

impl Model {
    fn output(&self) -> &Matrix {
        self.output.as_ref().unwrap_or(&self.embedding)
    }
}
