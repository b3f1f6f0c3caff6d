//! Delivery JSON: a command about deliveries as the fields of an object.

use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::SlotNumber;
use engine::ids::{DeliveryId, Digest};

use crate::export::fields::{Fields, KIND, money};

/// The command's name and fields.
pub(super) fn described(to: Fields, command: &DeliveryCommand) -> Fields {
    match *command {
        DeliveryCommand::SetDeliveryTerms { market, terms, reason } => {
            let DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty } = terms;
            let to = to.with(KIND, "set_delivery_terms").with("market", market.0);
            let to = to.with("dispute_slots", dispute_slots).with("ruling_slots", ruling_slots);
            let to = to.with("auditors", auditors).with("deposit", money(deposit));
            let to = to.with("stake", money(stake)).with("bounty", money(bounty));
            to.with("reason", reason.to_string())
        }
        DeliveryCommand::AddStake { account, amount } => {
            to.with(KIND, "add_stake").with("account", account.0).with("amount", money(amount))
        }
        DeliveryCommand::WithdrawStake { account, amount } => {
            to.with(KIND, "withdraw_stake").with("account", account.0).with("amount", money(amount))
        }
        DeliveryCommand::SetAuditor { account, auditor, reason } => {
            let to = to.with(KIND, "set_auditor").with("account", account.0).with("auditor", auditor);
            to.with("reason", reason.to_string())
        }
        DeliveryCommand::AnnounceMaintenance { account, instrument } => {
            let to = to.with(KIND, "announce_maintenance").with("account", account.0);
            to.with("instrument", instrument.0)
        }
        DeliveryCommand::AcknowledgeDelivery { account, delivery } => {
            to.with(KIND, "acknowledge_delivery").with("account", account.0).with("delivery", delivery.0)
        }
        DeliveryCommand::ReclaimSlots { account, delivery, from } => {
            slot_of(to.with(KIND, "reclaim_slots").with("account", account.0), delivery, from)
        }
        DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work } => {
            let to = slot_of(to.with(KIND, "commit_slot").with("account", account.0), delivery, slot);
            to.with("commitment", digest(commitment)).with("work_ns", work)
        }
        DeliveryCommand::DrawAuditors { delivery, slot, beacon } => {
            slot_of(to.with(KIND, "draw_auditors"), delivery, slot).with("beacon", beacon)
        }
        DeliveryCommand::OpenSlot { account, delivery, slot, opening } => {
            let to = slot_of(to.with(KIND, "open_slot").with("account", account.0), delivery, slot);
            to.with("opening", digest(opening))
        }
        DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence } => {
            let to = slot_of(to.with(KIND, "record_verdict").with("account", account.0), delivery, slot);
            let found = match verdict {
                Verdict::Clean => "clean",
                Verdict::Flagged => "flagged",
            };
            to.with("verdict", found).with("sequences", sequences).with("evidence", digest(evidence))
        }
        DeliveryCommand::DisputeSlot { account, delivery, slot } => {
            slot_of(to.with(KIND, "dispute_slot").with("account", account.0), delivery, slot)
        }
        DeliveryCommand::RuleSlot { delivery, slot, ruling, reason } => {
            let to = slot_of(to.with(KIND, "rule_slot"), delivery, slot).with("ruling", ruling.number());
            to.with("reason", reason.to_string())
        }
    }
}

fn slot_of(to: Fields, delivery: DeliveryId, slot: SlotNumber) -> Fields {
    to.with("delivery", delivery.0).with("slot", slot.number())
}

fn digest(Digest(bytes): Digest) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
