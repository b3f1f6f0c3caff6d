//! Prefetch: asks the processor for a cache line that is going to be read. The one file with `unsafe` code.
//!
//! A prefetch changes no value and reads none: it is a hint that may be ignored. What it buys is measured in
//! `docs/decisions/006-commands-are-looked-ahead.md`.

#![allow(
    unsafe_code,
    reason = "the hint takes a pointer; it is made from a reference and never read through"
)]

/// Asks for the line of `slice[at]`, if there is that element: guesses may be wrong.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    let Some(element) = slice.get(at) else { return };
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is part of every x86-64 processor, and faults on no address, let alone on a valid one.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = element;
}
