//! Stamp: the place and time that the sequencer gives a command.

/// A command's place in the journal, from 1, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The next place.
    pub fn next(self) -> Sequence {
        Sequence(self.0 + 1)
    }
}

/// Nanoseconds since 1970 UTC, never going back from one command to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// Nanoseconds in a second.
    pub const SECOND: u64 = 1_000_000_000;

    /// This many seconds after 1970.
    pub const fn from_seconds(seconds: u64) -> Time {
        Time(seconds * Time::SECOND)
    }

    /// `nanos` later.
    pub fn after(self, nanos: u64) -> Time {
        Time(self.0 + nanos)
    }

    /// `nanos` earlier, or 1970 when that is before it.
    pub fn before(self, nanos: u64) -> Time {
        Time(self.0.saturating_sub(nanos))
    }
}

/// Place and time of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The place in the journal.
    pub sequence: Sequence,
    /// When the sequencer took the command.
    pub time: Time,
}

wraps!(Sequence, Time);
fields!(Stamp { sequence, time });
