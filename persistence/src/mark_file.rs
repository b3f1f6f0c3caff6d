//! Mark file: the mark of a journal, outside its database.
//!
//! Two slots, each in a block of its own, are written in turn: whatever a crash does to one, the other stands.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use journal::mark::{MARK_BYTES, Mark};

use crate::failpoint::Failpoint;

/// Bytes from one slot to the next: no device tears both with one write.
const SLOT_BYTES: u64 = 4_096;
const SLOTS: u64 = 2;

/// A mark on disk. Owned by whoever has the journal.
#[derive(Debug)]
pub struct MarkFile {
    file: File,
    mark: Mark,
    /// How often the mark was written.
    number: u64,
}

/// What stands in a mark's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no file.
    Absent,
    /// Neither slot holds a mark.
    Damaged,
    /// The newer of the marks that are sound, and the number of its write.
    Mark(u64, Mark),
}

impl MarkFile {
    /// Makes the file at `path`, in place of the one that may be there, at once or not at all.
    pub(crate) fn make(path: &Path, mark: Mark) -> io::Result<MarkFile> {
        let new = beside(path);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&new)?;
        file.set_len(0)?;
        // All of it is written now, so that no later write needs room.
        file.write_all_at(&vec![0; usize::try_from(SLOTS * SLOT_BYTES).expect("slots are small")], 0)?;
        let mut made = MarkFile { file, mark, number: 0 };
        made.write(mark)?;
        fs::rename(&new, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(made)
    }

    /// Opens the file at `path`, in which a mark was found, to be written.
    pub(crate) fn open(path: &Path, found: Found) -> io::Result<MarkFile> {
        let Found::Mark(number, mark) = found else { panic!("only a mark that was found is written on") };
        let file = File::options().read(true).write(true).open(path)?;
        Ok(MarkFile { file, mark, number })
    }

    /// Reads the file at `path`, and changes nothing.
    pub fn read(path: &Path) -> io::Result<Found> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
            opened => opened?,
        };
        let mut newest = Found::Damaged;
        for slot in 0..SLOTS {
            let mut bytes = [0; MARK_BYTES];
            match file.read_exact_at(&mut bytes, slot * SLOT_BYTES) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                read => read?,
            }
            if let Some((number, mark)) = Mark::decode(&bytes)
                && !matches!(newest, Found::Mark(before, _) if number < before)
            {
                newest = Found::Mark(number, mark);
            }
        }
        Ok(newest)
    }

    /// The mark.
    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }

    /// Replaces the mark. When it returns `Ok`, the new one survives a crash; else one of the two does.
    pub(crate) fn write(&mut self, mark: Mark) -> io::Result<()> {
        Failpoint::MarkWriting.pass();
        self.number += 1;
        self.file.write_all_at(&mark.encode(self.number), self.number % SLOTS * SLOT_BYTES)?;
        Failpoint::MarkWritten.pass();
        self.file.sync_data()?;
        Failpoint::MarkSynced.pass();
        self.mark = mark;
        Ok(())
    }
}

/// Where a file is made before it takes its name.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
