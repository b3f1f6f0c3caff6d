//! Inlet: where commands enter. Many producers, bounded; full means Busy, said at once.

use std::sync::Arc;

use engine::command::Command;

use crate::config::INLET_COMMANDS_MAX;
use crate::ring::Ring;
use crate::sync::{AtomicBool, Ordering};

/// A command and whoever waits for its outcome.
#[derive(Debug)]
pub struct Inbound<T> {
    /// Who waits.
    pub origin: T,
    /// What is asked. Its account is the asker's, and its numbers are in bounds.
    pub command: Command,
}

/// Why a command was not taken. Nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many commands wait as may: try again.
    Busy,
    /// The exchange is stopping.
    Stopping,
}

/// The producers' end of the inlet.
#[derive(Debug)]
pub struct Inlet<T> {
    ring: Arc<Ring<Inbound<T>>>,
    stopping: Arc<AtomicBool>,
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Inlet<T> {
        Inlet { ring: Arc::clone(&self.ring), stopping: Arc::clone(&self.stopping) }
    }
}

impl<T> Default for Inlet<T> {
    fn default() -> Inlet<T> {
        Inlet::new(INLET_COMMANDS_MAX)
    }
}

impl<T> Inlet<T> {
    /// An inlet in which so many commands may wait.
    pub fn new(places: usize) -> Inlet<T> {
        Inlet { ring: Arc::new(Ring::new(places)), stopping: Arc::default() }
    }

    /// Hands a command over. Returns it with the reason when it was not taken. What is taken is told, unless the process
    /// dies before, or stops at this very moment: then it may come to nothing, and nobody is told.
    ///
    /// # Errors
    /// `Busy` when the inlet is full, `Stopping` once the exchange stops.
    pub fn submit(&self, inbound: Inbound<T>) -> Result<(), (Refused, Inbound<T>)> {
        if self.is_stopping() {
            return Err((Refused::Stopping, inbound));
        }
        self.ring.push(inbound).map_err(|inbound| (Refused::Busy, inbound))
    }

    /// Whether the exchange takes no more commands.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Takes no more commands from now on.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.ring.wake();
    }

    /// Where the core takes from.
    pub fn ring(&self) -> &Ring<Inbound<T>> {
        &self.ring
    }
}
