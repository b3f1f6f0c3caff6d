//! Sync: what threads meet in, made of loom's parts. Queue and cell promise no more than those of the crate do: who takes
//! an item, or finds the cell set, sees what came before that was put there. Nothing else is ordered.

use std::time::Duration;

use loom::sync::Mutex;
use loom::sync::atomic::AtomicUsize;
pub use loom::sync::atomic::{AtomicBool, Ordering};
pub use loom::sync::mpsc::channel;
pub use loom::thread::{JoinHandle, Thread, current, park};

/// Starts a thread.
pub fn spawn<R: Send + 'static>(_: &str, run: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    loom::thread::spawn(run)
}

/// Nobody knows how long a while is: others go on first.
pub fn park_timeout(_: Duration) {
    loom::thread::yield_now();
}

/// The same for a sleep.
pub fn sleep(_: Duration) {
    loom::thread::yield_now();
}

/// A cell that is set once.
#[derive(Debug)]
pub struct OnceLock<T> {
    is_set: AtomicBool,
    value: Mutex<Option<T>>,
}

impl<T> Default for OnceLock<T> {
    fn default() -> OnceLock<T> {
        OnceLock { is_set: AtomicBool::new(false), value: Mutex::new(None) }
    }
}

impl<T: Clone> OnceLock<T> {
    /// Its value.
    pub fn get(&self) -> Option<T> {
        let is_set = self.is_set.load(Ordering::Acquire);
        is_set.then(|| self.value.lock().unwrap().clone()).flatten()
    }

    /// Its value, which the first caller makes.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> T {
        let mut value = self.value.lock().unwrap();
        let made = value.get_or_insert_with(make).clone();
        self.is_set.store(true, Ordering::Release);
        made
    }
}

/// A bounded queue with one taker, and its producer when that forces.
#[derive(Debug)]
pub struct ArrayQueue<T> {
    slots: Vec<Slot<T>>,
    /// How many items were taken, and how many put.
    taken: AtomicUsize,
    put: AtomicUsize,
    /// One takes at a time.
    taking: Mutex<()>,
}

#[derive(Debug)]
struct Slot<T> {
    is_full: AtomicBool,
    item: Mutex<Option<T>>,
}

impl<T> ArrayQueue<T> {
    /// An empty queue of so many places.
    pub fn new(places: usize) -> ArrayQueue<T> {
        let slot = || Slot { is_full: AtomicBool::new(false), item: Mutex::new(None) };
        let slots = (0..places).map(|_| slot()).collect();
        let [taken, put] = std::array::from_fn(|_| AtomicUsize::new(0));
        ArrayQueue { slots, taken, put, taking: Mutex::new(()) }
    }

    /// Puts an item at the end, unless the queue is full.
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut place = self.put.load(Ordering::Acquire);
        loop {
            let taken = self.taken.load(Ordering::Acquire);
            // What was read of `put` may be old: then the claim fails.
            if self.slots.len() <= place.saturating_sub(taken) {
                return Err(item);
            }
            let claim = self.put.compare_exchange(place, place + 1, Ordering::AcqRel, Ordering::Acquire);
            match claim {
                Ok(_) => break,
                Err(other) => place = other,
            }
        }
        let slot = &self.slots[place % self.slots.len()];
        *slot.item.lock().unwrap() = Some(item);
        slot.is_full.store(true, Ordering::Release);
        Ok(())
    }

    /// Puts an item at the end, and takes out the oldest when the queue is full. One producer, and one place.
    pub fn force_push(&self, mut item: T) -> Option<T> {
        let mut oldest = None;
        while let Err(back) = self.push(item) {
            item = back;
            oldest = self.pop().or(oldest);
        }
        oldest
    }

    /// Takes the oldest item.
    pub fn pop(&self) -> Option<T> {
        // Only a queue of one place is forced, and then its producer takes too.
        let _taking = (self.slots.len() == 1).then(|| self.taking.lock().unwrap());
        let place = self.taken.load(Ordering::Relaxed);
        let slot = &self.slots[place % self.slots.len()];
        if !slot.is_full.load(Ordering::Acquire) {
            return None;
        }
        let item = slot.item.lock().unwrap().take();
        slot.is_full.store(false, Ordering::Release);
        self.taken.store(place + 1, Ordering::Release);
        item
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        let place = self.taken.load(Ordering::Relaxed);
        !self.slots[place % self.slots.len()].is_full.load(Ordering::Acquire)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.put.load(Ordering::Acquire).saturating_sub(self.taken.load(Ordering::Acquire))
    }
}
