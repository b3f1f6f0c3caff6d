//! Encode of commands about deliveries. Their kinds begin at 32.

use engine::delivery::command::DeliveryCommand;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::SlotNumber;
use engine::ids::DeliveryId;

use crate::writer::Writer;

/// Appends `command`: its kind, then its fields in the order of their declaration.
pub(super) fn command<'a>(to: Writer<'a>, command: &DeliveryCommand) -> Writer<'a> {
    match *command {
        DeliveryCommand::SetDeliveryTerms { market, terms, reason } => {
            self::terms(to.byte(32).market(market), terms).label(reason)
        }
        DeliveryCommand::SetAuditor { account, auditor, reason } => {
            to.byte(33).account(account).choice(auditor).label(reason)
        }
        DeliveryCommand::AnnounceMaintenance { account, instrument } => {
            to.byte(34).account(account).instrument(instrument)
        }
        DeliveryCommand::AcknowledgeDelivery { account, delivery } => {
            to.byte(35).account(account).word(delivery.0)
        }
        DeliveryCommand::ReclaimSlots { account, delivery, from } => {
            slot_of(to.byte(36).account(account), delivery, from)
        }
        DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work } => {
            slot_of(to.byte(37).account(account), delivery, slot).raw(&commitment.0).long(work)
        }
        DeliveryCommand::DrawAuditors { delivery, slot, beacon } => {
            slot_of(to.byte(38), delivery, slot).long(beacon)
        }
        DeliveryCommand::OpenSlot { account, delivery, slot, opening } => {
            slot_of(to.byte(39).account(account), delivery, slot).raw(&opening.0)
        }
        DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence } => {
            let to = slot_of(to.byte(40).account(account), delivery, slot).byte(verdict.number());
            to.word(sequences).raw(&evidence.0)
        }
        DeliveryCommand::AddStake { account, amount } => to.byte(43).account(account).amount(amount),
        DeliveryCommand::WithdrawStake { account, amount } => to.byte(44).account(account).amount(amount),
        DeliveryCommand::DisputeSlot { account, delivery, slot } => {
            slot_of(to.byte(41).account(account), delivery, slot)
        }
        DeliveryCommand::RuleSlot { delivery, slot, ruling, reason } => {
            slot_of(to.byte(42), delivery, slot).byte(ruling.number()).label(reason)
        }
    }
}

fn slot_of(to: Writer<'_>, delivery: DeliveryId, slot: SlotNumber) -> Writer<'_> {
    to.word(delivery.0).byte(slot.number())
}

fn terms(to: Writer<'_>, terms: DeliveryTerms) -> Writer<'_> {
    let DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty } = terms;
    to.byte(dispute_slots).byte(ruling_slots).byte(auditors).amount(deposit).amount(stake).amount(bounty)
}
