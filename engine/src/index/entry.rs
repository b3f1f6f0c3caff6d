//! Entry: what stands in a place of an index's table, in four bytes.

/// Slots are numbered below two to the power of this.
pub(super) const SLOT_BITS: u32 = 24;
/// The most steps, and one: they have eight bits.
pub(super) const STEPS_MAX: u32 = 255;

/// A place of a table: free, or a slot and how many steps it stands from its home, and one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u32);

impl Entry {
    /// Nothing.
    pub(super) const FREE: Entry = Entry(0);

    /// `slot`, so many steps and one from its home.
    #[inline]
    pub(super) fn new(slot: u32, steps: u32) -> Entry {
        Entry(steps << SLOT_BITS | slot)
    }

    /// Whether there is nothing.
    #[inline]
    pub(super) fn is_free(self) -> bool {
        self == Entry::FREE
    }

    /// Steps from home, and one.
    #[inline]
    pub(super) fn steps(self) -> u32 {
        self.0 >> SLOT_BITS
    }

    /// The same, so many steps nearer to home.
    #[inline]
    pub(super) fn nearer(self, steps: u32) -> Entry {
        Entry(self.0 - (steps << SLOT_BITS))
    }

    /// The slot.
    #[inline]
    pub(super) fn slot(self) -> u32 {
        self.0 & ((1 << SLOT_BITS) - 1)
    }
}
