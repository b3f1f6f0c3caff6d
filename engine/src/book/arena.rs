//! Arena: every resting order of the venue, in slots that are used again.

use crate::ids::{AccountId, InstrumentId, OrderId, index, position};
use crate::link::Link;
use crate::units::{Lots, Price};

/// The most orders that may be open at once.
pub const ORDERS_MAX: u32 = 1 << 24;

/// What matching needs of a resting order: half a cache line. The rest of it stands in `open_order`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resting {
    /// The next younger order at its price; the next free slot when this one is free.
    pub(crate) next: Link,
    /// The next older order at its price.
    pub(crate) previous: Link,
    /// The level it stands in; none while it does not rest.
    pub(crate) level: Link,
    /// Lots left.
    pub(crate) lots: Lots,
    /// Owner.
    pub(crate) account: AccountId,
    /// Book.
    pub(crate) instrument: InstrumentId,
    /// Limit.
    pub(crate) limit: Price,
    /// How often the slot was used before.
    generation: u32,
}

const _: () = assert!(size_of::<Resting>() == 32);

/// Slots of orders; free ones form a list, last freed first.
#[derive(Clone, Debug)]
pub(crate) struct Arena {
    slots: Vec<Resting>,
    free: Link,
    taken: u32,
}

impl Default for Arena {
    fn default() -> Arena {
        Arena { slots: Vec::new(), free: Link::NONE, taken: 0 }
    }
}

impl Arena {
    /// Whether every slot is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.taken == ORDERS_MAX
    }

    /// The id that [`Arena::take`] gives next.
    pub(crate) fn next(&self) -> OrderId {
        match self.free.get() {
            Some(slot) => self.id(slot),
            None => OrderId::new(position(self.slots.len()), 0),
        }
    }

    /// The ids of free slots, in the order in which [`Arena::take`] gives them.
    pub(crate) fn free(&self) -> impl Iterator<Item = OrderId> {
        std::iter::successors(self.free.get(), |slot| self.at(*slot).next.get()).map(|slot| self.id(slot))
    }

    /// Takes a free slot.
    pub(crate) fn take(&mut self) -> OrderId {
        assert!(!self.is_full(), "whoever takes a slot has asked for room");
        self.taken += 1;
        let id = self.next();
        match self.free.get() {
            Some(slot) => self.free = self.at(slot).next,
            None => self.slots.push(Resting {
                next: Link::NONE,
                previous: Link::NONE,
                level: Link::NONE,
                lots: Lots::ZERO,
                account: AccountId::OPERATOR,
                instrument: InstrumentId(0),
                limit: Price::MAX,
                generation: 0,
            }),
        }
        id
    }

    /// Frees a slot; its id is never given again.
    pub(crate) fn release(&mut self, slot: u32) {
        let free = self.free;
        let resting = self.at_mut(slot);
        resting.next = free;
        resting.level = Link::NONE;
        resting.generation = resting.generation.wrapping_add(1);
        self.free = Link::to(slot);
        self.taken -= 1;
    }

    /// The id of whatever is in `slot`.
    pub(crate) fn id(&self, slot: u32) -> OrderId {
        OrderId::new(slot, self.at(slot).generation)
    }

    /// The order with this id, if the slot still is in that generation.
    pub(crate) fn find(&self, id: OrderId) -> Option<&Resting> {
        self.slots.get(index(id.slot())).filter(|resting| resting.generation == id.generation())
    }

    /// The order in `slot`.
    pub(crate) fn at(&self, slot: u32) -> &Resting {
        &self.slots[index(slot)]
    }

    /// The order in `slot`, to be changed.
    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut Resting {
        &mut self.slots[index(slot)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_slot_gets_another_id() {
        let mut arena = Arena::default();
        let first = arena.take();
        arena.release(first.slot());
        assert_eq!(arena.next(), OrderId::new(first.slot(), 1));
        let second = arena.take();
        assert_eq!(second.slot(), first.slot());
        assert!(arena.find(first).is_none() && arena.find(second).is_some());
    }
}
