//! Processor: what it is told beside values, and what only its own instructions do at once. The one file with `unsafe` code.
//!
//! A prefetch asks for a cache line that is going to be read. It changes no value and reads none, and may be ignored. A
//! comparison of many bytes takes and gives values. What both buy is measured in
//! `docs/decisions/006-commands-are-looked-ahead.md` and `docs/decisions/012-where-a-commands-time-goes.md`.

#![allow(
    unsafe_code,
    reason = "instructions that every processor of the kind has; a hint's pointer is made from a reference and never read through"
)]

use std::hint::select_unpredictable;

/// Asks for the line of `slice[at]`; of the first element where there is none at that place: guesses may be wrong.
// Without a branch: whether a guess is a place is as hard to predict as the guess.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    let at = select_unpredictable(at < slice.len(), at, 0);
    ask(slice.as_ptr().wrapping_add(at));
}

/// Asks for the line in which an element would lie, so many places behind the end of `slice`.
#[inline]
pub(crate) fn prefetch_behind<T>(slice: &[T], places: usize) {
    ask(slice.as_ptr_range().end.wrapping_add(places));
}

#[inline]
fn ask<T>(line: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is part of every x86-64 processor, and faults on no address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// Which of 16 bytes are `byte`: a bit each, the first one's lowest.
#[inline(always)]
pub(crate) fn equal(first: u64, second: u64, byte: u8) -> u32 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instructions (SSE2) are part of every x86-64 processor. They touch no memory.
    unsafe {
        use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
        let bytes = _mm_set_epi64x(second.cast_signed(), first.cast_signed());
        _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed()))).cast_unsigned()
    }
    #[cfg(not(target_arch = "x86_64"))]
    equal_in_words(first, second, byte)
}

/// The same on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn equal_in_words(first: u64, second: u64, byte: u8) -> u32 {
    /// The lowest bit of each byte.
    const ONES: u64 = 0x0101_0101_0101_0101;
    /// All bits but the highest of each.
    const LOWS: u64 = ONES * 0x7F;
    /// Times this, the lowest bits of eight bytes stand side by side in the highest.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let in_word = |word: u64| {
        let differ = word ^ (ONES * u64::from(byte));
        // The sum carries into the highest bit of a byte from any other, and into no other byte.
        let same = !(((differ & LOWS) + LOWS) | differ) >> 7 & ONES;
        same.wrapping_mul(GATHER) >> 56
    };
    u32::try_from(in_word(first) | in_word(second) << 8).expect("16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_compared_exactly() {
        let first = [0, 1, 2, 3, 4, 5, 6, 7];
        let others =
            [[7, 6, 5, 4, 3, 2, 1, 0], [1, 0, 1, 0, 0x80, 0x7F, 0xFF, 0xFE], [0xFF; 8], [0; 8], first];
        for (first, second) in others.iter().flat_map(|other| [(first, *other), (*other, first)]) {
            let [low, high] = [first, second].map(u64::from_le_bytes);
            for byte in 0..=u8::MAX {
                let places = first.iter().chain(&second).enumerate();
                let expected = places.map(|(place, other)| u32::from(*other == byte) << place).sum();
                assert_eq!(equal(low, high, byte), expected);
                assert_eq!(equal_in_words(low, high, byte), expected);
            }
        }
    }
}
