//! Auditing of the exchange: who looks at a commitment, and what follows from what they find.

use crate::delivery::audit::{Audit, Verdict};
use crate::delivery::outcome::Outcome;
use crate::delivery::run::Deadline;
use crate::delivery::slot::{Party, SlotState};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::delivering::SlotOf;
use crate::ids::{AccountId, Digest};
use crate::index::mix64;
use crate::label::Label;
use crate::provider::Provider;
use crate::reject::RejectReason;

impl Exchange {
    pub(super) fn set_auditor(
        &mut self,
        account: AccountId,
        auditor: bool,
        reason: Label,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.ledger.accounts.set_auditor(account, auditor);
        self.events.push(Event::AuditorSet { account, auditor, reason });
        Ok(())
    }

    /// Draws who audits a commitment: auditors outside both groups, in order of `mix64(beacon, account)`, ties by
    /// account.
    pub(super) fn draw_auditors(&mut self, of: SlotOf, beacon: u64) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        let found = self.deliveries.find(delivery).ok_or(RejectReason::DeliveryUnknown)?;
        self.check_stands(of, SlotState::Committed, Deadline::Opening)?;
        if self.deliveries.audits.contains_key(&of) {
            return Err(RejectReason::SlotUnexpected);
        }
        let accounts = &self.ledger.accounts;
        let groups = Party::BOTH.map(|party| accounts.group(found.account(party)));
        let outside = accounts.auditors().filter(|account| !groups.contains(&accounts.group(*account)));
        let mut drawn: Vec<AccountId> = outside.collect();
        drawn.sort_unstable_by_key(|account| (mix64(beacon, account.0.into()), *account));
        let run = self.deliveries.run(found.instrument).expect("a delivery under way has a run");
        drawn.truncate(usize::from(run.terms.auditors));
        let auditors = u8::try_from(drawn.len()).expect("few auditors are drawn");
        let rate_ppm = self.ledger.providers.of(self.deliveries.at(delivery).provider).rate_ppm();
        self.events.push(Event::AuditorsDrawn { delivery, slot, beacon, auditors, rate_ppm });
        for account in &drawn {
            let (account, xseq) = (*account, self.xseq(*account));
            self.events.push(Event::AuditorDrawn { account, xseq, delivery, slot });
        }
        self.deliveries.audits.insert(of, Audit::by(drawn.into_iter()));
        Ok(())
    }

    pub(super) fn record_verdict(
        &mut self,
        auditor: AccountId,
        of: SlotOf,
        (verdict, sequences, evidence): (Verdict, u32, Digest),
    ) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        self.check_account(auditor)?;
        self.deliveries.find(delivery).ok_or(RejectReason::DeliveryUnknown)?;
        self.check_stands(of, SlotState::Opened, Deadline::Verdict)?;
        let audit = self.deliveries.audits.get_mut(&of).expect("what is opened is audited");
        if !audit.answer(auditor, verdict) {
            return Err(RejectReason::NotAuditor);
        }
        let (complete, first) = (audit.is_complete(), audit.answers() == 1);
        let known = self.deliveries.at_mut(delivery).evidence_mut(slot);
        known.sequences = if first { sequences } else { known.sequences.min(sequences) };
        if verdict == Verdict::Flagged {
            known.flagged_by.get_or_insert(auditor);
        }
        self.events.push(Event::SlotJudged { auditor, delivery, slot, verdict, sequences, evidence });
        if complete {
            self.end_audit(of);
        }
        Ok(())
    }

    /// Everybody has answered, or the time is over. One who found it wrong is enough for the arbiter to look.
    pub(super) fn end_audit(&mut self, of: SlotOf) {
        let audit = self.deliveries.audits.remove(&of).expect("what is opened is audited");
        let answered = audit.seats().any(|(_, answer)| answer.is_some());
        if audit.is_flagged() {
            // A flag costs nothing but a closer look, at this slot and the next ones.
            self.note_record(self.deliveries.at(of.0).provider, Provider::flag);
            self.set_slot(of, SlotState::Flagged);
        } else if answered {
            self.decide(of, Outcome::Accepted);
        } else {
            self.set_slot(of, SlotState::Unaudited);
        }
    }
}
