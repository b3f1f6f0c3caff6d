//! Table: places for entries, searched one after another from an entry's home.

use crate::ids::index;
use crate::index::entry::{Entry, STEPS_MAX};

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

impl Table {
    /// A table that has at least so many places: a power of two, or one and a half.
    pub(super) fn new(places: usize) -> Table {
        let most = places.next_power_of_two();
        let less = most / 4 * 3;
        Table { entries: vec![Entry::FREE; if places <= less { less } else { most }] }
    }

    /// The place that the upper half of a hash chooses: each as likely as any other, whatever their number (Lemire 2019).
    #[inline]
    pub(super) fn home(&self, hash: u64) -> usize {
        let places = u64::try_from(self.entries.len()).expect("places are fewer than 2^32");
        index(u32::try_from(((hash >> 32) * places) >> 32).expect("half of a product of halves"))
    }

    #[inline]
    fn following(&self, at: usize) -> usize {
        if at + 1 < self.entries.len() { at + 1 } else { 0 }
    }

    /// Where the entry under `hash` stands that `same` confirms.
    #[inline]
    pub(super) fn search(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<usize> {
        self.search_from(self.home(hash), 1, same)
    }

    /// The same, where so many steps and one bring from home to `at`.
    #[inline]
    pub(super) fn search_from(
        &self,
        mut at: usize,
        mut steps: u32,
        mut same: impl FnMut(u32) -> bool,
    ) -> Option<usize> {
        loop {
            let entry = self.entries[at];
            if entry.is_free() {
                return None;
            }
            if entry.steps() == steps && same(entry.slot()) {
                return Some(at);
            }
            at = self.following(at);
            steps += 1;
        }
    }

    #[inline]
    pub(super) fn place(&mut self, hash: u64, slot: u32) {
        assert!(self.try_place(hash, slot), "a table that is mostly free has short runs");
    }

    /// Returns whether there was a place near enough.
    #[inline]
    pub(super) fn try_place(&mut self, hash: u64, slot: u32) -> bool {
        let mut at = self.home(hash);
        let mut steps = 1;
        while !self.entries[at].is_free() {
            at = self.following(at);
            steps += 1;
        }
        if STEPS_MAX < steps {
            return false;
        }
        self.entries[at] = Entry::new(slot, steps);
        true
    }

    /// Frees a place, and moves back what was entered further on only because it was in use.
    #[inline]
    pub(super) fn free(&mut self, mut gap: usize) {
        let mut at = self.following(gap);
        let mut distance = 1;
        while !self.entries[at].is_free() {
            let entry = self.entries[at];
            // The entry may move back to the gap unless its home lies between them.
            if distance < entry.steps() {
                self.entries[gap] = entry.nearer(distance);
                gap = at;
                distance = 0;
            }
            at = self.following(at);
            distance += 1;
        }
        self.entries[gap] = Entry::FREE;
    }
}
