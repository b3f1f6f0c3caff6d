//! Product: a tile of a matrix times a block of tokens, in registers.

#[cfg(target_arch = "x86_64")]
use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

use crate::instructions::Block;
use crate::lanes::{LANES, Lanes};

/// What is multiplied: `sums[token] += tile[column] * value(token, column)`, the columns in their order.
pub(crate) struct Product<'a> {
    pub(crate) tile: &'a [Lanes],
    pub(crate) block: Block<'a>,
    pub(crate) sums: &'a mut [Lanes],
}

impl<'a> Product<'a> {
    /// One token at a time: the plain loop, which is what the other versions must equal.
    pub(crate) fn portable(self) {
        let Product { tile, block, sums } = self;
        for (token, sums) in sums.iter_mut().enumerate() {
            let mut lanes = *sums;
            for (panel, columns) in tile.chunks_exact(LANES).enumerate() {
                let values = &block.lanes[panel * block.tokens + block.first + token];
                for (weights, value) in columns.iter().zip(values) {
                    for (sum, weight) in lanes.iter_mut().zip(weights) {
                        *sum += weight * value;
                    }
                }
            }
            *sums = lanes;
        }
    }

    /// Four registers a token, so two tokens at a time.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn avx2(mut self, simd: V3) {
        while let Some(pair) = self.split(2) {
            simd.vectorize(
                #[inline(always)]
                || pair.exact::<V3, 4, 2>(simd),
            );
        }
        while let Some(single) = self.split(1) {
            simd.vectorize(
                #[inline(always)]
                || single.exact::<V3, 4, 1>(simd),
            );
        }
    }

    /// Two registers a token, so four tokens at a time.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn avx512(mut self, simd: V4) {
        while let Some(four) = self.split(4) {
            simd.vectorize(
                #[inline(always)]
                || four.exact::<V4, 2, 4>(simd),
            );
        }
        while let Some(pair) = self.split(2) {
            simd.vectorize(
                #[inline(always)]
                || pair.exact::<V4, 2, 2>(simd),
            );
        }
        while let Some(single) = self.split(1) {
            simd.vectorize(
                #[inline(always)]
                || single.exact::<V4, 2, 1>(simd),
            );
        }
    }

    /// Takes the first `count` tokens off, if there are so many.
    #[cfg(target_arch = "x86_64")]
    fn split(&mut self, count: usize) -> Option<Product<'a>> {
        if self.sums.len() < count {
            return None;
        }
        let (first, rest) = std::mem::take(&mut self.sums).split_at_mut(count);
        self.sums = rest;
        let taken = Product { tile: self.tile, block: self.block, sums: first };
        self.block.first += count;
        Some(taken)
    }

    /// `TOKENS` tokens, each with `REGISTERS` registers of sums.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn exact<S: Simd, const REGISTERS: usize, const TOKENS: usize>(self, simd: S) {
        let Product { tile, block, sums } = self;
        let sums: &mut [Lanes; TOKENS] = sums.try_into().expect("the block was split to size");
        let mut lanes = sums.map(|sums| registers::<S, REGISTERS>(&sums));
        for (panel, columns) in tile.chunks_exact(LANES).enumerate() {
            let values = &block.lanes[panel * block.tokens + block.first..];
            let values: &[Lanes; TOKENS] = values.first_chunk().expect("the block's tokens are there");
            for (column, weights) in columns.iter().enumerate() {
                let weights = registers::<S, REGISTERS>(weights);
                for token in 0..TOKENS {
                    let value = simd.splat_f32s(values[token][column]);
                    for register in 0..REGISTERS {
                        let product = simd.mul_f32s(weights[register], value);
                        lanes[token][register] = simd.add_f32s(lanes[token][register], product);
                    }
                }
            }
        }
        for (sums, lanes) in sums.iter_mut().zip(lanes) {
            S::as_mut_simd_f32s(sums).0.copy_from_slice(&lanes);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn registers<S: Simd, const REGISTERS: usize>(lanes: &Lanes) -> [S::f32s; REGISTERS] {
    S::as_simd_f32s(lanes).0.try_into().expect("the registers hold the lanes exactly")
}
