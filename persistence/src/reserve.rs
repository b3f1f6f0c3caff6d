//! Reserve: room on the disk that is kept for bad days.
//!
//! A ballast file takes as much room as opening a journal may need, and is released when there is no other: so a disk that
//! ran full can always be recovered. And while less than as much again is free, only what takes things away is accepted.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// The ballast within the data folder.
const BALLAST: &str = "BALLAST";
/// Room that opening needs beside what stands in write-ahead logs.
const MARGIN_BYTES: u64 = 1 << 20;

/// The reserve of a data folder.
#[derive(Debug)]
pub struct Reserve {
    folder: PathBuf,
    /// Size of the ballast, and of what must be free beside it.
    bytes: u64,
    ballast: bool,
    /// The ballast was released, and an operator knows.
    released: bool,
    low: bool,
}

/// What an operator should know of the room on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// There is so little that only what takes things away is accepted.
    Low {
        /// Bytes that are free.
        free: u64,
        /// Bytes that should be.
        reserve: u64,
    },
    /// There is enough again.
    Enough {
        /// Bytes that are free.
        free: u64,
    },
    /// There was too little to open the journal, and the ballast was released for it.
    Released {
        /// Bytes that are free with it.
        free: u64,
    },
    /// The ballast is there again.
    Ballast {
        /// Its bytes.
        bytes: u64,
    },
}

impl Reserve {
    /// The reserve of `folder`. `needed`: bytes that opening the databases may write. Releases the ballast when they do not
    /// fit otherwise, and then says so.
    ///
    /// # Errors
    /// When the machine does not say how much room there is, or the ballast cannot be removed.
    pub fn prepare(folder: &Path, bytes: u64, needed: u64) -> io::Result<(Reserve, Option<Notice>)> {
        let ballast = folder.join(BALLAST).exists();
        let mut reserve = Reserve { folder: folder.to_owned(), bytes, ballast, released: false, low: false };
        if !reserve.ballast || needed.saturating_add(MARGIN_BYTES) <= free(folder)? {
            return Ok((reserve, None));
        }
        fs::remove_file(folder.join(BALLAST))?;
        (reserve.ballast, reserve.released) = (false, true);
        let free = free(folder)?;
        Ok((reserve, Some(Notice::Released { free })))
    }

    /// Looks how much room there is; makes the ballast when it is missing and fits. Returns what has changed.
    ///
    /// # Errors
    /// When the machine does not say how much room there is.
    pub fn look(&mut self) -> io::Result<Option<Notice>> {
        let free = free(&self.folder)?;
        let missing = if self.ballast { 0 } else { self.bytes };
        let spare = free.saturating_sub(missing);
        let enough = if self.low { enough(self.bytes) } else { self.bytes };
        let low = spare < enough;
        if low != self.low {
            self.low = low;
            return Ok(Some(match low {
                true => Notice::Low { free, reserve: self.bytes + missing },
                false => Notice::Enough { free },
            }));
        }
        let made = !low && !self.ballast && self.make_ballast().is_ok();
        Ok((made && std::mem::take(&mut self.released)).then_some(Notice::Ballast { bytes: self.bytes }))
    }

    /// Whether there was too little when one last looked.
    pub const fn is_low(&self) -> bool {
        self.low
    }

    /// Makes the ballast, or leaves nothing.
    fn make_ballast(&mut self) -> io::Result<()> {
        let path = self.folder.join(BALLAST);
        let file = File::create(&path)?;
        let made = fallocate(&file, FallocateFlags::empty(), 0, self.bytes)
            .map_err(io::Error::from)
            .and_then(|()| file.sync_all());
        match made {
            Ok(()) => self.ballast = true,
            Err(_) => fs::remove_file(&path)?,
        }
        made
    }
}

/// Bytes that whoever makes a snapshot beside the exchange leaves free: as many as the exchange needs to take everything. None in
/// a folder without a ballast.
pub(crate) fn left_free(folder: &Path) -> u64 {
    let ballast = fs::metadata(folder.join(BALLAST)).map_or(0, |ballast| ballast.len());
    enough(ballast)
}

/// Bytes that this process may still write to the disk of `folder`.
pub(crate) fn free(folder: &Path) -> io::Result<u64> {
    let disk = statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes that have to be free before a disk that was nearly full is not any more.
const fn enough(reserve: u64) -> u64 {
    reserve + reserve / 4
}

/// Bytes in the write-ahead logs of the database in `folder`; none when there is no such folder.
pub(crate) fn wal_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let wals = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "log"));
    wals.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: &u64| bytes >> 20;
        match self {
            Notice::Low { free, reserve } => write!(
                f,
                "the disk is nearly full: {} MiB are free, and {} MiB should be. Only cancellations and operators' controls are \
                 accepted until there is room again",
                mib(free),
                mib(reserve)
            ),
            Notice::Enough { free } => {
                write!(f, "{} MiB of the disk are free: everything is accepted again", mib(free))
            }
            Notice::Released { free } => write!(
                f,
                "the disk was too full to open the journal: the ballast was released, and {} MiB are free. Make room: the \
                 ballast is made again when it fits",
                mib(free)
            ),
            Notice::Ballast { bytes } => write!(f, "the ballast of {} MiB is there again", mib(bytes)),
        }
    }
}
