//! Command: what may be asked of the exchange.

use crate::control::{AccountLimits, KillTarget, MarketLimits, ModeScope, TradingMode};
use crate::delivery::command::DeliveryCommand;
use crate::ids::{AccountId, InstrumentId, MarketId, PublicKey, Scopes};
use crate::key::KeyBounds;
use crate::label::Label;
use crate::market::MarketSpec;
use crate::order::{Amendment, NewOrder, OrderRef, SessionId};
use crate::order_filter::OrderFilter;
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
        /// From where, until when and for how much.
        bounds: KeyBounds,
    },
    /// Puts a key in another's place: it may do the same, and the other nothing any more.
    ReplaceKey {
        /// The registered key.
        key: PublicKey,
        /// The key that comes in its place.
        by: PublicKey,
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
    /// Sends available credit to another account.
    Transfer {
        /// Whose.
        account: AccountId,
        /// Who gets it.
        to: AccountId,
        /// How much.
        amount: Amount,
        /// The sender's reference, consumed once.
        reference: Label,
    },
    /// Sets available credit aside, to be paid out.
    Redeem {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Amount,
        /// The account's reference, consumed once.
        reference: Label,
    },
    /// Credit that was set aside has been paid out and is burned, or is returned.
    EndRedemption {
        /// Whose.
        account: AccountId,
        /// Under which reference it was set aside.
        reference: Label,
        /// Whether it was paid out.
        paid: bool,
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
    /// Changes an open order.
    AmendOrder(Amendment),
    /// Cancels an account's open orders, oldest first.
    CancelAll {
        /// Whose.
        account: AccountId,
        /// Which of them.
        only: OrderFilter,
    },
    /// Sets, renews or withdraws the account's dead man's timer: when it fires, all its open orders are cancelled.
    CancelAfter {
        /// Whose.
        account: AccountId,
        /// Nanoseconds from the stamp; without them the timer is withdrawn.
        after: Option<u64>,
    },
    /// A session is over: its orders that asked for it are cancelled.
    EndSession {
        /// Whose.
        account: AccountId,
        /// Which.
        session: SessionId,
    },
    /// Sets what may be done, of the whole venue, a market or an instrument.
    SetMode {
        /// Where.
        scope: ModeScope,
        /// What.
        mode: TradingMode,
        /// Why.
        reason: Label,
    },
    /// Sets a market's price bands and limits, all of them.
    SetMarketLimits {
        /// Which.
        market: MarketId,
        /// From now on, for what comes in.
        limits: MarketLimits,
        /// Why.
        reason: Label,
    },
    /// Sets an account's limits, all of them.
    SetAccountLimits {
        /// Whose.
        account: AccountId,
        /// From now on, for what comes in.
        limits: AccountLimits,
        /// Why.
        reason: Label,
    },
    /// Locks or unlocks an account. A locked one enters and changes no orders; it may cancel.
    SetLock {
        /// Whose.
        account: AccountId,
        /// Whether it is locked.
        locked: bool,
        /// Why.
        reason: Label,
    },
    /// The kill switch: cancels all orders, of an account that is then locked, or of the venue that is then halted.
    Kill {
        /// Whose.
        target: KillTarget,
        /// Why.
        reason: Label,
    },
    /// The commands that come next, so many, are a batch: orders and cancels of one account that happen all together, when
    /// the last of them has come, or not at all. Whoever orders commands lets nothing come between them.
    Batch {
        /// Whose.
        account: AccountId,
        /// How many.
        count: u8,
    },
    /// Pairs obligations with claims behind a closed gate. Inserted by the sequencer.
    Draw {
        /// Of what.
        instrument: InstrumentId,
        /// Orders the holders. Nobody knows it before the gate.
        seed: u64,
    },
    /// Something about deliveries.
    Delivery(DeliveryCommand),
}

const _: () = assert!(size_of::<Command>() <= 128);

/// A command with its place and time: all that the engine needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Place and time.
    pub stamp: Stamp,
    /// What is asked.
    pub command: Command,
}
