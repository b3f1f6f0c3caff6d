//! Reader: takes plain numbers and bytes off a record, and says where it stands when one is missing.

use crate::fault::{RecordFault, Rule};

/// A place in a record's bytes. Only moves forward, and never past the end.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from `offset` on.
    pub(crate) const fn at(bytes: &'a [u8], offset: usize) -> Reader<'a> {
        Reader { bytes, offset }
    }

    /// The fault of breaking `rule` here.
    pub(crate) const fn fault(&self, rule: Rule) -> RecordFault {
        RecordFault { offset: self.offset, rule }
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.offset)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordFault> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let taken = *rest.first_chunk().ok_or(self.fault(Rule::End))?;
        self.offset += N;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, RecordFault> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn half(&mut self) -> Result<u16, RecordFault> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn word(&mut self) -> Result<u32, RecordFault> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn long(&mut self) -> Result<u64, RecordFault> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn wide(&mut self) -> Result<u128, RecordFault> {
        self.array().map(u128::from_le_bytes)
    }

    /// The value that `read` makes of what comes next; its fault is that of the place where it begins.
    pub(crate) fn checked<T>(
        &mut self,
        rule: Rule,
        read: impl FnOnce(&mut Reader<'a>) -> Result<Option<T>, RecordFault>,
    ) -> Result<T, RecordFault> {
        let broken = self.fault(rule);
        read(self)?.ok_or(broken)
    }
}
