//! Entry: what stands in a place of an index's table.

use crate::index::SLOTS_MAX;

/// A place of a table: free, or a slot and how many steps it stands from its home, and one.
pub trait Entry: Copy {
    /// Slots are numbered below two to the power of this.
    const SLOT_BITS: u32;
    /// At most one place in so many is in use, because short runs are short searches.
    const PLACES_PER_ENTRY: usize;
    /// Nothing. All bits are zero, so that a table is allocated without being written.
    const FREE: Self;
    /// `slot`, entered under `hash`, at its home.
    fn home(hash: u64, slot: u32) -> Self;
    /// Whether there is nothing.
    fn is_free(self) -> bool;
    /// Steps from home, and one.
    fn steps(self) -> u32;
    /// The same, so many steps farther from home.
    fn farther(self, steps: u32) -> Self;
    /// The same, so many steps nearer to home.
    fn nearer(self, steps: u32) -> Self;
    /// Whether it may be what was entered under `hash`, whose home is the same.
    fn may_be(self, hash: u64) -> bool;
    /// The slot.
    fn slot(self) -> u32;
    /// So many free places.
    fn table(places: usize) -> Vec<Self>;
    /// The hash, as far as it chooses the home.
    fn hash(self, rehash: impl FnMut(u32) -> u64) -> u64;
}

/// The most steps, and one: they have eight bits.
pub(super) const STEPS_MAX: u32 = 255;

/// Four bytes: steps and slot.
pub type Slim = u32;

impl Entry for Slim {
    const SLOT_BITS: u32 = 24;
    const PLACES_PER_ENTRY: usize = 4;
    const FREE: Slim = 0;

    #[inline]
    fn home(_: u64, slot: u32) -> Slim {
        1 << Slim::SLOT_BITS | slot
    }

    fn table(places: usize) -> Vec<Self> {
        vec![0; places]
    }

    #[inline]
    fn is_free(self) -> bool {
        self == 0
    }

    #[inline]
    fn steps(self) -> u32 {
        self >> Slim::SLOT_BITS
    }

    #[inline]
    fn farther(self, steps: u32) -> Slim {
        self + (steps << Slim::SLOT_BITS)
    }

    #[inline]
    fn nearer(self, steps: u32) -> Slim {
        self - (steps << Slim::SLOT_BITS)
    }

    #[inline]
    fn may_be(self, _: u64) -> bool {
        true
    }

    #[inline]
    fn slot(self) -> u32 {
        self & (SLOTS_MAX - 1)
    }

    #[inline]
    fn hash(self, mut rehash: impl FnMut(u32) -> u64) -> u64 {
        rehash(self.slot())
    }
}

/// Eight bytes: 31 bits of the hash, steps, slot.
pub type Tagged = u64;

/// Where the steps and the tag of a tagged entry begin.
const STEPS_SHIFT: u32 = Tagged::SLOT_BITS;
const TAG_SHIFT: u32 = STEPS_SHIFT + 8;

/// What an entry keeps of a hash: as many of its upper bits as there is room for.
#[inline]
fn tag(hash: u64) -> u64 {
    hash >> TAG_SHIFT << TAG_SHIFT
}

/// A part of an entry.
#[inline]
fn part(bits: u64) -> u32 {
    u32::try_from(bits).expect("parts of an entry have at most 25 bits")
}

impl Entry for Tagged {
    const SLOT_BITS: u32 = 25;
    const PLACES_PER_ENTRY: usize = 2;
    const FREE: Tagged = 0;

    #[inline]
    fn home(hash: u64, slot: u32) -> Tagged {
        tag(hash) | 1 << STEPS_SHIFT | u64::from(slot)
    }

    fn table(places: usize) -> Vec<Self> {
        vec![0; places]
    }

    #[inline]
    fn is_free(self) -> bool {
        self == 0
    }

    #[inline]
    fn steps(self) -> u32 {
        part(self >> STEPS_SHIFT & 0xFF)
    }

    #[inline]
    fn farther(self, steps: u32) -> Tagged {
        self + (u64::from(steps) << STEPS_SHIFT)
    }

    #[inline]
    fn nearer(self, steps: u32) -> Tagged {
        self - (u64::from(steps) << STEPS_SHIFT)
    }

    #[inline]
    fn may_be(self, hash: u64) -> bool {
        (self ^ hash) >> TAG_SHIFT == 0
    }

    #[inline]
    fn slot(self) -> u32 {
        part(self & ((1 << STEPS_SHIFT) - 1))
    }

    #[inline]
    fn hash(self, _: impl FnMut(u32) -> u64) -> u64 {
        self
    }
}
