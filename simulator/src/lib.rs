//! Simulator: drives the real exchange and the real book, never a model of them.
//!
//! Three ways so far. A recorded hour of another exchange becomes commands, and what our exchange says is compared with
//! what that one said: [`replay::replay`]. A reference flow goes through the book alone, to measure it and to compare
//! its trades with an independent matcher's: [`bench::book`]. The same flow goes through a whole exchange, and an auditor
//! checks every invariant after every command: [`invariants::audit`].

mod agreement;
pub mod bench;
pub mod flow;
mod hashing;
pub mod invariants;
pub mod kernel;
pub mod lobster;
#[allow(dead_code, reason = "the tests of the exchange use the rest of it")]
mod model;
pub mod replay;
mod tape;
