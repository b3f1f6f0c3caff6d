//! Shelf: where assignments, receipts in the making and jobs are kept, by what they belong to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What a thing on the shelf belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// What a slot of a delivery asks for, and the calibration by which it is judged.
    Assignment {
        /// The delivery's number.
        delivery: u32,
        /// Its slot, 0 to 11.
        slot: u8,
    },
    /// What was shown of it.
    Receipt {
        /// The delivery's number.
        delivery: u32,
        /// Its slot, 0 to 11.
        slot: u8,
    },
    /// A part of a slot's answers, sealed to the taker.
    Outputs {
        /// The delivery's number.
        delivery: u32,
        /// Its slot, 0 to 11.
        slot: u8,
        /// The part, from 0.
        part: u8,
    },
    /// What an account wants done in a window that it holds.
    Job {
        /// The account's number.
        account: u32,
        /// The instrument's number.
        instrument: u32,
    },
}

/// Keeps bytes by place. Many may use it at a time.
pub trait Shelf: Send + Sync {
    /// Keeps these bytes in this place, in the stead of what was there. They are durable when it returns.
    ///
    /// # Errors
    /// When the machine fails; what was there is there then.
    fn put(&self, place: Place, bytes: &[u8]) -> Result<(), ShelfError>;

    /// What is kept in this place.
    ///
    /// # Errors
    /// When the machine fails.
    fn get(&self, place: Place) -> Result<Option<Vec<u8>>, ShelfError>;
}

/// What is kept cannot be read, or nothing can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfError {
    /// What was kept is damaged; else the machine failed, and may not the next time.
    pub damaged: bool,
    /// What it said.
    pub cause: String,
}

impl Place {
    /// Kind and numbers, big-endian: what belongs together is neighbours.
    pub fn bytes(self) -> [u8; 9] {
        let (kind, first, second) = match self {
            Place::Assignment { delivery, slot } => (0, delivery, u32::from(slot)),
            Place::Receipt { delivery, slot } => (1, delivery, u32::from(slot)),
            Place::Outputs { delivery, slot, part } => (3, delivery, u32::from(slot) << 8 | u32::from(part)),
            Place::Job { account, instrument } => (2, instrument, account),
        };
        let mut bytes = [0; 9];
        bytes[0] = kind;
        bytes[1..5].copy_from_slice(&first.to_be_bytes());
        bytes[5..].copy_from_slice(&second.to_be_bytes());
        bytes
    }

    /// The place with these bytes; `None` when they are none's.
    pub fn of_bytes(bytes: &[u8]) -> Option<Place> {
        let [kind, first @ .., e, f, g, h] = *<&[u8; 9]>::try_from(bytes).ok()?;
        let (first, second) = (u32::from_be_bytes(first), u32::from_be_bytes([e, f, g, h]));
        let place = match kind {
            0 => Place::Assignment { delivery: first, slot: h },
            1 => Place::Receipt { delivery: first, slot: h },
            2 => Place::Job { account: second, instrument: first },
            3 => Place::Outputs { delivery: first, slot: g, part: h },
            _ => return None,
        };
        (place.bytes() == bytes).then_some(place)
    }
}

impl fmt::Display for ShelfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evidence cannot be kept or found: {}", self.cause)
    }
}

/// A shelf in memory, for an exchange that lasts no longer.
#[derive(Debug, Default)]
pub struct MemoryShelf(Mutex<BTreeMap<Place, Vec<u8>>>);

impl Shelf for MemoryShelf {
    fn put(&self, place: Place, bytes: &[u8]) -> Result<(), ShelfError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, bytes.to_vec());
        Ok(())
    }

    fn get(&self, place: Place) -> Result<Option<Vec<u8>>, ShelfError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned())
    }
}
