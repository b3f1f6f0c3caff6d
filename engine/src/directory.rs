//! Directory: finds a number by a key, in five bytes, one cache line at a time.
//!
//! A bucket is a cache line of 12 entries: the numbers, a byte of the hash for each, and a count of those that found the
//! bucket full and went on to the next. The bytes are compared all at once. Seven more bits of the hash stand beside the
//! number, so that whoever asks for an id that is new is misled once in thousands of times; he confirms what he is given
//! by looking where it leads. Taking an entry out moves no other. (Bytes and counts are those of F14, Bronson and Shi 2019.)
//!
//! Hashes are not kept: a directory that grows asks for them again, a bucket of the old one at each insertion, so that
//! no insertion waits for all of them. Nothing ever iterates over it, so its order cannot be seen.

use crate::ids::{index, position};
use crate::processor::{equal, prefetch};

/// Entries of a bucket.
const ENTRIES: usize = 12;
/// A directory that holds more than so many in each bucket, on average, grows: by half.
const ENTRIES_MEAN: u32 = 9;
/// So many insertions before a bucket is handed over, what its hashes are made of is asked for: without that, a venue that
/// grows all the time was a third slower.
const HANDED_SOON: usize = 2;
/// Bits of an entry that are the number.
const NUMBER_BITS: u32 = 25;
/// Numbers are below this.
pub(crate) const NUMBERS_MAX: u32 = 1 << NUMBER_BITS;

/// The bits of all places.
const PLACES: u32 = (1 << ENTRIES) - 1;

/// The byte of a place that is free. No entry has it.
const FREE: u8 = 0;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Bucket {
    /// A byte of each entry's hash.
    tags: [u8; ENTRIES],
    /// Entries that were to stand here or before, found no place, and stand behind.
    passed: u32,
    /// Numbers, and above them seven bits of the hash.
    entries: [u32; ENTRIES],
}

const _: () = assert!(size_of::<Bucket>() == 64);

impl Bucket {
    const EMPTY: Bucket = Bucket { tags: [FREE; ENTRIES], passed: 0, entries: [0; ENTRIES] };

    /// The places that have `tag`: a bit each.
    #[inline(always)]
    fn bits(&self, tag: u8) -> u32 {
        let [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11] = self.tags;
        let first = u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
        let last = u32::from_le_bytes([t8, t9, t10, t11]);
        equal(first, u64::from(last) | u64::from(self.passed) << 32, tag) & PLACES
    }

    /// All numbers that stand here.
    fn numbers(&self) -> impl Iterator<Item = u32> {
        let entries = self.tags.iter().zip(self.entries);
        entries.filter(|(tag, _)| **tag != FREE).map(|(_, entry)| number(entry))
    }

    /// The first free place.
    #[inline]
    fn free(&self) -> Option<usize> {
        let bits = self.bits(FREE);
        (bits != 0).then(|| place(bits))
    }

    /// The places that have `tag`.
    #[inline]
    fn places(&self, tag: u8) -> impl Iterator<Item = usize> + use<> {
        let mut bits = self.bits(tag);
        std::iter::from_fn(move || {
            let first = (bits != 0).then(|| place(bits))?;
            bits &= bits - 1;
            Some(first)
        })
    }
}

/// The first of the places; none that there is when there is none.
#[inline]
fn place(bits: u32) -> usize {
    index(bits.trailing_zeros())
}

/// What a place keeps of a hash: bits that do not choose its home.
#[inline]
fn tag(hash: u64) -> u8 {
    let [tag, ..] = hash.to_le_bytes();
    tag.max(FREE + 1)
}

/// What stands for `number` under `hash`.
#[inline]
fn entry(hash: u64, number: u32) -> u32 {
    let [_, byte, ..] = hash.to_le_bytes();
    u32::from(byte) << NUMBER_BITS | number
}

#[inline]
fn number(entry: u32) -> u32 {
    entry & (NUMBERS_MAX - 1)
}

/// Where a number was seen to stand: it may have gone since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    bucket: u32,
    place: u32,
}

impl Spot {
    /// No table has it.
    pub(crate) const NONE: Spot = Spot { bucket: u32::MAX, place: 0 };
}

#[derive(Clone, Debug)]
struct Table {
    buckets: Vec<Bucket>,
    /// How many those are, in as many bits as there may be.
    count: u32,
}

impl Table {
    fn new(count: u32) -> Table {
        Table { buckets: vec![Bucket::EMPTY; index(count)], count }
    }

    /// The bucket in which an entry under `hash` stands, if it has room.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        index(u32::try_from(((hash >> 32) * u64::from(self.count)) >> 32).expect("a part of 32 bits"))
    }

    #[inline]
    fn following(&self, bucket: usize) -> usize {
        if bucket + 1 < self.buckets.len() { bucket + 1 } else { 0 }
    }

    /// The number entered under `hash` that `same` confirms.
    #[inline(always)]
    fn find(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let (tag, first) = (tag(hash), entry(hash, 0));
        let mut at = self.home(hash);
        loop {
            let bucket = &self.buckets[at];
            for place in bucket.places(tag) {
                let found = bucket.entries[place] ^ first;
                if found < NUMBERS_MAX && same(found) {
                    return Some(found);
                }
            }
            if bucket.passed == 0 {
                return None;
            }
            at = self.following(at);
        }
    }

    #[inline(always)]
    fn insert(&mut self, hash: u64, number: u32) {
        let mut at = self.home(hash);
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(place) = bucket.free() {
                (bucket.tags[place], bucket.entries[place]) = (tag(hash), entry(hash, number));
                return;
            }
            bucket.passed += 1;
            at = self.following(at);
        }
    }

    /// Where `number` stands under `hash`: bucket and place.
    #[inline(always)]
    fn locate(&self, hash: u64, number: u32) -> Option<(usize, usize)> {
        let (tag, wanted) = (tag(hash), entry(hash, number));
        let mut at = self.home(hash);
        loop {
            let bucket = &self.buckets[at];
            if let Some(place) = bucket.places(tag).find(|place| bucket.entries[*place] == wanted) {
                return Some((at, place));
            }
            if bucket.passed == 0 {
                return None;
            }
            at = self.following(at);
        }
    }

    /// Enters all that stands in a bucket of another table.
    fn take_over(&mut self, bucket: &Bucket, rehash: impl Fn(u32) -> u64) {
        bucket.numbers().for_each(|number| self.insert(rehash(number), number));
    }

    /// Takes out what was located.
    fn remove(&mut self, hash: u64, (bucket, place): (usize, usize)) {
        self.buckets[bucket].tags[place] = FREE;
        let mut at = self.home(hash);
        while at != bucket {
            self.buckets[at].passed -= 1;
            at = self.following(at);
        }
    }
}

/// From hashes to numbers.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    table: Table,
    length: u32,
    /// The smaller table that is being handed over, and how many of its buckets are. They are empty, but still say how
    /// many entries have passed them.
    old: Option<(Table, usize)>,
}

impl Default for Directory {
    fn default() -> Directory {
        Directory { table: Table::new(1), length: 0, old: None }
    }
}

impl Directory {
    /// Makes room, so that it does not grow before it holds more than so many numbers. The memory is written, so that no
    /// insertion waits for it. `rehash` gives the hash of any number that is in.
    pub(crate) fn reserve(&mut self, numbers: u32, rehash: impl Fn(u32) -> u64) {
        let buckets = numbers / ENTRIES_MEAN + 1;
        if buckets <= self.table.count {
            return;
        }
        let mut table = Table::new(buckets);
        // Memory comes from the system as zeros that are not there before they are written, with something else first.
        table.buckets.fill(Bucket { passed: 1, ..Bucket::EMPTY });
        std::hint::black_box(&mut table.buckets).fill(Bucket::EMPTY);
        let before = std::mem::replace(&mut self.table, table);
        let old = self.old.take().map(|(old, _)| old);
        for bucket in before.buckets.iter().chain(old.iter().flat_map(|old| &old.buckets)) {
            self.table.take_over(bucket, &rehash);
        }
    }

    /// The number entered under `hash` that `same` confirms.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, same: impl Fn(u32) -> bool + Copy) -> Option<u32> {
        match (self.table.find(hash, same), &self.old) {
            (None, Some((old, _))) => old.find(hash, same),
            (found, _) => found,
        }
    }

    /// Enters `number` under `hash`. The caller has made sure that its key is not in yet. `rehash` gives the hash of any
    /// number that is in, and `prefetch` asks for what it needs for that.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        (hash, number): (u64, u32),
        rehash: impl Fn(u32) -> u64,
        prefetch: impl Fn(u32),
    ) {
        assert!(number < NUMBERS_MAX, "numbers are below the most there may be");
        if self.old.is_some() || self.is_full() {
            self.grow(rehash, prefetch);
        }
        self.table.insert(hash, number);
        self.length += 1;
    }

    /// Whether it grows before it holds another number.
    #[inline]
    fn is_full(&self) -> bool {
        u64::from(self.table.count) * u64::from(ENTRIES_MEAN) <= u64::from(self.length)
    }

    /// Enters `number` under `hash`, unless `same` confirms one that is in. Only in a directory that has room. Returns whether
    /// it did.
    pub(crate) fn enter_new(&mut self, hash: u64, number: u32, same: impl Fn(u32) -> bool + Copy) -> bool {
        let is_new = self.find(hash, same).is_none();
        if is_new {
            let rehash = |_| unreachable!("a directory that has room does not grow");
            self.insert((hash, number), rehash, |_| ());
        }
        is_new
    }

    /// Enters `new` in place of `number`, entered under `hash`, perhaps at `spot`; panics when that is not in.
    #[inline(always)]
    pub(crate) fn replace(&mut self, (hash, spot): (u64, Spot), (number, new): (u32, u32)) {
        assert!(new < NUMBERS_MAX, "numbers are below the most there may be");
        if let Some(bucket) = self.table.buckets.get_mut(index(spot.bucket))
            && let Some(standing) = bucket.entries.get_mut(index(spot.place))
            && *standing == entry(hash, number)
            && bucket.tags[index(spot.place)] == tag(hash)
        {
            *standing = entry(hash, new);
            return;
        }
        let (table, (bucket, place)) = self.locate(hash, number);
        table.buckets[bucket].entries[place] = entry(hash, new);
    }

    /// Removes `number`, entered under `hash`; panics when it is not in.
    #[inline]
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        let (table, at) = self.locate(hash, number);
        table.remove(hash, at);
        self.length -= 1;
    }

    #[inline]
    fn locate(&mut self, hash: u64, number: u32) -> (&mut Table, (usize, usize)) {
        if let Some(at) = self.table.locate(hash, number) {
            return (&mut self.table, at);
        }
        let old = self.old.as_mut().map(|(old, _)| old);
        let old = old.and_then(|old| old.locate(hash, number).map(|at| (old, at)));
        old.expect("only what was entered is looked for by number")
    }

    /// Asks for the line in which a search under `hash` begins.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        prefetch(&self.table.buckets, self.table.home(hash));
        if let Some((old, _)) = &self.old {
            prefetch(&old.buckets, old.home(hash));
        }
    }

    /// The number that a search under `hash` likely finds, and where. Any when it finds none.
    #[inline(always)]
    pub(crate) fn glance(&self, hash: u64) -> (Spot, u32) {
        let at = self.table.home(hash);
        let bucket = &self.table.buckets[at];
        let place = place(bucket.bits(tag(hash))).min(ENTRIES - 1);
        (Spot { bucket: position(at), place: position(place) }, number(bucket.entries[place]))
    }

    /// How many numbers are entered.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.length
    }

    /// Whether no number is entered.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that its tables take.
    pub(crate) fn bytes(&self) -> usize {
        let old = self.old.as_ref().map_or(0, |(old, _)| old.buckets.capacity());
        (self.table.buckets.capacity() + old) * size_of::<Bucket>()
    }

    /// Begins to hand over to a larger table, or goes on with it.
    #[cold]
    fn grow(&mut self, rehash: impl Fn(u32) -> u64, prefetch: impl Fn(u32)) {
        let (old, done) = self.old.get_or_insert_with(|| {
            let buckets = self.table.count;
            (std::mem::replace(&mut self.table, Table::new(buckets + buckets.div_ceil(2))), 0)
        });
        self.table.take_over(&old.buckets[*done], rehash);
        old.buckets[*done].tags = [FREE; ENTRIES];
        *done += 1;
        if let Some(soon) = old.buckets.get(*done + HANDED_SOON) {
            soon.numbers().for_each(prefetch);
        }
        if *done == old.buckets.len() {
            self.old = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::position;
    use crate::index::mix64;

    /// How many numbers there are at the most before more go than come.
    const MANY: usize = 1 << 12;

    /// Random insertions, replacements and removals, compared with a list. `spread` hashes are in use.
    fn equals_a_list_of_pairs(reserved: Option<u32>, spread: u64) {
        let mut directory = Directory::default();
        let mut pairs: Vec<(u64, u32)> = Vec::new();
        let mut hashes = Vec::new();
        let mut random = 42_u64;
        let mut stale = Spot::NONE;
        for number in 0..60_000_u32 {
            random = mix64(random, number.into());
            if reserved == Some(number) {
                directory.reserve(position(MANY), |number| hashes[index(number)]);
            }
            let full = MANY.min(usize::try_from(spread.saturating_mul(20)).unwrap()) < pairs.len();
            let chosen = usize::try_from(random >> 8).unwrap().checked_rem(pairs.len());
            match chosen {
                Some(at) if full || random.is_multiple_of(3) => {
                    let (hash, number) = pairs.swap_remove(at);
                    directory.remove(hash, number);
                    assert_eq!(directory.find(hash, |found| found == number), None);
                }
                Some(at) if random.is_multiple_of(5) => {
                    let (hash, number) = pairs[at];
                    hashes.push(hash);
                    pairs[at].1 = position(hashes.len() - 1);
                    let spots = [Spot::NONE, directory.glance(hash).0, stale];
                    stale = spots[1];
                    directory.replace((hash, spots[at % 3]), (number, pairs[at].1));
                    assert_eq!(directory.find(hash, |found| found == number), None);
                }
                _ => {
                    let (hash, number) = (mix64(9, random % spread), position(hashes.len()));
                    hashes.push(hash);
                    directory.insert((hash, number), |number| hashes[index(number)], |_| {});
                    pairs.push((hash, number));
                }
            }
            assert_eq!(index(directory.len()), pairs.len());
            if let Some(at) = usize::try_from(random >> 16).unwrap().checked_rem(pairs.len()) {
                let (hash, number) = pairs[at];
                assert_eq!(directory.find(hash, |found| found == number), Some(number));
            }
        }
        for (hash, number) in pairs {
            assert_eq!(directory.find(hash, |found| found == number), Some(number));
            directory.remove(hash, number);
        }
        assert!(directory.is_empty() && directory.table.buckets.iter().all(|bucket| bucket.passed == 0));
    }

    /// Few hashes, so that buckets overflow into others, and many; growing, with room made before or on the way.
    #[test]
    fn a_directory_equals_a_list_of_pairs() {
        for spread in [3, 40, u64::MAX] {
            [None, Some(0), Some(300)]
                .into_iter()
                .for_each(|reserved| equals_a_list_of_pairs(reserved, spread));
        }
    }

    /// Room is made at every stage of a handing over: what is still in the old table comes along, once.
    #[test]
    fn room_is_made_while_a_table_is_handed_over() {
        let hash = |number: u32| mix64(9, u64::from(number % 150));
        let mut moving = 0;
        for length in 1..200 {
            let mut directory = Directory::default();
            (0..length).for_each(|number| directory.insert((hash(number), number), hash, |_| {}));
            moving += u32::from(directory.old.as_ref().is_some_and(|(_, done)| 0 < *done));
            directory.reserve(1_000, hash);
            assert!(directory.old.is_none() && directory.len() == length);
            for number in 0..length {
                assert_eq!(directory.find(hash(number), |found| found == number), Some(number));
                directory.remove(hash(number), number);
                assert_eq!(directory.find(hash(number), |found| found == number), None);
            }
            assert!(directory.table.buckets.iter().all(|bucket| bucket.passed == 0));
        }
        assert!(20 < moving, "room is made in the middle of a handing over");
    }

    #[test]
    fn what_was_seen_at_a_place_that_is_free_now_is_not_believed() {
        let mut directory = Directory::default();
        let enter = |directory: &mut Directory, number| {
            directory.insert(
                (mix64(9, number), 7 + u32::try_from(number).unwrap()),
                |_| unreachable!("it has room"),
                |_| {},
            );
        };
        let hash = mix64(9, 1);
        enter(&mut directory, 0);
        enter(&mut directory, 1);
        let (seen, _) = directory.glance(hash);
        directory.remove(mix64(9, 0), 7);
        directory.remove(hash, 8);
        // It takes the first free place, which is the other's.
        enter(&mut directory, 1);
        directory.replace((hash, seen), (8, 30));
        assert_eq!(directory.find(hash, |found| found == 30), Some(30));
        assert_eq!(directory.find(hash, |found| found == 8), None);
    }
}
