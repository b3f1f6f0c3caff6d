//! Order: what the reference book is asked for, and what rests of it.

use crate::ids::GroupId;
use crate::order::{OrderKind, SelfTradePrevention, Side, TimeInForce};
use crate::reject::RejectReason;
use crate::units::{Lots, Price};

/// An order, by whatever number the caller gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceOrder {
    /// The caller's number, of which there is one order.
    pub number: u64,
    /// Whose group does not trade with itself, where that is prevented.
    pub group: GroupId,
    /// Buying or selling.
    pub side: Side,
    /// What the limit means.
    pub kind: OrderKind,
    /// How long it waits. The book knows no time: a date lasts until the caller cancels.
    pub time_in_force: TimeInForce,
    /// What happens when it meets its own group.
    pub prevention: SelfTradePrevention,
    /// The worst price it accepts.
    pub limit: Price,
    /// Lots in all: those filled included, those taken off not.
    pub lots: Lots,
    /// So many lots must be able to trade at once.
    pub minimum: Lots,
    /// Shows only so many lots at a time.
    pub shown: Option<Lots>,
}

impl ReferenceOrder {
    /// A plain limit order, good till the gate, of a group of its own.
    pub fn limit(number: u64, side: Side, (lots, limit): (Lots, Price)) -> ReferenceOrder {
        ReferenceOrder {
            number,
            group: GroupId(0),
            side,
            kind: OrderKind::Limit,
            time_in_force: TimeInForce::GoodTillGate,
            prevention: SelfTradePrevention::CancelNewest,
            limit,
            lots,
            minimum: Lots::ZERO,
            shown: None,
        }
    }

    /// Whether its terms go together.
    pub(super) fn check_terms(&self) -> Result<(), RejectReason> {
        if self.lots.is_zero() {
            return Err(RejectReason::LotsZero);
        }
        let immediate = !self.time_in_force.rests();
        let contradictions = match self.kind {
            OrderKind::Limit => false,
            OrderKind::Market => !immediate,
            OrderKind::PostOnly | OrderKind::PostOnlySlide => immediate || !self.minimum.is_zero(),
        };
        let iceberg = match self.shown {
            None => false,
            Some(shown) => immediate || shown.is_zero() || self.lots < shown,
        };
        if contradictions || iceberg || self.lots < self.minimum {
            return Err(RejectReason::OrderTerms);
        }
        Ok(())
    }
}

/// A change to a resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceAmendment {
    /// Which.
    pub number: u64,
    /// Another limit.
    pub limit: Option<Price>,
    /// Another number of lots in all, those filled included.
    pub lots: Option<Lots>,
    /// Refused unless exactly so many lots are filled.
    pub filled: Option<Lots>,
}

/// What rests of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceResting {
    /// The order, as it was amended and reduced since.
    pub order: ReferenceOrder,
    /// Lots that it shows.
    pub shown: Lots,
    /// Lots behind those.
    pub hidden: Lots,
}

impl ReferenceResting {
    pub(super) fn new(order: ReferenceOrder, leaves: Lots) -> ReferenceResting {
        let mut resting = ReferenceResting { order, shown: Lots::ZERO, hidden: leaves };
        resting.show_next();
        resting
    }

    /// Shows the next of its hidden lots: as many as it shows at a time, or what there is.
    pub(super) fn show_next(&mut self) {
        self.shown = self.order.shown.map_or(self.hidden, |shown| shown.min(self.hidden));
        self.hidden = self.hidden.less(self.shown);
    }

    /// All lots it has left.
    pub fn leaves(&self) -> Lots {
        self.shown.plus(self.hidden)
    }

    /// Lots that have traded.
    pub fn filled(&self) -> Lots {
        self.order.lots.less(self.leaves())
    }

    /// Asks for fewer lots: hidden ones go first.
    pub(super) fn take_off(&mut self, by: Lots) {
        let hidden = self.hidden.min(by);
        self.hidden = self.hidden.less(hidden);
        self.shown = self.shown.less(by.less(hidden));
        self.order.lots = self.order.lots.less(by);
    }
}
