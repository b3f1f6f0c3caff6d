//! Provider: what an account has at stake, what its work so far was, and what it owes next.

use serde::{Deserialize, Serialize};

use crate::delivery::SlotName;
use crate::public::Public;
use crate::time::Time;

/// A message of the channel `provider`.
pub type Provider = Public<Box<ProviderImage>>;

/// A provider's standing: in a snapshot all of it, in an update what has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderImage {
    /// CU at stake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staked: Option<String>,
    /// How many of a million of its sequences are audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_rate_ppm: Option<u32>,
    /// How its slots ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Windows that are not settled, in which it registered capacity or announced maintenance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<ProviderWindow>,
    /// Windows that are settled: they are among its windows no more. Only in updates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<String>,
    /// Slots of which it owes the next step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<SlotDue>,
    /// Slots of which it owes nothing any more. Only in updates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<SlotName>,
}

/// How slots of a provider ended that others than its own group hold, each as often as it has lots. Nobody's fault counts
/// as neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Accepted.
    pub delivered: u64,
    /// The provider's fault.
    pub failed: u64,
}

/// A provider's part in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderWindow {
    /// The window.
    pub symbol: String,
    /// Lots that it may sell in all.
    pub capacity: String,
    /// Whether it announced maintenance.
    pub maintenance: bool,
}

/// What a provider owes next of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotDue {
    /// Which.
    #[serde(flatten)]
    pub slot: SlotName,
    /// What.
    pub step: Step,
    /// Until when.
    pub by: Time,
}

/// A step of a slot that is the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// To commit to what it computed: `commit_slot`.
    Commit,
    /// To open what is drawn, once it is: `open_slot`.
    Open,
    /// To open all the rest, for the arbiter: `open_slot`.
    OpenRest,
    /// A step that is newer than this client.
    #[serde(other)]
    Unknown,
}
