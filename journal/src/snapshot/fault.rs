//! Fault: why a snapshot is not used.

use std::fmt;

use engine::image::ImageFault;

/// The first thing that is wrong with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotFault {
    /// Its header is none.
    Header(ImageFault),
    /// It was written under other rules.
    Logic {
        /// This program's logic version.
        expected: u16,
        /// The snapshot's.
        found: u16,
    },
    /// Its body is none. Places are counted from where the body begins.
    Body(ImageFault),
    /// Its body is another one than its header says.
    Mixed,
}

impl fmt::Display for SnapshotFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotFault::Header(fault) => write!(f, "its header is damaged: {fault}"),
            SnapshotFault::Logic { expected, found } => {
                write!(f, "it is of logic version {found}, expected {expected}")
            }
            SnapshotFault::Body(fault) => write!(f, "its body is damaged: {fault}"),
            SnapshotFault::Mixed => write!(f, "its body is damaged: it is not the one that its header says"),
        }
    }
}

impl std::error::Error for SnapshotFault {}
