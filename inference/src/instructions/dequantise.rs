//! Dequantise: codes to weights, a lane a row.
//!
//! Codes lie in words so that most need no shift: put below the exponent of 2^(23 - AT), a code in the bits from `AT` on is that
//! power plus itself, exactly, and the power is taken off again.

#[cfg(target_arch = "x86_64")]
use pulp::Simd;

use crate::instructions::{Instructions, Set};
use crate::lanes::{LANES, Lanes};

/// 32 rows' codes of neighbouring columns, the first column in the lowest bits.
pub(crate) type Words = [u32; LANES];

const NIBBLE: u32 = 15;
const BYTE: u32 = 255;
/// What a byte of a word is above the number it stands for.
const BYTE_ZERO: f32 = 128.0;

impl Instructions {
    /// `tile = code * scale + offset`, for words of eight codes of four bits.
    pub(crate) fn nibbles(self, words: &[Words], (scales, offsets): (&Lanes, &Lanes), tile: &mut [Lanes]) {
        match self.0 {
            Set::Portable => portable::nibbles(words, (scales, offsets), tile),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.vectorize(
                #[inline(always)]
                || nibbles::<_, 4>(simd, words, (scales, offsets), tile),
            ),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => simd.vectorize(
                #[inline(always)]
                || nibbles::<_, 2>(simd, words, (scales, offsets), tile),
            ),
        }
    }

    /// `tile = (code - 128) * scale`, for words of four codes of eight bits.
    pub(crate) fn bytes(self, words: &[Words], scales: &Lanes, tile: &mut [Lanes]) {
        match self.0 {
            Set::Portable => portable::bytes(words, scales, tile),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.vectorize(
                #[inline(always)]
                || bytes::<_, 4>(simd, words, scales, tile),
            ),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => simd.vectorize(
                #[inline(always)]
                || bytes::<_, 2>(simd, words, scales, tile),
            ),
        }
    }
}

/// The plain loops, which are what the others must equal.
mod portable {
    use super::{BYTE, BYTE_ZERO, NIBBLE, Words, power};
    use crate::lanes::Lanes;

    pub(super) fn nibbles(words: &[Words], (scales, offsets): (&Lanes, &Lanes), tile: &mut [Lanes]) {
        for (words, tile) in words.iter().zip(tile.as_chunks_mut::<8>().0) {
            nibble::<0>(words, (scales, offsets), &mut tile[0]);
            nibble::<4>(words, (scales, offsets), &mut tile[1]);
            nibble::<8>(words, (scales, offsets), &mut tile[2]);
            nibble::<12>(words, (scales, offsets), &mut tile[3]);
            nibble::<16>(words, (scales, offsets), &mut tile[4]);
            let upper = words.map(|word| word >> 12);
            nibble::<8>(&upper, (scales, offsets), &mut tile[5]);
            nibble::<12>(&upper, (scales, offsets), &mut tile[6]);
            nibble::<16>(&upper, (scales, offsets), &mut tile[7]);
        }
    }

    pub(super) fn bytes(words: &[Words], scales: &Lanes, tile: &mut [Lanes]) {
        for (words, tile) in words.iter().zip(tile.as_chunks_mut::<4>().0) {
            byte::<0>(words, scales, &mut tile[0]);
            byte::<8>(words, scales, &mut tile[1]);
            let upper = words.map(|word| word >> 16);
            byte::<0>(&upper, scales, &mut tile[2]);
            byte::<8>(&upper, scales, &mut tile[3]);
        }
    }

    #[inline(always)]
    fn nibble<const AT: u32>(words: &Words, (scales, offsets): (&Lanes, &Lanes), out: &mut Lanes) {
        for (((out, word), scale), offset) in out.iter_mut().zip(words).zip(scales).zip(offsets) {
            let code = f32::from_bits(word & (NIBBLE << AT) | power(AT)) - f32::from_bits(power(AT));
            *out = code * scale + offset;
        }
    }

    #[inline(always)]
    fn byte<const AT: u32>(words: &Words, scales: &Lanes, out: &mut Lanes) {
        for ((out, word), scale) in out.iter_mut().zip(words).zip(scales) {
            let code = f32::from_bits(word & (BYTE << AT) | power(AT)) - f32::from_bits(power(AT));
            *out = (code - BYTE_ZERO) * scale;
        }
    }
}

/// The bits of 2^(23 - AT), whose mantissa counts in steps of 2^-AT.
const fn power(at: u32) -> u32 {
    (127 + 23 - at) << 23
}

/// What one kind of registers has of a row of lanes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn floats<S: Simd, const REGISTERS: usize>(lanes: &Lanes) -> [S::f32s; REGISTERS] {
    S::as_simd_f32s(lanes).0.try_into().expect("the registers hold the lanes exactly")
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn integers<S: Simd, const REGISTERS: usize>(words: &Words) -> [S::u32s; REGISTERS] {
    S::as_simd_u32s(words).0.try_into().expect("the registers hold the lanes exactly")
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn code<S: Simd, const AT: u32, const MASK: u32>(simd: S, words: S::u32s) -> S::f32s {
    let code = simd.and_u32s(words, simd.splat_u32s(MASK << AT));
    let code = simd.transmute_f32s_u32s(simd.or_u32s(code, simd.splat_u32s(power(AT))));
    simd.sub_f32s(code, simd.splat_f32s(f32::from_bits(power(AT))))
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn nibbles<S: Simd, const REGISTERS: usize>(
    simd: S,
    words: &[Words],
    (scales, offsets): (&Lanes, &Lanes),
    tile: &mut [Lanes],
) {
    let (scales, offsets) = (floats::<S, REGISTERS>(scales), floats::<S, REGISTERS>(offsets));
    for (words, tile) in words.iter().zip(tile.as_chunks_mut::<8>().0) {
        let upper = integers::<S, REGISTERS>(&words.map(|word| word >> 12));
        let words = integers::<S, REGISTERS>(words);
        for register in 0..REGISTERS {
            let (words, upper) = (words[register], upper[register]);
            let codes = [
                code::<S, 0, NIBBLE>(simd, words),
                code::<S, 4, NIBBLE>(simd, words),
                code::<S, 8, NIBBLE>(simd, words),
                code::<S, 12, NIBBLE>(simd, words),
                code::<S, 16, NIBBLE>(simd, words),
                code::<S, 8, NIBBLE>(simd, upper),
                code::<S, 12, NIBBLE>(simd, upper),
                code::<S, 16, NIBBLE>(simd, upper),
            ];
            for (out, code) in tile.iter_mut().zip(codes) {
                let product = simd.mul_f32s(code, scales[register]);
                S::as_mut_simd_f32s(out).0[register] = simd.add_f32s(product, offsets[register]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bytes<S: Simd, const REGISTERS: usize>(simd: S, words: &[Words], scales: &Lanes, tile: &mut [Lanes]) {
    let scales = floats::<S, REGISTERS>(scales);
    let zero = simd.splat_f32s(BYTE_ZERO);
    for (words, tile) in words.iter().zip(tile.as_chunks_mut::<4>().0) {
        let upper = integers::<S, REGISTERS>(&words.map(|word| word >> 16));
        let words = integers::<S, REGISTERS>(words);
        for register in 0..REGISTERS {
            let (words, upper) = (words[register], upper[register]);
            let codes = [
                code::<S, 0, BYTE>(simd, words),
                code::<S, 8, BYTE>(simd, words),
                code::<S, 0, BYTE>(simd, upper),
                code::<S, 8, BYTE>(simd, upper),
            ];
            for (out, code) in tile.iter_mut().zip(codes) {
                let number = simd.sub_f32s(code, zero);
                S::as_mut_simd_f32s(out).0[register] = simd.mul_f32s(number, scales[register]);
            }
        }
    }
}
