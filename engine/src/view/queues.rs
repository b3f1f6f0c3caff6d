//! Queues of the view: the orders of each instrument that show something, in the order in which they joined.
//!
//! Orders of one price are in turn, so whoever knows this order and the prices knows every queue.

use crate::ids::{InstrumentId, index};

/// Stands for no slot.
const NONE: u32 = u32::MAX;

/// A slot's neighbours, where it has joined.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

/// The ends of an instrument's list.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

const APART: Link = Link { before: NONE, after: NONE };
const EMPTY: Ends = Ends { first: NONE, last: NONE };

/// A list for each instrument, through the slots of its orders.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    links: Vec<Link>,
    ends: Vec<Ends>,
}

impl Queues {
    /// Puts a slot that is in no list at the end of one.
    pub(super) fn join(&mut self, instrument: InstrumentId, slot: u32) {
        let ends = at(&mut self.ends, instrument.0, EMPTY);
        let last = std::mem::replace(&mut ends.last, slot);
        if last == NONE {
            ends.first = slot;
        } else {
            self.links[index(last)].after = slot;
        }
        *at(&mut self.links, slot, APART) = Link { before: last, after: NONE };
    }

    /// Takes a slot off the list that it is in.
    pub(super) fn leave(&mut self, instrument: InstrumentId, slot: u32) {
        let Link { before, after } = std::mem::replace(&mut self.links[index(slot)], APART);
        let ends = &mut self.ends[index(instrument.0)];
        if before == NONE {
            ends.first = after;
        } else {
            self.links[index(before)].after = after;
        }
        if after == NONE {
            ends.last = before;
        } else {
            self.links[index(after)].before = before;
        }
    }

    /// The slots of an instrument, the one that joined first first.
    pub(super) fn of(&self, instrument: InstrumentId) -> impl Iterator<Item = u32> {
        let first = self.ends.get(index(instrument.0)).map_or(NONE, |ends| ends.first);
        let known = |slot: u32| (slot != NONE).then_some(slot);
        std::iter::successors(known(first), move |slot| known(self.links[index(*slot)].after))
    }
}

/// An entry, made if the table is too short.
fn at<T: Copy>(table: &mut Vec<T>, place: u32, absent: T) -> &mut T {
    let place = index(place);
    if table.len() <= place {
        table.resize(place + 1, absent);
    }
    &mut table[place]
}
