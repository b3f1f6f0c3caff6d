//! Keeper: looks after the disk beside a log, on a thread of its own. The simulator has one of its own.

use crate::log::{Tip, WriteError};

/// Keeps a log's mark, and knows whether there is room.
pub trait Keeper: Send {
    /// Notes durably that the log reaches `tip`.
    ///
    /// # Errors
    /// The process has to stop: whether the note is there is unknown.
    fn mark(&mut self, tip: Tip) -> Result<(), WriteError>;

    /// Whether so little room is left that only what takes things away may be accepted.
    ///
    /// # Errors
    /// When the machine does not say.
    fn is_low(&mut self) -> Result<bool, WriteError>;
}

/// Keeps nothing: for logs that last as long as the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeeper;

impl Keeper for NoKeeper {
    fn mark(&mut self, _: Tip) -> Result<(), WriteError> {
        Ok(())
    }

    fn is_low(&mut self) -> Result<bool, WriteError> {
        Ok(false)
    }
}
