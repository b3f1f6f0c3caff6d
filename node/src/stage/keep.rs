//! Keep stage: marks how far the journal reaches, and says whether there is room for more.

use journal::keeper::Keeper;
use journal::log::{Tip, WriteError};

/// The keeper, and what it said last.
pub struct KeepStage<K> {
    keeper: K,
    low: bool,
}

impl<K: Keeper> KeepStage<K> {
    /// Begins with a keeper.
    pub fn new(keeper: K) -> KeepStage<K> {
        KeepStage { keeper, low: false }
    }

    /// Marks `tip`, if it is new, and looks how much room there is.
    ///
    /// # Errors
    /// The process has to stop.
    pub fn step(&mut self, tip: Option<Tip>) -> Result<(), WriteError> {
        if let Some(tip) = tip {
            self.keeper.mark(tip)?;
        }
        self.low = self.keeper.is_low()?;
        Ok(())
    }

    /// Whether only what takes things away may be accepted.
    pub const fn is_low(&self) -> bool {
        self.low
    }
}
