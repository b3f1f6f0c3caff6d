//! Attestation: what a provider commits and opens, and how anyone checks it.
//!
//! Pure: no clock, file, socket or random number. Everything is a whole number but the hidden states of a model, which come
//! into [`fingerprint`] as they are. `docs/attestation.md` has the
//! bytes of every object, with test vectors.

#[macro_use]
mod signed;

pub mod assign;
pub mod beacon;
pub mod calibration;
pub mod check;
pub mod commit;
pub mod digest;
pub mod domain;
pub mod drift;
pub mod finding;
pub mod fingerprint;
pub mod judgement;
pub mod key;
mod layout;
pub mod leaf;
pub mod malformed;
pub mod margin;
pub mod metering;
pub mod model;
pub mod opening;
pub mod plausibility;
pub mod rate;
pub mod receipt;
pub mod ruling;
pub mod sample;
pub mod stake;
pub mod statistic;
#[cfg(feature = "tee")]
pub mod tee;
pub mod transcript;
pub mod tree;
pub mod unopened;
pub mod verdict;
