//! Pulse: whether this machine stood still. Who delivers has so many seconds, and on a machine that stands still longer is late by the
//! rules, as is right; such a window shows nothing, and another is played.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// From one beat to the next.
const BEAT: Duration = Duration::from_millis(100);
/// How late a beat may be: less than what a slot leaves to whoever was killed and comes back.
const LATE_MAX: Duration = Duration::from_secs(1);

/// A thread that wakes ten times a second, as long as this lives.
pub(crate) struct Pulse {
    /// Milliseconds by which a beat was late at most.
    late: Arc<AtomicU64>,
}

impl Pulse {
    pub(crate) fn start() -> Pulse {
        let late = Arc::<AtomicU64>::default();
        let noted = Arc::downgrade(&late);
        thread::spawn(move || {
            loop {
                let begun = Instant::now();
                thread::sleep(BEAT);
                let Some(late) = noted.upgrade() else { return };
                let millis = begun.elapsed().saturating_sub(BEAT).as_millis();
                late.fetch_max(u64::try_from(millis).expect("a test is short"), Ordering::SeqCst);
            }
        });
        Pulse { late }
    }

    /// Whether the machine stood still since this was asked last.
    pub(crate) fn stood_still(&self) -> bool {
        LATE_MAX < Duration::from_millis(self.late.swap(0, Ordering::SeqCst))
    }
}
