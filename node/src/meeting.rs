//! Meeting: where the threads of an exchange meet.

use std::sync::Arc;

use journal::log::Tip;

use crate::batch::Batch;
use crate::config::{BATCHES, HISTORY_BATCHES_MAX, QUESTIONS_MAX};
use crate::inlet::Inlet;
use crate::latest::Latest;
use crate::outlet::Outlet;
use crate::ring::Ring;
use crate::sync::AtomicBool;

/// A ring of batches for which there is always room.
pub(crate) type BatchRing<T> = Ring<Box<Batch<T>>>;

/// Rings between threads, and which threads are done.
pub(crate) struct Meeting<O: Outlet> {
    pub(crate) inlet: Inlet<O::Origin>,
    pub(crate) questions: Arc<Ring<O::Question>>,
    /// Batches for the core to fill.
    pub(crate) empty: BatchRing<O::Origin>,
    /// Batches that were applied.
    pub(crate) applied: BatchRing<O::Origin>,
    /// Batches that are durable.
    pub(crate) durable: BatchRing<O::Origin>,
    /// Batches that were told.
    pub(crate) told: BatchRing<O::Origin>,
    /// Batches that are in the history. Nobody is woken for them.
    pub(crate) kept: BatchRing<O::Origin>,
    /// The end of the journal.
    pub(crate) tip: Latest<Tip>,
    pub(crate) core_done: AtomicBool,
    pub(crate) journal_done: AtomicBool,
    pub(crate) publisher_done: AtomicBool,
}

impl<O: Outlet> Default for Meeting<O> {
    fn default() -> Meeting<O> {
        let meeting = Meeting {
            inlet: Inlet::default(),
            questions: Arc::new(Ring::new(QUESTIONS_MAX)),
            empty: Ring::new(BATCHES),
            applied: Ring::new(BATCHES),
            durable: Ring::new(BATCHES),
            told: Ring::new(HISTORY_BATCHES_MAX),
            kept: Ring::new(HISTORY_BATCHES_MAX),
            tip: Latest::default(),
            core_done: AtomicBool::new(false),
            journal_done: AtomicBool::new(false),
            publisher_done: AtomicBool::new(false),
        };
        (0..BATCHES).for_each(|_| forward(&meeting.empty, Box::default()));
        meeting
    }
}

impl<O: Outlet> Meeting<O> {
    /// Makes the present thread the one that is woken for commands and for empty batches.
    pub(crate) fn core_consumes_here(&self) {
        self.inlet.ring().consume_here();
        self.empty.consume_here();
    }

    /// Makes the present thread the one that is woken for durable batches and for questions.
    pub(crate) fn publisher_consumes_here(&self) {
        self.durable.consume_here();
        self.questions.consume_here();
    }
}

/// Hands a batch on.
pub(crate) fn forward<T>(ring: &BatchRing<T>, batch: Box<Batch<T>>) {
    assert!(ring.push(batch).is_ok(), "every ring has room for all batches");
}
