//! Disk keeper: keeps the mark of a journal and watches the room on its disk.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::keeper::Keeper;
use journal::log::{Tip, WriteError};
use journal::mark::Mark;

use crate::mark_file::MarkFile;
use crate::reserve::{Notice, Reserve};

/// Who is told of the room on the disk.
pub type Tell = Box<dyn Fn(&Notice) + Send>;

/// Mark and reserve of a data folder.
pub struct DiskKeeper {
    mark: MarkFile,
    reserve: Reserve,
    cut: Cut,
    tell: Tell,
}

/// Whether the journal was cut and nobody has looked at what is left. Says so to the keeper once it is over.
#[derive(Clone, Debug)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Whether the venue has to be halted.
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The venue is halted: the next mark says so.
    pub fn close(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl DiskKeeper {
    pub(crate) fn new(mark: MarkFile, reserve: Reserve, tell: Tell) -> DiskKeeper {
        let cut = Cut(Arc::new(AtomicBool::new(mark.mark().cut)));
        DiskKeeper { mark, reserve, cut, tell }
    }

    /// Names the history to clients.
    pub fn epoch(&self) -> u64 {
        self.mark.mark().epoch
    }

    /// Whether the journal was cut.
    pub fn cut(&self) -> Cut {
        self.cut.clone()
    }
}

impl fmt::Debug for DiskKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskKeeper")
            .field("mark", &self.mark)
            .field("reserve", &self.reserve)
            .finish_non_exhaustive()
    }
}

impl Keeper for DiskKeeper {
    fn mark(&mut self, tip: Tip) -> Result<(), WriteError> {
        let mark = Mark { tip, cut: self.cut.is_open(), ..self.mark.mark() };
        if mark == self.mark.mark() {
            return Ok(());
        }
        let failed = |error: std::io::Error| WriteError {
            doing: "writing the mark of the journal",
            cause: error.to_string(),
        };
        self.mark.write(mark).map_err(failed)
    }

    fn is_low(&mut self) -> Result<bool, WriteError> {
        let looked = self.reserve.look().map_err(|error| WriteError {
            doing: "looking for room on the disk",
            cause: error.to_string(),
        })?;
        if let Some(notice) = looked {
            (self.tell)(&notice);
        }
        Ok(self.reserve.is_low())
    }
}
