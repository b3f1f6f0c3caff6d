//! Prefetch: asks the processor for a cache line that is going to be read. The one file with `unsafe` code.
//!
//! A prefetch changes no value and reads none: it is a hint that may be ignored. What it buys is measured in
//! `docs/decisions/006-commands-are-looked-ahead.md`.

#![allow(
    unsafe_code,
    reason = "the hint takes a pointer; it is made from a reference and never read through"
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
