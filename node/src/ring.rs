//! Ring: a bounded lock-free queue with one consumer, which sleeps while there is nothing to do.
//!
//! The queue is crossbeam's; sleeping is `std::thread::park`. A producer pushes, then unparks; the consumer finds the
//! ring empty, then parks. An unpark between the two is kept by the thread, so no push is slept through. A consumer has
//! said so before anybody pushes; the pipeline sees to that when it starts.

use crate::sync::{ArrayQueue, OnceLock, Thread, current};

/// A bounded queue and its consumer.
#[derive(Debug)]
pub struct Ring<T> {
    queue: ArrayQueue<T>,
    consumer: OnceLock<Thread>,
}

impl<T> Ring<T> {
    /// An empty ring of so many places.
    pub fn new(places: usize) -> Ring<T> {
        Ring { queue: ArrayQueue::new(places), consumer: OnceLock::default() }
    }

    /// Makes the present thread the one that pushes wake. The first caller is.
    pub fn consume_here(&self) {
        self.consumer.get_or_init(current);
    }

    /// Adds an item and wakes the consumer.
    ///
    /// # Errors
    /// Gives the item back when the ring is full.
    pub fn push(&self, item: T) -> Result<(), T> {
        self.queue.push(item)?;
        self.wake();
        Ok(())
    }

    /// Takes the oldest item.
    pub fn pop(&self) -> Option<T> {
        self.queue.pop()
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Wakes the consumer without adding anything.
    pub fn wake(&self) {
        if let Some(consumer) = self.consumer.get() {
            consumer.unpark();
        }
    }
}
