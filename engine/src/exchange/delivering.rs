//! Delivering of the exchange: deadlines bring the slots of a window's deliveries on, and each ends once.

use crate::delivery::command::DeliveryCommand;
use crate::delivery::outcome::Outcome;
use crate::delivery::run::{Deadline, Run};
use crate::delivery::slot::{Party, SlotNumber, SlotState};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{DeliveryId, InstrumentId, index};
use crate::instrument::Phase;
use crate::ledger::SlotPayment;
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::timers::Timer;
use crate::units::Amount;

/// One slot of one delivery.
pub(super) type SlotOf = (DeliveryId, SlotNumber);

impl Exchange {
    /// Carries out a command about deliveries.
    pub(super) fn deliver(&mut self, command: &DeliveryCommand) -> Result<(), RejectReason> {
        match *command {
            DeliveryCommand::SetDeliveryTerms { market, terms, reason } => {
                self.set_delivery_terms(market, terms, reason)
            }
            DeliveryCommand::SetAuditor { account, auditor, reason } => {
                self.set_auditor(account, auditor, reason)
            }
            DeliveryCommand::AnnounceMaintenance { account, instrument } => {
                self.announce_maintenance(account, instrument)
            }
            DeliveryCommand::AcknowledgeDelivery { account, delivery } => self.acknowledge(account, delivery),
            DeliveryCommand::ReclaimSlots { account, delivery, from } => {
                self.reclaim(account, delivery, from)
            }
            DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work } => {
                self.commit(account, (delivery, slot), (commitment, work))
            }
            DeliveryCommand::DrawAuditors { delivery, slot, beacon } => {
                self.draw_auditors((delivery, slot), beacon)
            }
            DeliveryCommand::OpenSlot { account, delivery, slot, opening } => {
                self.open_work(account, (delivery, slot), opening)
            }
            DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence } => {
                self.record_verdict(account, (delivery, slot), (verdict, sequences, evidence))
            }
            DeliveryCommand::AddStake { account, amount } => self.add_stake(account, amount),
            DeliveryCommand::WithdrawStake { account, amount } => self.withdraw_stake(account, amount),
            DeliveryCommand::DisputeSlot { account, delivery, slot } => {
                self.dispute(account, (delivery, slot))
            }
            DeliveryCommand::RuleSlot { delivery, slot, ruling, reason } => {
                self.rule((delivery, slot), ruling, reason)
            }
        }
    }

    /// All deliveries of a window are drawn: their slots begin with it.
    pub(super) fn begin_deliveries(&mut self, instrument: InstrumentId, first: DeliveryId) {
        let count = self.deliveries.next().0 - first.0;
        let state = &mut self.instruments[index(instrument.0)];
        (state.phase, state.deliveries) = (Phase::Delivering, count);
        let market = &self.markets[index(state.market.0)];
        let run = Run {
            start: state.start,
            slot_nanos: market.spec.slot_nanos(),
            first,
            count,
            terms: state.delivery,
            bond: state.terms.bond,
            reference: state.reference,
            passed: [0; 6],
            cursor: 0,
        };
        let (begin, _, _) = run.next().expect("a run begins with its deadlines ahead");
        self.deliveries.begin(instrument, run);
        self.timers.set(begin, Timer::Deadline(instrument));
        self.events.push(Event::InstrumentDelivering { instrument, deliveries: count });
    }

    /// Brings a window's deliveries past the deadline that is due. Returns when to go on; `None` when all of them have
    /// passed all.
    pub(super) fn pass_deadline(
        &mut self,
        (due, instrument): (Time, InstrumentId),
        steps: &mut u32,
    ) -> Option<Time> {
        let run = *self.deliveries.run_mut(instrument);
        let (_, deadline, slot) = run.next().expect("a deadline is ahead of whoever waits for it");
        let mut cursor = run.cursor;
        while 0 < *steps && cursor < run.count {
            self.bring_on((DeliveryId(run.first.0 + cursor), slot), deadline);
            cursor += 1;
            *steps -= 1;
        }
        let run = self.deliveries.run_mut(instrument);
        run.cursor = cursor;
        if cursor < run.count {
            return Some(due);
        }
        // Passing is a step itself, so that a tick past many windows is bounded too.
        *steps = steps.saturating_sub(1);
        run.pass(deadline);
        let next = run.next().map(|(due, _, _)| due);
        if next.is_none() {
            self.timers.set(due, Timer::Settle(instrument));
        }
        next
    }

    /// A slot has come to a deadline.
    fn bring_on(&mut self, of: SlotOf, deadline: Deadline) {
        let slot = *self.slot(of);
        match (deadline, slot.state) {
            (Deadline::Begin, SlotState::Waiting) => self.set_slot(of, SlotState::Assigned),
            (Deadline::Commitment, SlotState::Assigned) => self.decide(of, Outcome::Missed),
            (Deadline::Opening, SlotState::Committed) => {
                // Whoever was never asked to open anything can not be blamed: the arbiter looks.
                if self.deliveries.audits.contains_key(&of) {
                    self.decide(of, Outcome::Unopened);
                } else {
                    self.set_slot(of, SlotState::Unaudited);
                }
            }
            (Deadline::Verdict, SlotState::Opened) => self.end_audit(of),
            (Deadline::Dispute, SlotState::Decided(outcome)) if !slot.is_disputed() => {
                self.finish(of, outcome);
            }
            (Deadline::Ruling, state) if !state.is_final() => {
                self.close_disputes(of, None);
                self.finish(of, Outcome::Inconclusive);
            }
            _ => {}
        }
    }

    /// A slot that there is.
    pub(super) fn slot(&self, (delivery, slot): SlotOf) -> &crate::delivery::slot::Slot {
        self.deliveries.at(delivery).slot(slot)
    }

    /// When a slot comes to a deadline.
    pub(super) fn due(&self, (delivery, slot): SlotOf, deadline: Deadline) -> Time {
        let instrument = self.deliveries.at(delivery).instrument;
        self.deliveries.run(instrument).expect("a delivery under way has a run").due(deadline, slot)
    }

    /// Notes where a slot stands and tells both sides.
    pub(super) fn set_slot(&mut self, (delivery, slot): SlotOf, state: SlotState) {
        self.deliveries.at_mut(delivery).slot_mut(slot).state = state;
        for party in Party::BOTH {
            let account = self.deliveries.at(delivery).account(party);
            let xseq = self.xseq(account);
            self.events.push(Event::SlotChanged { account, xseq, delivery, slot, state });
        }
    }

    /// How a slot ends is known, unless somebody disputes it.
    pub(super) fn decide(&mut self, of: SlotOf, outcome: Outcome) {
        self.deliveries.audits.remove(&of);
        self.set_slot(of, SlotState::Decided(outcome));
    }

    /// Moves a slot's money, once.
    pub(super) fn finish(&mut self, of: SlotOf, outcome: Outcome) {
        let (delivery, slot) = of;
        self.deliveries.audits.remove(&of);
        self.set_slot(of, SlotState::Final(outcome));
        let parties = *self.deliveries.at(delivery);
        let run = self.deliveries.run(parties.instrument).expect("a delivery under way has a run");
        let (shares, award) = (parties.shares(run).slot(slot), outcome.award());
        let row = self.ledger.positions.find(parties.provider, parties.instrument);
        let row = row.expect("who delivers has a position");
        let payment = SlotPayment { shares, award, fee: parties.fee };
        let fee = self.ledger.pay_slot((row, parties.holder), &payment);
        for party in Party::BOTH {
            let is_provider = party == Party::Provider;
            let mine = |yes: bool, amount: Amount| if yes { amount } else { Amount::ZERO };
            let received = mine(award.escrow_to_provider == is_provider, shares.escrow)
                .plus(mine(award.cover_to_provider == is_provider, shares.cover))
                .plus(mine(is_provider, shares.rest));
            let fee = mine(is_provider, fee);
            let (account, received) = (parties.account(party), received.less(fee));
            let xseq = self.xseq(account);
            self.events.push(Event::SlotPaid { account, xseq, delivery, slot, outcome, received, fee });
        }
        self.judge_provider(of, outcome);
    }
}
