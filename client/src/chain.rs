//! Chain: the numbers that link the messages of one stream, so that a missing one is noticed.

use std::fmt;

/// The place in a stream. `seq` and `prev_seq` link a public stream, `xseq` and `prev_xseq` a private one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    last: u64,
}

/// A message that does not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the last message that was taken.
    pub expected: u64,
    /// The number that the message follows.
    pub found: u64,
}

impl Chain {
    /// Begins with a snapshot of this number.
    pub fn begin(number: u64) -> Chain {
        Chain { last: number }
    }

    /// Goes on to the message of this number, if it follows the last one.
    pub fn follow(&mut self, previous: u64, number: u64) -> Result<(), Gap> {
        self.check(previous)?;
        self.last = number;
        Ok(())
    }

    /// Whether a message that follows `previous` is the next one.
    pub fn check(&self, previous: u64) -> Result<(), Gap> {
        if previous == self.last { Ok(()) } else { Err(Gap { expected: self.last, found: previous }) }
    }

    /// The number of the last message that was taken.
    pub fn last(&self) -> u64 {
        self.last
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message follows number {}, but the last one here was {}", self.found, self.expected)
    }
}

impl std::error::Error for Gap {}
