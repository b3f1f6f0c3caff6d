//! Writer: where an image goes, block by block.

use crate::image::Image;

/// Bytes that are collected before they go out.
const BLOCK_BYTES: usize = 1 << 16;

/// Takes an image in and hands it on in blocks, so that nobody needs room for all of it.
pub struct ImageWriter<'a> {
    block: Vec<u8>,
    written: u64,
    sink: &'a mut dyn FnMut(&[u8]),
}

impl<'a> ImageWriter<'a> {
    /// Hands blocks of bytes to `sink`, in order.
    pub fn new(sink: &'a mut dyn FnMut(&[u8])) -> ImageWriter<'a> {
        ImageWriter { block: Vec::with_capacity(BLOCK_BYTES), written: 0, sink }
    }

    /// Hands on what is left; returns how many bytes there were in all.
    pub fn finish(mut self) -> u64 {
        self.hand_on();
        self.written
    }

    #[inline]
    pub(crate) fn raw<const N: usize>(&mut self, bytes: [u8; N]) {
        const { assert!(N <= BLOCK_BYTES, "a value fits in a block") }
        if BLOCK_BYTES < self.block.len() + N {
            self.hand_on();
        }
        self.block.extend_from_slice(&bytes);
    }

    /// A list: how many there are, then each.
    pub(crate) fn list<'v, T: Image + 'v>(&mut self, values: impl ExactSizeIterator<Item = &'v T>) {
        self.length(values.len());
        values.for_each(|value| value.put(self));
    }

    /// How many values follow.
    pub(crate) fn length(&mut self, length: usize) {
        u32::try_from(length).expect("every list stays below 2^32 values").put(self);
    }

    #[cold]
    fn hand_on(&mut self) {
        (self.sink)(&self.block);
        self.written += u64::try_from(self.block.len()).expect("a block is short");
        self.block.clear();
    }
}
