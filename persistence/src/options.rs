//! Options: how RocksDB keeps the journal.

use rocksdb::{DBCompressionType, DBRecoveryMode, LogLevel, Options, ReadOptions, WriteOptions};

/// Bytes of records in memory before they are written to a table, and so the size of a table; fewer when the write-ahead
/// log has less room.
const WRITE_BUFFER_BYTES: usize = 64 << 20;
/// Bytes of write-ahead log after which a table is written, unless it is said. Recovery needs about as much free space.
pub(crate) const WAL_BYTES_MAX: u64 = 256 << 20;
/// Bytes that reading from one end to the other fetches at a time.
const READAHEAD_BYTES: usize = 2 << 20;
/// The same of the evidence. RocksDB takes room on the disk for a quarter of it and a little more at once.
const EVIDENCE_WAL_BYTES: u64 = 16 << 20;
/// Tables that are kept open at a time.
const OPEN_FILES_MAX: i32 = 256;
/// Tables of the history after which they are merged, and bytes of what they are merged into first.
const HISTORY_TABLES_MERGED: i32 = 8;
const HISTORY_LEVEL_BYTES: u64 = 512 << 20;
/// Bytes of one file of RocksDB's own diary, of which two are kept.
const DIARY_BYTES_MAX: usize = 1 << 20;
const DIARY_FILES_MAX: usize = 2;

/// How the journal's database is opened. `new`: whether it is made when there is none. `wal_bytes`: how long its
/// write-ahead log may get.
pub(crate) fn database(new: bool, wal_bytes: u64) -> Options {
    let mut options = Options::default();
    options.create_if_missing(new);
    // The default mode opens silently with what stands before a damaged place, however much follows it. This one
    // refuses, except when it is the end of the log that is incomplete: a write that was never acknowledged.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_total_wal_size(wal_bytes);
    // One column family: how long its log gets is decided by its buffers, of which there are two at a time.
    options
        .set_write_buffer_size(usize::try_from(wal_bytes / 4).unwrap_or(usize::MAX).min(WRITE_BUFFER_BYTES));
    // Compaction stays on: keys only ascend, so it moves tables down a level without rewriting them. Off, every table
    // would stay in the first level, where each is an open file, and a long journal would run out of those.
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_compression_type(DBCompressionType::None);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(DIARY_FILES_MAX);
    options.set_max_log_file_size(DIARY_BYTES_MAX);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

/// How the history's database is opened, and made when there is none.
pub(crate) fn history() -> Options {
    let mut options = database(true, WAL_BYTES_MAX);
    // Keys of all accounts are in every table, so tables are merged: rarely, and many at a time.
    options.set_level_zero_file_num_compaction_trigger(HISTORY_TABLES_MERGED);
    options.set_max_bytes_for_level_base(HISTORY_LEVEL_BYTES);
    options
}

/// How the database of evidence is opened. `new`: whether it is made.
pub(crate) fn evidence(new: bool) -> Options {
    database(new, EVIDENCE_WAL_BYTES)
}

/// How it is looked at beside an exchange: all tables are opened at once, for one that is merged away later can then still be read.
pub(crate) fn glance() -> Options {
    let mut options = evidence(false);
    options.set_max_open_files(-1);
    options
}

/// How evidence is copied: what many writes come to is synced after them.
pub(crate) fn copy() -> WriteOptions {
    WriteOptions::default()
}

/// How the history is written: into memory, and to a table when there is enough. Its log is the journal.
pub(crate) fn fold() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    options
}

/// How records are appended: durable when the write returns.
pub(crate) fn append() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

/// How records are read: once, in order.
pub(crate) fn read() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.fill_cache(false);
    options.set_readahead_size(READAHEAD_BYTES);
    options
}
