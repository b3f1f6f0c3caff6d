//! Cursor: reads a file from front to back, and never beyond its end.

use crate::invalid::Invalid;

/// Bytes of a text, at most.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// A place in a file.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(file: &'a [u8]) -> Cursor<'a> {
        Cursor { file, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> usize {
        self.file.len() - self.at
    }

    pub(crate) fn bytes(&mut self, field: &str, count: usize) -> Result<&'a [u8], Invalid> {
        let bytes = self.file[self.at..].get(..count).ok_or_else(|| {
            let rule = format!("needs {count} bytes at {}, and the file ends after {}", self.at, self.left());
            Invalid::new(field, rule)
        })?;
        self.at += count;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &str) -> Result<[u8; N], Invalid> {
        let bytes = self.bytes(field, N)?;
        Ok(*bytes.first_chunk().expect("so many bytes were read"))
    }

    pub(crate) fn u32(&mut self, field: &str) -> Result<u32, Invalid> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, field: &str) -> Result<u64, Invalid> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// A count, at most `most`.
    pub(crate) fn count(&mut self, field: &str, most: u64) -> Result<u64, Invalid> {
        let count = self.u64(field)?;
        if most < count {
            return Err(Invalid::new(field, format!("is {count}, must be at most {most}")));
        }
        Ok(count)
    }

    /// A text: its length, then UTF-8.
    pub(crate) fn text(&mut self, field: &str) -> Result<&'a str, Invalid> {
        let length = self.count(field, TEXT_BYTES_MAX)?;
        let length = usize::try_from(length).expect("lengths of texts are bounded");
        let bytes = self.bytes(field, length)?;
        std::str::from_utf8(bytes).map_err(|_| Invalid::new(field, "is no UTF-8"))
    }
}
