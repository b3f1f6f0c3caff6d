//! Rotation: a token's position turns neighbouring pairs of its queries and keys, each pair at its own wavelength.

use rayon::prelude::*;

use crate::forward::Work;
use crate::lanes::{LANES, Lanes};
use crate::model::Model;
use crate::narrow::{double, number, single};

/// Cosine and sine for every token and pair.
pub(crate) struct Rotation {
    tokens: usize,
    /// By panel of a head, then token: 16 pairs of a cosine and a sine.
    turns: Vec<[(f32, f32); LANES / 2]>,
}

impl Rotation {
    /// The rotations of the positions at which the work's tokens will stand. Angles are computed in f64.
    pub(crate) fn new(model: &Model, work: &[Work<'_>]) -> Rotation {
        let shape = &model.shape;
        let positions: Vec<usize> =
            work.iter().flat_map(|work| (work.cache.positions()..).take(work.tokens.len())).collect();
        let width = f64::from(number(shape.head_width));
        let speed = |pair: usize| {
            let exponent = -2.0 * f64::from(number(pair)) / width;
            let slower = model.rotation_factors.as_ref().map_or(1.0, |factors| f64::from(factors[pair]));
            libm::pow(f64::from(shape.rotation_base), exponent) / slower
        };
        let speeds: Vec<f64> = (0..shape.head_width / 2).map(speed).collect();
        let turn = |position: usize, speed: f64| {
            let angle = double(u64::from(number(position))) * speed;
            (single(libm::cos(angle)), single(libm::sin(angle)))
        };
        let panels = speeds.as_chunks::<{ LANES / 2 }>().0;
        let turns =
            panels.iter().flat_map(|speeds| positions.iter().map(|at| speeds.map(|speed| turn(*at, speed))));
        Rotation { tokens: positions.len(), turns: turns.collect() }
    }

    /// Turns every head of these panels.
    pub(crate) fn rotate(&self, heads: &mut [Lanes]) {
        let panels = self.turns.len() / self.tokens;
        let rotate = |(panel, lanes): (usize, &mut [Lanes])| {
            let turns = &self.turns[panel % panels * self.tokens..][..self.tokens];
            for (lanes, turns) in lanes.iter_mut().zip(turns) {
                for ([a, b], (cosine, sine)) in lanes.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
                    (*a, *b) = (*a * cosine - *b * sine, *a * sine + *b * cosine);
                }
            }
        };
        heads.par_chunks_mut(self.tokens).enumerate().with_min_len(8).for_each(rotate);
    }
}
