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
    Balance(Balance),
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
