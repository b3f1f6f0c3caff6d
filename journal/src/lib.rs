//! Journal: what was asked of the exchange, in order, sealed in records that name each other by hash.
//!
//! Commands are stored, events are recomputed. Nothing in here does I/O: a [`log::CommandLog`] keeps the records,
//! [`recovery::recover`] turns them back into an exchange, if need be from a [`snapshot`] on; a [`history::log::HistoryLog`]
//! keeps what clients may ask for again. The bytes are described in `docs/journal.md`.

pub mod chain;
pub mod contract;
pub mod copy;
mod decode;
mod encode;
pub mod fault;
pub mod history;
pub mod keeper;
pub mod log;
pub mod mark;
pub mod memory;
pub mod outcome;
mod reader;
pub mod record;
pub mod recovery;
pub mod sealed;
pub mod snapshot;
mod writer;
