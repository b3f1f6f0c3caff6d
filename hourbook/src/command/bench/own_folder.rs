//! Own folder: where a measurement keeps its journal as long as it lasts.

use std::path::Path;

use tempfile::TempDir;

use crate::failure::Failure;

/// A folder that is removed when it is dropped.
pub(super) fn folder(within: Option<&Path>) -> Result<TempDir, Failure> {
    let made = match within {
        Some(within) => tempfile::tempdir_in(within),
        None => tempfile::tempdir(),
    };
    made.map_err(|error| {
        Failure::local(format!("a temporary folder cannot be made: {error}"))
            .advise("name a folder that is there and may be written to with --data")
    })
}
