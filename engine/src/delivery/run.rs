//! Run: the deadlines of one window's deliveries, one after the other.
//!
//! With `d` a twelfth of the window, slot `i` begins at `start + i d`. Its commitment is due one slot after its end, its
//! openings one slot later, verdicts two slots after that. Then it can be disputed for as many slots as the market says;
//! whatever waits for the arbiter waits as many more as the market says, and is inconclusive after that.

use crate::delivery::slot::{SLOTS, SlotNumber};
use crate::ids::DeliveryId;
use crate::stamp::Time;
use crate::units::{Amount, Lots, Price};

/// A deadline of a slot. Those that fall due at the same time come in this order, and the older slot first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deadline {
    /// Whatever still waits for the arbiter is inconclusive.
    Ruling,
    /// What is decided and not disputed is final.
    Dispute,
    /// What was opened and not judged goes to the arbiter.
    Verdict,
    /// What was committed and not opened is the provider's fault.
    Opening,
    /// What was not committed is the provider's fault.
    Commitment,
    /// The slot begins.
    Begin,
}

impl Deadline {
    const ALL: [Deadline; 6] = [
        Deadline::Ruling,
        Deadline::Dispute,
        Deadline::Verdict,
        Deadline::Opening,
        Deadline::Commitment,
        Deadline::Begin,
    ];

    /// When it is for a slot of a window that begins at `start` and whose slots take so many nanoseconds.
    pub fn of(self, slot: SlotNumber, (start, slot_nanos): (Time, u64), terms: &DeliveryTerms) -> Time {
        start.after((u64::from(slot.number()) + self.slots(terms)) * slot_nanos)
    }

    /// How many slots after the beginning of its slot it is.
    pub fn slots(self, terms: &DeliveryTerms) -> u64 {
        let (dispute, ruling) = (u64::from(terms.dispute_slots), u64::from(terms.ruling_slots));
        match self {
            Deadline::Begin => 0,
            Deadline::Commitment => 2,
            Deadline::Opening => 3,
            Deadline::Verdict => 5,
            Deadline::Dispute => 5 + dispute,
            Deadline::Ruling => 5 + dispute + ruling,
        }
    }
}

/// What a market's deliveries go by. Fixed for a window at its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryTerms {
    /// For how many slots a decided one can be disputed, from 1.
    pub dispute_slots: u8,
    /// For how many slots after that the arbiter may rule, from 1.
    pub ruling_slots: u8,
    /// How many auditors look at a slot, from 1 to 3.
    pub auditors: u8,
    /// What a dispute costs who loses it.
    pub deposit: Amount,
    /// The least that a provider stakes before it registers capacity.
    pub stake: Amount,
    /// What the auditor who found a provider out gets of a slash.
    pub bounty: Amount,
}

impl DeliveryTerms {
    /// A window to dispute, another for the arbiter, one auditor, a deposit and a bounty of 1 CU, no stake.
    pub const DEFAULT: DeliveryTerms = DeliveryTerms {
        dispute_slots: 12,
        ruling_slots: 12,
        auditors: 1,
        deposit: Amount::new(1_000_000),
        stake: Amount::ZERO,
        bounty: Amount::new(1_000_000),
    };
    /// The most auditors of a slot.
    pub const AUDITORS_MAX: u8 = 3;

    /// From the start of a window on, for how many slots a stake is locked: until its last slot is final at the latest, and
    /// two times for disputes more.
    pub(crate) fn locked_slots(&self) -> u64 {
        let last = u64::from(SlotNumber::LAST.number()) + Deadline::Ruling.slots(self);
        last + 2 * u64::from(self.dispute_slots)
    }

    /// Whether every number is in bounds.
    pub const fn is_valid(&self) -> bool {
        0 < self.dispute_slots
            && 0 < self.ruling_slots
            && 0 < self.auditors
            && self.auditors <= DeliveryTerms::AUDITORS_MAX
    }
}

/// One window's deliveries, and which deadline they have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Start of the window.
    pub start: Time,
    /// Length of a slot in nanoseconds.
    pub slot_nanos: u64,
    /// Its first delivery.
    pub first: DeliveryId,
    /// How many deliveries it has.
    pub count: u32,
    /// What they go by.
    pub terms: DeliveryTerms,
    /// Bond per lot.
    pub bond: Amount,
    /// The class's last reference rate at or before the gate; none when it was withheld.
    pub reference: Option<Price>,
    /// By deadline, how many slots have passed it.
    pub(crate) passed: [u8; Deadline::ALL.len()],
    /// How many deliveries have passed the deadline that is due.
    pub(crate) cursor: u32,
}

impl Run {
    /// Its deliveries' numbers.
    pub fn deliveries(&self) -> impl Iterator<Item = DeliveryId> + use<> {
        (self.first.0..self.first.0 + self.count).map(DeliveryId)
    }

    /// When a slot comes to a deadline.
    pub fn due(&self, deadline: Deadline, slot: SlotNumber) -> Time {
        deadline.of(slot, (self.start, self.slot_nanos), &self.terms)
    }

    /// The deadline that comes next, and of which slot; `None` when all have passed.
    pub fn next(&self) -> Option<(Time, Deadline, SlotNumber)> {
        let next = |(deadline, passed): (Deadline, u8)| {
            let slot = SlotNumber::new(passed.into())?;
            Some((self.due(deadline, slot), deadline, slot))
        };
        Deadline::ALL.into_iter().zip(self.passed).filter_map(next).min()
    }

    /// Whether its numbers are within bounds, and so all of its times.
    pub(crate) fn is_whole(&self) -> bool {
        let slots = u64::from(u8::MAX) * 2 + 17;
        let end = self.slot_nanos.checked_mul(slots).and_then(|nanos| nanos.checked_add(self.start.0));
        let passed = self.passed.iter().all(|passed| SLOTS >= usize::from(*passed));
        self.terms.is_valid() && end.is_some() && passed && (self.cursor < self.count || self.count == 0)
    }

    /// All deliveries have passed the deadline that was next.
    pub(crate) fn pass(&mut self, deadline: Deadline) {
        let at = Deadline::ALL.iter().position(|other| *other == deadline);
        self.passed[at.expect("every deadline is listed")] += 1;
        self.cursor = 0;
    }

    /// What so many lots must be worth in metered work per slot: nine tenths of the time, in nanoseconds.
    pub fn quota(&self, lots: Lots) -> u128 {
        u128::from(self.slot_nanos) * u128::from(lots.count()) * 9 / 10
    }
}

fields!(DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty });
fields!(Run { start, slot_nanos, first, count, terms, bond, reference, passed, cursor });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_each_slot_passes_each_once() {
        let mut run = Run {
            start: Time(1_000),
            slot_nanos: 10,
            first: DeliveryId(0),
            count: 1,
            terms: DeliveryTerms { dispute_slots: 2, ruling_slots: 1, ..DeliveryTerms::DEFAULT },
            bond: Amount::ZERO,
            reference: None,
            passed: [0; 6],
            cursor: 0,
        };
        let mut all = Vec::new();
        while let Some((due, deadline, slot)) = run.next() {
            all.push((due, deadline, slot));
            run.pass(deadline);
        }
        assert_eq!(all.len(), 6 * 12);
        assert!(all.is_sorted(), "in order of time, then of deadline");
        let of_third: Vec<u64> =
            all.iter().filter(|(_, _, slot)| slot.number() == 2).map(|(due, _, _)| due.0).collect();
        assert_eq!(of_third, [1_020, 1_040, 1_050, 1_070, 1_090, 1_100]);
    }
}
