//! Deliveries of the model: each window's deadlines on one list, and what every one of them does to every slot.

use std::collections::VecDeque;

use engine::delivery::audit::Verdict;
use engine::delivery::outcome::Outcome;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{Dispute, Party, SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId, index};
use engine::instrument::Phase;

use crate::model::orders::UNNUMBERED;
use crate::model::{Model, Part, amount, cost, fee};

/// What can come of a slot at a time. At one time the last steps come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Rule,
    Dispute,
    Judge,
    Open,
    Commit,
    Begin,
}

/// A step of a slot, and when it is due, in nanoseconds.
pub(super) type Due = (u64, Step, u8);

/// Auditors and what they found.
type Seats = Vec<(AccountId, Option<Verdict>)>;

/// A twelfth of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Twelfth {
    pub(crate) state: SlotState,
    pub(crate) ruled: bool,
    pub(crate) disputes: [Dispute; 2],
    /// What the sample asked for was opened.
    pub(crate) opened: bool,
    /// The fewest sequences that an auditor audited.
    pub(crate) sequences: u32,
    pub(crate) flagged_by: Option<AccountId>,
    /// The arbiter confirmed the flag.
    pub(crate) confirmed: bool,
    /// Who was drawn to look at it.
    pub(crate) audit: Option<Seats>,
}

/// Lots of one obligation that are owed to one holder.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Work {
    pub(crate) instrument: InstrumentId,
    pub(crate) provider: AccountId,
    pub(crate) holder: AccountId,
    /// In ticks.
    pub(crate) price: u64,
    pub(crate) lots: u64,
    pub(crate) ppm: u32,
    pub(crate) own: bool,
    pub(crate) maintained: bool,
    pub(crate) acknowledged: bool,
    pub(crate) slots: Vec<Twelfth>,
}

impl Work {
    pub(crate) fn account(&self, party: Party) -> AccountId {
        match party {
            Party::Provider => self.provider,
            Party::Holder => self.holder,
        }
    }
}

/// What a slot is worth, in micro-CU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worth {
    pub(crate) escrow: u128,
    pub(crate) cover: u128,
    pub(crate) bond: u128,
    /// What a replacement may cost beyond price and bond.
    pub(crate) uncovered: u128,
}

/// What a delivery is worth before anything of it is paid.
#[derive(Clone, Copy)]
struct Whole {
    escrow: u128,
    cover: u128,
    /// What is in bond beside the cover.
    rest: u128,
    uncovered: u128,
}

impl Whole {
    /// What a slot of it is worth. Cover and the rest of the bond are divided each for itself.
    fn part(self, slot: u8) -> Worth {
        let cover = part(self.cover, slot);
        Worth {
            escrow: part(self.escrow, slot),
            cover,
            bond: cover + part(self.rest, slot),
            uncovered: part(self.uncovered, slot),
        }
    }
}

/// Slots of a window, by number.
const SLOTS: u8 = 12;

/// Slot `i` of an amount: floor((i + 1) A / 12) - floor(i A / 12), of which the twelfths are the same in each slot.
fn part(whole: u128, slot: u8) -> u128 {
    // It is asked for more often than anything else, and wide divisions are slow.
    let (whole, slot) = (u64::try_from(whole).expect("amounts are within bounds"), u64::from(slot));
    let (twelfth, rest) = (whole / 12, whole % 12);
    (twelfth + rest * (slot + 1) / 12 - rest * slot / 12).into()
}

/// Everything that will be due, in order.
pub(super) fn agenda(start: u64, slot_nanos: u64, terms: DeliveryTerms) -> VecDeque<Due> {
    let (disputes, rulings) = (u64::from(terms.dispute_slots), u64::from(terms.ruling_slots));
    let mut all = Vec::new();
    for slot in 0..SLOTS {
        let at = |slots: u64| start + (u64::from(slot) + slots) * slot_nanos;
        all.extend([
            (at(0), Step::Begin, slot),
            (at(2), Step::Commit, slot),
            (at(3), Step::Open, slot),
            (at(5), Step::Judge, slot),
            (at(5 + disputes), Step::Dispute, slot),
            (at(5 + disputes + rulings), Step::Rule, slot),
        ]);
    }
    all.sort_unstable();
    all.into()
}

impl Model {
    /// What a slot of a delivery is worth: `E = lots e`, `X = lots min(b, floor(max(e, R)(1 + u)) - e)`, and all that is in
    /// bond.
    pub(crate) fn worth(&self, work: &Work, slot: u8) -> Worth {
        self.whole(work).part(slot)
    }

    /// What all slots of a delivery are worth together.
    fn whole(&self, work: &Work) -> Whole {
        let window = self.window(work.instrument);
        let paid = cost(work.price, 1);
        let dearer = window.reference.map_or(paid, |rate| cost(rate, 1).max(paid));
        let quarters = if work.maintained { 4 } else { 5 };
        let loss = dearer * quarters / 4 - paid;
        let cover = window.bond.min(loss);
        let lots = u128::from(work.lots);
        Whole {
            escrow: lots * paid,
            cover: lots * cover,
            rest: lots * (window.bond - cover),
            uncovered: lots * (loss - cover),
        }
    }

    /// Slots of a provider's deliveries in a window that are not paid: their worth.
    pub(crate) fn unpaid(&self, (provider, instrument): Part) -> impl Iterator<Item = Worth> {
        let works = self.deliveries.values();
        let own = works.filter(move |work| work.instrument == instrument && work.provider == provider);
        own.flat_map(move |work| {
            let whole = self.whole(work);
            let open = (0..SLOTS).filter(|slot| !work.slots[usize::from(*slot)].state.is_final());
            open.map(move |slot| whole.part(slot))
        })
    }

    /// What the deposits of an account's open disputes come to.
    pub(crate) fn deposits(&self, account: AccountId) -> u128 {
        let of_work = |work: &Work| {
            let terms = self.window(work.instrument).terms;
            let mine = |party: Party| work.account(party) == account;
            let open = |twelfth: &Twelfth| {
                let [provider, holder] = twelfth.disputes.map(|dispute| dispute == Dispute::Open);
                provider && mine(Party::Provider) || holder && mine(Party::Holder)
            };
            let open = work.slots.iter().filter(|twelfth| open(twelfth)).count();
            u128::try_from(open).expect("there are twelve") * u128::from(terms.deposit.micro())
        };
        self.deliveries.values().map(of_work).sum()
    }

    pub(super) fn twelfth(&mut self, (delivery, slot): (DeliveryId, SlotNumber)) -> &mut Twelfth {
        let work = self.deliveries.get_mut(&delivery).expect("it was drawn");
        &mut work.slots[usize::from(slot.number())]
    }

    /// Tells both sides of a delivery.
    pub(super) fn tell_both(&mut self, delivery: DeliveryId, event: impl Fn(AccountId, Party) -> Event) {
        for party in [Party::Provider, Party::Holder] {
            let account = self.deliveries[&delivery].account(party);
            self.tell(event(account, party));
        }
    }

    pub(super) fn enter(&mut self, (delivery, slot): (DeliveryId, SlotNumber), state: SlotState) {
        self.twelfth((delivery, slot)).state = state;
        let xseq = UNNUMBERED;
        self.tell_both(delivery, |account, _| Event::SlotChanged { account, xseq, delivery, slot, state });
    }

    pub(super) fn decide(&mut self, of: (DeliveryId, SlotNumber), outcome: Outcome) {
        self.twelfth(of).audit = None;
        self.enter(of, SlotState::Decided(outcome));
    }

    /// A window's next step: of every delivery, in order of number.
    pub(super) fn step(&mut self, instrument: InstrumentId) {
        let window = &mut self.windows[index(instrument.0)];
        let (due, step, slot) = window.agenda.pop_front().expect("something was due");
        if window.agenda.is_empty() {
            window.over = Some(due);
        }
        let slot = SlotNumber::new(slot.into()).expect("there are twelve");
        let of_window = self.deliveries.iter().filter(|(_, work)| work.instrument == instrument);
        let numbers: Vec<DeliveryId> = of_window.map(|(number, _)| *number).collect();
        numbers.into_iter().for_each(|number| self.step_of((number, slot), step));
    }

    fn step_of(&mut self, of: (DeliveryId, SlotNumber), step: Step) {
        let twelfth = self.twelfth(of).clone();
        let disputed = twelfth.disputes.contains(&Dispute::Open);
        match (step, twelfth.state) {
            (Step::Begin, SlotState::Waiting) => self.enter(of, SlotState::Assigned),
            (Step::Commit, SlotState::Assigned) => self.decide(of, Outcome::Missed),
            // Who was not asked to open anything can not be blamed.
            (Step::Open, SlotState::Committed) if twelfth.audit.is_none() => {
                self.enter(of, SlotState::Unaudited);
            }
            (Step::Open, SlotState::Committed) => self.decide(of, Outcome::Unopened),
            (Step::Judge, SlotState::Opened) => self.judge(of),
            (Step::Dispute, SlotState::Decided(outcome)) if !disputed => self.pay_out(of, outcome),
            (Step::Rule, SlotState::Final(_)) => {}
            (Step::Rule, _) => {
                self.end_disputes(of, None);
                self.pay_out(of, Outcome::Inconclusive);
            }
            _ => {}
        }
    }

    /// One auditor who found it wrong is enough for the arbiter to look; so is that nobody looked.
    pub(super) fn judge(&mut self, of: (DeliveryId, SlotNumber)) {
        let seats = self.twelfth(of).audit.take().expect("what is opened is audited");
        let found = |verdict| seats.iter().any(|(_, answer)| *answer == Some(verdict));
        match (found(Verdict::Flagged), found(Verdict::Clean)) {
            (true, _) => {
                let provider = self.deliveries[&of.0].provider;
                let before = self.owner(provider).standing.rate_ppm();
                self.owner(provider).standing.flag();
                self.tell_rate(provider, before);
                self.enter(of, SlotState::Flagged);
            }
            (false, true) => self.decide(of, Outcome::Accepted),
            (false, false) => self.enter(of, SlotState::Unaudited),
        }
    }

    /// Ends disputes. Whoever the outcome speaks against loses its deposit.
    pub(super) fn end_disputes(&mut self, of: (DeliveryId, SlotNumber), outcome: Option<Outcome>) {
        let (delivery, slot) = of;
        let window = self.window(self.deliveries[&delivery].instrument);
        let deposit = window.terms.deposit;
        for (number, by) in [Party::Provider, Party::Holder].into_iter().enumerate() {
            if self.twelfth(of).disputes[number] != Dispute::Open {
                continue;
            }
            self.twelfth(of).disputes[number] = Dispute::Closed;
            let account = self.deliveries[&delivery].account(by);
            let lost = match outcome {
                Some(Outcome::Accepted | Outcome::BuyerFault) => by == Party::Holder,
                Some(Outcome::Rejected | Outcome::Missed | Outcome::Unopened) => by == Party::Provider,
                _ => false,
            };
            if lost {
                self.owner(account).cash -= u128::from(deposit.micro());
                self.supply -= u128::from(deposit.micro());
            }
            let xseq = UNNUMBERED;
            self.tell(Event::DisputeClosed { account, xseq, delivery, slot, by, deposit, lost });
        }
    }

    /// A slot is final: its escrow is somebody's, and so is the cover.
    pub(super) fn pay_out(&mut self, of: (DeliveryId, SlotNumber), outcome: Outcome) {
        let (delivery, slot) = of;
        self.twelfth(of).audit = None;
        self.enter(of, SlotState::Final(outcome));
        let work = self.deliveries[&delivery].clone();
        let Worth { escrow, cover, bond, .. } = self.worth(&work, slot.number());
        let delivered = matches!(outcome, Outcome::Accepted | Outcome::BuyerFault);
        let at_fault = matches!(outcome, Outcome::Rejected | Outcome::Missed | Outcome::Unopened);
        let charged = if delivered { fee(escrow, work.ppm) } else { 0 };
        let (mut gives, mut gets) = (bond, 0);
        if delivered {
            gives += escrow - charged
        } else {
            gets += escrow
        }
        if at_fault {
            gives -= cover;
            gets += cover;
        }
        // What is in bond is the provider's cash already.
        let provider = self.owner(work.provider);
        provider.cash = provider.cash + gives - bond;
        self.owner(work.holder).cash += gets;
        self.fees += charged;
        let xseq = UNNUMBERED;
        self.tell_both(delivery, |account, party| {
            let (received, fee) = match party {
                Party::Provider => (amount(gives), amount(charged)),
                Party::Holder => (amount(gets), amount(0)),
            };
            Event::SlotPaid { account, xseq, delivery, slot, outcome, received, fee }
        });
        self.record(of, outcome);
    }

    /// Whether a delivery is under way.
    pub(super) fn is_under_way(&self, work: &Work) -> bool {
        self.window(work.instrument).phase == Phase::Delivering
    }
}
