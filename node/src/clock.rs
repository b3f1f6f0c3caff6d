//! Clock: where time comes from. The simulator has one of its own.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::stamp::Time;

/// Tells the time.
pub trait Clock: Send {
    /// Nanoseconds since 1970 UTC. May go back: the sequencer lets time stand still then.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}
