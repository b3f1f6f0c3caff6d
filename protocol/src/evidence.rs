//! Evidence: params and results of the methods by which work is asked for, shown, audited and ruled on.
//!
//! Attested objects travel as the bytes that are signed, in base64; `docs/attestation.md` has their layouts.

use serde::{Deserialize, Serialize};

use crate::blob::Blob;
use crate::delivery::{Delivery, SlotName, SlotOutcome, SlotStatus};

/// Params of `acknowledge_delivery`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeDelivery {
    /// Its number.
    pub delivery: u32,
}

/// Params of `announce_maintenance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnounceMaintenance {
    /// The window.
    pub symbol: String,
}

/// Params of `reclaim_slots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReclaimSlots {
    /// Of which delivery.
    pub delivery: u32,
    /// From this slot on.
    pub from_slot: u8,
}

/// Params of `submit_job`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitJob {
    /// The window, whose gate is still open.
    pub symbol: String,
    /// Prompts in tokens of the model, one batch after the other.
    pub prompts: Vec<Vec<u32>>,
    /// The longest answer, in tokens.
    pub tokens_max: u32,
    /// In millionths; absent is 1,000,000, 0 takes the likeliest token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_micro: Option<u32>,
    /// Among how many of the likeliest tokens; absent is 40.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// What commits to the taker's halves of beacons: of the first slot that works on the job, of the second, and so on. A slot
    /// without one is drawn by the exchange alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_hashes: Vec<Blob>,
}

/// Result of `submit_job`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobResult {
    /// How many prompts were taken; they replace what was there before.
    pub prompts: u32,
    /// How many of them one lot computes in a slot.
    pub per_lot: u32,
}

/// Result of `deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveriesResult {
    /// By number.
    pub deliveries: Vec<Delivery>,
    /// Slots that the account was drawn to audit, and of which it has said nothing.
    pub audits: Vec<SlotName>,
    /// CU that the account has at stake, as a provider.
    pub staked: String,
    /// The account's private sequence up to which this is exact.
    pub as_of_xseq: u64,
}

/// Result of `assignment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentResult {
    /// What the exchange has signed.
    pub assign: Blob,
    /// By what answers are judged.
    pub calibration: Blob,
    /// What the model is called.
    pub model: String,
    /// Prompts in tokens of the model, in order.
    pub prompts: Vec<Vec<u32>>,
    /// Where the slot stands.
    pub status: SlotStatus,
}

/// Params of `commit_slot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitSlot {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// The signed commitment.
    pub commit: Blob,
    /// Its leaves, in order.
    pub leaves: Vec<Blob>,
}

/// Params of `reveal_secret`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealSecret {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// The taker's half of its beacon: 32 bytes.
    pub secret: Blob,
}

/// Result of `commit_slot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleResult {
    /// What was drawn; absent while the taker's half of the beacon is awaited. Ask again with the same commitment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
    /// The commitment's place in the journal; that of the first time, if it was there before.
    pub engine_seq: u64,
}

/// The sample of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// The exchange's half of the beacon.
    pub exchange_secret: Blob,
    /// The taker's, where it had one and showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_secret: Option<Blob>,
    /// Sequences that are to be opened.
    pub sample: Vec<u32>,
}

/// Params of `store_outputs`: all answers of a slot, sealed to the taker's key, part by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreOutputs {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// Which part, from 0.
    pub part: u8,
    /// How many parts there are, at most 64.
    pub parts: u8,
    /// The part.
    pub data: Blob,
}

/// Params of `outputs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskOutputs {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// Which part, from 0.
    pub part: u8,
}

/// Result of `outputs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputsResult {
    /// How many parts there are.
    pub parts: u8,
    /// The part that was asked for.
    pub data: Blob,
    /// With the first part, while the window is not settled: the prompts that are answered, in tokens of the model, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Vec<u32>>,
}

/// Params of `open_slot`. A sample may be opened in several messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSlot {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// Openings of drawn sequences.
    pub openings: Vec<Blob>,
}

/// Result of `open_slot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningResult {
    /// How many sequences of the sample are not open yet; with none the slot is opened.
    pub closed: u32,
    /// The opening's place in the journal, once all are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_seq: Option<u64>,
}

/// Result of `receipt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptResult {
    /// Everything that was shown of the slot so far.
    pub receipt: Blob,
    /// Where the slot stands, until its window is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SlotStatus>,
}

/// Params of `judge_slot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeSlot {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// The signed verdict.
    pub verdict: Blob,
    /// What it rests on, in order of sequence.
    pub findings: Vec<Blob>,
}

/// Params of `add_stake` and `withdraw_stake`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stake {
    /// CU.
    pub amount: String,
}

/// Params of `set_auditor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAuditor {
    /// Who.
    pub account: String,
    /// Whether it may be drawn.
    pub auditor: bool,
    /// Why.
    pub reason: String,
}

/// Params of `set_delivery_terms`. They hold from the next gate on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDeliveryTerms {
    /// The market: CLASS.ZONE.TIER.
    pub market: String,
    /// For how many slots a decided one can be disputed, from 1.
    pub dispute_slots: u8,
    /// For how many slots after that the arbiter may rule, from 1.
    pub ruling_slots: u8,
    /// How many auditors look at a slot, 1 to 3.
    pub auditors: u8,
    /// CU that a dispute costs who loses it.
    pub deposit: String,
    /// The least, in CU, that a provider stakes before it registers capacity.
    pub stake: String,
    /// CU that the auditor who found a provider out gets of a slash.
    pub bounty: String,
    /// Why.
    pub reason: String,
}

/// Params of `rule_slot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSlot {
    /// Of which delivery.
    pub delivery: u32,
    /// Which slot.
    pub slot: u8,
    /// How it ends: `accepted`, `rejected`, `network`, `buyer` or `inconclusive`.
    pub outcome: SlotOutcome,
    /// Why.
    pub reason: String,
}

/// Result of `cases`: what waits for the arbiter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesResult {
    /// In order of delivery and slot.
    pub cases: Vec<Case>,
    /// The engine sequence up to which this is exact.
    pub as_of_seq: u64,
}

/// A slot that waits for the arbiter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Which.
    #[serde(flatten)]
    pub slot: SlotName,
    /// Where it stands.
    #[serde(flatten)]
    pub status: SlotStatus,
    /// Whether a side disputes it.
    pub disputed: bool,
    /// The window.
    pub symbol: String,
    /// Who delivers.
    pub provider: String,
    /// To whom.
    pub holder: String,
}
