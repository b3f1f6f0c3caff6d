//! Dequantise: codes to weights, a lane a row.
//!
//! Codes lie in words so that most need no shift: put below the exponent of 2^(23 - shift), a code in the bits from `shift` on is that
//! power plus itself, exactly, and the power is taken off again.

use crate::instructions::Instructions;
use crate::lanes::{LANES, Lanes};

type Words = [u32; LANES];

/// What a byte of a word is above the number it stands for.
const BYTE_ZERO: f32 = 128.0;

impl Instructions {
    /// `tile = code * scale + offset`, for words of eight codes of four bits.
    pub(crate) fn nibbles(self, words: &[Words], (scales, offsets): (&Lanes, &Lanes), tile: &mut [Lanes]) {
        self.run(
            #[inline(always)]
            || {
                for (words, tile) in words.iter().zip(tile.as_chunks_mut::<8>().0) {
                    nibble::<0>(words, scales, offsets, &mut tile[0]);
                    nibble::<4>(words, scales, offsets, &mut tile[1]);
                    nibble::<8>(words, scales, offsets, &mut tile[2]);
                    nibble::<12>(words, scales, offsets, &mut tile[3]);
                    nibble::<16>(words, scales, offsets, &mut tile[4]);
                    let words = words.map(|word| word >> 12);
                    nibble::<8>(&words, scales, offsets, &mut tile[5]);
                    nibble::<12>(&words, scales, offsets, &mut tile[6]);
                    nibble::<16>(&words, scales, offsets, &mut tile[7]);
                }
            },
        );
    }

    /// `tile = (code - 128) * scale`, for words of four codes of eight bits.
    pub(crate) fn bytes(self, words: &[Words], scales: &Lanes, tile: &mut [Lanes]) {
        self.run(
            #[inline(always)]
            || {
                for (words, tile) in words.iter().zip(tile.as_chunks_mut::<4>().0) {
                    byte::<0>(words, scales, &mut tile[0]);
                    byte::<8>(words, scales, &mut tile[1]);
                    let words = words.map(|word| word >> 16);
                    byte::<0>(&words, scales, &mut tile[2]);
                    byte::<8>(&words, scales, &mut tile[3]);
                }
            },
        );
    }
}

#[inline(always)]
fn nibble<const SHIFT: u32>(words: &Words, scales: &Lanes, offsets: &Lanes, out: &mut Lanes) {
    let power = power(SHIFT);
    for (((out, word), scale), offset) in out.iter_mut().zip(words).zip(scales).zip(offsets) {
        let code = f32::from_bits(word & (15 << SHIFT) | power) - f32::from_bits(power);
        *out = code * scale + offset;
    }
}

#[inline(always)]
fn byte<const SHIFT: u32>(words: &Words, scales: &Lanes, out: &mut Lanes) {
    let power = power(SHIFT);
    for ((out, word), scale) in out.iter_mut().zip(words).zip(scales) {
        let code = f32::from_bits(word & (255 << SHIFT) | power) - (f32::from_bits(power) + BYTE_ZERO);
        *out = code * scale;
    }
}

/// The bits of 2^(23 - shift), whose mantissa counts in steps of 2^-shift.
const fn power(shift: u32) -> u32 {
    (127 + 23 - shift) << 23
}
