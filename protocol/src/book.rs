//! Book: price levels of one market as a stream.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::public::Conflated;
use crate::time::Time;

/// A message of the channel `book`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Book {
    /// The whole book to the stream's depth; replaces what the client has.
    Snapshot(BookSnapshot),
    /// What has changed.
    Update(BookUpdate),
    /// A checksum of all levels that the client has.
    Checkpoint(BookCheckpoint),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// A book to the stream's depth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookSnapshot {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market.
    pub symbol: String,
    /// The engine sequence up to which this is exact.
    pub seq: u64,
    /// `seq` of the message that this client received before, if this is not its first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_seq: Option<u64>,
    /// When the engine sequenced it.
    pub ts: Time,
    /// What was left out before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflated: Option<Conflated>,
    /// All levels.
    pub data: BookData,
}

/// Levels that have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookUpdate {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market.
    pub symbol: String,
    /// The engine sequence of the change.
    pub seq: u64,
    /// `seq` of the stream's message before this one.
    pub prev_seq: u64,
    /// When the engine sequenced it.
    pub ts: Time,
    /// Changes that this message merges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflated: Option<Conflated>,
    /// Levels with their new quantity; zero removes the level.
    pub data: BookData,
}

/// A checksum of all levels, now and then. It is no link of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookCheckpoint {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market.
    pub symbol: String,
    /// `seq` of the stream's message before this one, after which it holds.
    pub seq: u64,
    /// When the engine sequenced that.
    pub ts: Time,
    /// The checksum.
    pub data: CheckpointData,
}

/// The checksum of all levels that a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointData {
    /// `checksum::all`.
    pub crc_full: u32,
}

/// Levels and the checksum of the book that they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookData {
    /// Sell levels, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Level>,
    /// Buy levels, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bids: Vec<Level>,
    /// `checksum::book` after this message.
    pub crc: u32,
}

/// One price level, on the wire `["1.0000","8"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: String,
    /// Lots at this price.
    pub qty: String,
}

impl Book {
    /// The stream that the message belongs to, unless it is newer than this client.
    pub fn stream(&self) -> Option<u64> {
        match self {
            Book::Snapshot(snapshot) => Some(snapshot.stream),
            Book::Update(update) => Some(update.stream),
            Book::Checkpoint(checkpoint) => Some(checkpoint.stream),
            Book::Unknown => None,
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.price, &self.qty).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        let (price, qty) = Deserialize::deserialize(deserializer)?;
        Ok(Level { price, qty })
    }
}
