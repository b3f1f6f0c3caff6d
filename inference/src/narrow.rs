//! Narrowing: the conversions that round or cut, each in one place with its contract.

/// An index out of a 32-bit number.
#[allow(clippy::as_conversions, reason = "every supported platform has at least 32-bit indexes")]
pub(crate) const fn index(number: u32) -> usize {
    const { assert!(u32::BITS <= usize::BITS) }
    number as usize
}

/// A number that a bound keeps below 2^32.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("every count in a model is bounded below 2^32")
}

/// The nearest `f32`, ties to even.
#[allow(clippy::as_conversions, reason = "rounds to nearest, the same on every machine")]
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}

/// The nearest `f64`, ties to even; exact below 2^53.
#[allow(clippy::as_conversions, reason = "rounds to nearest, the same on every machine")]
pub(crate) fn double(value: u64) -> f64 {
    value as f64
}

/// The whole part of a number that is not negative; what is not a number is 0, what is too large the largest.
#[allow(clippy::as_conversions, reason = "saturates, the same on every machine")]
pub(crate) fn whole(value: f64) -> u64 {
    value as u64
}
