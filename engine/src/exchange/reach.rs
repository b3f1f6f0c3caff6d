//! Reach: how much of an incoming order would trade at once, as self-trade prevention and price bands allow.

use std::collections::VecDeque;

use crate::book::Maker;
use crate::exchange::batch::Plan;
use crate::exchange::clearing::Taker;
use crate::exchange::{Exchange, SWEEP_MAX};
use crate::order::SelfTradePrevention;
use crate::units::Lots;

/// How far an incoming order has come, in thought.
struct Walk {
    /// Lots it has left.
    left: Lots,
    traded: Lots,
    /// Resting orders met, each as often as it showed lots again.
    met: u32,
    /// What the orders of a price hide, with how much of it they show at a time, in turn.
    hiding: VecDeque<(Lots, Lots)>,
}

impl Walk {
    /// Meets an order. Returns whether one command may.
    fn meet(&mut self) -> bool {
        self.met += 1;
        self.met <= SWEEP_MAX
    }

    /// Trades up to `lots`; returns whether any are left.
    fn trade(&mut self, lots: Lots) -> bool {
        let part = self.left.min(lots);
        self.left = self.left.less(part);
        self.traded = self.traded.plus(part);
        !self.left.is_zero()
    }
}

impl Exchange {
    /// How many of `lots` would trade at once. It meets orders as [`Exchange::cross`] does, in the same turn and at most
    /// as many, so the two agree. After the cancels of a batch that are planned it says what is sure: an order that would be
    /// gone trades nothing, and still counts as met.
    pub(super) fn reach(&mut self, taker: &Taker, lots: Lots, plan: Option<&Plan>) -> Lots {
        let hiding = std::mem::take(&mut self.hiding);
        let mut walk = Walk { left: lots, traded: Lots::ZERO, met: 0, hiding };
        for queue in self.books.queues(taker.instrument, taker.side.opposite()) {
            if !self.walk_level((taker, plan), &mut walk, queue) {
                break;
            }
        }
        self.hiding = walk.hiding;
        walk.traded
    }

    /// Meets the orders of one price: first what each shows, in turn, then in rounds what they show again. Returns
    /// whether to go on.
    fn walk_level(
        &self,
        (taker, plan): (&Taker, Option<&Plan>),
        walk: &mut Walk,
        queue: impl Iterator<Item = Maker>,
    ) -> bool {
        walk.hiding.clear();
        for maker in queue {
            let price = taker.side.accepts(taker.limit, maker.price) && taker.is_within_band(maker.price);
            if !price || !walk.meet() {
                return false;
            }
            if self.meets_own(taker, &maker) {
                match taker.prevention {
                    SelfTradePrevention::CancelNewest | SelfTradePrevention::CancelBoth => return false,
                    SelfTradePrevention::CancelOldest => {}
                    SelfTradePrevention::Decrement => {
                        walk.left = walk.left.less(walk.left.min(maker.leaves()));
                        if walk.left.is_zero() {
                            return false;
                        }
                    }
                }
                continue;
            }
            if plan.is_some_and(|plan| plan.is_gone(maker.order)) {
                continue;
            }
            if !walk.trade(maker.shown) {
                return false;
            }
            if !maker.hidden.is_zero() {
                walk.hiding.push_back((maker.hidden, maker.clip));
            }
        }
        while let Some((hidden, clip)) = walk.hiding.pop_front() {
            let shown = clip.min(hidden);
            if !walk.meet() || !walk.trade(shown) {
                return false;
            }
            if shown < hidden {
                walk.hiding.push_back((hidden.less(shown), clip));
            }
        }
        true
    }
}
