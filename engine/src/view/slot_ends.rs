//! Slot ends: how the slots of windows ended, in lots.
//!
//! Deliveries within one group are left out, as they are of scores: anyone could make as many of them as it likes.

use std::collections::BTreeMap;

use crate::delivery::outcome::Outcome;
use crate::delivery::slot::{SLOTS, SlotNumber};
use crate::ids::{AccountId, InstrumentId};
use crate::units::Lots;

/// A slot of one delivery is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotEnd {
    /// Of which window.
    pub instrument: InstrumentId,
    /// Which of its twelfths.
    pub slot: SlotNumber,
    /// Whose work it was.
    pub provider: AccountId,
    /// How many lots.
    pub lots: Lots,
    /// How it ended.
    pub outcome: Outcome,
}

/// How the slots of one window ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowEnds([[u64; Outcome::ALL.len()]; SLOTS]);

impl WindowEnds {
    /// Counts a slot of one delivery.
    pub fn count(&mut self, end: &SlotEnd) {
        let of_outcome = Outcome::ALL.iter().position(|outcome| *outcome == end.outcome);
        let place = of_outcome.expect("every outcome is listed");
        self.0[usize::from(end.slot.number())][place] += u64::from(end.lots.count());
    }

    /// The lots of each slot that ended so, where there are any, by slot.
    pub fn lots(&self) -> impl Iterator<Item = (SlotNumber, Outcome, u64)> {
        SlotNumber::all().zip(self.0).flat_map(|(slot, ends)| {
            let each = Outcome::ALL.into_iter().zip(ends).filter(|(_, lots)| 0 < *lots);
            each.map(move |(outcome, lots)| (slot, outcome, lots))
        })
    }
}

/// How the slots of windows ended that are not settled.
#[derive(Clone, Debug, Default)]
pub(super) struct SlotEnds {
    windows: BTreeMap<InstrumentId, WindowEnds>,
    /// What the last command added, in order.
    last: Vec<SlotEnd>,
}

impl SlotEnds {
    pub(super) fn begin(&mut self) {
        self.last.clear();
    }

    pub(super) fn add(&mut self, end: SlotEnd) {
        self.count(&end);
        self.last.push(end);
    }

    pub(super) fn count(&mut self, end: &SlotEnd) {
        self.windows.entry(end.instrument).or_default().count(end);
    }

    /// A window is settled.
    pub(super) fn forget(&mut self, instrument: InstrumentId) {
        self.windows.remove(&instrument);
    }

    pub(super) fn last(&self) -> &[SlotEnd] {
        &self.last
    }

    pub(super) fn windows(&self) -> impl Iterator<Item = (InstrumentId, &WindowEnds)> {
        self.windows.iter().map(|(instrument, ends)| (*instrument, ends))
    }
}
