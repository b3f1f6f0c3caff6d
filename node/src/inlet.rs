//! Inlet: where commands enter. Many producers, bounded; full means Busy, said at once.

use std::sync::Arc;

use engine::command::Command;
use engine::exchange::batch::BATCH_OPS_MAX;
use engine::exchange::hint::Hint;
use engine::ids::AccountId;

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
    /// What it is going to need.
    pub hint: Hint,
    /// The changes of a batch, which `command` announces. Nothing comes between them, and they stand in one record.
    pub followers: Option<Box<[Command]>>,
}

impl<T> Inbound<T> {
    /// A command alone.
    pub fn one(origin: T, command: Command) -> Inbound<T> {
        Inbound { origin, command, hint: Hint::of(&command), followers: None }
    }

    /// Changes of an account that happen together or not at all; from 1 to [`BATCH_OPS_MAX`]. Who waits is told of the
    /// last.
    pub fn batch(origin: T, account: AccountId, changes: Box<[Command]>) -> Inbound<T> {
        let count = u8::try_from(changes.len()).ok().filter(|count| (1..=BATCH_OPS_MAX).contains(count));
        let count = count.expect("whoever makes a batch has counted its changes");
        Inbound { followers: Some(changes), ..Inbound::one(origin, Command::Batch { account, count }) }
    }

    /// How many commands it is.
    pub fn len(&self) -> usize {
        1 + self.followers.as_ref().map_or(0, |followers| followers.len())
    }

    /// Whether it only takes things away; a batch does when all its changes do.
    fn is_relief(&self) -> bool {
        match &self.followers {
            Some(changes) => changes.iter().all(is_relief),
            None => is_relief(&self.command),
        }
    }

    /// It is never none.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// Why a command was not taken. Nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many commands wait as may: try again.
    Busy,
    /// The disk is nearly full, and the command does not take anything away: try again when there is room.
    Full,
    /// The exchange is stopping.
    Stopping,
}

/// Whether a command only takes something away, or keeps somebody from something. Such are accepted while the disk is
/// nearly full: they are few, and what they prevent would take more room.
pub const fn is_relief(command: &Command) -> bool {
    match command {
        Command::CancelOrder { .. }
        | Command::ReduceOrder { .. }
        | Command::CancelAll { .. }
        | Command::CancelAfter { .. }
        | Command::EndSession { .. }
        | Command::RevokeKey { .. }
        | Command::ReplaceKey { .. }
        | Command::EndRedemption { .. }
        // Of each delivery there are few, and who cannot say them loses money.
        | Command::Delivery(_)
        | Command::SetMode { .. }
        | Command::SetMarketLimits { .. }
        | Command::SetAccountLimits { .. }
        | Command::SetLock { .. }
        | Command::Kill { .. }
        | Command::Tick
        | Command::Draw { .. } => true,
        Command::Found { .. }
        | Command::OpenAccount { .. }
        | Command::RegisterKey { .. }
        | Command::Deposit { .. }
        | Command::Transfer { .. }
        | Command::Redeem { .. }
        | Command::Batch { .. }
        | Command::AddMarket(_)
        | Command::SetCapacity { .. }
        | Command::PlaceOrder(_)
        | Command::AmendOrder(_) => false,
    }
}

/// The producers' end of the inlet.
#[derive(Debug)]
pub struct Inlet<T> {
    ring: Arc<Ring<Inbound<T>>>,
    stopping: Arc<AtomicBool>,
    low: Arc<AtomicBool>,
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Inlet<T> {
        Inlet {
            ring: Arc::clone(&self.ring),
            stopping: Arc::clone(&self.stopping),
            low: Arc::clone(&self.low),
        }
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
        Inlet { ring: Arc::new(Ring::new(places)), stopping: Arc::default(), low: Arc::default() }
    }

    /// Hands a command over. Returns it with the reason when it was not taken. What is taken is told, unless the process
    /// dies before, or stops at this very moment: then it may come to nothing, and nobody is told.
    ///
    /// # Errors
    /// `Busy` when the inlet is full, `Full` when the disk nearly is, `Stopping` once the exchange stops.
    #[allow(clippy::result_large_err, reason = "what is not taken goes back whole, to be handed over again")]
    pub fn submit(&self, inbound: Inbound<T>) -> Result<(), (Refused, Inbound<T>)> {
        if self.is_stopping() {
            return Err((Refused::Stopping, inbound));
        }
        if self.is_low() && !inbound.is_relief() {
            return Err((Refused::Full, inbound));
        }
        self.ring.push(inbound).map_err(|inbound| (Refused::Busy, inbound))
    }

    /// Whether the exchange takes no more commands.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Whether the disk is nearly full.
    pub fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// From now on the disk is nearly full, or no longer.
    pub(crate) fn set_low(&self, low: bool) {
        self.low.store(low, Ordering::Relaxed);
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
