//! Table: comma-separated lines below a header, as far as the cases need them: nothing is quoted.

use std::fs;
use std::path::Path;

/// The lines below the header, field by field. Fields that a line leaves out are empty. Panics unless the header begins
/// the list of `columns`.
pub(crate) fn rows<const N: usize>(path: &Path, columns: [&str; N]) -> Vec<[String; N]> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().map(str::trim_end);
    let header = lines.next().unwrap_or_default();
    assert!(columns.join(",").starts_with(header) && !header.is_empty(), "{}: header", path.display());
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(|line| fields(line).unwrap_or_else(|| panic!("{}: {line}", path.display()))).collect()
}

/// `None` when there are too many.
fn fields<const N: usize>(line: &str) -> Option<[String; N]> {
    let mut fields = line.split(',').map(|field| field.trim().to_string());
    let found = std::array::from_fn(|_| fields.next().unwrap_or_default());
    fields.next().is_none().then_some(found)
}
