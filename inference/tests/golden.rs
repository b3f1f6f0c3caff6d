//! Golden: what the tiny model answers, for ever. A change of any number in the engine shows here.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use inference::{Decoder, Engine, Job, Model, Terms};

const SEED: [u8; 32] = *b"the same answer on every machine";

/// The tokens of an answer, and a hash over all hidden states that they were drawn from.
fn answer(temperature: u32) -> (Vec<u32>, String) {
    let engine = Engine::new(Arc::new(Model::tiny()), None).unwrap();
    let prompt = engine.model().question("What is a bid?").unwrap();
    let mut decoder = Decoder::new(&engine, Terms { seed: SEED, temperature, top_k: 50 }, 1).unwrap();
    decoder.push(Job { sequence: 3, prompt, tokens_max: 24 }).unwrap();
    let (mut tokens, mut hash) = (Vec::new(), blake3::Hasher::new());
    decoder
        .run(&mut |drawn| {
            tokens.push(drawn.token.0);
            drawn.hidden.iter().for_each(|value| {
                hash.update(&value.to_le_bytes());
            });
        })
        .unwrap();
    (tokens, hash.finalize().to_hex()[..16].to_owned())
}

#[test]
fn tiny_model_answers_as_ever() {
    let prompt: Vec<u32> =
        Model::tiny().question("What is a bid?").unwrap().iter().map(|token| token.0).collect();
    assert_eq!(prompt, PROMPT);
    assert_eq!(answer(1_000_000), (DRAWN.to_vec(), DRAWN_HIDDEN.to_owned()));
    assert_eq!(answer(0), (HIGHEST.to_vec(), HIGHEST_HIDDEN.to_owned()));
}

const PROMPT: [u32; 24] = [
    257, 117, 115, 259, 10, 87, 104, 291, 409, 260, 469, 63, 258, 10, 257, 97, 115, 115, 105, 303, 97, 110,
    116, 10,
];
const DRAWN: [u32; 7] = [445, 376, 343, 322, 316, 329, 258];
const DRAWN_HIDDEN: &str = "74ea65a90133f813";
const HIGHEST: [u32; 24] = [
    402, 376, 343, 322, 445, 461, 430, 343, 318, 343, 343, 343, 343, 343, 343, 343, 343, 343, 343, 343, 343,
    343, 343, 343,
];
const HIGHEST_HIDDEN: &str = "9cfdf86ee348e953";
