//! Decode of commands about deliveries. Their kinds begin at 32.

use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Ruling;
use engine::delivery::run::DeliveryTerms;

use crate::decode::Decoded;
use crate::decode::value::{
    account, amount, choice, delivery, digest, instrument, label, market, one_of, slot,
};
use crate::fault::{RecordFault, Rule};
use crate::reader::Reader;

/// The command of that kind, whose fields come next; `unknown` when there is no such kind.
pub(super) fn command(from: &mut Reader<'_>, kind: u8, unknown: RecordFault) -> Decoded<DeliveryCommand> {
    Ok(match kind {
        32 => DeliveryCommand::SetDeliveryTerms {
            market: market(from)?,
            terms: terms(from)?,
            reason: label(from)?,
        },
        33 => DeliveryCommand::SetAuditor {
            account: account(from)?,
            auditor: choice(from)?,
            reason: label(from)?,
        },
        34 => DeliveryCommand::AnnounceMaintenance { account: account(from)?, instrument: instrument(from)? },
        35 => DeliveryCommand::AcknowledgeDelivery { account: account(from)?, delivery: delivery(from)? },
        36 => DeliveryCommand::ReclaimSlots {
            account: account(from)?,
            delivery: delivery(from)?,
            from: slot(from)?,
        },
        37 => DeliveryCommand::CommitSlot {
            account: account(from)?,
            delivery: delivery(from)?,
            slot: slot(from)?,
            commitment: digest(from)?,
            work: from.long()?,
        },
        38 => DeliveryCommand::DrawAuditors {
            delivery: delivery(from)?,
            slot: slot(from)?,
            beacon: from.long()?,
        },
        39 => DeliveryCommand::OpenSlot {
            account: account(from)?,
            delivery: delivery(from)?,
            slot: slot(from)?,
            opening: digest(from)?,
        },
        40 => DeliveryCommand::RecordVerdict {
            account: account(from)?,
            delivery: delivery(from)?,
            slot: slot(from)?,
            verdict: one_of(from, [Verdict::Clean, Verdict::Flagged])?,
            sequences: from.word()?,
            evidence: digest(from)?,
        },
        41 => DeliveryCommand::DisputeSlot {
            account: account(from)?,
            delivery: delivery(from)?,
            slot: slot(from)?,
        },
        42 => DeliveryCommand::RuleSlot {
            delivery: delivery(from)?,
            slot: slot(from)?,
            ruling: ruling(from)?,
            reason: label(from)?,
        },
        43 => DeliveryCommand::AddStake { account: account(from)?, amount: amount(from)? },
        44 => DeliveryCommand::WithdrawStake { account: account(from)?, amount: amount(from)? },
        _ => return Err(unknown),
    })
}

fn terms(from: &mut Reader<'_>) -> Decoded<DeliveryTerms> {
    Ok(DeliveryTerms {
        dispute_slots: from.byte()?,
        ruling_slots: from.byte()?,
        auditors: from.byte()?,
        deposit: amount(from)?,
        stake: amount(from)?,
        bounty: amount(from)?,
    })
}

fn ruling(from: &mut Reader<'_>) -> Decoded<Ruling> {
    from.checked(Rule::Choice, |from| {
        from.byte().map(|number| Ruling::ALL.into_iter().find(|ruling| ruling.number() == number))
    })
}
