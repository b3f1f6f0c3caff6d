//! Formats: a model in every format of weights is what its weights in f32 are, computed one number at a time.

#![allow(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod file;
mod plain;

use std::collections::HashMap;
use std::sync::Arc;

use half::{bf16, f16};
use inference::{Engine, Instructions, Model, Token};

use crate::file::{File, Tensor};
use crate::plain::Plain;

/// More than a page of positions.
const TEXT: &[u8; 41] = b"An order rests in the book until the gate";

/// A format's number in a file, the weights and bytes of a block, where scales stand in it, and what a block means.
struct Format {
    number: u32,
    values: usize,
    bytes: usize,
    /// Offsets of 16-bit floats, which are made small.
    scales: &'static [usize],
    weights: fn(&[u8]) -> Vec<f32>,
}

const FORMATS: [(&str, Format); 8] = [
    (
        "F32",
        Format {
            number: 0,
            values: 1,
            bytes: 4,
            scales: &[],
            weights: |block| vec![f32::from_le_bytes(block.try_into().unwrap())],
        },
    ),
    ("F16", Format { number: 1, values: 1, bytes: 2, scales: &[], weights: |block| vec![half(block)] }),
    (
        "BF16",
        Format {
            number: 30,
            values: 1,
            bytes: 2,
            scales: &[],
            weights: |block| vec![bf16::from_le_bytes(block.try_into().unwrap()).to_f32()],
        },
    ),
    ("Q4_0", Format { number: 2, values: 32, bytes: 18, scales: &[0], weights: q4_0 }),
    ("Q4_1", Format { number: 3, values: 32, bytes: 20, scales: &[0, 2], weights: q4_1 }),
    ("Q8_0", Format { number: 8, values: 32, bytes: 34, scales: &[0], weights: q8_0 }),
    ("Q4_K", Format { number: 12, values: 256, bytes: 144, scales: &[0, 2], weights: q4_k }),
    ("Q6_K", Format { number: 14, values: 256, bytes: 210, scales: &[208], weights: q6_k }),
];

fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes(bytes[..2].try_into().unwrap()).to_f32()
}

fn q4_0(block: &[u8]) -> Vec<f32> {
    let low = block[2..].iter().map(|byte| byte & 15);
    let high = block[2..].iter().map(|byte| byte >> 4);
    low.chain(high).map(|code| (f32::from(code) - 8.0) * half(block)).collect()
}

fn q4_1(block: &[u8]) -> Vec<f32> {
    let low = block[4..].iter().map(|byte| byte & 15);
    let high = block[4..].iter().map(|byte| byte >> 4);
    low.chain(high).map(|code| f32::from(code) * half(block) + half(&block[2..])).collect()
}

fn q8_0(block: &[u8]) -> Vec<f32> {
    block[2..].iter().map(|byte| f32::from(i8::from_le_bytes([*byte])) * half(block)).collect()
}

/// As ggml's `dequantize_row_q4_K` walks: 64 weights at a time, low halves first.
fn q4_k(block: &[u8]) -> Vec<f32> {
    let scales = &block[4..16];
    let six_bits = |at: usize| -> (u8, u8) {
        if at < 4 {
            (scales[at] & 63, scales[at + 4] & 63)
        } else {
            (
                (scales[at + 4] & 0xF) | ((scales[at - 4] >> 6) << 4),
                (scales[at + 4] >> 4) | ((scales[at] >> 6) << 4),
            )
        }
    };
    let mut weights = Vec::new();
    for (pair, bytes) in block[16..].chunks_exact(32).enumerate() {
        for (side, shift) in [(0, 0), (1, 4)] {
            let (scale, offset) = six_bits(2 * pair + side);
            let (scale, offset) = (half(block) * f32::from(scale), half(&block[2..]) * f32::from(offset));
            weights.extend(bytes.iter().map(|byte| scale * f32::from(byte >> shift & 15) - offset));
        }
    }
    weights
}

/// As ggml's `dequantize_row_q6_K` walks: 128 weights at a time, four from each place.
fn q6_k(block: &[u8]) -> Vec<f32> {
    let mut weights = vec![0.0; 256];
    for side in 0..2 {
        let (low, high, scales) = (&block[side * 64..], &block[128 + side * 32..], &block[192 + side * 8..]);
        for at in 0..32 {
            let codes = [
                (low[at] & 15) | ((high[at] & 3) << 4),
                (low[at + 32] & 15) | ((high[at] >> 2 & 3) << 4),
                (low[at] >> 4) | ((high[at] >> 4 & 3) << 4),
                (low[at + 32] >> 4) | ((high[at] >> 6 & 3) << 4),
            ];
            for (quarter, code) in codes.into_iter().enumerate() {
                let scale = i8::from_le_bytes([scales[at / 16 + 2 * quarter]]);
                let code = f32::from(i8::try_from(code).unwrap() - 32);
                weights[side * 128 + quarter * 32 + at] = half(&block[208..]) * f32::from(scale) * code;
            }
        }
    }
    weights
}

impl Format {
    /// Random blocks. Floats and scales are made small, so that hidden states stay finite.
    fn blocks(&self, name: &str, weights: usize) -> Vec<u8> {
        let mut bytes = vec![0; weights / self.values * self.bytes];
        blake3::Hasher::new_derive_key("blocks").update(name.as_bytes()).finalize_xof().fill(&mut bytes);
        for block in bytes.chunks_exact_mut(self.bytes) {
            let small = |seed: u8| (f32::from(seed) - 127.5) / 2048.0;
            match self.number {
                0 => block.copy_from_slice(&small(block[0]).to_le_bytes()),
                1 => block.copy_from_slice(&f16::from_f32(small(block[0])).to_le_bytes()),
                30 => block.copy_from_slice(&bf16::from_f32(small(block[0])).to_le_bytes()),
                _ => {
                    for at in self.scales {
                        // Codes reach from a few to a thousand, so scales differ by format.
                        let reach = if self.number < 12 { 0.02 } else { 0.0002 };
                        let scale = f16::from_f32(small(block[*at]) * reach * 16.0);
                        block[*at..at + 2].copy_from_slice(&scale.to_le_bytes());
                    }
                }
            }
        }
        bytes
    }

    fn weights(&self, tensor: &Tensor) -> Vec<f32> {
        tensor.blocks.chunks_exact(self.bytes).flat_map(|block| (self.weights)(block)).collect()
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// What the engine reads, and what the plain computation of the dequantised weights comes to.
fn check(name: &str, file: &File, weights: HashMap<String, Vec<f32>>) {
    let tokens = TEXT.map(u32::from);
    let expected = Plain { weights }.read(&tokens);
    let model = Arc::new(Model::parse(&file.bytes()).unwrap());
    let tokens = tokens.map(Token);
    for instructions in Instructions::all() {
        let engine = Engine::with(model.clone(), Some(2), instructions).unwrap();
        let mut count = 0;
        let mut take = |at: usize, hidden: &[f32], logits: &inference::Logits<'_>| {
            let (expected_hidden, expected_logits) = &expected[at];
            assert_eq!(bits(hidden), bits(expected_hidden), "hidden state {at} in {name}, {instructions}");
            let logits: Vec<f32> = logits.values().collect();
            assert_eq!(bits(&logits), bits(expected_logits), "logits {at} in {name}, {instructions}");
            count += 1;
        };
        engine.read(&tokens, 1, &mut take).unwrap();
        assert_eq!(count, tokens.len());
    }
}

#[test]
fn every_format_is_its_weights_in_f32() {
    for (name, format) in &FORMATS {
        let file = File::model(|name, weights| (format.number, format.blocks(name, weights)));
        let f32 = &FORMATS[0].1;
        let weights = file.tensors.iter().map(|tensor| {
            let format = if tensor.rows == 1 { f32 } else { format };
            (tensor.name.clone(), format.weights(tensor))
        });
        check(name, &file, weights.collect());
    }
}

#[test]
fn formats_mix() {
    let pick = |name: &str| &FORMATS[name.bytes().map(usize::from).sum::<usize>() % FORMATS.len()].1;
    let file = File::model(|name, weights| (pick(name).number, pick(name).blocks(name, weights)));
    let weights = file.tensors.iter().map(|tensor| {
        let format = if tensor.rows == 1 { &FORMATS[0].1 } else { pick(&tensor.name) };
        (tensor.name.clone(), format.weights(tensor))
    });
    check("a mixture", &file, weights.collect());
}

/// Vocabularies may have an output matrix of their own, and files may have waves made longer, pair by pair.
#[test]
fn output_and_factors_of_rotation_of_its_own_count() {
    let f32 = &FORMATS[0].1;
    let mut file = File::model(|name, weights| (0, f32.blocks(name, weights)));
    let mut output = file.tensor("token_embd.weight").clone();
    output.name = "output.weight".to_owned();
    output.blocks = f32.blocks("output.weight", output.blocks.len() / 4);
    let factors: Vec<u8> = (1..=32_u8).flat_map(|pair| (f32::from(pair) / 4.0).to_le_bytes()).collect();
    let factors =
        Tensor { name: "rope_freqs.weight".to_owned(), columns: 32, rows: 1, format: 0, blocks: factors };
    file.tensors.extend([output, factors]);
    let weights = file.tensors.iter().map(|tensor| (tensor.name.clone(), f32.weights(tensor)));
    check("a model with more of its own", &file, weights.collect());
}
