//! Deliveries of the view: who delivers to whom, and where each slot stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::delivery::Delivery;
use crate::delivery::audit::Audit;
use crate::delivery::slot::{Dispute, SLOTS, Slot, SlotNumber, SlotState};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{AccountId, DeliveryId, InstrumentId};
use crate::instrument::Phase;
use crate::units::{Lots, Price};
use crate::view::slot_ends::{SlotEnd, SlotEnds};

/// A delivery as the events tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// Of what.
    pub instrument: InstrumentId,
    /// Who delivers.
    pub provider: AccountId,
    /// To whom.
    pub holder: AccountId,
    /// What is in escrow per lot.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// Both are of one group.
    pub own: bool,
    /// The provider has said that it knows of it.
    pub acknowledged: bool,
    /// Its twelfths.
    pub slots: [Slot; SLOTS],
}

impl DeliveryView {
    fn slot(&mut self, slot: SlotNumber) -> &mut Slot {
        &mut self.slots[usize::from(slot.number())]
    }

    /// How a slot ended, where it is final and counts.
    fn end(&self, slot: SlotNumber) -> Option<SlotEnd> {
        let &DeliveryView { instrument, provider, lots, own, .. } = self;
        match self.slots[usize::from(slot.number())].state {
            SlotState::Final(outcome) if !own => Some(SlotEnd { instrument, slot, provider, lots, outcome }),
            _ => None,
        }
    }
}

/// Every delivery of windows that are not settled.
#[derive(Clone, Debug, Default)]
pub(super) struct DeliveriesView {
    drawn: BTreeMap<DeliveryId, DeliveryView>,
    of_instrument: BTreeMap<InstrumentId, Vec<DeliveryId>>,
    of_account: BTreeSet<(AccountId, DeliveryId)>,
    /// Auditors who were drawn and have not answered.
    seats: BTreeSet<(AccountId, DeliveryId, SlotNumber)>,
    /// The same by slot.
    audits: BTreeMap<(DeliveryId, SlotNumber), Vec<AccountId>>,
    /// Slots that wait for the arbiter, who looks often and among few.
    cases: BTreeSet<(DeliveryId, SlotNumber)>,
    ends: SlotEnds,
}

impl DeliveriesView {
    /// The deliveries that `exchange` knows.
    pub(super) fn of(exchange: &Exchange) -> DeliveriesView {
        let mut view = DeliveriesView::default();
        for (number, delivery) in exchange.deliveries().all() {
            let &Delivery { instrument, provider, holder, price, lots, own, acknowledged, slots, .. } =
                delivery;
            let settled = |phase| phase == Phase::Settled;
            // Those that wait for others in front of them to be forgotten are forgotten here.
            if exchange.instrument(instrument).is_none_or(|state| settled(state.phase)) {
                continue;
            }
            let delivery =
                DeliveryView { instrument, provider, holder, price, lots, own, acknowledged, slots };
            view.add(number, delivery);
            for slot in SlotNumber::all() {
                view.note_case((number, slot));
                if let Some(end) = delivery.end(slot) {
                    view.ends.count(&end);
                }
                let seats = exchange.deliveries().audit(number, slot).into_iter().flat_map(Audit::seats);
                seats
                    .filter(|(_, answer)| answer.is_none())
                    .for_each(|(auditor, _)| view.seat((number, slot), auditor));
            }
        }
        view
    }

    pub(super) fn find(&self, delivery: DeliveryId) -> Option<&DeliveryView> {
        self.drawn.get(&delivery)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (DeliveryId, &DeliveryView)> {
        self.drawn.iter().map(|(number, delivery)| (*number, delivery))
    }

    pub(super) fn of_account(&self, account: AccountId) -> impl Iterator<Item = (DeliveryId, &DeliveryView)> {
        let all = (account, DeliveryId(0))..=(account, DeliveryId(u32::MAX));
        self.of_account.range(all).map(|(_, number)| (*number, &self.drawn[number]))
    }

    /// The slots that an account was drawn to audit, and of which it has said nothing.
    pub(super) fn seats(&self, auditor: AccountId) -> impl Iterator<Item = (DeliveryId, SlotNumber)> {
        let all =
            (auditor, DeliveryId(0), SlotNumber::FIRST)..=(auditor, DeliveryId(u32::MAX), SlotNumber::LAST);
        self.seats.range(all).map(|(_, delivery, slot)| (*delivery, *slot))
    }

    /// The slots that wait for the arbiter.
    pub(super) fn cases(&self) -> impl Iterator<Item = (DeliveryId, SlotNumber)> {
        self.cases.iter().copied()
    }

    /// How slots ended.
    pub(super) fn ends(&self) -> &SlotEnds {
        &self.ends
    }

    /// Another command begins.
    pub(super) fn begin(&mut self) {
        self.ends.begin();
    }

    /// Returns the slot that is final with this, told to its provider, if it counts for who that is.
    pub(super) fn fold(&mut self, event: &Event) -> Option<SlotEnd> {
        match *event {
            Event::DeliveryDrawn { delivery, instrument, provider, holder, price, lots, own } => {
                let (acknowledged, slots) = (false, [Slot::WAITING; SLOTS]);
                let view =
                    DeliveryView { instrument, provider, holder, price, lots, own, acknowledged, slots };
                self.add(delivery, view);
            }
            Event::DeliveryAcknowledged { delivery, .. } => self.at(delivery).acknowledged = true,
            Event::SlotChanged { account, delivery, slot, state, .. } => {
                if !matches!(state, SlotState::Committed | SlotState::Opened) {
                    self.unseat((delivery, slot));
                }
                let view = self.at(delivery);
                view.slot(slot).state = state;
                let end = view.end(slot).filter(|end| end.provider == account);
                self.note_case((delivery, slot));
                if let Some(end) = end {
                    self.ends.add(end);
                }
                return end;
            }
            Event::AuditorDrawn { account, delivery, slot, .. } => self.seat((delivery, slot), account),
            Event::SlotJudged { auditor, delivery, slot, .. } => {
                self.seats.remove(&(auditor, delivery, slot));
                if let Some(open) = self.audits.get_mut(&(delivery, slot)) {
                    open.retain(|other| *other != auditor);
                }
            }
            Event::SlotRuled { delivery, slot, .. } => self.at(delivery).slot(slot).ruled = true,
            Event::SlotDisputed { delivery, slot, by, .. } => {
                *self.at(delivery).slot(slot).dispute_mut(by) = Dispute::Open;
                self.note_case((delivery, slot));
            }
            Event::DisputeClosed { delivery, slot, by, .. } => {
                *self.at(delivery).slot(slot).dispute_mut(by) = Dispute::Closed;
                self.note_case((delivery, slot));
            }
            Event::InstrumentSettled { instrument } => self.settle(instrument),
            _ => {}
        }
        None
    }

    /// A slot has changed: it waits for the arbiter, or no longer.
    fn note_case(&mut self, of: (DeliveryId, SlotNumber)) {
        match self.at(of.0).slot(of.1).is_case() {
            true => self.cases.insert(of),
            false => self.cases.remove(&of),
        };
    }

    /// An auditor was drawn.
    fn seat(&mut self, of: (DeliveryId, SlotNumber), auditor: AccountId) {
        self.seats.insert((auditor, of.0, of.1));
        self.audits.entry(of).or_default().push(auditor);
    }

    /// Nobody audits a slot any more.
    fn unseat(&mut self, of: (DeliveryId, SlotNumber)) {
        for auditor in self.audits.remove(&of).unwrap_or_default() {
            self.seats.remove(&(auditor, of.0, of.1));
        }
    }

    fn at(&mut self, delivery: DeliveryId) -> &mut DeliveryView {
        self.drawn.get_mut(&delivery).expect("what goes on was drawn")
    }

    fn add(&mut self, number: DeliveryId, view: DeliveryView) {
        self.of_instrument.entry(view.instrument).or_default().push(number);
        for account in [view.provider, view.holder] {
            self.of_account.insert((account, number));
        }
        self.drawn.insert(number, view);
    }

    fn settle(&mut self, instrument: InstrumentId) {
        self.ends.forget(instrument);
        for number in self.of_instrument.remove(&instrument).unwrap_or_default() {
            let view = self.drawn.remove(&number).expect("a window's deliveries are known");
            for account in [view.provider, view.holder] {
                self.of_account.remove(&(account, number));
            }
        }
    }
}
