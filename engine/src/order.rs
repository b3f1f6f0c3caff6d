//! Order: what a trader may ask the book for.

use crate::ids::{AccountId, InstrumentId, OrderId};
use crate::label::Label;
use crate::stamp::Time;
use crate::units::{Lots, Price};

/// Bid or ask. Whatever differs between buying and selling is decided here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Buys.
    Bid,
    /// Sells.
    Ask,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Bid => Side::Ask,
            Side::Ask => Side::Bid,
        }
    }

    /// Whether an order on this side limited at `limit` accepts `price`.
    pub fn accepts(self, limit: Price, price: Price) -> bool {
        match self {
            Side::Bid => price <= limit,
            Side::Ask => limit <= price,
        }
    }

    /// 0 for bids, 1 for asks.
    pub const fn number(self) -> u8 {
        match self {
            Side::Bid => 0,
            Side::Ask => 1,
        }
    }
}

/// How long an order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Rests until cancelled, at most to the gate.
    GoodTillGate,
    /// Trades at once what it can; the rest is cancelled. A market order is one limited at its protection price.
    ImmediateOrCancel,
}

/// An order as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Buying or selling.
    pub side: Side,
    /// How long it waits.
    pub time_in_force: TimeInForce,
    /// The worst price it accepts.
    pub limit: Price,
    /// How many lots; at least one.
    pub lots: Lots,
    /// The client's own id, unique among the account's open orders.
    pub client: Option<Label>,
    /// When stamped later than this, the order is refused.
    pub deadline: Option<Time>,
}

/// Names an order: by the exchange's id or by the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// The exchange's id.
    Id(OrderId),
    /// The client's id.
    Client(Label),
}
