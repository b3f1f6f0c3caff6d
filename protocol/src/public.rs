//! Public: the shape of the messages that everyone may see, and how they are linked.
//!
//! Each message carries the number of the one before it. What was left out in between is said, and why.

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// A message of a channel that begins with a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Public<S, U = S> {
    /// The whole; replaces what the client has.
    Snapshot(PublicSnapshot<S>),
    /// What has changed.
    Update(PublicUpdate<U>),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// The whole of what a stream is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicSnapshot<D> {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market or the class, where the stream is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
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
    /// The whole.
    pub data: D,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicUpdate<D> {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market or the class, where the stream is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The engine sequence of the change.
    pub seq: u64,
    /// `seq` of the stream's message before this one.
    pub prev_seq: u64,
    /// When the engine sequenced it.
    pub ts: Time,
    /// Changes that this message merges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflated: Option<Conflated>,
    /// What has changed.
    pub data: D,
}

/// Changes that were merged into one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflated {
    /// How many changes this message stands for.
    pub n: u64,
    /// Why they were merged.
    pub reason: ConflationReason,
}

/// Why changes were merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflationReason {
    /// The stream is told only so often.
    #[default]
    Speed,
    /// This client did not read fast enough.
    SlowClient,
    /// The exchange was behind.
    ServerLoad,
    /// A reason that is newer than this client.
    #[serde(other)]
    Unknown,
}
