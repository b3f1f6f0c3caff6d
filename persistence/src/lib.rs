//! Persistence: the command log on RocksDB. Nothing outside this crate knows RocksDB.

mod folder;
pub mod open_error;
mod options;
pub mod store;
