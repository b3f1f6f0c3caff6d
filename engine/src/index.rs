//! Index: finds a slot by a key, in eight bytes for each place of a table.
//!
//! Open addressing with linear probing. An entry holds 32 bits of the key's hash and the slot; whoever asks confirms
//! the key by looking into the slot, which it needs next anyway. Deleting moves later entries back, so there are no
//! tombstones. Nothing ever iterates over it, so its order cannot be seen.

use crate::ids::index;

/// Mixes `key` under `seed` so that nobody without the seed can choose keys that collide. SplitMix64's finaliser
/// (Steele, Lea, Flood 2014), twice over so that both halves count.
pub fn mix64(seed: u64, key: u64) -> u64 {
    let mut mixed = key ^ seed;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

const FREE: u64 = u64::MAX;
/// At most one place in so many is in use, because short runs are short searches. One in two costs a book that mostly
/// enters and cancels an eighth of its rate when the table is nearly that full.
const PLACES_PER_ENTRY: usize = 4;

/// From hashes to slots. Slots are below 2^32 - 1.
#[derive(Clone, Debug)]
pub struct Index {
    /// Upper half the hash's upper half, lower half the slot.
    entries: Vec<u64>,
    /// 64 less the number of bits that choose the home position.
    shift: u32,
    length: usize,
}

impl Default for Index {
    fn default() -> Index {
        Index { entries: vec![FREE; 16], shift: 60, length: 0 }
    }
}

impl Index {
    /// The slot entered under `hash` that `same` confirms.
    pub fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        self.search(hash, same).map(|at| low(self.entries[at]))
    }

    /// Removes the slot entered under `hash` that `same` confirms, and returns it.
    pub fn take(&mut self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        let at = self.search(hash, same)?;
        let slot = low(self.entries[at]);
        self.free(at);
        Some(slot)
    }

    /// Enters `slot` under `hash`. The caller has made sure that its key is not in yet.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        if self.entries.len() <= self.length * PLACES_PER_ENTRY {
            self.grow();
        }
        self.place(hash & !0xFFFF_FFFF | u64::from(slot));
        self.length += 1;
    }

    /// Removes `slot`, entered under `hash`; panics when it is not in.
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let at = self.search(hash, |found| found == slot);
        self.free(at.expect("only what was entered is removed"));
    }

    /// How many slots are entered.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no slot is entered.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Where the entry under `hash` stands that `same` confirms.
    fn search(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<usize> {
        let mut at = self.home(hash);
        loop {
            let entry = self.entries[at];
            if entry == FREE {
                return None;
            }
            if entry >> 32 == hash >> 32 && same(low(entry)) {
                return Some(at);
            }
            at = self.following(at);
        }
    }

    /// Frees a place, and moves back what was entered further on only because it was in use.
    fn free(&mut self, mut gap: usize) {
        let mut at = self.following(gap);
        while self.entries[at] != FREE {
            let home = self.home(self.entries[at]);
            // The entry may move back to the gap unless its home lies between them.
            let distance = |from: usize, to: usize| to.wrapping_sub(from) & (self.entries.len() - 1);
            if distance(gap, at) <= distance(home, at) {
                self.entries[gap] = self.entries[at];
                gap = at;
            }
            at = self.following(at);
        }
        self.entries[gap] = FREE;
        self.length -= 1;
    }

    fn home(&self, hash: u64) -> usize {
        index(u32::try_from(hash >> self.shift).expect("at most 32 bits choose the home"))
    }

    fn following(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }

    fn place(&mut self, entry: u64) {
        let mut at = self.home(entry);
        while self.entries[at] != FREE {
            at = self.following(at);
        }
        self.entries[at] = entry;
    }

    fn grow(&mut self) {
        assert!(32 < self.shift, "an index stays below 2^31 entries");
        let entries = vec![FREE; self.entries.len() * 2];
        let old = std::mem::replace(&mut self.entries, entries);
        self.shift -= 1;
        old.into_iter().filter(|entry| *entry != FREE).for_each(|entry| self.place(entry));
    }
}

/// The slot in an entry.
fn low(entry: u64) -> u32 {
    u32::try_from(entry & 0xFFFF_FFFF).expect("the lower half has 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few distinct hashes, so that runs are long and wrap around.
    #[test]
    fn an_index_equals_a_list_of_pairs() {
        for spread in [1, 7, u64::MAX] {
            let mut index = Index::default();
            let mut pairs: Vec<(u64, u32)> = Vec::new();
            let mut random = 42_u64;
            for slot in 0..3_000_u32 {
                random = mix64(random, slot.into());
                let hash = mix64(9, random % spread).rotate_left(if spread == 7 { 1 } else { 0 }) | 0xF << 60;
                if random.is_multiple_of(3) && !pairs.is_empty() {
                    let (hash, slot) = pairs.swap_remove(usize::try_from(random >> 8).unwrap() % pairs.len());
                    if random.is_multiple_of(2) {
                        index.remove(hash, slot);
                    } else {
                        assert_eq!(index.take(hash, |found| found == slot), Some(slot));
                    }
                    assert_eq!(index.take(hash, |found| found == slot), None);
                } else if pairs.len() < 700 {
                    index.insert(hash, slot);
                    pairs.push((hash, slot));
                }
                assert_eq!(index.len(), pairs.len());
            }
            for (hash, slot) in pairs {
                assert_eq!(index.find(hash, |found| found == slot), Some(slot));
            }
        }
    }
}
