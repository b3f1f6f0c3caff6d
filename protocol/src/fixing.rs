//! Fixing: the reference rate of a class, computed from its trades, and what it was computed from.

use serde::{Deserialize, Serialize};

use crate::public::Public;
use crate::time::Time;

/// A message of the channel `fixings`. A snapshot has the last one of each class.
pub type Fixings = Public<Vec<Fixing>>;

/// The reference rate of one class for one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixing {
    /// Which GPU.
    pub class: String,
    /// End of the period.
    pub end: Time,
    /// CU for one lot; absent when it is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Whether too little traded for a rate. The last one is not carried forward.
    pub withheld: bool,
    /// Parts of the period, of twelve, in which something traded that counts.
    pub partitions: u32,
    /// Owners whose trades count.
    pub groups: u32,
    /// Lots that count.
    pub qty: String,
}
