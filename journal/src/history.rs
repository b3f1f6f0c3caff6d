//! History: what clients may ask for again: private events by account, fills, trades by instrument.
//!
//! It is made from events and can be made anew from the journal, so it is written without waiting for the disk. Numbers have
//! no gaps: the private events of an account count from 1, and so do the trades of an instrument.

pub mod check;
pub mod codec;
pub mod contract;
pub mod delivery;
pub mod group;
pub mod key;
pub mod log;
pub mod memory;
pub mod page;
pub mod reader;
mod redeeming;

use engine::account::Balance;
use engine::event::{Event, Liquidity, PrivateSequence, ReduceReason};
use engine::ids::{AccountId, InstrumentId, OrderId, TradeId};
use engine::label::Label;
use engine::order::Side;
use engine::stamp::{Stamp, Time};
use engine::units::{Amount, Lots, Price};
use engine::view::View;
use engine::view::orders::OrderView;

use crate::history::delivery::DeliveryChange;

/// A private event, with all that its owner was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateEvent {
    /// Whose.
    pub account: AccountId,
    /// Its number in the account's stream.
    pub xseq: PrivateSequence,
    /// When, and the command's place in the journal.
    pub stamp: Stamp,
    /// What happened.
    pub what: What,
}

/// What a private event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Something happened to an order.
    Order {
        /// What.
        change: OrderChange,
        /// The order as it was just after.
        order: OrderView,
    },
    /// The account's part in an instrument.
    Position {
        /// The instrument.
        instrument: InstrumentId,
        /// Claims above zero, obligations below.
        lots: i64,
        /// Credit its buyers paid, waiting for delivery.
        escrow: Amount,
        /// Its lot bonds.
        bonded: Amount,
    },
    /// The account's credit.
    Balance {
        /// What it has.
        balance: Balance,
        /// What waits to be paid out to it besides.
        redeeming: Amount,
    },
    /// The dead man's timer was set, or withdrawn.
    TimerSet(Option<Time>),
    /// The dead man's timer fired.
    TimerFired,
    /// Credit was set aside, to be paid out.
    RedemptionBegun {
        /// How much.
        amount: Amount,
        /// The account's reference.
        reference: Label,
    },
    /// Credit that was set aside was paid out and burned, or returned.
    RedemptionEnded {
        /// How much.
        amount: Amount,
        /// The account's reference.
        reference: Label,
        /// Whether it was paid out.
        paid: bool,
    },
    /// Something happened to a delivery.
    Delivery(DeliveryChange),
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderChange {
    /// It was accepted.
    Accepted,
    /// It traded.
    Executed(Execution),
    /// It got smaller and kept its place.
    Reduced(ReduceReason),
    /// Its owner changed it; `true`: it kept its place.
    Amended(bool),
    /// It ended with lots unfilled, for the reason in its status.
    Canceled,
}

/// An order's part in a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The trade's number within its instrument.
    pub trade: TradeId,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// At what price.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// What was paid at once.
    pub fee: Amount,
}

/// A trade, as everybody was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Of what.
    pub instrument: InstrumentId,
    /// Its number within the instrument.
    pub trade: TradeId,
    /// When, and the command's place in the journal.
    pub stamp: Stamp,
    /// At what price.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// The order that rested.
    pub maker: OrderId,
    /// The order that took.
    pub taker: OrderId,
    /// The side of the one that took.
    pub taker_side: Side,
}

impl PrivateEvent {
    /// What `event` tells an account, if it tells one anything: `order` gives the order that it is about as it is just after,
    /// `redeeming` what waits to be paid out to the account then.
    pub fn of(
        stamp: Stamp,
        event: &Event,
        order: impl FnOnce(OrderId) -> OrderView,
        redeeming: impl FnOnce(AccountId) -> Amount,
    ) -> Option<PrivateEvent> {
        let of_order = |change, id| What::Order { change, order: order(id) };
        let (account, xseq, what) = match *event {
            Event::OrderAccepted { account, xseq, order, .. } => {
                (account, xseq, of_order(OrderChange::Accepted, order))
            }
            Event::OrderExecuted { account, xseq, order, trade, liquidity, price, lots, fee, .. } => {
                let execution = Execution { trade, liquidity, price, lots, fee };
                (account, xseq, of_order(OrderChange::Executed(execution), order))
            }
            Event::OrderReduced { account, xseq, order, reason, .. } => {
                (account, xseq, of_order(OrderChange::Reduced(reason), order))
            }
            Event::OrderAmended { account, xseq, order, kept, .. } => {
                (account, xseq, of_order(OrderChange::Amended(kept), order))
            }
            Event::OrderCanceled { account, xseq, order, .. } => {
                (account, xseq, of_order(OrderChange::Canceled, order))
            }
            Event::PositionChanged { account, xseq, instrument, position: lots, escrow, bonded } => {
                (account, xseq, What::Position { instrument, lots, escrow, bonded })
            }
            Event::BalanceChanged { account, xseq, available, held, bonded } => {
                let balance = Balance { available, held, bonded };
                (account, xseq, What::Balance { balance, redeeming: redeeming(account) })
            }
            Event::CancelAfterSet { account, xseq, due } => (account, xseq, What::TimerSet(due)),
            Event::CancelAfterFired { account, xseq } => (account, xseq, What::TimerFired),
            Event::RedemptionBegun { account, xseq, amount, reference } => {
                (account, xseq, What::RedemptionBegun { amount, reference })
            }
            Event::RedemptionEnded { account, xseq, amount, reference, paid } => {
                (account, xseq, What::RedemptionEnded { amount, reference, paid })
            }
            _ => {
                let (account, xseq, change) = DeliveryChange::of(event)?;
                (account, xseq, What::Delivery(change))
            }
        };
        if let What::Order { order, .. } = &what {
            assert_eq!(order.account, account, "an event and its order are of one account");
        }
        Some(PrivateEvent { account, xseq, stamp, what })
    }
}

/// Notes the order that `event` says something about, as it is just after: `view` has the event folded in, and not the
/// next one. Done for every event in turn, it gives [`group::HistoryGroup::fold`] the orders it needs.
pub fn note_order(event: &Event, view: &View, orders: &mut Vec<OrderView>) {
    let known = |order| *view.order(order).expect("events name orders that the view knows");
    match *event {
        Event::OrderAccepted { order, .. }
        | Event::OrderExecuted { order, .. }
        | Event::OrderReduced { order, .. }
        | Event::OrderAmended { order, .. }
        | Event::OrderCanceled { order, .. } => orders.push(known(order)),
        // It completes what was accepted by the event just before.
        Event::OrderTerms { order, .. } => {
            *orders.last_mut().expect("terms follow the order they are of") = known(order);
        }
        _ => {}
    }
}
