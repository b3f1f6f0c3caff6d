//! Obligation: lots sold that still have to be delivered, and the escrow their buyer paid.

use crate::ids::{index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::link::Link;
use crate::processor::prefetch;
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
pub struct Queue {
    first: Link,
    /// None exactly when there is no first.
    last: Link,
}

impl Queue {
    /// Nothing owed.
    pub(crate) const EMPTY: Queue = Queue { first: Link::NONE, last: Link::NONE };
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    obligation: Obligation,
    next: Link,
}

const _: () = assert!(size_of::<Slot>() == 32);

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
        self.append(queue, Obligation { issue: self.issued, price, lots, fee });
    }

    fn append(&mut self, queue: &mut Queue, obligation: Obligation) {
        let slot = Slot { obligation, next: Link::NONE };
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
        match queue.last.get() {
            None => queue.first = Link::to(at),
            Some(last) => self.slots[index(last)].next = Link::to(at),
        }
        queue.last = Link::to(at);
    }

    /// Takes up to `lots` off the oldest obligation of `queue`; returns that part. `None` when nothing is owed.
    pub(crate) fn extinguish(&mut self, queue: &mut Queue, lots: Lots) -> Option<Obligation> {
        let first = queue.first.get()?;
        let slot = &mut self.slots[index(first)];
        let part = Obligation { lots: lots.min(slot.obligation.lots), ..slot.obligation };
        slot.obligation.lots = slot.obligation.lots.less(part.lots);
        if slot.obligation.lots.is_zero() {
            queue.first = slot.next;
            if queue.first == Link::NONE {
                queue.last = Link::NONE;
            }
            self.free.push(first);
            self.prefetch_after(*queue);
        }
        Some(part)
    }

    /// Forgets what a position owed: it is delivered and paid.
    pub(crate) fn forget(&mut self, queue: Queue) {
        let mut first = queue.first;
        while let Some(slot) = first.get() {
            self.free.push(slot);
            first = self.slots[index(slot)].next;
        }
    }

    /// Asks for the oldest obligation of `queue`, and for the youngest.
    #[inline]
    pub(crate) fn prefetch(&self, queue: Queue) {
        prefetch(&self.slots, queue.first.get().map_or(0, index));
        prefetch(&self.slots, queue.last.get().map_or(0, index));
    }

    /// Asks for the obligation after the oldest one of `queue`.
    #[inline]
    pub(crate) fn prefetch_after(&self, queue: Queue) {
        if let Some(first) = queue.first.get() {
            prefetch(&self.slots, self.slots[index(first)].next.get().map_or(0, index));
        }
    }

    /// What a position owes, oldest first.
    pub fn of(&self, queue: Queue) -> impl Iterator<Item = &Obligation> {
        let slot = |link: Link| link.get().map(|at| &self.slots[index(at)]);
        std::iter::successors(slot(queue.first), move |last| slot(last.next)).map(|slot| &slot.obligation)
    }

    /// How many were ever issued.
    pub fn issued(&self) -> u64 {
        self.issued
    }
}

fields!(Obligation { issue, price, lots, fee });

/// Where an obligation stands among all cannot be seen, so only their queues have a place in an image: each where its
/// position is put.
impl Obligations {
    /// Puts what is not in queues.
    pub(crate) fn put(&self, to: &mut ImageWriter<'_>) {
        let Obligations { slots: _, free: _, issued } = self;
        issued.put(to);
    }

    /// Takes what is not in queues.
    pub(crate) fn take(from: &mut ImageReader<'_>) -> Taken<Obligations> {
        Ok(Obligations { slots: Vec::new(), free: Vec::new(), issued: u64::take(from)? })
    }

    /// Puts a queue.
    pub(crate) fn put_queue(&self, queue: Queue, to: &mut ImageWriter<'_>) {
        to.length(self.of(queue).count());
        self.of(queue).for_each(|obligation| obligation.put(to));
    }

    /// Takes a queue.
    pub(crate) fn take_queue(&mut self, from: &mut ImageReader<'_>) -> Taken<Queue> {
        let mut queue = Queue::EMPTY;
        for _ in 0..from.length()? {
            let obligation = Obligation::take(from)?;
            from.check(!obligation.lots.is_zero(), "an obligation has lots left")?;
            self.append(&mut queue, obligation);
        }
        Ok(queue)
    }
}
