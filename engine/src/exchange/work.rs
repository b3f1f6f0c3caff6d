//! Work of the exchange: what a provider says of its deliveries, each in its time.

use crate::delivery::outcome::Outcome;
use crate::delivery::run::{Deadline, DeliveryTerms};
use crate::delivery::slot::{Party, SlotNumber, SlotState};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::delivering::SlotOf;
use crate::ids::{AccountId, DeliveryId, Digest, InstrumentId, MarketId, index};
use crate::instrument::Phase;
use crate::label::Label;
use crate::reject::RejectReason;
use crate::symbol::Tier;

/// Maintenance is announced so many windows ahead.
const NOTICE_WINDOWS: u64 = 24;

impl Exchange {
    pub(super) fn set_delivery_terms(
        &mut self,
        market: MarketId,
        terms: DeliveryTerms,
        reason: Label,
    ) -> Result<(), RejectReason> {
        let state = self.markets.get_mut(index(market.0)).ok_or(RejectReason::MarketUnknown)?;
        if !terms.is_valid() {
            return Err(RejectReason::DeliveryTermsInvalid);
        }
        state.delivery = terms;
        self.events.push(Event::DeliveryTermsSet { market, terms, reason });
        Ok(())
    }

    /// The provider will maintain its machines during a window: a replacement then costs it no surcharge.
    pub(super) fn announce_maintenance(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        let state = self.instruments.get(index(instrument.0)).ok_or(RejectReason::InstrumentUnknown)?;
        if Phase::Open < state.phase {
            return Err(RejectReason::MarketClosed);
        }
        let row = self.ledger.positions.find(account, instrument);
        let row = row.filter(|row| !self.ledger.positions.at(*row).capacity.is_zero());
        let row = row.ok_or(RejectReason::NotProvider)?;
        let window = self.markets[index(state.market.0)].spec.window_nanos();
        if state.start < self.last.time.after(NOTICE_WINDOWS * window) {
            return Err(RejectReason::NoticeTooShort);
        }
        self.ledger.positions.at_mut(row).maintained = true;
        let xseq = self.xseq(account);
        self.events.push(Event::MaintenanceAnnounced { account, xseq, instrument });
        Ok(())
    }

    /// A delivery under way in which the account has this part.
    pub(super) fn check_part(
        &self,
        account: AccountId,
        delivery: DeliveryId,
        party: Party,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        let found = self.deliveries.find(delivery);
        let part = found.is_some_and(|found| found.account(party) == account);
        if part { Ok(()) } else { Err(RejectReason::DeliveryUnknown) }
    }

    pub(super) fn acknowledge(
        &mut self,
        account: AccountId,
        delivery: DeliveryId,
    ) -> Result<(), RejectReason> {
        self.check_part(account, delivery, Party::Provider)?;
        let found = self.deliveries.at_mut(delivery);
        if found.acknowledged {
            return Err(RejectReason::SlotUnexpected);
        }
        found.acknowledged = true;
        for party in Party::BOTH {
            let account = self.deliveries.at(delivery).account(party);
            let xseq = self.xseq(account);
            self.events.push(Event::DeliveryAcknowledged { account, xseq, delivery });
        }
        Ok(())
    }

    /// Takes back the slots of an interruptible window that begin at least a slot from now.
    pub(super) fn reclaim(
        &mut self,
        account: AccountId,
        delivery: DeliveryId,
        from: SlotNumber,
    ) -> Result<(), RejectReason> {
        self.check_part(account, delivery, Party::Provider)?;
        let found = self.deliveries.at(delivery);
        let state = &self.instruments[index(found.instrument.0)];
        let spec = &self.markets[index(state.market.0)].spec;
        let waits = |slot| found.slot(slot).state == SlotState::Waiting;
        if !waits(from) {
            return Err(RejectReason::SlotUnexpected);
        }
        if spec.tier != Tier::Interruptible {
            return Err(RejectReason::NotInterruptible);
        }
        if self.due((delivery, from), Deadline::Begin) < self.last.time.after(spec.slot_nanos()) {
            return Err(RejectReason::NoticeTooShort);
        }
        // What the operator has ruled on before it began stays as ruled.
        let back: Vec<SlotNumber> = SlotNumber::all().filter(|slot| from <= *slot && waits(*slot)).collect();
        back.into_iter().for_each(|slot| self.decide((delivery, slot), Outcome::Reclaimed));
        Ok(())
    }

    pub(super) fn commit(
        &mut self,
        account: AccountId,
        of: SlotOf,
        (commitment, work): (Digest, u64),
    ) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        self.check_part(account, delivery, Party::Provider)?;
        self.check_stands(of, SlotState::Assigned, Deadline::Commitment)?;
        let found = self.deliveries.at(delivery);
        let run = self.deliveries.run(found.instrument).expect("a delivery under way has a run");
        if u128::from(work) < run.quota(found.lots) {
            return Err(RejectReason::WorkBelowQuota);
        }
        self.events.push(Event::SlotCommitted { delivery, slot, commitment, work });
        self.set_slot(of, SlotState::Committed);
        Ok(())
    }

    pub(super) fn open_work(
        &mut self,
        account: AccountId,
        of: SlotOf,
        opening: Digest,
    ) -> Result<(), RejectReason> {
        let (delivery, slot) = of;
        self.check_part(account, delivery, Party::Provider)?;
        self.check_stands(of, SlotState::Committed, Deadline::Opening)?;
        if !self.deliveries.audits.contains_key(&of) {
            return Err(RejectReason::SlotUnexpected);
        }
        self.deliveries.at_mut(delivery).evidence_mut(slot).opened = true;
        self.events.push(Event::SlotOpened { delivery, slot, opening });
        self.set_slot(of, SlotState::Opened);
        Ok(())
    }

    /// Checks that the deadline has not passed, at which whoever comes is late, and that a slot stands where this can be done.
    pub(super) fn check_stands(
        &self,
        of: SlotOf,
        state: SlotState,
        deadline: Deadline,
    ) -> Result<(), RejectReason> {
        if self.due(of, deadline) <= self.last.time {
            return Err(RejectReason::SlotLate);
        }
        if self.slot(of).state == state { Ok(()) } else { Err(RejectReason::SlotUnexpected) }
    }
}
