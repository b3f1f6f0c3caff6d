//! Index: finds a slot by a key, in four bytes for each place of a table.
//!
//! Open addressing with linear probing. An entry holds the slot and how far it stands from its home. Whoever asks
//! confirms the key by looking into the slot, which it needs next anyway, and only entries with the home that the key has
//! are looked into. What is mostly asked in vain, and too large for the caches, has a `directory`. Deleting moves later
//! entries back, so there are no tombstones. A table that grows, by a third or a half, hands its entries over a few at a
//! time, so that no single insertion waits for all of them. Nothing ever iterates over it, so its order cannot be seen.

mod entry;
mod table;

use crate::ids::index;
use crate::index::entry::{Entry, SLOT_BITS};
use crate::index::table::Table;

/// The most slots: they are numbered below this.
pub const SLOTS_MAX: u32 = 1 << SLOT_BITS;
/// At most one place in so many is in use, because short runs are short searches.
const PLACES_PER_ENTRY: usize = 4;
/// Places of the smallest table.
const PLACES_MIN: usize = 16;
/// Places of the old table that each insertion clears while a table grows: many more than it takes to be done before the
/// new table is full, because meanwhile there are two tables to look into.
const PLACES_MOVED: usize = 16;

const K1: u64 = 0x9E37_79B9_7F4A_7C15;
const K2: u64 = 0xC2B2_AE3D_27D4_EB4F;

/// Mixes `key` under `seed` so that nobody without the seed can choose keys that collide. SplitMix64's finaliser
/// (Steele, Lea, Flood 2014), twice over so that both halves count.
pub fn mix64(seed: u64, key: u64) -> u64 {
    let mut mixed = key ^ seed;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// Mixes two words under `seed` by one wide multiplication whose halves are folded (as wyhash does, Wang Yi 2019).
#[inline]
pub fn mix128(seed: u64, (first, second): (u64, u64)) -> u64 {
    let wide = u128::from(first ^ seed ^ K1) * u128::from(second ^ seed.rotate_left(32) ^ K2);
    low(wide) ^ low(wide >> 64)
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).expect("the lower half has 64 bits")
}

/// A table that is being handed over, place after place, from one that was free when that began: so no run of entries
/// lies across the beginning, and only the run at the present place has lost its first ones.
#[derive(Clone, Debug)]
struct Old {
    table: Table,
    begin: usize,
    /// Places that are handed over.
    done: usize,
}

impl Old {
    fn new(table: Table) -> Old {
        let begin = table.entries.iter().position(|entry| entry.is_free());
        Old { begin: begin.expect("a table is mostly free"), done: 0, table }
    }

    /// How many places after the beginning one is.
    fn distance(&self, at: usize) -> usize {
        if self.begin <= at { at - self.begin } else { at + self.table.entries.len() - self.begin }
    }

    /// The place that is so many after the beginning.
    fn place(&self, distance: usize) -> usize {
        let at = self.begin + distance;
        if at < self.table.entries.len() { at } else { at - self.table.entries.len() }
    }

    /// Where the entry under `hash` stands that `same` confirms. Places that are handed over are not looked at.
    fn search(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<usize> {
        let home = self.distance(self.table.home(hash));
        let skipped = u32::try_from(self.done.saturating_sub(home)).ok()?;
        self.table.search_from(self.place(home.max(self.done)), skipped + 1, same)
    }

    /// Takes the next place over into `table`. Returns whether it was the last one.
    fn hand_over(&mut self, table: &mut Table, mut rehash: impl FnMut(u32) -> u64) -> bool {
        let at = self.place(self.done);
        let entry = std::mem::replace(&mut self.table.entries[at], Entry::FREE);
        if !entry.is_free() {
            table.place(rehash(entry.slot()), entry.slot());
        }
        self.done += 1;
        self.done == self.table.entries.len()
    }
}

/// From hashes to slots.
#[derive(Clone, Debug)]
pub struct Index {
    table: Table,
    length: usize,
    /// The smaller table that is being handed over.
    old: Option<Old>,
}

impl Default for Index {
    fn default() -> Index {
        Index { table: Table::new(PLACES_MIN), length: 0, old: None }
    }
}

impl Index {
    /// An empty index that does not grow before it holds more than so many slots.
    pub(crate) fn with_room(slots: u32) -> Index {
        let places = index(slots).saturating_mul(PLACES_PER_ENTRY).max(PLACES_MIN);
        Index { table: Table::new(places), length: 0, old: None }
    }

    /// The slot entered under `hash` that `same` confirms.
    #[inline]
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        if let Some(at) = self.table.search(hash, &mut same) {
            return Some(self.table.entries[at].slot());
        }
        let old = self.old.as_ref()?;
        old.search(hash, same).map(|at| old.table.entries[at].slot())
    }

    /// Removes the slot entered under `hash` that `same` confirms, and returns it.
    #[inline]
    pub fn take(&mut self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        let (table, at) = self.locate(hash, same)?;
        let slot = table.entries[at].slot();
        table.free(at);
        self.length -= 1;
        Some(slot)
    }

    /// The table and the place of the entry under `hash` that `same` confirms.
    #[inline]
    fn locate(&mut self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<(&mut Table, usize)> {
        match self.table.search(hash, &mut same) {
            Some(at) => Some((&mut self.table, at)),
            None => {
                let old = self.old.as_mut()?;
                let at = old.search(hash, same)?;
                Some((&mut old.table, at))
            }
        }
    }

    /// Enters `slot` under `hash`. The caller has made sure that its key is not in yet. `rehash` gives the hash of any
    /// slot that is in.
    #[inline]
    pub fn insert(&mut self, hash: u64, slot: u32, rehash: impl FnMut(u32) -> u64) {
        assert!(slot < SLOTS_MAX, "slots are numbered below the most there may be");
        if self.old.is_some() || self.table.entries.len() <= self.length * PLACES_PER_ENTRY {
            self.grow(rehash);
        }
        self.table.place(hash, slot);
        self.length += 1;
    }

    /// Enters `slot` under `hash`, unless `same` confirms one that is in, or those that are in stand too close. Only in an
    /// index that has room. Returns whether it did.
    pub(crate) fn enter_new(&mut self, hash: u64, slot: u32, same: impl FnMut(u32) -> bool) -> bool {
        let is_new = self.find(hash, same).is_none() && self.table.try_place(hash, slot);
        self.length += usize::from(is_new);
        is_new
    }

    /// Removes `slot`, entered under `hash`; panics when it is not in.
    #[inline]
    pub fn remove(&mut self, hash: u64, slot: u32) {
        self.take(hash, |found| found == slot).expect("only what was entered is removed");
    }

    /// How many slots are entered.
    #[inline]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no slot is entered.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that its tables take.
    pub fn bytes(&self) -> usize {
        let old = self.old.as_ref().map_or(0, |old| old.table.entries.capacity());
        (self.table.entries.capacity() + old) * size_of::<Entry>()
    }

    /// Begins to hand over to the next larger table, or goes on with it.
    #[cold]
    fn grow(&mut self, mut rehash: impl FnMut(u32) -> u64) {
        let old = self.old.get_or_insert_with(|| {
            let more = self.table.entries.len() + 1;
            Old::new(std::mem::replace(&mut self.table, Table::new(more)))
        });
        for _ in 0..PLACES_MOVED {
            if old.hand_over(&mut self.table, &mut rehash) {
                self.old = None;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::position;

    /// Few distinct hashes, so that runs are long and wrap around.
    #[test]
    fn an_index_equals_a_list_of_pairs() {
        for spread in [3, 40, u64::MAX] {
            let mut index = Index::default();
            let mut pairs: Vec<(u64, u32)> = Vec::new();
            let mut random = 42_u64;
            let mut hashes = Vec::new();
            for number in 0..30_000_u32 {
                random = mix64(random, number.into());
                let slot = position(hashes.len());
                let hash = mix64(9, random % spread).rotate_left(1) | 0xF << 60;
                hashes.push(hash);
                let full = 200 < pairs.len() || random.is_multiple_of(3);
                if full && !pairs.is_empty() {
                    let (hash, slot) = pairs.swap_remove(usize::try_from(random >> 8).unwrap() % pairs.len());
                    if random.is_multiple_of(2) {
                        index.remove(hash, slot);
                    } else {
                        assert_eq!(index.take(hash, |found| found == slot), Some(slot));
                    }
                    assert_eq!(index.take(hash, |found| found == slot), None);
                } else {
                    index.insert(hash, slot, |slot| hashes[crate::ids::index(slot)]);
                    pairs.push((hash, slot));
                }
                assert_eq!(index.len(), pairs.len());
                let Some(at) = usize::try_from(random >> 16).unwrap().checked_rem(pairs.len()) else {
                    continue;
                };
                let (hash, slot) = pairs[at];
                assert_eq!(index.find(hash, |found| found == slot), Some(slot));
            }
            for (hash, slot) in pairs {
                assert_eq!(index.find(hash, |found| found == slot), Some(slot));
            }
        }
    }
}
