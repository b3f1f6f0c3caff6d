//! Matrix: the weights of one linear layer, as they were quantised, in panels of 32 rows.
//!
//! A tile of a panel is dequantised to f32 just before it is multiplied, so what is computed is what the f32 matrix
//! would give, while memory is read at the quantised size.

mod packing;

use rayon::prelude::*;

use crate::instructions::dequantise::Words;
use crate::instructions::{Block, Instructions, TOKENS_BLOCK};
use crate::lanes::{Activations, LANES, Lanes, ZERO};

/// Columns of a tile: 16 KiB, so that it stays in the first cache while the tokens pass over it.
const TILE_COLUMNS: usize = 128;
/// Below this many products of weights and values, some 10 us of them, another thread is not worth waking.
const PRODUCTS_SPLIT_MIN: usize = 1 << 19;

/// A matrix of `rows` outputs and `columns` inputs.
#[derive(Debug)]
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    weights: Weights,
}

/// The weights of all panels, one after the other; a panel's, column by column.
#[derive(Debug)]
enum Weights {
    Floats(Vec<Lanes>),
    /// Per 32 columns: four words a row with eight codes each, a scale and an offset a row.
    Nibbles {
        words: Vec<Words>,
        scales: Vec<Lanes>,
        offsets: Vec<Lanes>,
    },
    /// Per 32 columns: eight words a row with four codes each; a scale a row for every `group` columns.
    Bytes {
        words: Vec<Words>,
        scales: Vec<Lanes>,
        group: usize,
    },
}

/// Words in which the codes of 32 columns are.
const NIBBLE_WORDS: usize = 4;
const BYTE_WORDS: usize = 8;

impl Matrix {
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// How many panels its rows fill.
    pub(crate) fn panels(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// Bytes of memory that the weights take.
    pub(crate) fn bytes(&self) -> usize {
        let lanes = match &self.weights {
            Weights::Floats(floats) => floats.len(),
            Weights::Nibbles { words, scales, offsets } => words.len() + scales.len() + offsets.len(),
            Weights::Bytes { words, scales, .. } => words.len() + scales.len(),
        };
        lanes * size_of::<Lanes>()
    }

    /// Whether every weight is a number.
    pub(crate) fn is_finite(&self) -> bool {
        let is_finite = |lanes: &[Lanes]| lanes.as_flattened().iter().all(|value| value.is_finite());
        match &self.weights {
            Weights::Floats(floats) => is_finite(floats),
            Weights::Nibbles { scales, offsets, .. } => is_finite(scales) && is_finite(offsets),
            Weights::Bytes { scales, .. } => is_finite(scales),
        }
    }

    /// One row's weights, 32 by 32.
    pub(crate) fn row(&self, row: usize, instructions: Instructions) -> Vec<Lanes> {
        assert!(row < self.rows, "only a row that is there has weights");
        let mut tile = [ZERO; LANES];
        let groups = 0..self.columns / LANES;
        let take = |group| {
            let tile = self.tile((row / LANES, group * LANES), &mut tile, instructions);
            std::array::from_fn(|column| tile[column][row % LANES])
        };
        groups.map(take).collect()
    }

    /// As many columns of a panel as `buffer` has, dequantised; there, unless they are f32 already.
    fn tile<'a>(
        &'a self,
        (panel, column): (usize, usize),
        buffer: &'a mut [Lanes],
        instructions: Instructions,
    ) -> &'a [Lanes] {
        let first = panel * self.columns + column;
        let columns = buffer.len();
        match &self.weights {
            Weights::Floats(floats) => return &floats[first..][..columns],
            Weights::Nibbles { words, scales, offsets } => {
                let groups = first / LANES..(first + columns) / LANES;
                for (group, buffer) in groups.zip(buffer.as_chunks_mut::<LANES>().0) {
                    let words = &words[group * NIBBLE_WORDS..][..NIBBLE_WORDS];
                    instructions.nibbles(words, (&scales[group], &offsets[group]), buffer);
                }
            }
            Weights::Bytes { words, scales, group } => {
                let words = words[first / LANES * BYTE_WORDS..].chunks_exact(group / 4);
                let scales = &scales[first / group..];
                for ((words, scales), buffer) in words.zip(scales).zip(buffer.chunks_exact_mut(*group)) {
                    instructions.bytes(words, scales, buffer);
                }
            }
        }
        buffer
    }

    /// One panel's outputs for all tokens of the input.
    fn multiply_panel(
        &self,
        (panel, out): (usize, &mut [Lanes]),
        input: &Activations,
        instructions: Instructions,
    ) {
        let mut buffer = [ZERO; TILE_COLUMNS];
        for column in (0..self.columns).step_by(TILE_COLUMNS) {
            let columns = TILE_COLUMNS.min(self.columns - column);
            let tile = self.tile((panel, column), &mut buffer[..columns], instructions);
            let lanes = &input.lanes()[column / LANES * input.tokens()..];
            for (block, sums) in out.chunks_mut(TOKENS_BLOCK).enumerate() {
                let block = Block { lanes, tokens: input.tokens(), first: block * TOKENS_BLOCK };
                instructions.accumulate(tile, block, sums);
            }
        }
    }
}

/// The outputs of several matrices for the same input, one below the other.
///
/// Every output is computed whole by one thread, so their number changes nothing.
pub(crate) fn multiply(matrices: &[&Matrix], input: &Activations, instructions: Instructions) -> Activations {
    let tokens = input.tokens();
    let panels: usize = matrices.iter().map(|matrix| matrix.panels()).sum();
    let mut output = Activations::zero(panels, tokens);
    if tokens == 0 {
        return output;
    }
    let place = |panel: usize| {
        let mut panel = panel;
        for matrix in matrices {
            if panel < matrix.panels() {
                return (*matrix, panel);
            }
            panel -= matrix.panels();
        }
        unreachable!("every panel of the output is some matrix's");
    };
    let work = |(panel, out): (usize, &mut [Lanes])| {
        let (matrix, panel) = place(panel);
        assert_eq!(matrix.columns, input.panels() * LANES, "the input is as wide as the matrix");
        matrix.multiply_panel((panel, out), input, instructions);
    };
    let products = panels * LANES * input.panels() * LANES * tokens;
    if products < PRODUCTS_SPLIT_MIN {
        output.lanes_mut().chunks_mut(tokens).enumerate().for_each(work);
    } else {
        output.lanes_mut().par_chunks_mut(tokens).enumerate().for_each(work);
    }
    output
}
