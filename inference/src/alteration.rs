//! Alteration: another model out of one, as a provider might compute with it in secret, or as an honest one does.
//!
//! This is how it is measured what audits notice, and how far honest computations are from each other.

use half::f16;
use rayon::prelude::*;

use crate::instructions::Instructions;
use crate::invalid::Invalid;
use crate::matrix::Matrix;
use crate::model::{Layer, Model};

/// Weights that share a scale.
const BLOCK: usize = 32;

/// What is done to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// Weights are rounded to 16-bit floats.
    Half,
    /// Weights are rounded to whole multiples of a scale, one for 32 of them, so that they fit in so many bits: 2 to 16.
    Whole {
        /// Bits of a weight.
        bits: u32,
    },
    /// This layer is left out.
    WithoutLayer(usize),
    /// Nothing changes but the order in which the values inside feed-forward layers are added up: honest, with other rounding.
    Reordered,
    /// No token ends an answer: for measuring, where every step is to have as many sequences.
    Endless,
}

impl Model {
    /// The model, altered.
    pub fn altered(mut self, alteration: Alteration) -> Result<Model, Invalid> {
        match alteration {
            Alteration::Half => {
                self.round(&|row| row.iter_mut().for_each(|weight| *weight = to_half(*weight)))
            }
            Alteration::Whole { bits } => {
                if !(2..=16).contains(&bits) {
                    return Err(Invalid::new("bits", format!("is {bits}, must be 2 to 16")));
                }
                let steps = f32::from(i16::try_from((1 << (bits - 1)) - 1).expect("15 bits are one less"));
                self.round(&|row| row.chunks_mut(BLOCK).for_each(|block| to_whole(block, steps)));
            }
            Alteration::WithoutLayer(layer) => {
                let layers = self.layers.len();
                if layers <= layer || layers == 1 {
                    let rule = format!("is {layer}, must be below {layers}, and not the only one");
                    return Err(Invalid::new("layer", rule));
                }
                self.layers.remove(layer);
                self.shape.layers -= 1;
            }
            Alteration::Reordered => self.layers.iter_mut().for_each(reorder),
            Alteration::Endless => self.tokenizer.never_end(),
        }
        Ok(self)
    }

    /// Rounds every row of every matrix.
    fn round(&mut self, round: &(dyn Fn(&mut [f32]) + Sync)) {
        let layers = self.layers.iter_mut().flat_map(|layer| {
            let attention = [&mut layer.query, &mut layer.key, &mut layer.value, &mut layer.attention_output];
            attention.into_iter().chain([&mut layer.gate, &mut layer.up, &mut layer.down])
        });
        let matrices = [&mut self.embedding].into_iter().chain(layers).chain(&mut self.output);
        for matrix in matrices {
            let mut rows = rows(matrix);
            rows.par_iter_mut().for_each(|row| round(row));
            *matrix = Matrix::from_weights(rows.len(), matrix.columns(), |row, column| rows[row][column]);
        }
    }
}

/// The values inside the layer, the last first.
fn reorder(layer: &mut Layer) {
    for matrix in [&mut layer.gate, &mut layer.up] {
        let rows = rows(matrix);
        let last = rows.len() - 1;
        *matrix = Matrix::from_weights(rows.len(), matrix.columns(), |row, column| rows[last - row][column]);
    }
    let rows = rows(&layer.down);
    let last = layer.down.columns() - 1;
    layer.down =
        Matrix::from_weights(rows.len(), layer.down.columns(), |row, column| rows[row][last - column]);
}

fn rows(matrix: &Matrix) -> Vec<Vec<f32>> {
    let row = |row| matrix.row(row, Instructions::widest()).into_iter().flatten().collect();
    (0..matrix.rows()).into_par_iter().map(row).collect()
}

fn to_half(weight: f32) -> f32 {
    f16::from_f32(weight).to_f32()
}

/// The largest magnitude is `steps` steps.
fn to_whole(block: &mut [f32], steps: f32) {
    let largest = block.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    if largest == 0.0 {
        return;
    }
    let step = largest / steps;
    block.iter_mut().for_each(|weight| *weight = (*weight / step).round() * step);
}

#[cfg(test)]
mod tests {
    use super::{Alteration, rows, to_whole};
    use crate::model::Model;
    use crate::token::Token;

    fn first_row(model: &Model) -> Vec<f32> {
        rows(&model.layers[0].query).swap_remove(0)
    }

    #[test]
    fn weights_are_rounded() {
        let before = first_row(&Model::tiny());
        let distance = |alteration| {
            let after = first_row(&Model::tiny().altered(alteration).unwrap());
            let distances = before.iter().zip(&after).map(|(before, after)| (before - after).abs());
            distances.fold(0.0_f32, f32::max)
        };
        let [half, eight, four] =
            [Alteration::Half, Alteration::Whole { bits: 8 }, Alteration::Whole { bits: 4 }].map(distance);
        assert!(0.0 < half && half < eight && eight < four, "{half} {eight} {four}");
        assert_eq!(distance(Alteration::Reordered), 0.0, "only the feed-forward layers are");
    }

    #[test]
    fn endless_answers_have_no_last_token() {
        let [whole, endless] = [Model::tiny(), Model::tiny().altered(Alteration::Endless).unwrap()]
            .map(|model| (0..512).filter(|token| model.tokenizer().is_end(Token(*token))).count());
        assert_eq!((whole, endless), (2, 0));
    }

    #[test]
    fn whole_steps_reach_the_largest() {
        let mut block = [7.0, -3.4, 0.4, 0.6];
        to_whole(&mut block, 7.0);
        assert_eq!(block, [7.0, -3.0, 0.0, 1.0]);
        let mut zero = [0.0; 4];
        to_whole(&mut zero, 7.0);
        assert_eq!(zero, [0.0; 4]);
    }

    #[test]
    fn what_cannot_be_altered_is_said() {
        for (alteration, field) in [
            (Alteration::Whole { bits: 1 }, "bits"),
            (Alteration::Whole { bits: 17 }, "bits"),
            (Alteration::WithoutLayer(4), "layer"),
        ] {
            let error = Model::tiny().altered(alteration).unwrap_err();
            assert!(error.to_string().contains(field), "{error}");
        }
        assert_eq!(Model::tiny().altered(Alteration::WithoutLayer(3)).unwrap().shape().layers, 3);
    }
}
