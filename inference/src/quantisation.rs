//! Quantisation: how a file holds weights, block by block, and what they stand for.
//!
//! The formats are those of ggml. A weight is `code * scale + offset`, product and sum each rounded to f32; for all formats here
//! the product is exact, so this is what ggml's own dequantisation gives.

use half::{bf16, f16};

use crate::lanes::LANES;

/// A format of weights that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantisation {
    F32,
    F16,
    Bf16,
    Q4Zero,
    Q4One,
    Q8Zero,
    Q4K,
    Q6K,
}

/// 32 weights of a row: a code each, and what turns codes into weights.
#[derive(Debug)]
pub(crate) struct Codes {
    /// Below 16 for formats of four bits; for the others 128 more than the number meant.
    pub(crate) values: [u8; LANES],
    /// One for each half, for formats whose scale holds for 16 weights; else the first holds for all.
    pub(crate) scales: [f32; 2],
    pub(crate) offset: f32,
}

impl Quantisation {
    /// The format of a number in a file, if it is one of ours.
    pub(crate) fn from_number(number: u32) -> Option<Quantisation> {
        Some(match number {
            0 => Quantisation::F32,
            1 => Quantisation::F16,
            2 => Quantisation::Q4Zero,
            3 => Quantisation::Q4One,
            8 => Quantisation::Q8Zero,
            12 => Quantisation::Q4K,
            14 => Quantisation::Q6K,
            30 => Quantisation::Bf16,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Quantisation::F32 => "F32",
            Quantisation::F16 => "F16",
            Quantisation::Bf16 => "BF16",
            Quantisation::Q4Zero => "Q4_0",
            Quantisation::Q4One => "Q4_1",
            Quantisation::Q8Zero => "Q8_0",
            Quantisation::Q4K => "Q4_K",
            Quantisation::Q6K => "Q6_K",
        }
    }

    /// Weights of a block.
    pub(crate) fn block_values(self) -> usize {
        match self {
            Quantisation::F32 | Quantisation::F16 | Quantisation::Bf16 => 1,
            Quantisation::Q4Zero | Quantisation::Q4One | Quantisation::Q8Zero => 32,
            Quantisation::Q4K | Quantisation::Q6K => 256,
        }
    }

    /// Bytes of a block.
    pub(crate) fn block_bytes(self) -> usize {
        match self {
            Quantisation::F32 => 4,
            Quantisation::F16 | Quantisation::Bf16 => 2,
            Quantisation::Q4Zero => 18,
            Quantisation::Q4One => 20,
            Quantisation::Q8Zero => 34,
            Quantisation::Q4K => 144,
            Quantisation::Q6K => 210,
        }
    }

    /// One weight of a row in a format without codes.
    pub(crate) fn float(self, row: &[u8], column: usize) -> f32 {
        let bytes = &row[column * self.block_bytes()..];
        match self {
            Quantisation::F32 => f32::from_le_bytes(array(bytes)),
            Quantisation::F16 => f16::from_le_bytes(array(bytes)).to_f32(),
            Quantisation::Bf16 => bf16::from_le_bytes(array(bytes)).to_f32(),
            _ => unreachable!("formats with codes are packed as codes"),
        }
    }

    /// The codes of 32 columns of a row, from column `group * 32` on.
    pub(crate) fn codes(self, row: &[u8], group: usize) -> Codes {
        let groups = self.block_values() / LANES;
        let block = &row[group / groups * self.block_bytes()..][..self.block_bytes()];
        match self {
            Quantisation::Q4Zero => {
                let scale = half(block);
                codes(halves(&block[2..]), [scale; 2], -8.0 * scale)
            }
            Quantisation::Q4One => codes(halves(&block[4..]), [half(block); 2], half(&block[2..])),
            Quantisation::Q8Zero => {
                let value = |at: usize| block[2 + at] ^ 0x80;
                codes(std::array::from_fn(value), [half(block); 2], 0.0)
            }
            Quantisation::Q4K => q4_k(block, group % groups),
            Quantisation::Q6K => q6_k(block, group % groups),
            _ => unreachable!("formats without codes are packed as floats"),
        }
    }
}

fn codes(values: [u8; LANES], scales: [f32; 2], offset: f32) -> Codes {
    Codes { values, scales, offset }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("a row has whole blocks")
}

fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes(array(bytes)).to_f32()
}

/// 16 bytes: the low halves are the first 16 codes, the high halves the others.
fn halves(bytes: &[u8]) -> [u8; LANES] {
    std::array::from_fn(|at| if at < 16 { bytes[at] & 15 } else { bytes[at - 16] >> 4 })
}

/// Eight groups of 32; scale and offset of each in six bits, in units of the block's two.
fn q4_k(block: &[u8], group: usize) -> Codes {
    let packed = &block[4..16];
    let (scale, offset) = if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        let low = packed[group + 4];
        ((low & 15) | (packed[group - 4] >> 6 << 4), (low >> 4) | (packed[group] >> 6 << 4))
    };
    let bytes = &block[16 + group / 2 * 32..];
    let value = |at: usize| if group.is_multiple_of(2) { bytes[at] & 15 } else { bytes[at] >> 4 };
    let scale = half(block) * f32::from(scale);
    codes(std::array::from_fn(value), [scale; 2], -(half(&block[2..]) * f32::from(offset)))
}

/// Sixteen groups of 16; four low bits and two high bits of each code apart.
fn q6_k(block: &[u8], group: usize) -> Codes {
    let (side, quarter) = (group / 4, group % 4);
    let low = &block[side * 64 + quarter % 2 * 32..];
    let high = &block[128 + side * 32..];
    let value = |at: usize| {
        let low = if quarter < 2 { low[at] & 15 } else { low[at] >> 4 };
        let high = high[at] >> (2 * quarter) & 3;
        // Six bits stand for -32..=31; bytes are stored 128 above.
        (low | high << 4) + (128 - 32)
    };
    let scale = |half_of_group: usize| {
        let scale = i8::from_le_bytes([block[192 + group * 2 + half_of_group]]);
        half(&block[208..]) * f32::from(scale)
    };
    codes(std::array::from_fn(value), [scale(0), scale(1)], 0.0)
}
