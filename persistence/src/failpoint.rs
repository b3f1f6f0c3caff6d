//! Failpoint: a named place at which a test ends the process, as a power cut would.
//!
//! Only builds with debug assertions look: in what is released there is neither the name nor the question. The variable
//! `HOURBOOK_FAILPOINT` says where, and the how manyth time: `journal-appended:3`.

/// Where a process can be made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// The journal's folder is there, its database is not.
    JournalMade,
    /// Records are about to be written.
    JournalAppending,
    /// Records are durable, and nobody has been told.
    JournalAppended,
    /// A mark is about to be written.
    MarkWriting,
    /// A mark is written and not synced.
    MarkWritten,
    /// A mark is durable.
    MarkSynced,
    /// A part of the history is about to be written.
    HistoryWriting,
    /// A part of the history is written, and not synced.
    HistoryWritten,
    /// A history that is of no use has been removed, and is not made anew yet.
    HistoryRemoved,
    /// Some or all of a backup's records are copied, and its mark does not say so yet.
    BackupCopying,
    /// A restored folder is whole, and does not have its name yet.
    RestoreCopied,
}

impl Failpoint {
    /// All of them, in the order in which an exchange meets them.
    pub const ALL: [Failpoint; 11] = [
        Failpoint::JournalMade,
        Failpoint::JournalAppending,
        Failpoint::JournalAppended,
        Failpoint::MarkWriting,
        Failpoint::MarkWritten,
        Failpoint::MarkSynced,
        Failpoint::HistoryWriting,
        Failpoint::HistoryWritten,
        Failpoint::HistoryRemoved,
        Failpoint::BackupCopying,
        Failpoint::RestoreCopied,
    ];

    /// Its name in the environment.
    pub const fn name(self) -> &'static str {
        match self {
            Failpoint::JournalMade => "journal-made",
            Failpoint::JournalAppending => "journal-appending",
            Failpoint::JournalAppended => "journal-appended",
            Failpoint::MarkWriting => "mark-writing",
            Failpoint::MarkWritten => "mark-written",
            Failpoint::MarkSynced => "mark-synced",
            Failpoint::HistoryWriting => "history-writing",
            Failpoint::HistoryWritten => "history-written",
            Failpoint::HistoryRemoved => "history-removed",
            Failpoint::BackupCopying => "backup-copying",
            Failpoint::RestoreCopied => "restore-copied",
        }
    }

    /// Ends the process here, if the environment says so.
    pub(crate) fn pass(self) {
        #[cfg(debug_assertions)]
        armed::pass(self.name());
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::env;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The name, and how often it is still passed before the process ends.
    static ARMED: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();

    pub(super) fn pass(name: &str) {
        let Some((armed, left)) = ARMED.get_or_init(read) else { return };
        if armed == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }

    fn read() -> Option<(String, AtomicU64)> {
        let variable = env::var("HOURBOOK_FAILPOINT").ok()?;
        let (name, count) = variable.split_once(':')?;
        Some((name.to_owned(), AtomicU64::new(count.parse().ok()?)))
    }
}
