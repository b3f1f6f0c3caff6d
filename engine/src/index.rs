//! Index: finds a slot by a key, in four or eight bytes for each place of a table.
//!
//! Open addressing with linear probing. An entry holds the slot and how far it stands from its home; a [`Tagged`] one
//! also 32 bits of the hash. Whoever asks confirms the key by looking into the slot, which it needs next anyway, and
//! only entries with the home that the key has are looked into. Tags are for what is mostly asked in vain, and too large
//! for the caches. Deleting moves later entries back, so there are no tombstones. A table that grows hands its
//! entries over a few at a time, so that no single insertion waits for all of them. Nothing ever iterates over it, so
//! its order cannot be seen.

pub mod entry;
mod table;

use crate::ids::index;
use crate::index::entry::{Entry, Slim};
use crate::index::table::Table;
use crate::prefetch::prefetch;

/// The most slots of a slim index: they are numbered below this.
pub const SLOTS_MAX: u32 = 1 << Slim::SLOT_BITS;
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
struct Old<E> {
    table: Table<E>,
    begin: usize,
    /// Places that are handed over.
    done: usize,
}

impl<E: Entry> Old<E> {
    fn new(table: Table<E>) -> Old<E> {
        let begin = table.entries.iter().position(|entry| entry.is_free());
        Old { begin: begin.expect("a table is mostly free"), done: 0, table }
    }

    /// How many places after the beginning one is.
    fn distance(&self, at: usize) -> usize {
        at.wrapping_sub(self.begin) & (self.table.entries.len() - 1)
    }

    /// The place that is so many after the beginning.
    fn place(&self, distance: usize) -> usize {
        (self.begin + distance) & (self.table.entries.len() - 1)
    }

    /// Where the entry under `hash` stands that `same` confirms. Places that are handed over are not looked at.
    fn search(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<usize> {
        let home = self.distance(self.table.home(hash));
        let skipped = u32::try_from(self.done.saturating_sub(home)).ok()?;
        self.table.search_from((self.place(home.max(self.done)), skipped + 1), hash, same)
    }

    /// Takes the next place over into `table`. Returns whether it was the last one.
    fn hand_over(&mut self, table: &mut Table<E>, rehash: impl FnMut(u32) -> u64) -> bool {
        let at = self.place(self.done);
        let entry = std::mem::replace(&mut self.table.entries[at], E::FREE);
        if !entry.is_free() {
            table.place(entry.hash(rehash), entry.slot());
        }
        self.done += 1;
        self.done == self.table.entries.len()
    }
}

/// From hashes to slots.
#[derive(Clone, Debug)]
pub struct Index<E = Slim> {
    table: Table<E>,
    length: usize,
    /// The smaller table that is being handed over.
    old: Option<Old<E>>,
}

impl<E: Entry> Default for Index<E> {
    fn default() -> Index<E> {
        Index { table: Table::new(4), length: 0, old: None }
    }
}

impl<E: Entry> Index<E> {
    /// An empty index that does not grow before it holds more than so many slots. Its memory is written, so that no
    /// insertion waits for it.
    pub fn with_room(slots: u32) -> Index<E> {
        let places = index(slots).saturating_mul(E::PLACES_PER_ENTRY).next_power_of_two();
        let mut index = Index { table: Table::new(places.trailing_zeros().max(4)), length: 0, old: None };
        // Memory comes from the system as zeros that are not there before they are written, with something else first.
        index.table.entries.fill(E::home(u64::MAX, 1));
        std::hint::black_box(&mut index.table.entries).fill(E::FREE);
        index
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
    fn locate(&mut self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<(&mut Table<E>, usize)> {
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
        assert!(slot < 1 << E::SLOT_BITS, "slots are numbered below the most there may be");
        if self.old.is_some() || self.table.entries.len() <= self.length * E::PLACES_PER_ENTRY {
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

    /// Enters `new` in place of `slot`, entered under `hash`; panics when that is not in.
    #[inline]
    pub fn replace(&mut self, hash: u64, (slot, new): (u32, u32)) {
        let found = self.locate(hash, |found| found == slot);
        let (table, at) = found.expect("only what was entered is replaced");
        let steps = table.entries[at].steps();
        table.entries[at] = E::home(hash, new).farther(steps - 1);
    }

    /// Removes `slot`, entered under `hash`; panics when it is not in.
    #[inline]
    pub fn remove(&mut self, hash: u64, slot: u32) {
        self.take(hash, |found| found == slot).expect("only what was entered is removed");
    }

    /// Asks for the line in which a search under `hash` begins.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        prefetch(&self.table.entries, self.table.home(hash));
        if let Some(Old { table, .. }) = &self.old {
            prefetch(&table.entries, table.home(hash));
        }
    }

    /// A slot that stands where a search under `hash` begins, if there is one: likely the one that is found.
    #[inline]
    pub fn glance(&self, hash: u64) -> Option<u32> {
        let entry = self.table.entries[self.table.home(hash)];
        (!entry.is_free()).then(|| entry.slot())
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
        (self.table.entries.capacity() + old) * size_of::<E>()
    }

    /// Begins to hand over to a table twice as large, or goes on with it.
    #[cold]
    fn grow(&mut self, mut rehash: impl FnMut(u32) -> u64) {
        let old = self.old.get_or_insert_with(|| {
            let bits = u64::BITS - self.table.shift + 1;
            Old::new(std::mem::replace(&mut self.table, Table::new(bits)))
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
    use crate::index::entry::Tagged;

    /// Few distinct hashes, so that runs are long and wrap around.
    #[test]
    fn an_index_equals_a_list_of_pairs() {
        equals_a_list_of_pairs::<Slim>();
        equals_a_list_of_pairs::<Tagged>();
    }

    fn equals_a_list_of_pairs<E: Entry>() {
        for spread in [3, 40, u64::MAX] {
            let mut index = Index::<E>::default();
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
                    index.insert(hash, slot, |slot| hashes[super::index(slot)]);
                    pairs.push((hash, slot));
                }
                assert_eq!(index.len(), pairs.len());
                let Some(at) = usize::try_from(random >> 16).unwrap().checked_rem(pairs.len()) else {
                    continue;
                };
                let (hash, slot) = pairs[at];
                assert_eq!(index.find(hash, |found| found == slot), Some(slot));
                if random.is_multiple_of(7) {
                    hashes.push(hash);
                    pairs[at].1 = position(hashes.len() - 1);
                    index.replace(hash, (slot, pairs[at].1));
                }
            }
            for (hash, slot) in pairs {
                assert_eq!(index.find(hash, |found| found == slot), Some(slot));
            }
        }
    }
}
