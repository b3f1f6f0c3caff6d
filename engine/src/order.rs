//! Order: what a trader may ask the book for.

use std::num::NonZeroU32;

use crate::ids::{AccountId, InstrumentId, OrderId};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{CHOICE, Image, Taken};
use crate::label::Label;
use crate::reject::RejectReason;
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

    /// The stricter of two limits of this side: the lower bid, the higher ask.
    pub fn stricter(self, one: Price, other: Price) -> Price {
        match self {
            Side::Bid => one.min(other),
            Side::Ask => one.max(other),
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
    /// Rests until cancelled, at most to this time or the gate.
    GoodTillDate(Time),
    /// Trades at once what it can; the rest is cancelled.
    ImmediateOrCancel,
    /// Trades at once in whole, or is refused.
    FillOrKill,
}

impl TimeInForce {
    /// The kind's number, from 1 to 4, in the order of declaration.
    pub const fn number(self) -> u8 {
        match self {
            TimeInForce::GoodTillGate => 1,
            TimeInForce::GoodTillDate(_) => 2,
            TimeInForce::ImmediateOrCancel => 3,
            TimeInForce::FillOrKill => 4,
        }
    }

    /// Whether what is left may rest.
    pub const fn rests(self) -> bool {
        matches!(self, TimeInForce::GoodTillGate | TimeInForce::GoodTillDate(_))
    }

    /// When it ends before the gate.
    pub const fn expires(self) -> Option<Time> {
        match self {
            TimeInForce::GoodTillDate(expires) => Some(expires),
            _ => None,
        }
    }
}

/// What an order's limit means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// The worst price it accepts.
    Limit,
    /// A protection price: the order takes what there is up to it. Where a price band ends earlier, the band's end
    /// protects instead, and nothing is refused.
    Market,
    /// A limit order that never takes: where it would, it is refused.
    PostOnly,
    /// A limit order that never takes: where it would, its limit moves to one tick from the best price of the other side.
    PostOnlySlide,
}

impl OrderKind {
    /// The kind's number, from 1 to 4, in the order of declaration.
    pub const fn number(self) -> u8 {
        match self {
            OrderKind::Limit => 1,
            OrderKind::Market => 2,
            OrderKind::PostOnly => 3,
            OrderKind::PostOnlySlide => 4,
        }
    }

    /// Whether it never takes.
    pub const fn posts_only(self) -> bool {
        matches!(self, OrderKind::PostOnly | OrderKind::PostOnlySlide)
    }
}

/// What happens when an incoming order meets one of its own group. The incoming order says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelfTradePrevention {
    /// What is left of the incoming order is cancelled.
    CancelNewest,
    /// The resting order is cancelled, and the incoming one goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
    /// Both shrink by the smaller of the two, without a trade; what reaches zero is cancelled.
    Decrement,
}

impl SelfTradePrevention {
    /// The mode's number, from 1 to 4, in the order of declaration.
    pub const fn number(self) -> u8 {
        match self {
            SelfTradePrevention::CancelNewest => 1,
            SelfTradePrevention::CancelOldest => 2,
            SelfTradePrevention::CancelBoth => 3,
            SelfTradePrevention::Decrement => 4,
        }
    }
}

/// A session of a client: its orders that ask for it are cancelled when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub NonZeroU32);

/// An order as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Buying or selling.
    pub side: Side,
    /// What the limit means.
    pub kind: OrderKind,
    /// How long it waits.
    pub time_in_force: TimeInForce,
    /// What happens when it meets its own group.
    pub prevention: SelfTradePrevention,
    /// The worst price it accepts.
    pub limit: Price,
    /// How many lots; at least one.
    pub lots: Lots,
    /// Refused unless so many lots can trade at once.
    pub minimum: Lots,
    /// Shows only so many lots at a time, at least one: each time they are filled, as many again join the end of the
    /// queue. Without it everything is shown.
    pub shown: Option<Lots>,
    /// The client's own id. Sent again, it gets the first outcome again.
    pub client: Option<Label>,
    /// The client's mark, by which orders can be cancelled together.
    pub label: Option<Label>,
    /// Ends with this session.
    pub session: Option<SessionId>,
    /// When stamped later than this, the order is refused.
    pub deadline: Option<Time>,
}

impl NewOrder {
    /// A plain limit order, good till the gate, without any of the extras.
    pub fn limit(
        account: AccountId,
        instrument: InstrumentId,
        side: Side,
        (lots, limit): (Lots, Price),
    ) -> NewOrder {
        NewOrder {
            account,
            instrument,
            side,
            kind: OrderKind::Limit,
            time_in_force: TimeInForce::GoodTillGate,
            prevention: SelfTradePrevention::CancelNewest,
            limit,
            lots,
            minimum: Lots::ZERO,
            shown: None,
            client: None,
            label: None,
            session: None,
            deadline: None,
        }
    }

    /// Checks that the order's terms do not contradict each other.
    ///
    /// # Errors
    /// `LotsZero` when it asks for none; `OrderTerms` when a market order should rest, an order that never takes is
    /// immediate or has a minimum, an immediate order shows only a part, a part is shown that is zero or more than all,
    /// or the minimum is more than all.
    pub fn check_terms(&self) -> Result<(), RejectReason> {
        if self.lots.is_zero() {
            return Err(RejectReason::LotsZero);
        }
        let rests = self.time_in_force.rests();
        let market = self.kind == OrderKind::Market && rests;
        let posted = self.kind.posts_only() && (!rests || !self.minimum.is_zero());
        let shown = self.shown.is_some_and(|shown| !rests || shown.is_zero() || self.lots < shown);
        if market || posted || shown || self.lots < self.minimum {
            return Err(RejectReason::OrderTerms);
        }
        Ok(())
    }
}

/// Names an order: by the exchange's id or by the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// The exchange's id.
    Id(OrderId),
    /// The client's id.
    Client(Label),
}

/// A change to an open order. Fewer lots at the same limit keep its place in the queue; anything else loses it, and is
/// checked like a new order before the old one is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub order: OrderRef,
    /// Another limit.
    pub limit: Option<Price>,
    /// Another number of lots in all, those filled included; more than are filled.
    pub lots: Option<Lots>,
    /// Another client order id. Sent again, it gets the first outcome again.
    pub client: Option<Label>,
    /// Refused unless exactly so many lots are filled.
    pub filled: Option<Lots>,
    /// When stamped later than this, the change is refused.
    pub deadline: Option<Time>,
}

choices!(Side { 0 => Bid, 1 => Ask });
choices!(OrderKind { 1 => Limit, 2 => Market, 3 => PostOnly, 4 => PostOnlySlide });
choices!(SelfTradePrevention { 1 => CancelNewest, 2 => CancelOldest, 3 => CancelBoth, 4 => Decrement });
checked!(
    SessionId as u32, "a session is a number from 1";
    |session: SessionId| session.0.get(),
    |number: u32| NonZeroU32::new(number).map(SessionId)
);

fields!(NewOrder {
    account,
    instrument,
    side,
    kind,
    time_in_force,
    prevention,
    limit,
    lots,
    minimum,
    shown,
    client,
    label,
    session,
    deadline,
});

impl Image for OrderRef {
    fn put(&self, to: &mut ImageWriter<'_>) {
        match self {
            OrderRef::Id(order) => (0_u8, *order).put(to),
            OrderRef::Client(client) => (1_u8, *client).put(to),
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<OrderRef> {
        let broken = from.fault(CHOICE);
        match u8::take(from)? {
            0 => OrderId::take(from).map(OrderRef::Id),
            1 => Label::take(from).map(OrderRef::Client),
            _ => Err(broken),
        }
    }
}

impl Image for TimeInForce {
    fn put(&self, to: &mut ImageWriter<'_>) {
        self.number().put(to);
        if let TimeInForce::GoodTillDate(date) = self {
            date.put(to);
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<TimeInForce> {
        let broken = from.fault(CHOICE);
        match u8::take(from)? {
            1 => Ok(TimeInForce::GoodTillGate),
            2 => Time::take(from).map(TimeInForce::GoodTillDate),
            3 => Ok(TimeInForce::ImmediateOrCancel),
            4 => Ok(TimeInForce::FillOrKill),
            _ => Err(broken),
        }
    }
}
