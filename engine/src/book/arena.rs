//! Arena: every resting order of the venue, in slots that are used again.

use crate::growth::push;
use crate::ids::{AccountId, OrderId, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::index::SLOTS_MAX;
use crate::link::Link;
use crate::processor::prefetch;
use crate::units::Lots;

/// The most orders that may be open at once.
pub const ORDERS_MAX: u32 = SLOTS_MAX;

/// What matching needs of a resting order: half a cache line. Its price and book
/// are those of its level; the rest of it stands in `open_order`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resting {
    /// The next younger order at its price; the next free slot when this one is free.
    pub(crate) next: Link,
    /// The next older order at its price.
    pub(crate) previous: Link,
    /// The level it stands in; none while it does not rest.
    pub(crate) level: Link,
    /// Lots that it shows.
    pub(crate) shown: Lots,
    /// Lots behind those.
    pub(crate) hidden: Lots,
    /// How many of the hidden lots are shown next, at the most.
    pub(crate) clip: Lots,
    /// Owner.
    pub(crate) account: AccountId,
    /// How often the slot was used before.
    generation: u32,
}

const _: () = assert!(size_of::<Resting>() == 32);

impl Resting {
    /// An order that does not rest yet.
    const fn new(generation: u32) -> Resting {
        Resting {
            next: Link::NONE,
            previous: Link::NONE,
            level: Link::NONE,
            shown: Lots::ZERO,
            hidden: Lots::ZERO,
            clip: Lots::ZERO,
            account: AccountId::OPERATOR,
            generation,
        }
    }

    /// Puts what its place in the queue does not say.
    pub(super) fn put(&self, to: &mut ImageWriter<'_>) {
        // Generations are put with the slots.
        let Resting { next: _, previous: _, level: _, shown, hidden, clip, account, generation: _ } = self;
        account.put(to);
        shown.put(to);
        hidden.put(to);
        clip.put(to);
    }
}

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
    /// Makes room for so many slots.
    pub(crate) fn reserve(&mut self, orders: u32) {
        self.slots.reserve(index(orders).saturating_sub(self.slots.len()));
    }

    /// Whether every slot is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.taken == ORDERS_MAX
    }

    /// How many slots are taken.
    pub(crate) fn taken(&self) -> u32 {
        self.taken
    }

    /// The id that [`Arena::take`] gives next.
    #[inline]
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
    #[inline(always)]
    pub(crate) fn take(&mut self) -> OrderId {
        assert!(!self.is_full(), "whoever takes a slot has asked for room");
        self.taken += 1;
        let id = self.next();
        match self.free.get() {
            Some(slot) => self.free = self.at(slot).next,
            None => push(&mut self.slots, Resting::new(0)),
        }
        id
    }

    /// Frees a slot; its id is never given again.
    #[inline]
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
    #[inline]
    pub(crate) fn id(&self, slot: u32) -> OrderId {
        OrderId::new(slot, self.at(slot).generation)
    }

    /// The order with this id, if the slot still is in that generation.
    #[inline]
    pub(crate) fn find(&self, id: OrderId) -> Option<&Resting> {
        self.slots.get(index(id.slot())).filter(|resting| resting.generation == id.generation())
    }

    /// Whether there is such a slot, and an order rests in it.
    pub(crate) fn rests_in(&self, slot: u32) -> bool {
        self.slots.get(index(slot)).is_some_and(|resting| resting.level != Link::NONE)
    }

    /// The order in `slot`.
    #[inline]
    pub(crate) fn at(&self, slot: u32) -> &Resting {
        &self.slots[index(slot)]
    }

    /// Bytes that all slots take.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Resting>()
    }

    /// Asks for the order in `slot`.
    #[inline]
    pub(crate) fn prefetch(&self, slot: u32) {
        prefetch(&self.slots, index(slot));
    }

    /// The order in `slot`, to be changed.
    #[inline]
    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut Resting {
        &mut self.slots[index(slot)]
    }
}

/// Names: how often each slot was used, and in which order the free ones are given again.
impl Arena {
    pub(super) fn put_names(&self, to: &mut ImageWriter<'_>) {
        let Arena { slots, free: _, taken } = self;
        to.length(slots.len());
        slots.iter().for_each(|resting| resting.generation.put(to));
        to.length(slots.len() - index(*taken));
        self.free().for_each(|order| order.slot().put(to));
    }

    pub(super) fn take_names(from: &mut ImageReader<'_>) -> Taken<Arena> {
        let slots = from.list(|from| u32::take(from).map(Resting::new))?;
        from.check(slots.len() <= index(ORDERS_MAX), "there are no more slots than orders may be open")?;
        let mut arena = Arena { taken: position(slots.len()), slots, free: Link::NONE };
        let mut seen = vec![false; arena.slots.len()];
        let mut last = None;
        for _ in 0..from.length()? {
            let slot = u32::take(from)?;
            let once = seen.get_mut(index(slot)).is_some_and(|seen| !std::mem::replace(seen, true));
            from.check(once, "a slot is free once")?;
            match last.replace(slot) {
                Some(last) => arena.at_mut(last).next = Link::to(slot),
                None => arena.free = Link::to(slot),
            }
            arena.taken -= 1;
        }
        Ok(arena)
    }

    /// Takes what is put of an order that rests in `slot`.
    pub(super) fn take_queued(&mut self, from: &mut ImageReader<'_>, slot: u32) -> Taken<()> {
        let resting = self.slots.get_mut(index(slot)).filter(|resting| resting.level == Link::NONE);
        let resting = resting.ok_or(from.fault("an order rests once, in a slot that there is"))?;
        resting.account = AccountId::take(from)?;
        (resting.shown, resting.hidden) = (Lots::take(from)?, Lots::take(from)?);
        resting.clip = Lots::take(from)?;
        let leaves = u64::from(resting.shown.count()) + u64::from(resting.hidden.count());
        let shows = !resting.shown.is_zero() && resting.shown <= resting.clip;
        from.check(shows && Lots::new(leaves).is_some(), "an order shows lots, and no more than it wants")
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
