//! Error: what is wrong with a snapshot or its folder, and what can be done about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use engine::stamp::Sequence;
use journal::log::ReadError;
use journal::snapshot::fault::SnapshotFault;

/// Why a snapshot is not used, or not written. The journal is untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub cause: SnapshotCause,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotCause {
    /// It is not what was written, or of another logic version.
    Fault(SnapshotFault),
    /// Another one is in the file of this name.
    Misnamed {
        /// The sequence that its header names.
        found: Sequence,
    },
    /// It is not there, or not any more: whoever makes another removes what is not needed then.
    Gone,
    /// Another process is writing one.
    Busy,
    /// The machine failed.
    Failed {
        /// While doing what.
        doing: &'static str,
        /// What the machine said.
        cause: String,
    },
}

impl SnapshotError {
    /// What an error of the operating system amounts to.
    pub(super) fn failed(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> SnapshotError {
        move |error| SnapshotError {
            path: path.to_owned(),
            cause: SnapshotCause::Failed { doing, cause: error.to_string() },
        }
    }

    /// What an error of reading the journal amounts to, for whoever looks for a snapshot to begin with.
    pub(crate) fn reading(path: &Path) -> impl Fn(ReadError) -> SnapshotError {
        move |error| SnapshotError {
            path: path.to_owned(),
            cause: SnapshotCause::Failed { doing: "choosing a snapshot in", cause: error.to_string() },
        }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.cause {
            SnapshotCause::Fault(fault @ SnapshotFault::Logic { .. }) => {
                write!(
                    f,
                    "the snapshot {path} is not used: {fault}; the version of hourbook that made it can"
                )
            }
            SnapshotCause::Fault(fault) => write!(f, "the snapshot {path} is not used: {fault}"),
            SnapshotCause::Misnamed { found } => {
                write!(f, "the snapshot {path} is not used: it is the one after sequence {}", found.0)
            }
            SnapshotCause::Gone => write!(f, "the snapshot {path} is not there any more"),
            SnapshotCause::Busy => {
                write!(f, "another hourbook is making a snapshot in {path}; wait until it is done")
            }
            SnapshotCause::Failed { doing, cause } => write!(f, "{doing} {path} failed: {cause}"),
        }
    }
}

impl std::error::Error for SnapshotError {}
