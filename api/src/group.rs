//! Group: a batch of changes, whose outcomes come one by one and are told together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::command::Command;
use protocol::batch::{BatchResult, OpAnswer, OpResult};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::Answer;

use crate::origin::Pending;

/// What came of one change.
pub type OpOutcome = Result<OpAnswer, ErrorObject>;

/// A batch that is under way.
#[derive(Debug)]
pub struct Group {
    /// Answered once, by whoever brings the last outcome.
    pending: Mutex<Option<Box<Pending>>>,
    ops: Vec<Op>,
    missing: AtomicUsize,
}

#[derive(Debug)]
struct Op {
    name: Option<String>,
    outcome: OnceLock<OpOutcome>,
}

/// One change of a batch, which waits for its outcome.
#[derive(Debug)]
pub struct Part {
    group: Arc<Group>,
    place: usize,
}

/// All changes of an atomic batch, which wait for their outcome.
#[derive(Debug)]
pub struct Whole {
    /// The batch.
    pub group: Arc<Group>,
    /// Its changes in the order in which they are made, each with its place in the request.
    pub changes: Vec<(usize, Command)>,
}

impl Group {
    /// A batch of changes with these names, if they could be read.
    pub fn new(pending: Box<Pending>, names: impl IntoIterator<Item = Option<String>>) -> Arc<Group> {
        let op = |name| Op { name, outcome: OnceLock::new() };
        let ops: Vec<Op> = names.into_iter().map(op).collect();
        let missing = AtomicUsize::new(ops.len());
        Arc::new(Group { pending: Mutex::new(Some(pending)), ops, missing })
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The change at a place.
    pub fn part(self: &Arc<Group>, place: usize) -> Part {
        Part { group: Arc::clone(self), place }
    }

    /// Says what came of the change at `place`; the last one answers the request.
    pub fn tell(&self, place: usize, outcome: OpOutcome) {
        if self.ops[place].outcome.set(outcome).is_err() {
            return;
        }
        if self.missing.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.answer();
        }
    }

    /// Nothing happens because of the change at `place`.
    pub fn refuse(&self, place: usize, error: ErrorObject) {
        self.tell(place, Err(error));
        let message = format!("another change of the batch was refused, ops[{place}]: none was made");
        self.tell_all(&ErrorObject::new(ErrorCode::BatchRefused, message));
    }

    /// The same came of all changes of which nothing else did.
    pub fn tell_all(&self, error: &ErrorObject) {
        (0..self.ops.len()).for_each(|place| self.tell(place, Err(error.clone())));
    }

    fn answer(&self) {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(pending) = pending else { return };
        let results = (0..).zip(&self.ops).map(|(i, op)| OpResult {
            i,
            op: op.name.clone(),
            outcome: op.outcome.get().expect("every outcome has come").clone(),
        });
        pending.answer(Ok(Answer::Batch(BatchResult { results: results.collect() })));
    }
}

impl Part {
    /// Says what came of it.
    pub fn tell(self, outcome: OpOutcome) {
        self.group.tell(self.place, outcome);
    }
}
