//! Persistence: the command log on RocksDB, and snapshots beside it. Nothing outside this crate knows RocksDB.

mod folder;
mod key;
pub mod open_error;
mod options;
pub mod snapshots;
pub mod store;
pub mod watch;
