//! Fuzz: what the targets do with bytes. A target in `fuzz_targets` hands them to a function here.
//!
//! Tests of the crates compile the same files and hand them random bytes and those in `seeds`, so that they are true without a
//! fuzzer too.

pub mod book;
pub mod evidence;
pub mod image;
pub mod model;
pub mod record;
pub mod request;
