//! Settlement: how the slots of delivery windows ended, in lots, without their parties.

use serde::{Deserialize, Serialize};

use crate::delivery::SlotOutcome;
use crate::public::Public;

/// A message of the channel `settlements`. A snapshot has every window that is not settled and of which a slot has ended.
pub type Settlements = Public<Vec<WindowSettlement>>;

/// How slots of one window ended: in a snapshot all so far, in an update those that have ended with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSettlement {
    /// The window.
    pub symbol: String,
    /// By slot, then by outcome.
    pub slots: Vec<SlotLots>,
    /// Whether the window is settled: nothing more comes of it.
    pub settled: bool,
}

/// So many lots of a slot ended so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotLots {
    /// The slot, 0 to 11.
    pub slot: u8,
    /// How it ended.
    pub outcome: SlotOutcome,
    /// Lots. Deliveries within one group are not counted.
    pub qty: String,
}
