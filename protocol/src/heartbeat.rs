//! Heartbeat: where a connection's silent streams stand, so that a message that never came is noticed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// A message of the channel `heartbeat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// By the number of each stream that told nothing of late, the `seq` or `xseq` of its last message.
    pub seq: BTreeMap<String, u64>,
    /// The server's time.
    pub ts: Time,
}
