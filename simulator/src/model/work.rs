//! Work of the model: what is asked about deliveries.

use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::{Outcome, Ruling};
use engine::delivery::slot::{Dispute, Party, SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, index};
use engine::index::mix64;
use engine::label::Label;

use crate::model::Model;
use crate::model::deliveries::Step;
use crate::model::orders::UNNUMBERED;

impl Model {
    /// Carries out what was found to be allowed.
    pub(super) fn carry_out_delivery(&mut self, command: &DeliveryCommand) {
        let xseq = UNNUMBERED;
        match *command {
            DeliveryCommand::SetDeliveryTerms { market, terms, reason } => {
                self.markets[index(market.0)].delivery = terms;
                self.tell(Event::DeliveryTermsSet { market, terms, reason });
            }
            DeliveryCommand::SetAuditor { account, auditor, reason } => {
                self.owner(account).auditor = auditor;
                self.tell(Event::AuditorSet { account, auditor, reason });
            }
            DeliveryCommand::AnnounceMaintenance { account, instrument } => {
                self.holding((account, instrument)).maintained = true;
                self.tell(Event::MaintenanceAnnounced { account, xseq, instrument });
            }
            DeliveryCommand::AcknowledgeDelivery { delivery, .. } => {
                self.deliveries.get_mut(&delivery).expect("it was drawn").acknowledged = true;
                self.tell_both(delivery, |account, _| Event::DeliveryAcknowledged {
                    account,
                    xseq,
                    delivery,
                });
            }
            DeliveryCommand::ReclaimSlots { delivery, from, .. } => {
                for slot in SlotNumber::all().filter(|slot| from <= *slot) {
                    if self.twelfth((delivery, slot)).state == SlotState::Waiting {
                        self.decide((delivery, slot), Outcome::Reclaimed);
                    }
                }
            }
            DeliveryCommand::CommitSlot { delivery, slot, commitment, work, .. } => {
                self.tell(Event::SlotCommitted { delivery, slot, commitment, work });
                self.enter((delivery, slot), SlotState::Committed);
            }
            DeliveryCommand::DrawAuditors { delivery, slot, beacon } => self.seat((delivery, slot), beacon),
            DeliveryCommand::OpenSlot { delivery, slot, opening, .. } => {
                self.twelfth((delivery, slot)).opened = true;
                self.tell(Event::SlotOpened { delivery, slot, opening });
                self.enter((delivery, slot), SlotState::Opened);
            }
            DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence } => {
                let auditor = account;
                self.tell(Event::SlotJudged { auditor, delivery, slot, verdict, sequences, evidence });
                self.answer(auditor, (delivery, slot), (verdict, sequences));
            }
            DeliveryCommand::AddStake { account, amount } => self.stake(account, amount.micro().into()),
            DeliveryCommand::WithdrawStake { account, amount } => {
                self.unstake(account, amount.micro().into());
            }
            DeliveryCommand::DisputeSlot { account, delivery, slot } => {
                let provides = self.deliveries[&delivery].provider == account;
                self.twelfth((delivery, slot)).disputes[usize::from(!provides)] = Dispute::Open;
                let by = if provides { Party::Provider } else { Party::Holder };
                self.tell_both(delivery, |account, _| Event::SlotDisputed {
                    account,
                    xseq,
                    delivery,
                    slot,
                    by,
                });
            }
            DeliveryCommand::RuleSlot { delivery, slot, ruling, reason } => {
                self.rule((delivery, slot), ruling, reason);
            }
        }
    }

    /// Auditors of neither group, as many as the window's terms say, in order of `mix64(beacon, account)`.
    fn seat(&mut self, of: (DeliveryId, SlotNumber), beacon: u64) {
        let (delivery, slot) = of;
        let work = &self.deliveries[&delivery];
        let group = |account: AccountId| self.owners[index(account.0)].group;
        let groups = [group(work.provider), group(work.holder)];
        let owners = (0..).map(AccountId).zip(&self.owners);
        let outside = owners.filter(|(_, owner)| owner.auditor && !groups.contains(&owner.group));
        let mut drawn: Vec<AccountId> = outside.map(|(account, _)| account).collect();
        drawn.sort_by_key(|account| (mix64(beacon, account.0.into()), account.0));
        drawn.truncate(usize::from(self.window(work.instrument).terms.auditors));
        let auditors = u8::try_from(drawn.len()).expect("there are few");
        let rate_ppm = self.owners[index(self.deliveries[&delivery].provider.0)].standing.rate_ppm();
        self.tell(Event::AuditorsDrawn { delivery, slot, beacon, auditors, rate_ppm });
        for account in &drawn {
            self.tell(Event::AuditorDrawn { account: *account, xseq: UNNUMBERED, delivery, slot });
        }
        self.twelfth(of).audit = Some(drawn.into_iter().map(|account| (account, None)).collect());
    }

    fn answer(
        &mut self,
        auditor: AccountId,
        of: (DeliveryId, SlotNumber),
        (verdict, sequences): (Verdict, u32),
    ) {
        let twelfth = self.twelfth(of);
        let seats = twelfth.audit.as_mut().expect("it is audited");
        let first = seats.iter().all(|(_, answer)| answer.is_none());
        let seat = seats.iter_mut().find(|(account, _)| *account == auditor).expect("it was drawn");
        seat.1 = Some(verdict);
        let all = seats.iter().all(|(_, answer)| answer.is_some());
        twelfth.sequences = if first { sequences } else { twelfth.sequences.min(sequences) };
        if verdict == Verdict::Flagged && twelfth.flagged_by.is_none() {
            twelfth.flagged_by = Some(auditor);
        }
        if all {
            self.judge(of);
        }
    }

    /// What is ruled on in time is decided; later it is final at once.
    fn rule(&mut self, of: (DeliveryId, SlotNumber), ruling: Ruling, reason: Label) {
        let (delivery, slot) = of;
        self.tell(Event::SlotRuled { delivery, slot, ruling, reason });
        let twelfth = self.twelfth(of);
        twelfth.ruled = true;
        twelfth.confirmed = twelfth.state == SlotState::Flagged && ruling == Ruling::NotDelivered;
        let outcome = match ruling {
            Ruling::Delivered => Outcome::Accepted,
            Ruling::NotDelivered => Outcome::Rejected,
            Ruling::Unopened => Outcome::Unopened,
            Ruling::BuyerFault => Outcome::BuyerFault,
            Ruling::Network => Outcome::Network,
            Ruling::Inconclusive => Outcome::Inconclusive,
        };
        self.end_disputes(of, Some(outcome));
        if self.is_ahead(of, Step::Dispute) { self.decide(of, outcome) } else { self.pay_out(of, outcome) }
    }

    /// Whether a slot has a step still ahead.
    pub(super) fn is_ahead(&self, (delivery, slot): (DeliveryId, SlotNumber), step: Step) -> bool {
        let window = self.window(self.deliveries[&delivery].instrument);
        window.agenda.iter().any(|(_, other, of)| (*other, *of) == (step, slot.number()))
    }
}
