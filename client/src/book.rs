//! Verified book: the levels of one market, all or the best, proven equal to the exchange's after every message.
//!
//! Invariant: what is shown has passed its checks. After a fault the book is empty until the next snapshot.

use std::collections::BTreeMap;
use std::fmt;

use protocol::book::{Book, BookCheckpoint, BookData, BookSnapshot, BookUpdate};
use protocol::checksum;
use protocol::decimal::{self, Scale};
use protocol::time::Time;

use crate::chain::{Chain, Gap};
use crate::level::Level;

/// A book that is kept from the channel `book`, at any depth and speed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifiedBook {
    /// Absent before the first snapshot, and after a fault until the next one.
    proof: Option<Proof>,
    asks: BTreeMap<u64, u64>,
    bids: BTreeMap<u64, u64>,
}

/// Which message the book was last proven with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Proof {
    chain: Chain,
    ts: Time,
    crc: u32,
}

/// What a message did to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The book is that of the message.
    Changed,
    /// Nothing, but all levels are proven now, those too that no update's checksum covers.
    Proven,
    /// Nothing: there is no snapshot to begin with, or this client does not know the message.
    Ignored,
}

/// Why a book can no longer be trusted; subscribe again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookFault {
    /// Messages are missing.
    Gap(Gap),
    /// The book is not the exchange's.
    Checksum {
        /// The checksum in the message.
        expected: u32,
        /// The checksum of the book here.
        found: u32,
    },
    /// A level is no price and quantity.
    Level {
        /// What is wrong with it.
        cause: String,
    },
}

/// The levels of a message as integers.
struct Levels {
    asks: Vec<Level>,
    bids: Vec<Level>,
}

impl VerifiedBook {
    /// Takes a message of this book's stream, and proves the result.
    pub fn apply(&mut self, message: &Book) -> Result<Applied, BookFault> {
        let applied = match message {
            Book::Snapshot(snapshot) => self.begin(snapshot),
            Book::Update(update) => self.follow(update),
            Book::Checkpoint(checkpoint) => self.check(checkpoint),
            Book::Unknown => Ok(Applied::Ignored),
        };
        if applied.is_err() {
            *self = VerifiedBook::default();
        }
        applied
    }

    /// Sell levels, best first; none while the book is unproven.
    pub fn asks(&self) -> impl DoubleEndedIterator<Item = Level> {
        self.asks.iter().map(|(ticks, lots)| Level { ticks: *ticks, lots: *lots })
    }

    /// Buy levels, best first; none while the book is unproven.
    pub fn bids(&self) -> impl DoubleEndedIterator<Item = Level> {
        self.bids.iter().rev().map(|(ticks, lots)| Level { ticks: *ticks, lots: *lots })
    }

    /// Whether the book is proven; without a proof it has no levels.
    pub fn is_proven(&self) -> bool {
        self.proof.is_some()
    }

    /// The engine sequence of the book.
    pub fn seq(&self) -> Option<u64> {
        self.proof.map(|proof| proof.chain.last())
    }

    /// When the engine sequenced it.
    pub fn ts(&self) -> Option<Time> {
        self.proof.map(|proof| proof.ts)
    }

    /// The checksum that proved it.
    pub fn crc(&self) -> Option<u32> {
        self.proof.map(|proof| proof.crc)
    }

    fn begin(&mut self, snapshot: &BookSnapshot) -> Result<Applied, BookFault> {
        let levels = Levels::read(&snapshot.data)?;
        self.asks.clear();
        self.bids.clear();
        self.set(levels);
        self.prove(Chain::begin(snapshot.seq), snapshot.ts, snapshot.data.crc)
    }

    fn follow(&mut self, update: &BookUpdate) -> Result<Applied, BookFault> {
        let Some(proof) = self.proof else { return Ok(Applied::Ignored) };
        let mut chain = proof.chain;
        chain.follow(update.prev_seq, update.seq).map_err(BookFault::Gap)?;
        let levels = Levels::read(&update.data)?;
        self.set(levels);
        self.prove(chain, update.ts, update.data.crc)
    }

    fn check(&self, checkpoint: &BookCheckpoint) -> Result<Applied, BookFault> {
        let Some(proof) = self.proof else { return Ok(Applied::Ignored) };
        proof.chain.check(checkpoint.seq).map_err(BookFault::Gap)?;
        let pair = |level: Level| (level.ticks, level.lots);
        let found = checksum::all(self.asks().map(pair), self.bids().map(pair));
        let expected = checkpoint.data.crc_full;
        if found == expected { Ok(Applied::Proven) } else { Err(BookFault::Checksum { expected, found }) }
    }

    fn set(&mut self, levels: Levels) {
        for (side, changed) in [(&mut self.asks, levels.asks), (&mut self.bids, levels.bids)] {
            for level in changed {
                match level.lots {
                    0 => side.remove(&level.ticks),
                    lots => side.insert(level.ticks, lots),
                };
            }
        }
    }

    fn prove(&mut self, chain: Chain, ts: Time, expected: u32) -> Result<Applied, BookFault> {
        let pair = |level: Level| (level.ticks, level.lots);
        let crc = checksum::book(self.asks().map(pair), self.bids().map(pair));
        if crc != expected {
            return Err(BookFault::Checksum { expected, found: crc });
        }
        self.proof = Some(Proof { chain, ts, crc });
        Ok(Applied::Changed)
    }
}

impl Levels {
    fn read(data: &BookData) -> Result<Levels, BookFault> {
        Ok(Levels { asks: levels(&data.asks, "asks")?, bids: levels(&data.bids, "bids")? })
    }
}

fn levels(side: &[protocol::book::Level], name: &str) -> Result<Vec<Level>, BookFault> {
    let level = |level: &protocol::book::Level| {
        let ticks = decimal::parse(&level.price, Scale::Price, name)?;
        let lots = decimal::parse(&level.qty, Scale::Quantity, name)?;
        Ok(Level { ticks, lots })
    };
    let read: Result<Vec<Level>, protocol::error::ErrorObject> = side.iter().map(level).collect();
    read.map_err(|error| BookFault::Level { cause: error.to_string() })
}

impl fmt::Display for BookFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BookFault::Gap(gap) => gap.fmt(f),
            BookFault::Checksum { expected, found } => {
                write!(f, "the exchange's checksum is {expected}, but that of the book here {found}")
            }
            BookFault::Level { cause } => write!(f, "a level cannot be read: {cause}"),
        }
    }
}

impl std::error::Error for BookFault {}

#[cfg(test)]
mod tests;
