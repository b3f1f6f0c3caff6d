//! Command: what may be asked of the exchange.

use crate::ids::{AccountId, InstrumentId, PublicKey, Scopes};
use crate::label::Label;
use crate::market::MarketSpec;
use crate::order::{NewOrder, OrderRef};
use crate::stamp::Stamp;
use crate::units::{Amount, Lots};

/// A request to change the exchange. It happens whole or is rejected whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Fires timers that are due, in bounded portions. Inserted by the sequencer.
    Tick,
    /// The first command of an exchange: opens the operator's account, named `operator`.
    Found {
        /// Names this history; changes only when history is not continuous.
        epoch: u64,
        /// Keys every hash over ids that clients choose, and seeds every draw.
        seed: u64,
        /// The operator's first key.
        operator: PublicKey,
    },
    /// Opens an account.
    OpenAccount {
        /// Its name, unique.
        name: Label,
        /// Whether it may issue obligations.
        provider: bool,
        /// The account whose group it joins; without one it is a group of its own.
        joins: Option<AccountId>,
    },
    /// Lets a key act for an account.
    RegisterKey {
        /// For whom.
        account: AccountId,
        /// The public key.
        key: PublicKey,
        /// What it may do.
        scopes: Scopes,
    },
    /// Withdraws a key.
    RevokeKey {
        /// The public key.
        key: PublicKey,
    },
    /// A confirmed deposit: mints credit.
    Deposit {
        /// For whom.
        account: AccountId,
        /// How much.
        amount: Amount,
        /// The deposit's reference, consumed once.
        reference: Label,
    },
    /// Adds a market, whose windows are then listed by timer.
    AddMarket(MarketSpec),
    /// Says how many lots a provider can deliver in all for one instrument.
    SetCapacity {
        /// The provider.
        account: AccountId,
        /// Of what.
        instrument: InstrumentId,
        /// In all, not in addition.
        lots: Lots,
    },
    /// Enters an order.
    PlaceOrder(NewOrder),
    /// Cancels an open order.
    CancelOrder {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderRef,
    },
    /// Takes lots off an open order; it keeps its place in the queue.
    ReduceOrder {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderRef,
        /// How many lots to take off; fewer than are left.
        by: Lots,
    },
    /// Cancels all open orders of an account.
    CancelAll {
        /// Whose.
        account: AccountId,
        /// Only those in this instrument.
        instrument: Option<InstrumentId>,
    },
}

const _: () = assert!(size_of::<Command>() <= 64);

/// A command with its place and time: all that the engine needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Place and time.
    pub stamp: Stamp,
    /// What is asked.
    pub command: Command,
}
