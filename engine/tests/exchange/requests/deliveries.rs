//! Deliveries: the commands that deeds amount to, as slots stand.

use engine::command::Command;
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::ids::{AccountId, DeliveryId, Digest, MarketId};
use engine::symbol::Tier;
use engine::units::Amount;

use crate::acts::deeds::{Deed, Delivering, Slots};
use crate::model::Model;
use crate::model::deliveries::{Twelfth, Work};
use crate::requests::instrument;
use crate::stage::label;

/// What every digest is: the engine never looks into one.
const DIGEST: Digest = Digest([5; 32]);

type Place<'a> = (DeliveryId, SlotNumber, &'a Work);

fn twelfth<'a>(&(_, slot, work): &Place<'a>) -> &'a Twelfth {
    &work.slots[usize::from(slot.number())]
}

/// Whether it can be done about a slot.
fn fits(deed: Deed, place: &Place<'_>, model: &Model) -> bool {
    let twelfth = twelfth(place);
    match deed {
        Deed::Acknowledge => !place.2.acknowledged,
        Deed::Reclaim => {
            let tier = model.market(place.2.instrument).spec.tier;
            twelfth.state == SlotState::Waiting && tier == Tier::Interruptible
        }
        Deed::Commit(_) => twelfth.state == SlotState::Assigned,
        Deed::DrawAuditors(_) => twelfth.state == SlotState::Committed && twelfth.audit.is_none(),
        Deed::Open => twelfth.state == SlotState::Committed && twelfth.audit.is_some(),
        Deed::Judge(_) => twelfth.state == SlotState::Opened,
        Deed::Dispute(_) => matches!(twelfth.state, SlotState::Decided(_)) && !twelfth.ruled,
        Deed::Rule(_) => !twelfth.ruled && !twelfth.state.is_final(),
    }
}

fn places(model: &Model) -> impl Iterator<Item = Place<'_>> {
    model
        .deliveries
        .iter()
        .flat_map(|(number, work)| SlotNumber::all().map(move |slot| (*number, slot, work)))
}

/// What is done about deliveries, as commands.
pub(super) fn commands(delivering: &Delivering, model: &Model) -> Vec<Command> {
    let reason = label("why");
    let command = match *delivering {
        Delivering::Do(deed, slots) => match meant(deed, slots, model) {
            Some(command) => command,
            None => return Vec::new(),
        },
        Delivering::All(deed, count) => {
            let fit = places(model).filter(|place| fits(deed, place, model)).take(count.into());
            let same = Slots { which: 0, amiss: false, other: None };
            return fit.map(|place| Command::Delivery(done(deed, same, place))).collect();
        }
        Delivering::Terms(market, terms) => {
            DeliveryCommand::SetDeliveryTerms { market: MarketId(market), terms, reason }
        }
        Delivering::Auditor(who, auditor) => {
            DeliveryCommand::SetAuditor { account: AccountId(who), auditor, reason }
        }
        Delivering::Maintain(who, window) => DeliveryCommand::AnnounceMaintenance {
            account: AccountId(who),
            instrument: instrument(window, model),
        },
        Delivering::Stake(who, amount) => {
            DeliveryCommand::AddStake { account: AccountId(who), amount: Amount::new(amount) }
        }
        Delivering::Withdraw(who, amount) => {
            DeliveryCommand::WithdrawStake { account: AccountId(who), amount: Amount::new(amount) }
        }
    };
    vec![Command::Delivery(command)]
}

fn meant(deed: Deed, slots: Slots, model: &Model) -> Option<DeliveryCommand> {
    let all: Vec<Place<'_>> = places(model).collect();
    let fit: Vec<Place<'_>> = all.iter().filter(|place| fits(deed, place, model)).copied().collect();
    let chosen = if slots.amiss || fit.is_empty() { &all } else { &fit };
    let place = *chosen.get(slots.which.checked_rem(chosen.len())?)?;
    let mut command = done(deed, slots, place);
    // A delivery that there is not.
    if slots.amiss && slots.which.is_multiple_of(7) {
        rename(&mut command, DeliveryId(1_000_000));
    }
    Some(command)
}

fn rename(command: &mut DeliveryCommand, other: DeliveryId) {
    match command {
        DeliveryCommand::AcknowledgeDelivery { delivery, .. }
        | DeliveryCommand::ReclaimSlots { delivery, .. }
        | DeliveryCommand::CommitSlot { delivery, .. }
        | DeliveryCommand::DrawAuditors { delivery, .. }
        | DeliveryCommand::OpenSlot { delivery, .. }
        | DeliveryCommand::RecordVerdict { delivery, .. }
        | DeliveryCommand::DisputeSlot { delivery, .. }
        | DeliveryCommand::RuleSlot { delivery, .. } => *delivery = other,
        DeliveryCommand::SetDeliveryTerms { .. }
        | DeliveryCommand::SetAuditor { .. }
        | DeliveryCommand::AddStake { .. }
        | DeliveryCommand::WithdrawStake { .. }
        | DeliveryCommand::AnnounceMaintenance { .. } => unreachable!("they name no delivery"),
    }
}

fn done(deed: Deed, slots: Slots, place: Place<'_>) -> DeliveryCommand {
    let (delivery, slot, work) = place;
    let by = |whose: AccountId| slots.other.map_or(whose, AccountId);
    match deed {
        Deed::Acknowledge => DeliveryCommand::AcknowledgeDelivery { account: by(work.provider), delivery },
        Deed::Reclaim => DeliveryCommand::ReclaimSlots { account: by(work.provider), delivery, from: slot },
        Deed::Commit(below) => {
            // Slots of these windows last 50 or 100 seconds, of which nine tenths are asked for.
            let quota = work.lots * 45_000_000_000;
            let metered = below.map_or(quota * 2, |below| quota - below.min(quota));
            let (account, commitment) = (by(work.provider), DIGEST);
            DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work: metered }
        }
        Deed::DrawAuditors(beacon) => DeliveryCommand::DrawAuditors { delivery, slot, beacon },
        Deed::Open => {
            DeliveryCommand::OpenSlot { account: by(work.provider), delivery, slot, opening: DIGEST }
        }
        Deed::Judge(verdict) => {
            let seats = twelfth(&place).audit.as_deref().unwrap_or_default();
            let open = |seat: &&(AccountId, Option<Verdict>)| seat.1.is_none();
            let whose = seats.iter().find(open).or(seats.first()).map_or(work.holder, |seat| seat.0);
            let (account, evidence) = (by(whose), DIGEST);
            let sequences = u32::from(slot.number()) * 100;
            DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence }
        }
        Deed::Dispute(provider) => {
            let whose = if provider { work.provider } else { work.holder };
            DeliveryCommand::DisputeSlot { account: by(whose), delivery, slot }
        }
        Deed::Rule(ruling) => DeliveryCommand::RuleSlot { delivery, slot, ruling, reason: label("why") },
    }
}
