//! Instructions: the vector loops, for each instruction set that the machine may have.
//!
//! Every loop is written once per lane: a product, then a sum, each rounded. No step is contracted, none reordered,
//! so what a set computes is what `Portable` computes, bit for bit. Argued and measured in
//! docs/decisions/009-product-then-sum.md.

pub(crate) mod dequantise;
mod elementwise;
mod product;

use std::fmt;

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

use crate::instructions::product::Product;
use crate::lanes::{LANES, Lanes};

/// How many tokens one pass over a tile serves at most.
pub(crate) const TOKENS_BLOCK: usize = 4;

/// An instruction set that this machine has. It changes how fast the engine is, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Instructions(Set);

#[derive(Clone, Copy, Debug)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
}

/// The tokens that a product is computed for: `count` from `first`, of activations that have `tokens`.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) lanes: &'a [Lanes],
    pub(crate) tokens: usize,
    pub(crate) first: usize,
}

impl Instructions {
    /// What every machine of this target has.
    pub const PORTABLE: Instructions = Instructions(Set::Portable);

    /// All sets that this machine has, the widest last.
    pub fn all() -> Vec<Instructions> {
        #[allow(unused_mut, reason = "other targets have no wider set")]
        let mut all = vec![Set::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(V3::try_new().map(Set::Avx2));
            all.extend(V4::try_new().map(Set::Avx512));
        }
        all.into_iter().map(Instructions).collect()
    }

    /// The widest set of this machine.
    pub fn widest() -> Instructions {
        Instructions::all().pop().unwrap_or(Instructions::PORTABLE)
    }

    /// For each of `sums.len()` tokens adds `tile[column] * value(column)`, column by column, to its sums.
    pub(crate) fn accumulate(self, tile: &[Lanes], block: Block<'_>, sums: &mut [Lanes]) {
        assert!(sums.len() <= TOKENS_BLOCK, "a block has at most {TOKENS_BLOCK} tokens");
        assert!(block.first + sums.len() <= block.tokens, "the block's tokens are there");
        assert!(tile.len().is_multiple_of(LANES), "a tile has whole panels of columns");
        let product = Product { tile, block, sums };
        match self.0 {
            Set::Portable => product.portable(),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => product.avx2(simd),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => product.avx512(simd),
        }
    }

    /// Does `work`, whose loops are compiled for this set when it is inlined.
    #[inline(always)]
    fn run<T>(self, work: impl FnOnce() -> T) -> T {
        match self.0 {
            Set::Portable => work(),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.vectorize(work),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => simd.vectorize(work),
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => "avx512",
        })
    }
}
