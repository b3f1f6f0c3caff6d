//! Open error: why a journal's folder cannot be used, and what can be done about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that cannot be opened as a journal. Nothing in it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub refusal: Refusal,
}

/// Why a folder is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no journal.
    Absent,
    /// It is something else than a folder.
    NotFolder,
    /// Another process has it open.
    InUse,
    /// This user may not use it.
    Denied {
        /// What the machine said.
        cause: String,
    },
    /// Something else than hourbook wrote it.
    Foreign,
    /// Another version of hourbook wrote it.
    Format {
        /// The version that its format file names.
        found: String,
    },
    /// Files are damaged or missing.
    Damaged {
        /// What is wrong with them.
        cause: String,
    },
    /// The machine failed.
    Failed {
        /// While doing what.
        doing: &'static str,
        /// What the machine said.
        cause: String,
    },
}

impl OpenError {
    pub(crate) fn new(path: &Path, refusal: Refusal) -> OpenError {
        OpenError { path: path.to_owned(), refusal }
    }

    /// What an error of the operating system amounts to.
    pub(crate) fn machine(path: &Path, doing: &'static str, error: &io::Error) -> OpenError {
        let cause = error.to_string();
        let refusal = match error.kind() {
            io::ErrorKind::NotFound => Refusal::Absent,
            io::ErrorKind::NotADirectory => Refusal::NotFolder,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Refusal::Denied { cause },
            _ => Refusal::Failed { doing, cause },
        };
        OpenError::new(path, refusal)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.refusal {
            Refusal::Absent => write!(f, "there is no journal in {path}; check the path"),
            Refusal::NotFolder => write!(f, "{path} is not a folder; check the path"),
            Refusal::InUse => write!(f, "another hourbook holds the journal in {path}; stop it first"),
            Refusal::Denied { cause } => {
                write!(f, "access to the journal in {path} is denied: {cause}; check owner and permissions")
            }
            Refusal::Foreign => {
                write!(
                    f,
                    "{path} has files in it that hourbook did not write; choose a folder that is new or empty"
                )
            }
            Refusal::Format { found } => write!(
                f,
                "the journal in {path} has format {found}, which this hourbook does not know; start the version that \
                 wrote it"
            ),
            Refusal::Damaged { cause } => write!(
                f,
                "the journal in {path} is damaged: {cause}. Keep the folder as it is, and start from a copy or a backup \
                 of it"
            ),
            Refusal::Failed { doing, cause } => write!(
                f,
                "{doing} the journal in {path} failed: {cause}. Mend the disk, then start again; or start from a copy or a backup"
            ),
        }
    }
}

impl std::error::Error for OpenError {}
