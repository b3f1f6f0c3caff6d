//! Delivery: who delivers to whom, where each slot stands, and what the account is told of it.

use serde::{Deserialize, Serialize};

use crate::execution::{PrivateSnapshot, PrivateUpdate, Resumed};
use crate::time::Time;

/// A delivery as one of its sides sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its number.
    pub delivery: u32,
    /// The window.
    pub symbol: String,
    /// The account's side.
    pub role: Role,
    /// The account on the other side.
    pub other: String,
    /// Lots.
    pub qty: String,
    /// CU that were paid for a lot.
    pub price: String,
    /// Whether both sides are of one group: such deliveries count for nobody's score.
    pub own: bool,
    /// Whether the provider has said that it knows of it.
    pub acknowledged: bool,
    /// Start of the window.
    pub starts: Time,
    /// Length of a slot in nanoseconds, as text.
    pub slot_ns: String,
    /// Its twelve slots, in order.
    pub slots: Vec<SlotStatus>,
}

/// An account's side of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who delivers.
    Provider,
    /// Whom it is delivered to.
    Holder,
    /// A side that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Where the work of a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotStatus {
    /// How far it is.
    pub state: SlotState,
    /// How it ends, once that is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SlotOutcome>,
}

/// How far a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// It has not begun.
    Waiting,
    /// Its batch is given out.
    Assigned,
    /// The provider has committed to what it computed.
    Committed,
    /// What was drawn is open, and auditors look at it.
    Opened,
    /// An auditor found it wrong, or auditors disagree: the arbiter decides.
    Flagged,
    /// No auditor answered in time: the arbiter decides.
    Unaudited,
    /// How it ends is known, and can be disputed.
    Decided,
    /// The money has moved.
    Final,
    /// A state that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// How a slot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotOutcome {
    /// Delivered.
    Accepted,
    /// The work was wrong.
    Rejected,
    /// Nothing was committed in time.
    Missed,
    /// What was drawn was not opened in time.
    Unopened,
    /// The network failed.
    Network,
    /// The holder's fault.
    Buyer,
    /// Nobody could tell.
    Inconclusive,
    /// The provider took it back in time.
    Reclaimed,
    /// An outcome that is newer than this client.
    #[serde(other)]
    Unknown,
}

impl SlotOutcome {
    /// Whether the provider is paid for it.
    pub fn is_paid(self) -> bool {
        matches!(self, SlotOutcome::Accepted | SlotOutcome::Buyer)
    }

    /// Whether it was not delivered by the provider's fault. What is neither returns to both: it was nobody's.
    pub fn is_failure(self) -> bool {
        matches!(self, SlotOutcome::Rejected | SlotOutcome::Missed | SlotOutcome::Unopened)
    }
}

/// A message of the channel `deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Deliveries {
    /// All deliveries of windows that are not settled; replaces what the client has.
    Snapshot(PrivateSnapshot<DeliveriesImage>),
    /// One thing that happened.
    Update(PrivateUpdate<DeliveryEvent>),
    /// All that was missed has been told.
    Resumed(Resumed),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// An account's deliveries and audits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveriesImage {
    /// By number.
    pub deliveries: Vec<Delivery>,
    /// Slots that the account was drawn to audit, and of which it has said nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audits: Vec<SlotName>,
    /// CU that the account has at stake, as a provider.
    pub staked: String,
}

/// One slot of one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotName {
    /// The delivery's number.
    pub delivery: u32,
    /// The slot, 0 to 11.
    pub slot: u8,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum DeliveryEvent {
    /// The account announced maintenance for a window.
    Maintenance {
        /// The window.
        symbol: String,
    },
    /// A delivery was drawn in which the account has a part: `deliveries` says which.
    Drawn {
        /// Its number.
        delivery: u32,
    },
    /// The provider has said that it knows of it.
    Acknowledged {
        /// Its number.
        delivery: u32,
    },
    /// A slot has gone on.
    Slot {
        /// Which.
        #[serde(flatten)]
        slot: SlotName,
        /// Where it stands now.
        #[serde(flatten)]
        status: SlotStatus,
    },
    /// The account is to audit a slot, once it is opened.
    Audit {
        /// Which.
        #[serde(flatten)]
        slot: SlotName,
    },
    /// A side disputes a slot.
    Disputed {
        /// Which.
        #[serde(flatten)]
        slot: SlotName,
        /// Which side. Its deposit is held until the arbiter rules.
        by: Role,
    },
    /// A dispute is over.
    DisputeClosed {
        /// Which.
        #[serde(flatten)]
        slot: SlotName,
        /// Whose it was.
        by: Role,
        /// CU that were held.
        deposit: String,
        /// Whether they are lost.
        lost: bool,
    },
    /// A slot's money has moved, once.
    Paid {
        /// Which.
        #[serde(flatten)]
        slot: SlotName,
        /// How it ended.
        outcome: SlotOutcome,
        /// CU that the account got.
        received: String,
        /// CU of fee that were taken off before.
        fee: String,
    },
    /// What the account has at stake has changed.
    Stake {
        /// CU after it.
        staked: String,
    },
    /// A part of the stake is lost.
    Slashed {
        /// For which slot.
        #[serde(flatten)]
        slot: SlotName,
        /// CU that the holder got.
        holder: String,
        /// CU that the auditor got who found it.
        auditor: String,
        /// CU that were burned.
        burned: String,
    },
    /// An event that is newer than this client.
    #[serde(other)]
    Unknown,
}
