//! File: one snapshot's bytes, read from the first to the last.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use journal::snapshot::fault::SnapshotFault;
use journal::snapshot::header::{HEADER_BYTES, SnapshotHeader};

use crate::snapshots::error::{SnapshotCause, SnapshotError};

/// Bytes that are read at a time.
const BLOCK_BYTES: u64 = 1 << 18;

/// An open snapshot whose header is sound.
pub(super) struct SnapshotFile {
    path: PathBuf,
    file: File,
    header: SnapshotHeader,
    failure: Option<io::Error>,
}

impl SnapshotFile {
    pub(super) fn open(path: &Path) -> Result<SnapshotFile, SnapshotError> {
        let mut file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SnapshotError { path: path.to_owned(), cause: SnapshotCause::Gone },
            _ => SnapshotError::failed(path, "opening")(error),
        })?;
        let mut bytes = Vec::new();
        let read = file.by_ref().take(HEADER_BYTES.try_into().unwrap_or(u64::MAX)).read_to_end(&mut bytes);
        read.map_err(SnapshotError::failed(path, "reading"))?;
        // A file that is too short is padded: then its hash is wrong.
        bytes.resize(HEADER_BYTES, 0);
        let header = bytes.first_chunk().map(SnapshotHeader::decode).expect("it has as many bytes");
        let header = header
            .map_err(|fault| SnapshotError { path: path.to_owned(), cause: SnapshotCause::Fault(fault) })?;
        Ok(SnapshotFile { path: path.to_owned(), file, header, failure: None })
    }

    pub(super) fn header(&self) -> SnapshotHeader {
        self.header
    }

    /// Appends the next bytes; none at the end, or when the machine fails.
    pub(super) fn give(&mut self, block: &mut Vec<u8>) {
        if let Err(error) = self.file.by_ref().take(BLOCK_BYTES).read_to_end(block) {
            self.failure = Some(error);
        }
    }

    /// What was read, unless the machine failed meanwhile.
    pub(super) fn outcome<T>(self, read: Result<T, SnapshotFault>) -> Result<T, SnapshotError> {
        let SnapshotFile { path, failure, .. } = self;
        match failure {
            Some(error) => Err(SnapshotError::failed(&path, "reading")(error)),
            None => read.map_err(|fault| SnapshotError { path, cause: SnapshotCause::Fault(fault) }),
        }
    }

    pub(super) fn error(self, cause: SnapshotCause) -> SnapshotError {
        SnapshotError { path: self.path, cause }
    }
}
