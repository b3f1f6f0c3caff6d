//! Packing: from rows as a file has them to panels of 32 rows.

use rayon::prelude::*;

use crate::lanes::{LANES, Lanes, ZERO};
use crate::matrix::{BYTE_WORDS, Matrix, NIBBLE_WORDS, Weights};
use crate::quantisation::{Codes, Quantisation};

impl Matrix {
    /// A matrix of which `weight(row, column)` is known.
    pub(crate) fn from_weights(
        rows: usize,
        columns: usize,
        weight: impl Fn(usize, usize) -> f32 + Sync,
    ) -> Matrix {
        assert!(columns.is_multiple_of(LANES), "every width is a multiple of {LANES}");
        let mut floats = vec![ZERO; rows.div_ceil(LANES) * columns];
        floats.par_chunks_mut(columns).enumerate().for_each(|(panel, lanes)| {
            for (column, lanes) in lanes.iter_mut().enumerate() {
                for (lane, place) in lanes.iter_mut().enumerate() {
                    let row = panel * LANES + lane;
                    *place = if row < rows { weight(row, column) } else { 0.0 };
                }
            }
        });
        Matrix { rows, columns, weights: Weights::Floats(floats) }
    }

    /// A matrix as a file has it: row by row, each in whole blocks.
    pub(crate) fn from_blocks(
        rows: usize,
        columns: usize,
        quantisation: Quantisation,
        blocks: &[u8],
    ) -> Matrix {
        let row_bytes = columns / quantisation.block_values() * quantisation.block_bytes();
        assert_eq!(blocks.len(), rows * row_bytes, "the file has every row");
        let row = |row: usize| &blocks[row * row_bytes..][..row_bytes];
        match quantisation {
            Quantisation::F32 | Quantisation::F16 | Quantisation::Bf16 => {
                Matrix::from_weights(rows, columns, |at, column| quantisation.float(row(at), column))
            }
            Quantisation::Q4Zero | Quantisation::Q4One | Quantisation::Q4K => {
                Matrix { rows, columns, weights: nibbles(rows, columns, quantisation, row) }
            }
            Quantisation::Q8Zero => {
                Matrix { rows, columns, weights: bytes((rows, columns), 32, quantisation, row) }
            }
            Quantisation::Q6K => {
                Matrix { rows, columns, weights: bytes((rows, columns), 16, quantisation, row) }
            }
        }
    }
}

fn nibbles<'a>(
    rows: usize,
    columns: usize,
    quantisation: Quantisation,
    row: impl Fn(usize) -> &'a [u8] + Sync,
) -> Weights {
    let groups = columns / LANES;
    let count = rows.div_ceil(LANES) * groups;
    let mut words = vec![[0; LANES]; count * NIBBLE_WORDS];
    let (mut scales, mut offsets) = (vec![ZERO; count], vec![ZERO; count]);
    let panels = words.par_chunks_mut(groups * NIBBLE_WORDS);
    let panels = panels.zip(scales.par_chunks_mut(groups)).zip(offsets.par_chunks_mut(groups));
    panels.enumerate().for_each(|(panel, ((words, scales), offsets))| {
        for lane in 0..LANES.min(rows - panel * LANES) {
            let row = row(panel * LANES + lane);
            for group in 0..groups {
                let codes = quantisation.codes(row, group);
                pack(&codes, &mut words[group * NIBBLE_WORDS..][..NIBBLE_WORDS], lane);
                scales[group][lane] = codes.scales[0];
                offsets[group][lane] = codes.offset;
            }
        }
    });
    Weights::Nibbles { words, scales, offsets }
}

fn bytes<'a>(
    (rows, columns): (usize, usize),
    group: usize,
    quantisation: Quantisation,
    row: impl Fn(usize) -> &'a [u8] + Sync,
) -> Weights {
    let groups = columns / LANES;
    let scales_each = LANES / group;
    let count = rows.div_ceil(LANES) * groups;
    let mut words = vec![[0; LANES]; count * BYTE_WORDS];
    let mut scales: Vec<Lanes> = vec![ZERO; count * scales_each];
    let panels = words.par_chunks_mut(groups * BYTE_WORDS).zip(scales.par_chunks_mut(groups * scales_each));
    panels.enumerate().for_each(|(panel, (words, scales))| {
        for lane in 0..LANES.min(rows - panel * LANES) {
            let row = row(panel * LANES + lane);
            for at in 0..groups {
                let codes = quantisation.codes(row, at);
                pack(&codes, &mut words[at * BYTE_WORDS..][..BYTE_WORDS], lane);
                for (place, scale) in
                    scales[at * scales_each..].iter_mut().zip(codes.scales).take(scales_each)
                {
                    place[lane] = scale;
                }
            }
        }
    });
    Weights::Bytes { words, scales, group }
}

/// Puts a row's codes into its lane of the words, the first column lowest.
fn pack(codes: &Codes, words: &mut [[u32; LANES]], lane: usize) {
    let each = LANES / words.len();
    let bits = u32::BITS / crate::narrow::number(each);
    for (word, codes) in words.iter_mut().zip(codes.values.chunks_exact(each)) {
        let packed = codes.iter().rev().fold(0, |packed, code| (packed << bits) | u32::from(*code));
        word[lane] = packed;
    }
}
