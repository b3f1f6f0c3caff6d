//! Matching: an incoming order meets resting ones, one after another.

use crate::book::reference::happened::Happened;
use crate::book::reference::order::{ReferenceOrder, ReferenceResting};
use crate::book::reference::{MEETINGS_MAX, ReferenceBook};
use crate::ending::CancelReason;
use crate::event::ReduceReason;
use crate::market::SelfTrade;
use crate::order::SelfTradePrevention;
use crate::units::Lots;

/// An order on its way through the other side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    pub(super) order: ReferenceOrder,
    pub(super) leaves: Lots,
}

impl ReferenceBook {
    /// Trades the incoming order while there is a maker that it accepts. Returns why what is left must not rest, if it
    /// must not.
    pub(super) fn cross(
        &mut self,
        incoming: &mut Incoming,
        told: &mut Vec<Happened>,
    ) -> Option<CancelReason> {
        let mut met = 0;
        while let Some(maker) = self.facing(incoming) {
            if met == MEETINGS_MAX {
                return Some(CancelReason::Sweep);
            }
            met += 1;
            let own = maker.order.group == incoming.order.group;
            if self.self_trade == SelfTrade::Allowed || !own {
                self.trade(incoming, &maker, told);
            } else if !self.prevent(incoming, &maker, told) {
                return Some(CancelReason::SelfTrade);
            }
        }
        None
    }

    /// The next in turn of those with whom the incoming order would trade.
    fn facing(&self, incoming: &Incoming) -> Option<ReferenceResting> {
        let Incoming { order, leaves } = incoming;
        let maker = self.queues(order.side.opposite()).first()?;
        (!leaves.is_zero() && order.side.accepts(order.limit, maker.order.limit)).then_some(*maker)
    }

    /// One trade, at the maker's limit, of at most what the maker shows. A maker that then shows nothing shows the next
    /// of its hidden lots, at the end of the queue, or is done.
    fn trade(&mut self, incoming: &mut Incoming, maker: &ReferenceResting, told: &mut Vec<Happened>) {
        let lots = incoming.leaves.min(maker.shown);
        incoming.leaves = incoming.leaves.less(lots);
        let (order, price) = (maker.order.number, maker.order.limit);
        let (leaves, taker, taker_leaves) =
            (maker.leaves().less(lots), incoming.order.number, incoming.leaves);
        told.push(Happened::Traded { maker: order, taker, price, lots, maker_leaves: leaves, taker_leaves });
        let makers = self.queues_mut(maker.order.side);
        if lots < maker.shown {
            let first = makers.first_mut().expect("the maker is next in turn");
            first.shown = first.shown.less(lots);
            return;
        }
        let mut maker = makers.take_first().expect("the maker is next in turn");
        maker.show_next();
        if !leaves.is_zero() {
            told.push(Happened::Rested { order, leaves, shown: maker.shown });
            makers.put_last(maker);
        }
    }

    /// Does what the incoming order says of meeting its own group. Returns whether it goes on.
    fn prevent(
        &mut self,
        incoming: &mut Incoming,
        maker: &ReferenceResting,
        told: &mut Vec<Happened>,
    ) -> bool {
        match incoming.order.prevention {
            SelfTradePrevention::CancelNewest => false,
            SelfTradePrevention::CancelOldest => {
                self.cancel_own(maker, told);
                true
            }
            SelfTradePrevention::CancelBoth => {
                self.cancel_own(maker, told);
                false
            }
            SelfTradePrevention::Decrement => {
                let by = incoming.leaves.min(maker.leaves());
                if by == maker.leaves() {
                    self.cancel_own(maker, told);
                } else {
                    self.reduce_own(maker, by, told);
                }
                // What reaches zero is cancelled, and told with the lots that it still had.
                let goes_on = by < incoming.leaves;
                if goes_on {
                    incoming.leaves = incoming.leaves.less(by);
                    incoming.order.lots = incoming.order.lots.less(by);
                    let (order, leaves, shown) = (incoming.order.number, incoming.leaves, Lots::ZERO);
                    let reason = ReduceReason::SelfTrade;
                    told.push(Happened::Reduced { order, by, leaves, shown, reason });
                }
                goes_on
            }
        }
    }

    fn cancel_own(&mut self, maker: &ReferenceResting, told: &mut Vec<Happened>) {
        let (order, leaves, reason) = (maker.order.number, maker.leaves(), CancelReason::SelfTrade);
        self.queues_mut(maker.order.side).take_first();
        told.push(Happened::Canceled { order, leaves, reason });
    }

    fn reduce_own(&mut self, maker: &ReferenceResting, by: Lots, told: &mut Vec<Happened>) {
        let first = self.queues_mut(maker.order.side).first_mut().expect("the maker is next in turn");
        first.take_off(by);
        let (order, reason) = (maker.order.number, ReduceReason::SelfTrade);
        told.push(Happened::Reduced { order, by, leaves: first.leaves(), shown: first.shown, reason });
    }
}
