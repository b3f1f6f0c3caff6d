//! Convert: wire types to engine types and back. Numbers are checked here, once.

pub mod account;
pub mod batch;
pub mod command;
pub mod control;
pub mod entry;
pub mod instrument;
pub mod key;
pub mod order;
pub mod reject;
pub mod symbol;
