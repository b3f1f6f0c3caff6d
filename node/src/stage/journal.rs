//! Journal stage: makes batches durable, all that are queued with one write and one sync.

use journal::chain::Chain;
use journal::log::{AppendError, CommandLog, Tip};
use journal::sealed::SealedRecords;

use crate::batch::Batch;

/// The log and the end of its chain.
pub struct JournalStage<L> {
    log: L,
    chain: Chain,
    records: SealedRecords,
}

impl<L: CommandLog> JournalStage<L> {
    /// Goes on at the end of a recovered log.
    pub fn new(log: L, chain: Chain) -> JournalStage<L> {
        JournalStage { log, chain, records: SealedRecords::default() }
    }

    /// Appends one record per batch. When it returns, they are durable.
    ///
    /// # Errors
    /// The process has to stop: nothing of these batches may be told.
    pub fn step<T>(&mut self, batches: &[Box<Batch<T>>]) -> Result<(), AppendError> {
        let last = self.chain.last().sequence;
        self.records.clear();
        for batch in batches {
            self.chain.seal(batch.commands(), batch.outcome, &mut self.records);
        }
        self.log.append(last, &self.records)
    }

    /// The log that it writes.
    pub fn log(&mut self) -> &mut L {
        &mut self.log
    }

    /// The last record that is durable; before the first, what a log begins with.
    pub fn tip(&self) -> Tip {
        Tip { sequence: self.chain.last().sequence, hash: self.chain.hash() }
    }

    /// The log and the end of its chain, when the stage is done.
    pub fn into_end(self) -> (L, Chain) {
        (self.log, self.chain)
    }
}
