//! Fatal: why the process has to stop: what is on disk is unknown, and nothing more may be told.

use std::fmt;

use journal::log::{AppendError, WriteError};

/// A failed write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fatal {
    /// Of the journal.
    Journal(AppendError),
    /// Of what is kept beside it.
    Beside(WriteError),
}

impl From<AppendError> for Fatal {
    fn from(error: AppendError) -> Fatal {
        Fatal::Journal(error)
    }
}

impl From<WriteError> for Fatal {
    fn from(error: WriteError) -> Fatal {
        Fatal::Beside(error)
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fatal::Journal(error) => error.fmt(f),
            Fatal::Beside(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Fatal {}
