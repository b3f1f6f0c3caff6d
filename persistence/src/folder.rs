//! Folder: where a journal lies. Its format file says who wrote it, and is locked by the one process that writes.
//!
//! The format file is created empty, before the database, and filled in after it. So an empty one marks a folder whose
//! making was interrupted, and a folder with a full one has a database: when that is missing, it was lost.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::open_error::{OpenError, Refusal};

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_WORDS: &str = "hourbook journal ";
/// The version of the folder's layout: which files, keys and values there are.
const FORMAT_VERSION: &str = "1";
/// Longer than any format file.
const FORMAT_BYTES_MAX: u64 = 100;

/// A folder whose format is known. As long as it lives, nobody else can write the journal.
pub(crate) struct Folder {
    path: PathBuf,
    format: File,
    new: bool,
}

// Closing the file is not enough: a process that is being made has it too, until it runs a program of its own.
impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be unlocked is when the last who has it closes it.
        let _ = self.format.unlock();
    }
}

impl Folder {
    /// Takes the folder at `path` for this process alone, and makes it if there is none.
    pub(crate) fn own(path: &Path) -> Result<Folder, OpenError> {
        let failed = |doing| move |error: io::Error| OpenError::machine(path, doing, &error);
        if !path.try_exists().map_err(failed("looking for"))? {
            fs::create_dir(path).map_err(failed("making the folder of"))?;
            sync_parent(path).map_err(failed("making the folder of"))?;
        }
        let mut entries = fs::read_dir(path).map_err(failed("looking into"))?;
        if !path.join(FORMAT_FILE).exists() && entries.next().is_some() {
            return Err(OpenError::new(path, Refusal::Foreign));
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let format = options.open(path.join(FORMAT_FILE)).map_err(failed("opening the format file of"))?;
        match format.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::new(path, Refusal::InUse)),
            Err(TryLockError::Error(error)) => return Err(failed("locking the format file of")(error)),
        }
        let new = known_format(path, &format)?.is_none();
        Ok(Folder { path: path.to_owned(), format, new })
    }

    /// Checks that the folder at `path` has a journal, and changes nothing.
    pub(crate) fn check(path: &Path) -> Result<(), OpenError> {
        let failed = |doing| move |error: io::Error| OpenError::machine(path, doing, &error);
        let mut entries = fs::read_dir(path).map_err(failed("looking into"))?;
        let file = path.join(FORMAT_FILE);
        if !file.exists() {
            let refusal = if entries.next().is_some() { Refusal::Foreign } else { Refusal::Absent };
            return Err(OpenError::new(path, refusal));
        }
        let format = File::open(file).map_err(failed("opening the format file of"))?;
        known_format(path, &format)?.ok_or_else(|| OpenError::new(path, Refusal::Absent))
    }

    /// Whether no database has been made in it yet.
    pub(crate) const fn is_new(&self) -> bool {
        self.new
    }

    /// Records that the database has been made.
    pub(crate) fn finish(&mut self) -> Result<(), OpenError> {
        let written = writeln!(self.format, "{FORMAT_WORDS}{FORMAT_VERSION}")
            .and_then(|()| self.format.sync_all())
            .and_then(|()| File::open(&self.path)?.sync_all());
        written.map_err(|error| OpenError::machine(&self.path, "writing the format file of", &error))?;
        self.new = false;
        Ok(())
    }
}

/// `Some` when the format file names the version known here, `None` when it is still empty.
fn known_format(path: &Path, format: &File) -> Result<Option<()>, OpenError> {
    let mut bytes = Vec::new();
    let read = format.take(FORMAT_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|error| OpenError::machine(path, "reading the format file of", &error))?;
    let text = String::from_utf8_lossy(&bytes);
    if text.is_empty() {
        return Ok(None);
    }
    match text.strip_prefix(FORMAT_WORDS).and_then(|text| text.strip_suffix('\n')) {
        Some(FORMAT_VERSION) => Ok(Some(())),
        Some(found) => Err(OpenError::new(path, Refusal::Format { found: found.to_owned() })),
        None => Err(OpenError::new(path, Refusal::Foreign)),
    }
}

/// Makes the folder's entry in its parent durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_free_once_its_owner_is_gone_though_another_process_has_its_file() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let owned = Folder::own(folder.path()).expect("the folder is new");
        // What a process has that was being made at this moment.
        let inherited = owned.format.try_clone().expect("a file can be had twice");
        let refused = Folder::own(folder.path()).err();
        assert_eq!(refused.map(|error| error.refusal), Some(Refusal::InUse));
        drop(owned);
        assert!(Folder::own(folder.path()).is_ok());
        drop(inherited);
    }
}
