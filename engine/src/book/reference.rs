//! Reference book: the contract's rules of matching written for clarity, the oracle in tests.
//!
//! One instrument: each side is a sorted map of queues, and nothing is fast. Orders go by the caller's numbers. What
//! an operation did, it tells as a list; what is refused changes nothing.

pub mod happened;
mod matching;
pub mod order;
mod queues;

use crate::book::reference::happened::Happened;
use crate::book::reference::matching::Incoming;
use crate::book::reference::order::{ReferenceAmendment, ReferenceOrder, ReferenceResting};
use crate::book::reference::queues::Queues;
use crate::ending::CancelReason;
use crate::event::ReduceReason;
use crate::market::SelfTrade;
use crate::order::{OrderKind, Side, TimeInForce};
use crate::reject::RejectReason;
use crate::units::{Lots, Price, Volume};

/// How many resting orders one incoming order meets at the most; one that shows lots again is met again.
pub const MEETINGS_MAX: u32 = 8_192;

/// What an operation did, or why it was refused.
pub type Told = Result<Vec<Happened>, RejectReason>;

/// One instrument's book.
#[derive(Clone, Debug)]
pub struct ReferenceBook {
    self_trade: SelfTrade,
    bids: Queues,
    asks: Queues,
}

impl ReferenceBook {
    /// An empty book of a market where groups may, or may not, trade with themselves.
    pub fn new(self_trade: SelfTrade) -> ReferenceBook {
        ReferenceBook { self_trade, bids: Queues::new(Side::Bid), asks: Queues::new(Side::Ask) }
    }

    /// Enters an order.
    ///
    /// # Errors
    /// `LotsZero` and `OrderTerms` for what contradicts itself, `PostOnlyWouldCross` when it would take and must not,
    /// `FillOrKill` and `MinimumNotMet` when too little can trade at once.
    pub fn place(&mut self, order: &ReferenceOrder) -> Told {
        order.check_terms()?;
        let order = self.posted(order)?;
        self.check_quantity(&order)?;
        let ReferenceOrder { number, side, limit, lots, .. } = order;
        let immediate = !order.time_in_force.rests();
        let mut told = vec![Happened::Accepted { order: number, side, immediate, limit, lots }];
        self.enter(Incoming { order, leaves: lots }, &mut told);
        Ok(told)
    }

    /// Changes a resting order. Its minimum does not count again.
    ///
    /// # Errors
    /// `OrderUnknown` when it does not rest, `ReduceTooLarge` when nothing would be left, `AmendRace` when another
    /// number of lots is filled than expected, and what [`ReferenceBook::place`] says of the order it would be.
    pub fn amend(&mut self, amendment: &ReferenceAmendment) -> Told {
        let number = amendment.number;
        let resting = *self.find(number).ok_or(RejectReason::OrderUnknown)?;
        let limit = amendment.limit.unwrap_or(resting.order.limit);
        let lots = amendment.lots.unwrap_or(resting.order.lots);
        let filled = resting.filled();
        if lots <= filled {
            return Err(RejectReason::ReduceTooLarge);
        }
        if amendment.filled.is_some_and(|expected| expected != filled) {
            return Err(RejectReason::AmendRace);
        }
        let leaves = lots.less(filled);
        if limit == resting.order.limit && leaves <= resting.leaves() {
            let changed = self.find(number).expect("it rests");
            changed.take_off(resting.leaves().less(leaves));
            let shown = changed.shown;
            return Ok(vec![Happened::Amended { order: number, limit, lots, leaves, shown, kept: true }]);
        }
        let order = self.posted(&ReferenceOrder { limit, lots, ..resting.order })?;
        let (limit, shown) = (order.limit, Lots::ZERO);
        self.remove(number);
        let mut told = vec![Happened::Amended { order: number, limit, lots, leaves, shown, kept: false }];
        self.enter(Incoming { order, leaves }, &mut told);
        Ok(told)
    }

    /// Takes `by` lots off a resting order, hidden ones first; it keeps its place.
    ///
    /// # Errors
    /// `OrderUnknown` when it does not rest, `LotsZero` when nothing is taken off, `ReduceTooLarge` when nothing would
    /// be left.
    pub fn reduce(&mut self, number: u64, by: Lots) -> Told {
        let resting = self.find(number).ok_or(RejectReason::OrderUnknown)?;
        if by.is_zero() {
            return Err(RejectReason::LotsZero);
        }
        if resting.leaves() <= by {
            return Err(RejectReason::ReduceTooLarge);
        }
        resting.take_off(by);
        let (leaves, shown, reason) = (resting.leaves(), resting.shown, ReduceReason::User);
        Ok(vec![Happened::Reduced { order: number, by, leaves, shown, reason }])
    }

    /// Takes a resting order out.
    ///
    /// # Errors
    /// `OrderUnknown` when it does not rest.
    pub fn cancel(&mut self, number: u64) -> Told {
        let leaves = self.remove(number).ok_or(RejectReason::OrderUnknown)?.leaves();
        Ok(vec![Happened::Canceled { order: number, leaves, reason: CancelReason::User }])
    }

    /// Every resting order of a side, in order of priority.
    pub fn resting(&self, side: Side) -> impl Iterator<Item = &ReferenceResting> {
        self.queues(side).iter()
    }

    /// Every price of a side with the lots shown there, best first.
    pub fn depth(&self, side: Side) -> Vec<(Price, Volume)> {
        let mut depth: Vec<(Price, Volume)> = Vec::new();
        for resting in self.resting(side) {
            match depth.last_mut() {
                Some((price, shown)) if *price == resting.order.limit => *shown = shown.plus(resting.shown),
                _ => depth.push((resting.order.limit, Volume::ZERO.plus(resting.shown))),
            }
        }
        depth
    }

    /// The order as it stands when it must not take: its limit may slide.
    fn posted(&self, order: &ReferenceOrder) -> Result<ReferenceOrder, RejectReason> {
        let makers = self.queues(order.side.opposite());
        let Some(best) = makers.best().filter(|best| order.side.accepts(order.limit, *best)) else {
            return Ok(*order);
        };
        match order.kind {
            OrderKind::Limit | OrderKind::Market => Ok(*order),
            OrderKind::PostOnly => Err(RejectReason::PostOnlyWouldCross),
            OrderKind::PostOnlySlide => {
                let best = u64::from(best.ticks());
                let limit = match order.side {
                    Side::Bid => Price::new(best - 1),
                    Side::Ask => Price::new(best + 1),
                };
                let limit = limit.ok_or(RejectReason::PostOnlyWouldCross)?;
                Ok(ReferenceOrder { limit, ..*order })
            }
        }
    }

    /// Whether as much can trade at once as must: it is tried on a copy of the book.
    fn check_quantity(&self, order: &ReferenceOrder) -> Result<(), RejectReason> {
        let whole = order.time_in_force == TimeInForce::FillOrKill;
        if !whole && order.minimum.is_zero() {
            return Ok(());
        }
        let mut told = Vec::new();
        self.clone().cross(&mut Incoming { order: *order, leaves: order.lots }, &mut told);
        let traded = told.iter().fold(Lots::ZERO, |sum, happened| sum.plus(happened.traded()));
        if whole && traded < order.lots {
            return Err(RejectReason::FillOrKill);
        }
        if traded < order.minimum { Err(RejectReason::MinimumNotMet) } else { Ok(()) }
    }

    /// Trades an order, then rests or cancels what is left.
    fn enter(&mut self, mut incoming: Incoming, told: &mut Vec<Happened>) {
        let stopped = self.cross(&mut incoming, told);
        let Incoming { order, leaves } = incoming;
        if leaves.is_zero() {
            return;
        }
        let immediate = (!order.time_in_force.rests()).then_some(CancelReason::Immediate);
        if let Some(reason) = stopped.or(immediate) {
            told.push(Happened::Canceled { order: order.number, leaves, reason });
            return;
        }
        let resting = ReferenceResting::new(order, leaves);
        told.push(Happened::Rested { order: order.number, leaves, shown: resting.shown });
        self.queues_mut(order.side).put_last(resting);
    }

    fn find(&mut self, number: u64) -> Option<&mut ReferenceResting> {
        self.bids.find(number).or(self.asks.find(number))
    }

    fn remove(&mut self, number: u64) -> Option<ReferenceResting> {
        self.bids.remove(number).or_else(|| self.asks.remove(number))
    }

    fn queues(&self, side: Side) -> &Queues {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn queues_mut(&mut self, side: Side) -> &mut Queues {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}
