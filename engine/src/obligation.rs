//! Obligation: lots sold that still have to be delivered, and the escrow their buyer paid.

use crate::ids::{index, position};
use crate::units::{Amount, Lots, Ppm, Price};

/// Lots owed, at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// Number in order of issue, over all accounts.
    pub issue: u64,
    /// What the buyer paid per lot: the escrow is this times the lots.
    pub price: Price,
    /// Lots still owed.
    pub lots: Lots,
    /// The rate charged on each release of escrow to the seller.
    pub fee: Ppm,
}

impl Obligation {
    /// What is in escrow for it.
    pub fn escrow(&self) -> Amount {
        self.price.cost(self.lots)
    }
}

/// First and last obligation of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue(Option<(u32, u32)>);

impl Queue {
    /// Nothing owed.
    pub(crate) const EMPTY: Queue = Queue(None);
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    obligation: Obligation,
    next: Option<u32>,
}

/// Every obligation, in queues of the positions they belong to.
#[derive(Clone, Debug, Default)]
pub struct Obligations {
    slots: Vec<Slot>,
    free: Vec<u32>,
    issued: u64,
}

impl Obligations {
    /// Adds an obligation at the end of `queue`.
    pub(crate) fn issue(&mut self, queue: &mut Queue, (price, lots): (Price, Lots), fee: Ppm) {
        self.issued += 1;
        let obligation = Obligation { issue: self.issued, price, lots, fee };
        let slot = Slot { obligation, next: None };
        let at = match self.free.pop() {
            Some(free) => {
                self.slots[index(free)] = slot;
                free
            }
            None => {
                self.slots.push(slot);
                position(self.slots.len() - 1)
            }
        };
        queue.0 = match queue.0 {
            None => Some((at, at)),
            Some((first, last)) => {
                self.slots[index(last)].next = Some(at);
                Some((first, at))
            }
        };
    }

    /// Takes up to `lots` off the oldest obligation of `queue`; returns that part. `None` when nothing is owed.
    pub(crate) fn extinguish(&mut self, queue: &mut Queue, lots: Lots) -> Option<Obligation> {
        let (first, last) = queue.0?;
        let slot = &mut self.slots[index(first)];
        let part = Obligation { lots: lots.min(slot.obligation.lots), ..slot.obligation };
        slot.obligation.lots = slot.obligation.lots.less(part.lots);
        if slot.obligation.lots.is_zero() {
            queue.0 = slot.next.map(|next| (next, last));
            self.free.push(first);
        }
        Some(part)
    }

    /// Forgets what a position owed: it is delivered and paid.
    pub(crate) fn forget(&mut self, queue: &mut Queue) {
        while let Some((first, last)) = queue.0 {
            self.free.push(first);
            queue.0 = self.slots[index(first)].next.map(|next| (next, last));
        }
    }

    /// What a position owes, oldest first.
    pub fn of(&self, queue: Queue) -> impl Iterator<Item = &Obligation> {
        let first = queue.0.map(|(first, _)| &self.slots[index(first)]);
        std::iter::successors(first, |slot| slot.next.map(|next| &self.slots[index(next)]))
            .map(|slot| &slot.obligation)
    }

    /// How many were ever issued.
    pub fn issued(&self) -> u64 {
        self.issued
    }
}
