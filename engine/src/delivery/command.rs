//! Command about deliveries: what providers, holders, auditors, the arbiter and the operator may ask.

use crate::delivery::audit::Verdict;
use crate::delivery::outcome::Ruling;
use crate::delivery::run::DeliveryTerms;
use crate::delivery::slot::SlotNumber;
use crate::ids::{AccountId, DeliveryId, Digest, InstrumentId, MarketId};
use crate::label::Label;
use crate::units::Amount;

/// What may be asked about deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryCommand {
    /// Sets what a market's deliveries go by, from the next gate on.
    SetDeliveryTerms {
        /// Which.
        market: MarketId,
        /// All of them.
        terms: DeliveryTerms,
        /// Why.
        reason: Label,
    },
    /// Lets an account be drawn to audit, or no longer.
    SetAuditor {
        /// Who.
        account: AccountId,
        /// Whether it may be drawn.
        auditor: bool,
        /// Why.
        reason: Label,
    },
    /// A provider puts credit at stake.
    AddStake {
        /// The provider.
        account: AccountId,
        /// How much.
        amount: Amount,
    },
    /// A provider takes a part of its stake back.
    WithdrawStake {
        /// The provider.
        account: AccountId,
        /// How much.
        amount: Amount,
    },
    /// A provider says in time that it will maintain its machines during a window.
    AnnounceMaintenance {
        /// The provider.
        account: AccountId,
        /// Which window.
        instrument: InstrumentId,
    },
    /// A provider says that it knows of a delivery.
    AcknowledgeDelivery {
        /// The provider.
        account: AccountId,
        /// Which.
        delivery: DeliveryId,
    },
    /// The seller of an interruptible window takes back what has not begun.
    ReclaimSlots {
        /// The provider.
        account: AccountId,
        /// Of which delivery.
        delivery: DeliveryId,
        /// From this slot on.
        from: SlotNumber,
    },
    /// A provider commits to what it computed. Its signature and form were checked outside.
    CommitSlot {
        /// The provider.
        account: AccountId,
        /// Of which delivery.
        delivery: DeliveryId,
        /// Which slot.
        slot: SlotNumber,
        /// The hash of the commitment.
        commitment: Digest,
        /// Metered work in nanoseconds of the class's GPU.
        work: u64,
    },
    /// The sample of a commitment is drawn, and who audits it. The beacon was made of both sides' secrets, outside.
    DrawAuditors {
        /// Of which delivery.
        delivery: DeliveryId,
        /// Which slot.
        slot: SlotNumber,
        /// Orders the auditors.
        beacon: u64,
    },
    /// A provider opens what the sample asks for. That it belongs to the commitment was checked outside.
    OpenSlot {
        /// The provider.
        account: AccountId,
        /// Of which delivery.
        delivery: DeliveryId,
        /// Which slot.
        slot: SlotNumber,
        /// The hash of the openings.
        opening: Digest,
    },
    /// An auditor says what it found. Its signature was checked outside.
    RecordVerdict {
        /// The auditor.
        account: AccountId,
        /// Of which delivery.
        delivery: DeliveryId,
        /// Which slot.
        slot: SlotNumber,
        /// What.
        verdict: Verdict,
        /// How many sequences it audited.
        sequences: u32,
        /// The hash of the verdict's numbers.
        evidence: Digest,
    },
    /// A party disputes how a slot ends, with a deposit.
    DisputeSlot {
        /// The provider or the holder.
        account: AccountId,
        /// Of which delivery.
        delivery: DeliveryId,
        /// Which slot.
        slot: SlotNumber,
    },
    /// The arbiter decides how a slot ends; or the operator, that the network failed.
    RuleSlot {
        /// Of which delivery.
        delivery: DeliveryId,
        /// Which slot.
        slot: SlotNumber,
        /// What.
        ruling: Ruling,
        /// Why.
        reason: Label,
    },
}
