//! Lanes: 32 numbers side by side, and the layout of everything that is computed with.
//!
//! A lane never meets another but in `fold`: each output of a product is the sum of its own lane, in the order of
//! the columns. So the width of the machine's registers does not change a bit.

/// How many lanes there are. Every width of a model is a multiple of it.
pub(crate) const LANES: usize = 32;

/// Values side by side.
pub(crate) type Lanes = [f32; LANES];

/// All lanes zero.
pub(crate) const ZERO: Lanes = [0.0; LANES];

/// The sum over the lanes: halves are added until one is left.
pub(crate) fn fold(lanes: &Lanes) -> f32 {
    let mut sums = *lanes;
    let mut half = LANES / 2;
    while 0 < half {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// Rows of a product's input or output: `lanes[panel * tokens + token]` has 32 neighbouring values of a token.
#[derive(Clone, Debug)]
pub(crate) struct Activations {
    tokens: usize,
    lanes: Vec<Lanes>,
}

impl Activations {
    /// Zeros for so many tokens of `panels` times 32 values.
    pub(crate) fn zero(panels: usize, tokens: usize) -> Activations {
        Activations { tokens, lanes: vec![ZERO; panels * tokens] }
    }

    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    pub(crate) fn panels(&self) -> usize {
        self.lanes.len().checked_div(self.tokens).unwrap_or(0)
    }

    pub(crate) fn lanes(&self) -> &[Lanes] {
        &self.lanes
    }

    pub(crate) fn lanes_mut(&mut self) -> &mut [Lanes] {
        &mut self.lanes
    }

    /// Keeps the first panels only.
    pub(crate) fn truncate(&mut self, panels: usize) {
        self.lanes.truncate(panels * self.tokens);
    }

    /// The values of one token, 32 by 32.
    pub(crate) fn row(&self, token: usize) -> impl ExactSizeIterator<Item = &Lanes> + Clone {
        assert!(token < self.tokens, "only a token that is there has values");
        self.lanes.iter().skip(token).step_by(self.tokens)
    }

    /// Puts one token's values in place.
    pub(crate) fn set_row(&mut self, token: usize, values: impl Iterator<Item = Lanes>) {
        assert!(token < self.tokens, "only a token that is there has values");
        let tokens = self.tokens;
        for (place, value) in self.lanes.iter_mut().skip(token).step_by(tokens).zip(values) {
            *place = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Activations, LANES, fold};

    #[test]
    fn fold_adds_halves() {
        let mut lanes = [0.0; LANES];
        lanes[0] = 1.0e8;
        lanes[16] = -1.0e8;
        lanes[1] = 1.0;
        // Left to right would lose the 1 beside 1e8.
        assert_eq!(fold(&lanes), 1.0);
    }

    #[test]
    fn row_is_what_was_set() {
        let mut activations = Activations::zero(2, 3);
        activations.set_row(1, [[1.0; LANES], [2.0; LANES]].into_iter());
        let row: Vec<f32> = activations.row(1).map(|lanes| lanes[0]).collect();
        assert_eq!(row, [1.0, 2.0]);
        assert_eq!(activations.row(0).map(|lanes| lanes[0]).sum::<f32>(), 0.0);
        assert_eq!((activations.panels(), activations.tokens()), (2, 3));
    }
}
