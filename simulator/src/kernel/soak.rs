//! Soak: many seeds at once. Each is a world of its own with one thread; only counting is shared.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use engine::outcome::OutcomeHash;

use crate::kernel::trial::{Counts, Failure, Trial};

/// How often it is looked how far the threads are.
const LOOK: Duration = Duration::from_millis(20);

/// One in so many seeds lives twice.
const TWICE_EVERY: u64 = 16;

/// Which seeds, and on how many threads.
#[derive(Clone, Debug)]
pub struct Soak {
    /// The first run; the others differ by their seeds only.
    pub first: Trial,
    /// How many.
    pub seeds: u64,
    /// Threads, at least one.
    pub threads: u16,
}

/// How far a soak is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soaking {
    /// Seeds that are done.
    pub seeds: u64,
    /// Commands in their journals.
    pub commands: u64,
}

/// What all seeds together came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Soaked {
    /// Commands in their journals.
    pub commands: u64,
    /// Events that they came to.
    pub events: u64,
    /// Batches that were done or refused.
    pub batches: u64,
    /// Processes that ended before their time.
    pub crashes: u64,
    /// Journals that were damaged, and refused.
    pub damages: u64,
    /// Over the fingerprints of all seeds, in order.
    pub fingerprint: OutcomeHash,
}

/// The lowest seed that failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The run.
    pub trial: Trial,
    /// What did not hold.
    pub failure: Failure,
}

/// What the threads share.
struct Shared {
    /// The next seed, counted from the first.
    next: AtomicU64,
    /// Seeds are given out up to here: fewer once one has failed.
    end: AtomicU64,
    commands: AtomicU64,
    done: Mutex<Vec<(u64, Result<Counts, Failure>)>>,
}

impl Soak {
    /// Lives through all seeds. `progress` is told again and again how far it is.
    ///
    /// # Errors
    /// The lowest seed in which something did not hold; those after it may not have been run.
    pub fn run(&self, progress: &mut dyn FnMut(Soaking)) -> Result<Soaked, Box<Failed>> {
        let shared = Shared {
            next: AtomicU64::new(0),
            end: AtomicU64::new(self.seeds),
            commands: AtomicU64::new(0),
            done: Mutex::default(),
        };
        thread::scope(|scope| {
            let workers: Vec<_> =
                (0..self.threads.max(1)).map(|_| scope.spawn(|| self.work(&shared))).collect();
            while workers.iter().any(|worker| !worker.is_finished()) {
                thread::sleep(LOOK);
                progress(shared.soaking());
            }
        });
        let mut done = shared.done.into_inner().expect(HELD);
        done.sort_unstable_by_key(|(place, _)| *place);
        let mut soaked = Soaked::default();
        // Seeds below one that was begun were begun too, so the lowest that fails is the same on any number of threads.
        for (place, lived) in done {
            match lived {
                Ok(counts) => soaked.add(&counts),
                Err(failure) => return Err(Box::new(Failed { trial: self.trial(place), failure })),
            }
        }
        Ok(soaked)
    }

    fn trial(&self, place: u64) -> Trial {
        Trial { seed: self.first.seed.wrapping_add(place), ..self.first.clone() }
    }

    /// Some seeds live twice, and the second time alike.
    fn lived_again(&self, place: u64, counts: Counts) -> Result<Counts, Failure> {
        if !place.is_multiple_of(TWICE_EVERY) {
            return Ok(counts);
        }
        let again = self.trial(place).run()?;
        if again == counts { Ok(counts) } else { Err(Failure::otherwise(&counts, &again)) }
    }

    fn work(&self, shared: &Shared) {
        loop {
            let place = shared.next.fetch_add(1, Ordering::SeqCst);
            if shared.end.load(Ordering::SeqCst) <= place {
                return;
            }
            let lived = self.trial(place).run().and_then(|counts| self.lived_again(place, counts));
            match &lived {
                Ok(counts) => shared.commands.fetch_add(counts.commands, Ordering::SeqCst),
                Err(_) => shared.end.fetch_min(place, Ordering::SeqCst),
            };
            shared.done.lock().expect(HELD).push((place, lived));
        }
    }
}

const HELD: &str = "no thread panics while it holds the list";

impl Shared {
    fn soaking(&self) -> Soaking {
        let seeds = u64::try_from(self.done.lock().expect(HELD).len()).expect("seeds are counted in 64 bits");
        Soaking { seeds, commands: self.commands.load(Ordering::SeqCst) }
    }
}

impl Soaked {
    fn add(&mut self, counts: &Counts) {
        self.commands += counts.commands;
        self.events += counts.events;
        self.crashes += counts.crashes;
        self.batches += counts.batches + counts.batches_refused;
        self.damages += counts.damages;
        self.fingerprint.bytes(&counts.fingerprint.value().to_le_bytes());
    }
}
