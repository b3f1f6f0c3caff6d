//! Persistence: the data folder: the command log on RocksDB, its mark, snapshots, and what is kept beside it. Nothing outside
//! this crate knows RocksDB.

pub mod backup;
pub mod data;
pub mod data_error;
pub mod failpoint;
mod folder;
pub mod history;
pub mod keeper;
mod key;
pub mod mark_file;
pub mod open_error;
mod options;
pub mod reserve;
pub mod snapshots;
pub mod store;
pub mod watch;
