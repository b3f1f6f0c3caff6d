//! Clock: time that the kernel sets, and seeds that it knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::stamp::Time;
use node::clock::Clock;
use node::entropy::Entropy;

use crate::kernel::agenda::Nanos;
use crate::kernel::choices::{Chooser, Source};

/// A clock that stands until it is set. Whoever has a copy reads the same time.
#[derive(Clone, Debug, Default)]
pub(super) struct VirtualClock {
    nanos: Arc<AtomicU64>,
}

impl VirtualClock {
    pub(super) fn set(&self, now: Time) {
        self.nanos.store(now.0, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        Time(self.nanos.load(Ordering::Relaxed))
    }
}

/// Seeds of draws, each by its number.
#[derive(Clone, Debug)]
pub(super) struct KnownEntropy {
    source: Source,
    taken: Arc<AtomicU64>,
}

impl KnownEntropy {
    pub(super) fn new(source: Source) -> KnownEntropy {
        KnownEntropy { source, taken: Arc::default() }
    }
}

impl Entropy for KnownEntropy {
    fn seed(&mut self) -> u64 {
        self.source.stream(Chooser::Draw, self.taken.fetch_add(1, Ordering::Relaxed)).word()
    }
}

/// What the exchange's clock shows at a time of the kernel, when it is off by `jumped` nanoseconds.
pub(super) fn shown(begun: Time, now: Nanos, jumped: i64) -> Time {
    Time(begun.after(now).0.saturating_add_signed(jumped))
}
