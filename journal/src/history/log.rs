//! History log: keeps what groups add to the history. Every one must pass `contract`.

use engine::stamp::Sequence;

use crate::history::group::HistoryGroup;
use crate::log::WriteError;

/// Where the history is written.
pub trait HistoryLog: Send {
    /// The last command that is in the history; 0 when none is.
    fn last(&self) -> Sequence;

    /// Adds a group. It may be lost in a crash, but only from its end on, with everything added after it.
    ///
    /// # Errors
    /// The process has to stop: what is there is unknown.
    ///
    /// # Panics
    /// Unless the group is not empty and goes on after [`HistoryLog::last`].
    fn append(&mut self, group: &HistoryGroup) -> Result<(), WriteError>;

    /// Forgets everything, and goes on after `begin`: 0, or what the journal's oldest snapshot was made after. Until
    /// something is added, the next process finds 0.
    ///
    /// # Errors
    /// The process has to stop: what is there is unknown.
    fn clear(&mut self, begin: Sequence) -> Result<(), WriteError>;
}

/// The history of an exchange that keeps none. There is no such thing, so that it can only be absent.
#[derive(Debug)]
pub enum NoHistory {}

impl HistoryLog for NoHistory {
    fn last(&self) -> Sequence {
        match *self {}
    }

    fn append(&mut self, _: &HistoryGroup) -> Result<(), WriteError> {
        match *self {}
    }

    fn clear(&mut self, _: Sequence) -> Result<(), WriteError> {
        match *self {}
    }
}
