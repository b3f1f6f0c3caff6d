//! Link: a position in an arena, or none, in 32 bits.

/// A position in an arena, or none. Half the size of an `Option<u32>`, which matters in every order and level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link(u32);

impl Link {
    /// No position.
    pub(crate) const NONE: Link = Link(u32::MAX);

    /// The link to `position`, which is below 2^32 - 1.
    pub(crate) fn to(position: u32) -> Link {
        debug_assert!(position < u32::MAX, "arenas stay below the largest position");
        Link(position)
    }

    /// The position, if there is one.
    pub(crate) fn get(self) -> Option<u32> {
        (self != Link::NONE).then_some(self.0)
    }
}
