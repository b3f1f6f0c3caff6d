//! Reader: where an image comes from, block by block.

use crate::image::{Image, ImageFault, Taken};

/// What is said of an image that stops too early.
const SHORT: &str = "an image does not end before its last value";
/// What is said of one that goes on.
const LONG: &str = "an image is as long as was said";

/// Takes values off an image. Only moves forward, and never past the end.
pub struct ImageReader<'a> {
    block: Vec<u8>,
    at: usize,
    /// Bytes before the block.
    before: u64,
    /// Bytes behind the block that there should be.
    behind: u64,
    source: &'a mut dyn FnMut(&mut Vec<u8>),
}

impl<'a> ImageReader<'a> {
    /// An image of `bytes` bytes. `source` appends the next of them to the list it is given; none when there are no more.
    pub fn new(bytes: u64, source: &'a mut dyn FnMut(&mut Vec<u8>)) -> ImageReader<'a> {
        ImageReader { block: Vec::new(), at: 0, before: 0, behind: bytes, source }
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub fn finish(mut self) -> Result<(), ImageFault> {
        self.check(self.left() == 0, "nothing follows the last value")?;
        (self.source)(&mut self.block);
        self.check(self.block.len() == self.at, LONG)
    }

    /// The fault of breaking `rule` here.
    pub(crate) fn fault(&self, rule: &'static str) -> ImageFault {
        ImageFault { offset: self.offset(), rule }
    }

    /// Checks that a rule holds of what was taken last.
    #[inline]
    pub(crate) fn check(&self, holds: bool, rule: &'static str) -> Taken<()> {
        if holds { Ok(()) } else { Err(self.fault(rule)) }
    }

    fn offset(&self) -> u64 {
        self.before + u64::try_from(self.at).expect("a block is short")
    }

    /// How many bytes are left.
    fn left(&self) -> u64 {
        u64::try_from(self.block.len() - self.at).expect("a block is short") + self.behind
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Taken<[u8; N]> {
        match self.block[self.at..].first_chunk() {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => self.array_of_next(),
        }
    }

    /// The same, when this block does not hold all of it.
    #[cold]
    fn array_of_next<const N: usize>(&mut self) -> Taken<[u8; N]> {
        self.before = self.offset();
        self.block.drain(..self.at);
        self.at = 0;
        while self.block.len() < N {
            let had = self.block.len();
            (self.source)(&mut self.block);
            let came = u64::try_from(self.block.len() - had).expect("a block is short");
            let Some(behind) = self.behind.checked_sub(came) else {
                return Err(self.fault(LONG));
            };
            if came == 0 {
                return Err(self.fault(SHORT));
            }
            self.behind = behind;
        }
        self.at = N;
        Ok(*self.block.first_chunk().expect("as many bytes came"))
    }

    /// How many values follow: no more than there are bytes.
    pub(crate) fn length(&mut self) -> Taken<usize> {
        let broken = self.fault("a list is no longer than what is left of the image");
        let length = u32::take(self)?;
        usize::try_from(length).ok().filter(|_| u64::from(length) <= self.left()).ok_or(broken)
    }

    /// An empty list with room for so many values, but for no more bytes than are left.
    pub(crate) fn room<T>(&self, length: usize) -> Vec<T> {
        let left = usize::try_from(self.left()).unwrap_or(usize::MAX);
        Vec::with_capacity(length.min(left / size_of::<T>().max(1)))
    }

    /// A list, each value taken by `take`.
    pub(crate) fn list<T>(&mut self, mut take: impl FnMut(&mut Self) -> Taken<T>) -> Taken<Vec<T>> {
        let length = self.length()?;
        let mut list = self.room(length);
        for _ in 0..length {
            list.push(take(self)?);
        }
        Ok(list)
    }
}
