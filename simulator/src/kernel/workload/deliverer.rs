//! Deliverer: what providers, auditors, holders and the arbiter do about hours that were sold.
//!
//! How honest, late or idle a provider is in a slot is chosen for the slot, so that whoever acts on it, and whenever, finds the same.

use engine::command::Command;
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Ruling;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::ids::{AccountId, Digest, InstrumentId, MarketId};
use engine::label::Label;
use engine::stamp::Time;
use engine::units::Amount;

use crate::kernel::choices::{Choices, Chooser};
use crate::kernel::evidence::{Piece, SlotOf};
use crate::kernel::news::Underway;
use crate::kernel::workload::trader::instrument;
use crate::kernel::workload::{Scene, Workload};

/// Slots that are worked on at a time, the oldest delivery first: more than these nobody looks after.
const ATTENTION: usize = 10;

/// How providers are, in 10,000 slots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nature {
    /// It makes its answers up.
    lies: u64,
    /// It is ready when nobody waits for it any more.
    late: u64,
    /// It does nothing, or opens nothing.
    idle: u64,
}

/// What a provider does in one slot.
#[derive(Clone, Copy, Debug)]
struct Deed {
    is_false: bool,
    is_late: bool,
    commits: bool,
    opens: bool,
}

impl Nature {
    pub(super) fn choose(choices: &mut Choices) -> Nature {
        Nature {
            lies: choices.one(&[0, 500, 3_000]),
            late: choices.one(&[0, 500, 2_000]),
            idle: choices.one(&[0, 500, 2_000]),
        }
    }
}

impl Workload {
    /// What makes deliveries what they are: stakes, auditors, and a market's terms.
    pub(super) fn delivery_set_up(&self, choices: &mut Choices) -> Vec<Command> {
        let mut commands = Vec::new();
        for market in (0..self.markets.len()).map(|number| MarketId(u32::try_from(number).expect("few"))) {
            commands.push(DeliveryCommand::SetDeliveryTerms {
                market,
                terms: terms(choices),
                reason: reason(),
            });
        }
        for account in (1..=self.traders).map(AccountId) {
            if account.0 <= self.providers {
                let amount = Amount::new(choices.between(1, 40_000_000));
                commands.push(DeliveryCommand::AddStake { account, amount });
            } else {
                commands.push(DeliveryCommand::SetAuditor { account, auditor: true, reason: reason() });
            }
        }
        commands.into_iter().map(Command::Delivery).collect()
    }

    /// What somebody does about deliveries, and who; `None` when there is nothing to do.
    pub(super) fn delivering(&self, scene: &Scene<'_>, choices: &mut Choices) -> Option<(usize, Command)> {
        let command = match choices.below(100) {
            0..6 => self.standing(scene, choices),
            6..8 => (AccountId::OPERATOR, self.ordering(choices)),
            8..12 => self.at_leisure(scene, choices)?,
            _ => self.working(scene, choices)?,
        };
        let (account, command) = command;
        // Only those who trade are there.
        let doer = scene.clients.iter().position(|client| client.account == account)?;
        Some((doer, Command::Delivery(command)))
    }

    /// What a provider does about itself.
    fn standing(&self, scene: &Scene<'_>, choices: &mut Choices) -> (AccountId, DeliveryCommand) {
        let account =
            AccountId(u32::try_from(choices.between(1, 2 + u64::from(self.providers))).expect("few"));
        let amount = Amount::new(choices.one(&[0, 1_000_000, 30_000_000, 900_000_000_000_000]));
        let command = match choices.below(3) {
            0 => DeliveryCommand::AddStake { account, amount },
            1 => DeliveryCommand::WithdrawStake { account, amount },
            _ => DeliveryCommand::AnnounceMaintenance { account, instrument: instrument(scene, choices) },
        };
        (account, command)
    }

    /// What the operator sets.
    fn ordering(&self, choices: &mut Choices) -> DeliveryCommand {
        let market = MarketId(u32::try_from(choices.place(self.markets.len())).expect("few"));
        if choices.happens(5_000) {
            return DeliveryCommand::SetDeliveryTerms { market, terms: terms(choices), reason: reason() };
        }
        let account = AccountId(u32::try_from(choices.between(1, 1 + u64::from(self.traders))).expect("few"));
        DeliveryCommand::SetAuditor { account, auditor: choices.happens(8_000), reason: reason() }
    }

    /// What is done about a slot that does not wait for it.
    fn at_leisure(&self, scene: &Scene<'_>, choices: &mut Choices) -> Option<(AccountId, DeliveryCommand)> {
        let slots = &scene.news.slots;
        let (&(delivery, slot), found) = slots.iter().nth(choices.place(slots.len().max(1)))?;
        let account = found.provider;
        Some(match choices.below(4) {
            0 => (account, DeliveryCommand::AcknowledgeDelivery { account, delivery }),
            1 => (account, DeliveryCommand::ReclaimSlots { account, delivery, from: slot }),
            _ => {
                let account = if choices.happens(5_000) { account } else { found.holder };
                (account, DeliveryCommand::DisputeSlot { account, delivery, slot })
            }
        })
    }

    /// What a slot waits for.
    fn working(&self, scene: &Scene<'_>, choices: &mut Choices) -> Option<(AccountId, DeliveryCommand)> {
        let waits = |found: &Underway| !matches!(found.state, SlotState::Waiting) && !found.is_decided();
        let waiting = scene.news.slots.iter().filter(|(_, found)| waits(found));
        let waiting: Vec<(SlotOf, &Underway)> =
            waiting.take(ATTENTION).map(|(of, found)| (*of, found)).collect();
        if waiting.is_empty() {
            return None;
        }
        let (of, found) = waiting[choices.place(waiting.len())];
        let (delivery, slot) = of;
        let deed = self.deed(of);
        let account = found.provider;
        match found.state {
            SlotState::Assigned => {
                let ready = !deed.is_late || found.since.after(2 * self.slot_nanos()) <= scene.now;
                let worth = self.slot_nanos().saturating_mul(found.lots);
                let work = if choices.happens(300) { worth / 2 } else { worth };
                let commitment = Piece::Commitment.digest(of);
                let commit = DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work };
                (deed.commits && ready).then_some((account, commit))
            }
            SlotState::Committed if !found.drawn => {
                let beacon = choices.word();
                Some((AccountId::OPERATOR, DeliveryCommand::DrawAuditors { delivery, slot, beacon }))
            }
            SlotState::Committed => {
                let opening = Piece::Opening.digest(of);
                let open = DeliveryCommand::OpenSlot { account, delivery, slot, opening };
                deed.opens.then_some((account, open))
            }
            SlotState::Opened => audit(of, (found, deed), scene, choices),
            _ => Some((AccountId::OPERATOR, ruling(of, (found, deed), scene, choices))),
        }
    }

    /// What the provider of a slot does in it.
    fn deed(&self, (delivery, slot): SlotOf) -> Deed {
        let number = u64::from(delivery.0) * 12 + u64::from(slot.number());
        let mut choices = self.source.stream(Chooser::Deed, number);
        let Nature { lies, late, idle } = self.nature;
        Deed {
            is_false: choices.happens(lies),
            is_late: choices.happens(late),
            commits: !choices.happens(idle),
            opens: !choices.happens(idle),
        }
    }

    fn slot_nanos(&self) -> u64 {
        u64::from(self.markets[0].window_seconds) * Time::SECOND / 12
    }
}

/// An auditor reads what is open, if it still is there.
fn audit(
    (delivery, slot): SlotOf,
    (found, deed): (&Underway, Deed),
    scene: &Scene<'_>,
    choices: &mut Choices,
) -> Option<(AccountId, DeliveryCommand)> {
    let (account, finds) = (*found.auditors.get(choices.place(found.auditors.len().max(1)))?, 8_000);
    if !scene.evidence.is_whole((delivery, slot), Piece::Opening) {
        return None;
    }
    let flags = choices.happens(if deed.is_false { finds } else { 300 });
    let verdict = if flags { Verdict::Flagged } else { Verdict::Clean };
    let sequences = u32::try_from(choices.below(40)).expect("it is small");
    let evidence = Digest([3; 32]);
    Some((account, DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence }))
}

/// The arbiter looks at all that is open. Of what is lost nobody knows.
fn ruling(
    (delivery, slot): SlotOf,
    (found, deed): (&Underway, Deed),
    scene: &Scene<'_>,
    choices: &mut Choices,
) -> DeliveryCommand {
    let is_open = scene.evidence.is_whole((delivery, slot), Piece::Opening);
    let ruling = match found.state {
        _ if choices.happens(500) => choices.one(&[Ruling::BuyerFault, Ruling::Network]),
        _ if is_open && deed.is_false => Ruling::NotDelivered,
        _ if is_open => Ruling::Delivered,
        SlotState::Decided(outcome) if outcome.is_providers_fault() => Ruling::NotDelivered,
        _ => Ruling::Inconclusive,
    };
    DeliveryCommand::RuleSlot { delivery, slot, ruling, reason: reason() }
}

/// Terms that are mostly short, so that slots end within a world's life.
fn terms(choices: &mut Choices) -> DeliveryTerms {
    let small = |number: u64| u8::try_from(number).expect("it is small");
    DeliveryTerms {
        dispute_slots: small(choices.between(1, 5)),
        ruling_slots: small(choices.between(1, 5)),
        auditors: small(choices.one(&[1, 1, 2, 3])),
        deposit: Amount::new(choices.one(&[0, 1_000, 1_000_000, 900_000_000_000_000])),
        stake: Amount::new(choices.one(&[0, 0, 1_000, 2_000_000])),
        bounty: Amount::new(choices.one(&[0, 1_000, 1_000_000])),
    }
}

/// Changes a command about deliveries for the worse.
pub(super) fn spoil(command: &mut DeliveryCommand, stranger: AccountId, choices: &mut Choices) {
    let elsewhere = engine::ids::DeliveryId(1_000_000);
    match command {
        DeliveryCommand::SetDeliveryTerms { market, terms, .. } => match choices.below(2) {
            0 => *market = MarketId(1_000),
            _ => terms.auditors = 9,
        },
        DeliveryCommand::SetAuditor { account, .. } => *account = stranger,
        DeliveryCommand::AddStake { account, amount }
        | DeliveryCommand::WithdrawStake { account, amount } => {
            if choices.happens(5_000) {
                *account = stranger
            } else {
                *amount = Amount::ZERO
            }
        }
        DeliveryCommand::AnnounceMaintenance { account, instrument } => {
            if choices.happens(5_000) {
                *account = stranger
            } else {
                *instrument = InstrumentId(1_000_000)
            }
        }
        DeliveryCommand::AcknowledgeDelivery { account, delivery }
        | DeliveryCommand::CommitSlot { account, delivery, .. }
        | DeliveryCommand::OpenSlot { account, delivery, .. }
        | DeliveryCommand::RecordVerdict { account, delivery, .. }
        | DeliveryCommand::ReclaimSlots { account, delivery, .. }
        | DeliveryCommand::DisputeSlot { account, delivery, .. } => {
            if choices.happens(5_000) {
                *account = stranger
            } else {
                *delivery = elsewhere
            }
        }
        DeliveryCommand::DrawAuditors { slot, .. } | DeliveryCommand::RuleSlot { slot, .. } => {
            *slot = SlotNumber::LAST;
        }
    }
}

fn reason() -> Label {
    Label::new("why").expect("it is a label")
}
