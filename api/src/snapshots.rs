//! Snapshots: where an operator asks for one, and whoever makes them takes that up, one at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam::queue::SegQueue;
use protocol::control::SnapshotResult;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use tokio::sync::oneshot;

/// What came of it.
pub type SnapshotOutcome = Result<SnapshotResult, ErrorObject>;

/// A snapshot that was asked for.
#[derive(Debug)]
pub struct AskedSnapshot {
    /// Why.
    pub reason: String,
    /// Whoever asked, and waits.
    pub answer: oneshot::Sender<SnapshotOutcome>,
}

/// Invariant: at most one is under way or waits, so at most one is in the queue.
#[derive(Debug, Default)]
pub struct SnapshotDesk {
    busy: AtomicBool,
    asked: SegQueue<AskedSnapshot>,
}

impl SnapshotDesk {
    /// Asks for one; what came of it will come through the receiver.
    ///
    /// # Errors
    /// `SNAPSHOT_RUNNING` while one is made.
    pub fn ask(&self, reason: String) -> Result<oneshot::Receiver<SnapshotOutcome>, ErrorObject> {
        if !self.begin() {
            let message = "a snapshot is being made: ask again when it is done";
            return Err(ErrorObject::new(ErrorCode::SnapshotRunning, message));
        }
        let (answer, outcome) = oneshot::channel();
        self.asked.push(AskedSnapshot { reason, answer });
        Ok(outcome)
    }

    /// Whoever makes them begins one by itself. Returns whether none is under way.
    pub fn begin(&self) -> bool {
        !self.busy.swap(true, Ordering::SeqCst)
    }

    /// Takes what was asked for.
    pub fn take(&self) -> Option<AskedSnapshot> {
        self.asked.pop()
    }

    /// The one that was under way is made, or failed.
    pub fn end(&self) {
        self.busy.store(false, Ordering::SeqCst);
    }
}
