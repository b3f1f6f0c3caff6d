//! Abuse: a client that goes on asking more often than it may.

use protocol::time::Time;

/// How long a client may go on asking too often before it is cut off, in nanoseconds.
const ABUSE_NANOS: u64 = 10_000_000_000;
/// Who has not asked too often for so long, in nanoseconds, has stopped.
const PAUSE_NANOS: u64 = 1_000_000_000;

/// Since when a client has been asking too often, and when it did last; nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Abuse {
    since: u64,
    last: u64,
}

impl Abuse {
    /// Counts a request that came too often. Returns whether the client has gone on for too long.
    pub(super) fn count(&mut self, now: Time) -> bool {
        let now = now.ns();
        let since = if self.last.saturating_add(PAUSE_NANOS) < now { now } else { self.since };
        *self = Abuse { since, last: now };
        since.saturating_add(ABUSE_NANOS) <= now
    }
}
