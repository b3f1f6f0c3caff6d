//! Data error: why a data folder cannot be used, and what can be done about it.

use std::fmt;
use std::path::PathBuf;

use engine::stamp::Sequence;
use journal::mark::MarkError;

use crate::open_error::OpenError;

/// A data folder that is refused. It is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub refusal: DataRefusal,
}

/// Why a data folder is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataRefusal {
    /// The journal cannot be opened.
    Journal(OpenError),
    /// There is a mark and no journal.
    JournalMissing,
    /// The journal is not what its mark says.
    Mark(MarkError),
    /// There is a journal and no mark.
    MarkMissing {
        /// Where the journal ends.
        end: Sequence,
    },
    /// The mark's file holds none.
    MarkDamaged {
        /// Where the journal ends.
        end: Sequence,
    },
    /// The end of a journal was accepted that is whole.
    NothingToAccept {
        /// Where it ends.
        end: Sequence,
    },
    /// Files of the evidence are damaged or missing.
    EvidenceDamaged {
        /// What is wrong with them.
        cause: String,
    },
    /// The evidence is another exchange's.
    EvidenceForeign,
    /// The machine failed.
    Failed {
        /// While doing what.
        doing: &'static str,
        /// What the machine said.
        cause: String,
    },
}

impl DataRefusal {
    /// Where a journal ends of which something may be missing, and with which an operator may go on nevertheless.
    pub(crate) fn end(&self) -> Option<Sequence> {
        match *self {
            DataRefusal::Mark(MarkError::Short { end, .. })
            | DataRefusal::MarkMissing { end }
            | DataRefusal::MarkDamaged { end } => Some(end),
            _ => None,
        }
    }
}

/// What can be done about evidence that is of no use.
const EVIDENCE_ADVICE: &str = "The journal is whole, and nothing was changed. Put back the folder evidence and the file \
    exchange.key, of a copy or a backup; or move the folder evidence away and start: slots under way whose evidence is lost \
    are then ruled inconclusive, which pays nobody and blames nobody";

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.refusal {
            DataRefusal::Journal(error) => return error.fmt(f),
            DataRefusal::Failed { doing, cause } => {
                return write!(f, "{doing} in {path} failed: {cause}; mend the disk, then start again");
            }
            DataRefusal::NothingToAccept { end } => {
                return write!(
                    f,
                    "the journal in {path} is whole and ends at command {}: leave --accept-end out",
                    end.0
                );
            }
            DataRefusal::EvidenceDamaged { cause } => {
                return write!(f, "the evidence in {path} is damaged: {cause}. {EVIDENCE_ADVICE}");
            }
            DataRefusal::EvidenceForeign => {
                return write!(
                    f,
                    "the evidence in {path} is of another exchange than the file exchange.key, or that file is missing. \
                     {EVIDENCE_ADVICE}"
                );
            }
            DataRefusal::JournalMissing => {
                write!(f, "in {path}, the folder journal is missing, and with it all that was done")?;
            }
            DataRefusal::Mark(error) => write!(f, "in {path}, {error}")?,
            DataRefusal::MarkMissing { .. } => write!(
                f,
                "in {path}, the file MARK is missing, which says how far the journal reaches: nobody knows whether commands \
                 are missing"
            )?,
            DataRefusal::MarkDamaged { .. } => write!(
                f,
                "in {path}, the file MARK is damaged, which says how far the journal reaches: nobody knows whether commands \
                 are missing"
            )?,
        }
        write!(
            f,
            ". Nothing was changed. Keep the folder as it is, and start from a copy of it, or from a backup (hourbook restore)"
        )?;
        match self.refusal.end() {
            Some(end) => write!(
                f,
                ". To go on with what is there, start once with --accept-end {}: clients are told of a new epoch, and the venue \
                 is halted until an operator opens it",
                end.0
            ),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DataError {}
