//! Prevention: what happens when an incoming order meets one of its own group.

use crate::book::Maker;
use crate::ending::CancelReason;
use crate::event::{Event, ReduceReason};
use crate::exchange::Exchange;
use crate::exchange::clearing::Taker;
use crate::market::SelfTrade;
use crate::order::SelfTradePrevention;
use crate::units::Lots;

impl Exchange {
    /// Whether the incoming order may not trade with `maker`, because they are of one group.
    #[inline]
    pub(super) fn meets_own(&self, taker: &Taker, maker: &Maker) -> bool {
        if taker.self_trade == SelfTrade::Allowed {
            return false;
        }
        let group = |account| self.ledger.accounts.group(account);
        taker.account == maker.account || group(taker.account) == group(maker.account)
    }

    /// Does what the incoming order says. Returns what it has left when it goes on, `None` when it stops.
    #[cold]
    pub(super) fn prevent(&mut self, taker: &mut Taker, maker: &Maker, leaves: Lots) -> Option<Lots> {
        match taker.prevention {
            SelfTradePrevention::CancelNewest => None,
            SelfTradePrevention::CancelOldest => {
                self.cancel_resting(maker.order, CancelReason::SelfTrade);
                Some(leaves)
            }
            SelfTradePrevention::CancelBoth => {
                self.cancel_resting(maker.order, CancelReason::SelfTrade);
                None
            }
            SelfTradePrevention::Decrement => {
                let by = leaves.min(maker.leaves());
                if by == maker.leaves() {
                    self.cancel_resting(maker.order, CancelReason::SelfTrade);
                } else {
                    self.reduce_resting(maker.order, by, ReduceReason::SelfTrade);
                }
                self.decrement(taker, leaves, by)
            }
        }
    }

    /// Takes `by` lots off the incoming order. Returns what is left; `None` when nothing is.
    fn decrement(&mut self, taker: &mut Taker, before: Lots, by: Lots) -> Option<Lots> {
        let leaves = before.less(by);
        if leaves.is_zero() {
            return None;
        }
        taker.lots = taker.lots.less(by);
        self.ledger.uncover(&taker.covered(), (before, leaves));
        let (account, order, reason) = (taker.account, taker.order, ReduceReason::SelfTrade);
        let xseq = self.xseq(account);
        self.events.push(Event::OrderReduced { account, xseq, order, by, leaves, shown: Lots::ZERO, reason });
        Some(leaves)
    }
}
