//! Latest: a place that holds the newest value only, and a consumer that sleeps while there is none.
//!
//! A ring of one place into which the newer value is forced. The producer never waits, and wakes the consumer only when that
//! sleeps because it had nothing to do.

use crate::sync::{ArrayQueue, OnceLock, Thread, current};

/// The newest value, and who takes it.
#[derive(Debug)]
pub struct Latest<T> {
    place: ArrayQueue<T>,
    consumer: OnceLock<Thread>,
}

impl<T> Default for Latest<T> {
    fn default() -> Latest<T> {
        Latest { place: ArrayQueue::new(1), consumer: OnceLock::default() }
    }
}

impl<T> Latest<T> {
    /// Makes the present thread the one that is woken. The first caller is.
    pub fn consume_here(&self) {
        self.consumer.get_or_init(current);
    }

    /// Puts `value` in the place of the one that was not taken yet.
    pub fn put(&self, value: T) {
        drop(self.place.force_push(value));
        self.wake();
    }

    /// Takes the newest value, if it was not taken yet.
    pub fn take(&self) -> Option<T> {
        self.place.pop()
    }

    /// Wakes the consumer without putting anything.
    pub fn wake(&self) {
        if let Some(consumer) = self.consumer.get() {
            consumer.unpark();
        }
    }
}
