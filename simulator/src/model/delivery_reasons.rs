//! Delivery reasons of the model: why what is asked about a delivery must be refused.

use engine::delivery::command::DeliveryCommand;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{Dispute, Party, SlotNumber, SlotState};
use engine::ids::{AccountId, DeliveryId, index};
use engine::instrument::Phase;
use engine::reject::RejectReason;
use engine::symbol::Tier;

use crate::model::deliveries::{Step, Twelfth, Work};
use crate::model::reasons::those;
use crate::model::{Model, Part};

type SlotOf = (DeliveryId, SlotNumber);

impl Model {
    pub(super) fn delivery_reasons(&self, command: &DeliveryCommand) -> Vec<RejectReason> {
        let unexpected = |unexpected| those([(unexpected, RejectReason::SlotUnexpected)]);
        match *command {
            DeliveryCommand::SetDeliveryTerms { market, ref terms, .. } => {
                let DeliveryTerms { dispute_slots, ruling_slots, auditors, .. } = *terms;
                let sound = 0 < dispute_slots && 0 < ruling_slots && (1..=3).contains(&auditors);
                let unknown = self.markets.len() <= index(market.0);
                those([(unknown, RejectReason::MarketUnknown), (!sound, RejectReason::DeliveryTermsInvalid)])
            }
            DeliveryCommand::SetAuditor { account, .. } => {
                self.check_account(account).err().into_iter().collect()
            }
            DeliveryCommand::AddStake { .. } | DeliveryCommand::WithdrawStake { .. } => {
                self.stake_reasons(command)
            }
            DeliveryCommand::AnnounceMaintenance { account, instrument } => {
                self.maintenance_reasons((account, instrument))
            }
            DeliveryCommand::AcknowledgeDelivery { account, delivery } => {
                self.of_provider(account, delivery, |work| unexpected(work.acknowledged))
            }
            DeliveryCommand::ReclaimSlots { account, delivery, from } => {
                self.of_provider(account, delivery, |work| self.reclaim_reasons(work, from))
            }
            DeliveryCommand::CommitSlot { account, delivery, slot, work: metered, .. } => {
                self.of_provider(account, delivery, |work| {
                    // Nine tenths of a twelfth of the window, for each lot.
                    let quota = u128::from(self.slot_nanos(work) * work.lots) * 9 / 10;
                    let mut reasons = self.standing((delivery, slot), SlotState::Assigned, Step::Commit);
                    reasons.extend(those([(u128::from(metered) < quota, RejectReason::WorkBelowQuota)]));
                    reasons
                })
            }
            DeliveryCommand::DrawAuditors { delivery, slot, .. } => self.of_anybody(delivery, |work| {
                let mut reasons = self.standing((delivery, slot), SlotState::Committed, Step::Open);
                reasons.extend(unexpected(twelfth(work, slot).audit.is_some()));
                reasons
            }),
            DeliveryCommand::OpenSlot { account, delivery, slot, .. } => {
                self.of_provider(account, delivery, |work| {
                    let mut reasons = self.standing((delivery, slot), SlotState::Committed, Step::Open);
                    reasons.extend(unexpected(twelfth(work, slot).audit.is_none()));
                    reasons
                })
            }
            DeliveryCommand::RecordVerdict { account, delivery, slot, .. } => {
                self.of(account, delivery, |work| {
                    let waits = |seats: &Vec<(AccountId, Option<_>)>| seats.contains(&(account, None));
                    let drawn = twelfth(work, slot).audit.as_ref().is_some_and(waits);
                    let mut reasons = self.standing((delivery, slot), SlotState::Opened, Step::Judge);
                    reasons.extend(those([(!drawn, RejectReason::NotAuditor)]));
                    reasons
                })
            }
            DeliveryCommand::DisputeSlot { account, delivery, slot } => {
                self.of(account, delivery, |work| self.dispute_reasons(account, work, (delivery, slot)))
            }
            DeliveryCommand::RuleSlot { delivery, slot, .. } => self.of_anybody(delivery, |work| {
                let twelfth = twelfth(work, slot);
                unexpected(twelfth.ruled || twelfth.state.is_final())
            }),
        }
    }

    fn slot_nanos(&self, work: &Work) -> u64 {
        u64::from(self.market(work.instrument).spec.window_seconds) * 1_000_000_000 / 12
    }

    /// The reasons of a delivery that is under way.
    fn of_anybody(
        &self,
        delivery: DeliveryId,
        reasons: impl FnOnce(&Work) -> Vec<RejectReason>,
    ) -> Vec<RejectReason> {
        match self.deliveries.get(&delivery).filter(|work| self.is_under_way(work)) {
            Some(work) => reasons(work),
            None => vec![RejectReason::DeliveryUnknown],
        }
    }

    fn of(
        &self,
        account: AccountId,
        delivery: DeliveryId,
        reasons: impl FnOnce(&Work) -> Vec<RejectReason>,
    ) -> Vec<RejectReason> {
        match self.check_account(account) {
            Ok(()) => self.of_anybody(delivery, reasons),
            Err(reason) => vec![reason],
        }
    }

    /// The reasons of a delivery that is under way, and the account's to deliver.
    fn of_provider(
        &self,
        account: AccountId,
        delivery: DeliveryId,
        reasons: impl FnOnce(&Work) -> Vec<RejectReason>,
    ) -> Vec<RejectReason> {
        self.of(account, delivery, |work| {
            if work.provider == account { reasons(work) } else { vec![RejectReason::DeliveryUnknown] }
        })
    }

    fn standing(&self, of: SlotOf, state: SlotState, step: Step) -> Vec<RejectReason> {
        let other = twelfth(&self.deliveries[&of.0], of.1).state != state;
        those([(!self.is_ahead(of, step), RejectReason::SlotLate), (other, RejectReason::SlotUnexpected)])
    }

    fn maintenance_reasons(&self, part: Part) -> Vec<RejectReason> {
        if let Err(reason) = self.check_account(part.0) {
            return vec![reason];
        }
        if self.is_unlisted(part.1) {
            return vec![RejectReason::InstrumentUnknown];
        }
        let window = self.window(part.1);
        let length = u64::from(self.market(part.1).spec.window_seconds) * 1_000_000_000;
        let unable = self.holdings.get(&part).is_none_or(|holding| holding.capacity == 0);
        those([
            (Phase::Open < window.phase, RejectReason::MarketClosed),
            (unable, RejectReason::NotProvider),
            (window.start < self.now + 24 * length, RejectReason::NoticeTooShort),
        ])
    }

    fn reclaim_reasons(&self, work: &Work, from: SlotNumber) -> Vec<RejectReason> {
        let slot_nanos = self.slot_nanos(work);
        let begin = self.window(work.instrument).start + u64::from(from.number()) * slot_nanos;
        let firm = self.market(work.instrument).spec.tier == Tier::Firm;
        those([
            (twelfth(work, from).state != SlotState::Waiting, RejectReason::SlotUnexpected),
            (firm, RejectReason::NotInterruptible),
            (begin < self.now + slot_nanos, RejectReason::NoticeTooShort),
        ])
    }

    fn dispute_reasons(&self, account: AccountId, work: &Work, of: SlotOf) -> Vec<RejectReason> {
        let part =
            [Party::Provider, Party::Holder].into_iter().position(|party| work.account(party) == account);
        let Some(part) = part else { return vec![RejectReason::DeliveryUnknown] };
        let twelfth = twelfth(work, of.1);
        let decided = matches!(twelfth.state, SlotState::Decided(_)) && !twelfth.ruled;
        let deposit = u128::from(self.window(work.instrument).terms.deposit.micro());
        those([
            (!self.is_ahead(of, Step::Dispute), RejectReason::SlotLate),
            (!decided, RejectReason::SlotUnexpected),
            (twelfth.disputes[part] != Dispute::None, RejectReason::DisputeRepeated),
            (self.available(account) < deposit, RejectReason::InsufficientDeposit),
        ])
    }
}

fn twelfth(work: &Work, slot: SlotNumber) -> &Twelfth {
    &work.slots[usize::from(slot.number())]
}
