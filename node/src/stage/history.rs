//! History stage: adds what was told to the history, as much at once as is there.

use journal::history::group::HistoryGroup;
use journal::history::log::HistoryLog;
use journal::log::WriteError;

use crate::batch::Batch;

/// The history and what is not in it yet.
pub struct HistoryStage<H> {
    history: H,
    group: HistoryGroup,
}

impl<H: HistoryLog> HistoryStage<H> {
    /// Goes on with a history, to which `group` is added next.
    pub fn new(history: H, group: HistoryGroup) -> HistoryStage<H> {
        HistoryStage { history, group }
    }

    /// Takes in a batch that was told. Writes when there is enough to write.
    ///
    /// # Errors
    /// The process has to stop.
    pub fn step<T>(&mut self, batch: &Batch<T>) -> Result<(), WriteError> {
        let mut orders = batch.orders();
        for (stamped, events) in batch.told() {
            self.group.fold(stamped.stamp, events, &mut orders);
        }
        assert!(orders.next().is_none(), "only orders of the batch are noted with it");
        if self.group.is_full() { self.write() } else { Ok(()) }
    }

    /// Writes what is not in the history yet.
    ///
    /// # Errors
    /// The process has to stop.
    pub fn write(&mut self) -> Result<(), WriteError> {
        if self.group.is_empty() {
            return Ok(());
        }
        self.history.append(&self.group)?;
        self.group.clear();
        Ok(())
    }
}
