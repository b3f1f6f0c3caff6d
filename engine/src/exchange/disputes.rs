//! Disputes of the exchange: a party doubts how a slot ends, and the arbiter rules.

use crate::delivery::outcome::{Outcome, Ruling};
use crate::delivery::run::Deadline;
use crate::delivery::slot::{Dispute, Party, SlotState};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::delivering::SlotOf;
use crate::ids::AccountId;
use crate::label::Label;
use crate::reject::RejectReason;

impl Exchange {
    pub(super) fn dispute(&mut self, account: AccountId, of: SlotOf) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        self.check_account(account)?;
        let found = self.deliveries.find(delivery).ok_or(RejectReason::DeliveryUnknown)?;
        let by = found.party(account).ok_or(RejectReason::DeliveryUnknown)?;
        let state = *found.slot(slot);
        if self.due(of, Deadline::Dispute) <= self.last.time {
            return Err(RejectReason::SlotLate);
        }
        if !matches!(state.state, SlotState::Decided(_)) || state.ruled {
            return Err(RejectReason::SlotUnexpected);
        }
        if state.dispute(by) != Dispute::None {
            return Err(RejectReason::DisputeRepeated);
        }
        let run = self.deliveries.run(found.instrument).expect("a delivery under way has a run");
        let deposit = run.terms.deposit;
        if self.ledger.accounts.at(account).balance().available < deposit {
            return Err(RejectReason::InsufficientDeposit);
        }
        self.ledger.hold(account, deposit);
        *self.deliveries.at_mut(delivery).slot_mut(slot).dispute_mut(by) = Dispute::Open;
        for party in Party::BOTH {
            let account = self.deliveries.at(delivery).account(party);
            let xseq = self.xseq(account);
            self.events.push(Event::SlotDisputed { account, xseq, delivery, slot, by });
        }
        Ok(())
    }

    /// The arbiter decides how a slot ends, while its money has not moved.
    pub(super) fn rule(&mut self, of: SlotOf, ruling: Ruling, reason: Label) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        let found = self.deliveries.find(delivery).ok_or(RejectReason::DeliveryUnknown)?;
        if found.slot(slot).state.is_final() || found.slot(slot).ruled {
            return Err(RejectReason::SlotUnexpected);
        }
        self.events.push(Event::SlotRuled { delivery, slot, ruling, reason });
        let confirmed = found.slot(slot).state == SlotState::Flagged && ruling == Ruling::NotDelivered;
        let found = self.deliveries.at_mut(delivery);
        found.evidence_mut(slot).confirmed = confirmed;
        found.slot_mut(slot).ruled = true;
        self.close_disputes(of, Some(ruling));
        if self.last.time < self.due(of, Deadline::Dispute) {
            self.decide(of, ruling.outcome());
        } else {
            self.finish(of, ruling.outcome());
        }
        Ok(())
    }

    /// Ends the disputes of a slot. Who was wrong loses the deposit; without a ruling nobody was.
    pub(super) fn close_disputes(&mut self, of: SlotOf, ruling: Option<Ruling>) {
        let (delivery, slot) = of;
        let instrument = self.deliveries.at(delivery).instrument;
        let run = self.deliveries.run(instrument).expect("a delivery under way has a run");
        let deposit = run.terms.deposit;
        let loser = ruling.and_then(|ruling| loser(ruling.outcome()));
        for party in Party::BOTH {
            let found = self.deliveries.at_mut(delivery);
            let account = found.account(party);
            let dispute = found.slot_mut(slot).dispute_mut(party);
            if *dispute != Dispute::Open {
                continue;
            }
            *dispute = Dispute::Closed;
            let lost = loser == Some(party);
            if lost {
                self.ledger.burn_held(account, deposit);
            } else {
                self.ledger.unhold(account, deposit);
            }
            let xseq = self.xseq(account);
            self.events.push(Event::DisputeClosed {
                account,
                xseq,
                delivery,
                slot,
                by: party,
                deposit,
                lost,
            });
        }
    }
}

/// Whose dispute an outcome proves wrong, if anybody's.
const fn loser(outcome: Outcome) -> Option<Party> {
    match outcome {
        Outcome::Accepted | Outcome::BuyerFault => Some(Party::Holder),
        Outcome::Rejected | Outcome::Missed | Outcome::Unopened => Some(Party::Provider),
        Outcome::Network | Outcome::Inconclusive | Outcome::Reclaimed => None,
    }
}
