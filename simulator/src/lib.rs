//! Simulator: drives the real exchange and the real book, never a model of them.
//!
//! Two ways so far. A recorded hour of another exchange becomes commands, and what our exchange says is compared with
//! what that one said: [`replay::replay`]. A reference flow goes through the book alone, to measure it and to compare
//! its trades with an independent matcher's: [`bench::book`].

pub mod bench;
pub mod flow;
pub mod lobster;
pub mod replay;
mod tape;
