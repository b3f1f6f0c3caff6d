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
        self.events.push(Event::AuditorsDrawn { delivery, slot, beacon, auditors });
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
        (verdict, evidence): (Verdict, Digest),
    ) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        self.check_account(auditor)?;
        self.deliveries.find(delivery).ok_or(RejectReason::DeliveryUnknown)?;
        self.check_stands(of, SlotState::Opened, Deadline::Verdict)?;
        let audit = self.deliveries.audits.get_mut(&of).expect("what is opened is audited");
        if !audit.answer(auditor, verdict) {
            return Err(RejectReason::NotAuditor);
        }
        let complete = audit.is_complete();
        self.events.push(Event::SlotJudged { auditor, delivery, slot, verdict, evidence });
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
            self.set_slot(of, SlotState::Flagged);
        } else if answered {
            self.decide(of, Outcome::Accepted);
        } else {
            self.set_slot(of, SlotState::Unaudited);
        }
    }
}
