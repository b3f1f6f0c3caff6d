//! Line: one line of a file, cut into fields, that knows where it stands.

use std::path::Path;

use engine::units::Price;

use crate::lobster::SampleError;

/// How much of a malformed field is shown.
const SHOWN_CHARS_MAX: usize = 40;

/// One line of a file.
pub(super) struct Line<'a> {
    file: &'a Path,
    number: usize,
    fields: Vec<&'a str>,
}

/// The lines of a file's text.
pub(super) fn lines<'a>(file: &'a Path, text: &'a str) -> impl Iterator<Item = Line<'a>> {
    text.lines().zip(1..).map(move |(line, number)| Line { file, number, fields: line.split(',').collect() })
}

impl<'a> Line<'a> {
    /// How many fields it has.
    pub(super) fn fields(&self) -> usize {
        self.fields.len()
    }

    /// The text of a field; empty when there are fewer.
    pub(super) fn text(&self, at: usize) -> &'a str {
        self.fields.get(at).map(|field| field.trim()).unwrap_or_default()
    }

    /// What is wrong with a field.
    pub(super) fn wrong(&self, at: usize, field: &str, expected: &'static str) -> SampleError {
        SampleError::Line {
            file: self.file.to_path_buf(),
            line: self.number,
            field: field.to_string(),
            expected,
            found: self.text(at).chars().take(SHOWN_CHARS_MAX).collect(),
        }
    }

    /// What is wrong with the line as a whole.
    pub(super) fn wrong_shape(&self, expected: &'static str) -> SampleError {
        SampleError::Line {
            file: self.file.to_path_buf(),
            line: self.number,
            field: "the line".to_string(),
            expected,
            found: self.fields.join(",").chars().take(SHOWN_CHARS_MAX).collect(),
        }
    }

    /// A price in the file's unit, a hundredth of a cent.
    pub(super) fn price(&self, at: usize, field: &str) -> Result<Price, SampleError> {
        let price = self.text(at).parse().ok().and_then(Price::new);
        price.ok_or_else(|| self.wrong(at, field, "a whole number from 1 to 1,000,000,000"))
    }
}
