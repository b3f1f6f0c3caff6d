//! Refusal: why what a provider, an auditor or a taker showed is not taken.

use std::fmt;

use attestation::check::Check;
use attestation::malformed::Malformed;

/// Why evidence is not taken. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its bytes are no such object.
    Malformed(Malformed),
    /// A question that is asked of every receipt has the wrong answer.
    Failed {
        /// Which.
        check: Check,
        /// Why.
        why: String,
    },
    /// What is opened was not drawn.
    NotDrawn {
        /// Which sequence.
        sequence: u32,
    },
    /// What is opened is not what was committed to.
    Foreign {
        /// Which sequence.
        sequence: u32,
    },
    /// It is signed by another key than the one that shows it.
    OtherKey,
    /// A job is beyond what its window takes.
    JobTooLarge {
        /// Which of its numbers.
        field: &'static str,
        /// What it may be.
        rule: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Malformed(malformed) => malformed.fmt(f),
            Refusal::Failed { check, why } => write!(f, "{}: {why}", check.name()),
            Refusal::NotDrawn { sequence } => {
                write!(
                    f,
                    "openings: sequence {sequence} is not asked for; open those of the sample, and the others when it was flagged"
                )
            }
            Refusal::Foreign { sequence } => {
                write!(f, "openings: sequence {sequence} is not the one that was committed to")
            }
            Refusal::OtherKey => {
                f.write_str("verdict-signature: the verdict names another key than the one that logged in")
            }
            Refusal::JobTooLarge { field, rule } => write!(f, "{field}: {rule}"),
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Refusal {
        Refusal::Malformed(malformed)
    }
}
