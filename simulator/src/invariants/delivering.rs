//! Delivering: what comes of deliveries, slot by slot: each goes forward, is told to both sides, and is paid once.

use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Outcome;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{Party, SLOTS, SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId, index};
use engine::units::Price;

use crate::invariants::auditor::{Auditor, count, micro};
use crate::invariants::finding::Invariant;
use crate::invariants::window::{cost, share};

/// A delivery as the auditor keeps it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    pub(super) instrument: InstrumentId,
    pub(super) provider: AccountId,
    pub(super) holder: AccountId,
    price: Price,
    lots: i64,
    /// Parts per million of each release.
    rate: i128,
    maintained: bool,
    /// Both sides are of one group.
    own: bool,
    slots: [SlotState; SLOTS],
}

impl Parcel {
    fn account(&self, party: Party) -> AccountId {
        match party {
            Party::Provider => self.provider,
            Party::Holder => self.holder,
        }
    }
}

/// What a window's deliveries go by, as it stood at the gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gated {
    pub(super) reference: Option<Price>,
    pub(super) terms: DeliveryTerms,
}

/// What a slot comes to.
struct Worth {
    escrow: i128,
    cover: i128,
    bond: i128,
    /// What a replacement may cost beyond price and bond.
    uncovered: i128,
}

/// How far a slot has come; it never goes back.
fn rank(state: SlotState) -> u8 {
    match state {
        SlotState::Waiting => 0,
        SlotState::Assigned => 1,
        SlotState::Committed => 2,
        SlotState::Opened => 3,
        SlotState::Flagged | SlotState::Unaudited => 4,
        SlotState::Decided(_) => 5,
        SlotState::Final(_) => 6,
    }
}

/// Whether one state may follow another: forward, or from one decision to that of the arbiter.
fn follows(before: SlotState, after: SlotState) -> bool {
    let decided = matches!((before, after), (SlotState::Decided(_), SlotState::Decided(_)));
    decided || rank(before) < rank(after)
}

/// Slot's part of an amount, so that the parts add up.
fn part(whole: i128, slot: SlotNumber) -> i128 {
    let number = i128::from(slot.number());
    whole * (number + 1) / 12 - whole * number / 12
}

impl Auditor {
    /// A gate closed: the rate and the terms of that moment count.
    pub(super) fn gate_closed(&mut self, instrument: InstrumentId) {
        let Some(market) = self.window(instrument).map(|window| window.market) else { return };
        let class = self.markets[index(market.0)].class;
        let reference = self.rates.iter().find(|(name, _)| *name == class).and_then(|(_, rate)| *rate);
        let terms = self.terms[index(market.0)];
        if let Some(window) = self.window(instrument) {
            window.gated = Some(Gated { reference, terms });
        }
    }

    /// A delivery is part of what its provider owes, in order, at that price.
    pub(super) fn parcel(&mut self, event: &Event) {
        let Event::DeliveryDrawn { delivery, instrument, provider, holder, price, lots, .. } = *event else {
            return;
        };
        let Some(window) = self.window(instrument) else { return };
        let before = window.drawn[0].get(&provider).copied().unwrap_or(0) - count(lots);
        let Some(hours) = window.hours.get(&provider) else { return };
        let maintained = hours.maintained;
        let mut end = 0;
        let owed = hours.obligations.iter().find(|owed| {
            end += owed.lots;
            before < end
        });
        let owed = owed.filter(|owed| owed.price == price && before + count(lots) <= end).copied();
        let what = format_args!("{provider:?} owes nothing like it: {event:?}");
        self.findings.expect(owed.is_some(), Invariant::Hours, what);
        let next = delivery.0 == self.parcels_drawn;
        self.findings.expect(next, Invariant::Events, format_args!("{delivery:?} is not the next delivery"));
        self.parcels_drawn += 1;
        let (rate, slots) = (owed.map_or(0, |owed| owed.rate), [SlotState::Waiting; SLOTS]);
        let lots = count(lots);
        let group = |account: AccountId| self.owners.get(index(account.0)).map(|owner| owner.group);
        let own = group(provider) == group(holder);
        let parcel = Parcel { instrument, provider, holder, price, lots, rate, maintained, own, slots };
        self.parcels.insert(delivery, parcel);
    }

    /// Notes what comes of deliveries.
    pub(super) fn apply_delivery(&mut self, event: &Event) {
        match *event {
            Event::DeliveryTermsSet { market, terms, .. } => {
                if let Some(known) = self.terms.get_mut(index(market.0)) {
                    *known = terms;
                }
            }
            Event::MaintenanceAnnounced { account, xseq, instrument } => {
                self.number(account, xseq);
                if let Some(hours) = self.hours(account, instrument) {
                    hours.maintained = true;
                }
            }
            Event::DeliveryTold { account, xseq, .. }
            | Event::DeliveryAcknowledged { account, xseq, .. }
            | Event::AuditorDrawn { account, xseq, .. } => self.number(account, xseq),
            Event::SlotChanged { account, xseq, delivery, slot, state } => {
                self.number(account, xseq);
                self.slot_changed(account, (delivery, slot), state);
            }
            Event::SlotDisputed { account, xseq, delivery, by, .. } => {
                self.number(account, xseq);
                self.deposit_moved(account, (delivery, by), None);
            }
            Event::DisputeClosed { account, xseq, delivery, by, deposit, lost, .. } => {
                self.number(account, xseq);
                let held = self.deposit_of(delivery);
                let what = format_args!("{deposit} is not what a dispute of {delivery:?} takes");
                self.findings.expect(held == Some(micro(deposit)), Invariant::Cover, what);
                self.deposit_moved(account, (delivery, by), Some(lost));
            }
            Event::SlotPaid { account, xseq, .. } => {
                self.number(account, xseq);
                self.slot_paid(event);
            }
            Event::StakeChanged { account, xseq, staked } => {
                self.number(account, xseq);
                self.stake_told(account, micro(staked));
            }
            Event::Slashed { account, xseq, .. } => {
                self.number(account, xseq);
                self.slashed(event);
            }
            Event::AuditorSet { .. }
            | Event::SlotCommitted { .. }
            | Event::AuditorsDrawn { .. }
            | Event::SlotOpened { .. }
            | Event::SlotJudged { .. }
            | Event::AuditRateChanged { .. }
            | Event::SlotRuled { .. } => {}
            _ => unreachable!("noted by the caller"),
        }
    }

    /// Told to the provider, then to the holder.
    fn slot_changed(&mut self, account: AccountId, of: (DeliveryId, SlotNumber), state: SlotState) {
        let Some(parcel) = self.parcels.get_mut(&of.0) else {
            let what = format_args!("{:?} was never drawn, or is settled", of.0);
            return self.findings.report(Invariant::Owed, what);
        };
        let known = &mut parcel.slots[usize::from(of.1.number())];
        let (before, first) = (*known, account == parcel.provider);
        let right = if first { follows(before, state) } else { before == state };
        let right = right && (first || account == parcel.holder);
        *known = state;
        let what = format_args!("{of:?} goes from {before:?} to {state:?} for {account:?}");
        self.findings.expect(right, Invariant::Owed, what);
    }

    fn deposit_of(&self, delivery: DeliveryId) -> Option<i128> {
        let window = &self.windows[index(self.parcels.get(&delivery)?.instrument.0)];
        window.gated.map(|gated| micro(gated.terms.deposit))
    }

    /// A deposit is held, or comes free, or is lost.
    fn deposit_moved(&mut self, account: AccountId, (delivery, by): (DeliveryId, Party), ends: Option<bool>) {
        let Some(parcel) = self.parcels.get(&delivery).copied() else { return };
        let deposit = self.deposit_of(delivery).unwrap_or(0);
        if account != parcel.account(by) {
            return;
        }
        if let Some(owner) = self.owner(account) {
            owner.held += if ends.is_none() { deposit } else { -deposit };
            owner.credit -= if ends == Some(true) { deposit } else { 0 };
        }
        self.supply -= if ends == Some(true) { deposit } else { 0 };
    }

    fn worth(&self, parcel: &Parcel, slot: SlotNumber) -> Worth {
        let window = &self.windows[index(parcel.instrument.0)];
        let paid = cost(parcel.price, 1);
        let reference = window.gated.and_then(|gated| gated.reference);
        let dearer = reference.map_or(paid, |rate| cost(rate, 1).max(paid));
        let replacement = if parcel.maintained { dearer } else { dearer + dearer / 4 };
        let cover = window.bond.min(replacement - paid);
        let whole = |each: i128| part(each * i128::from(parcel.lots), slot);
        let cover_part = whole(cover);
        Worth {
            escrow: whole(paid),
            cover: cover_part,
            bond: cover_part + whole(window.bond - cover),
            uncovered: whole(replacement - paid - cover),
        }
    }

    /// Money moves with the provider's event; the holder's says its side of it.
    fn slot_paid(&mut self, event: &Event) {
        let Event::SlotPaid { account, delivery, slot, outcome, received, fee, .. } = *event else { return };
        let Some(parcel) = self.parcels.get(&delivery).copied() else { return };
        let is_final = parcel.slots[usize::from(slot.number())] == SlotState::Final(outcome);
        self.findings.expect(is_final, Invariant::Owed, format_args!("it is not final: {event:?}"));
        let worth = self.worth(&parcel, slot);
        let (done, fault) = match outcome {
            Outcome::Accepted | Outcome::BuyerFault => (true, false),
            Outcome::Rejected | Outcome::Missed | Outcome::Unopened => (false, true),
            Outcome::Network | Outcome::Inconclusive | Outcome::Reclaimed => (false, false),
        };
        let taken = if done { 0 } else { worth.escrow } + if fault { worth.cover } else { 0 };
        let charged = if done { share(worth.escrow, parcel.rate) } else { 0 };
        let given = worth.escrow + worth.bond - taken - charged;
        let expected = if account == parcel.provider { (given, charged) } else { (taken, 0) };
        let what = format_args!("{expected:?} would be right: {event:?}");
        self.findings.expect((micro(received), micro(fee)) == expected, Invariant::Credit, what);
        if account != parcel.provider {
            return;
        }
        self.fees += charged;
        if let Some(hours) = self.hours(parcel.provider, parcel.instrument) {
            hours.escrow -= worth.escrow;
            hours.bonded -= worth.bond;
        }
        if let Some(window) = self.window(parcel.instrument) {
            window.escrow -= worth.escrow;
        }
        if let Some(owner) = self.owner(parcel.provider) {
            owner.bonded -= worth.bond;
            owner.credit += given - worth.bond;
        }
        if let Some(owner) = self.owner(parcel.holder) {
            owner.credit += taken;
        }
    }

    /// A stake is told: what was asked for moved there, or back.
    fn stake_told(&mut self, account: AccountId, staked: i128) {
        let moved = match self.command {
            Command::Delivery(DeliveryCommand::AddStake { amount, .. }) => micro(amount),
            Command::Delivery(DeliveryCommand::WithdrawStake { amount, .. }) => -micro(amount),
            // What a slash took was counted with it.
            _ => 0,
        };
        let Some(owner) = self.owner(account) else { return };
        owner.staked += moved;
        owner.credit -= moved;
        let known = owner.staked;
        let what = format_args!("{account:?} has {known} at stake, is told {staked}");
        self.findings.expect(known == staked, Invariant::Credit, what);
        self.told_staked = self.owners.iter().map(|owner| owner.staked).sum();
    }

    /// At most five slots' worth, for the holder, the auditor and the fire.
    fn slashed(&mut self, event: &Event) {
        let Event::Slashed { account, delivery, slot, finder, holder, auditor, burned, .. } = *event else {
            return;
        };
        let Some(parcel) = self.parcels.get(&delivery).copied() else { return };
        let Worth { escrow, uncovered, .. } = self.worth(&parcel, slot);
        let all = micro(holder) + micro(auditor) + micro(burned);
        let Some(owner) = self.owner(account) else { return };
        let most = owner.staked.min(5 * escrow);
        owner.staked -= all;
        let for_holder = if parcel.own { 0 } else { most.min(uncovered) };
        let right = all == most
            && micro(holder) == for_holder
            && account == parcel.provider
            && (finder.is_some() || auditor.is_zero());
        self.findings.expect(right, Invariant::Credit, format_args!("{most} can be slashed: {event:?}"));
        for (to, amount) in [(Some(parcel.holder), holder), (finder, auditor)] {
            if let Some(owner) = to.and_then(|to| self.owner(to)) {
                owner.credit += micro(amount);
            }
        }
        self.supply -= micro(burned);
    }

    /// I7: a window is over, and every slot of it is final. Returns whether anything of it was delivered.
    pub(super) fn parcels_settled(&mut self, instrument: InstrumentId) -> bool {
        let of_window: Vec<DeliveryId> = self
            .parcels
            .iter()
            .filter(|(_, parcel)| parcel.instrument == instrument)
            .map(|(number, _)| *number)
            .collect();
        for number in &of_window {
            let parcel = self.parcels.remove(number).expect("it was found just now");
            let open = parcel.slots.iter().filter(|state| !state.is_final()).count();
            let what = format_args!("{number:?} is settled with {open} slots that are not final");
            self.findings.expect(open == 0, Invariant::Owed, what);
        }
        !of_window.is_empty()
    }
}
