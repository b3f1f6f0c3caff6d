//! Plan: what an incoming order will meet, worked out on a copy of the other side.

use std::cmp::Reverse;

use engine::ending::CancelReason;
use engine::ids::{OrderId, index};
use engine::market::SelfTrade;
use engine::order::{SelfTradePrevention, Side};

use crate::model::{Model, Order};

/// How many resting orders one incoming order meets at the most.
const MEETINGS_MAX: usize = 8_192;

/// What happens to one resting order that is met.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meeting {
    /// So many lots trade; if all that it showed traded and it hides more, it shows that many next.
    Fill { maker: OrderId, lots: u64, renewed: Option<u64> },
    /// It is of one group with the incoming order, and cancelled.
    End(OrderId),
    /// It is of one group with the incoming order, and gets smaller.
    Shrink(OrderId, u64),
    /// The incoming order gets smaller.
    ShrinkTaker(u64),
}

/// Everything that an incoming order meets.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) meetings: Vec<Meeting>,
    /// Lots that trade.
    pub(super) filled: u64,
    /// Lots left then.
    pub(super) left: u64,
    /// Why it goes no further, if not for lack of orders.
    pub(super) stopped: Option<CancelReason>,
}

impl Model {
    /// Matches `taker` with the other side as it is now.
    pub(super) fn plan(&self, taker: &Order) -> Plan {
        self.plan_with(taker, &self.orders)
    }

    /// Matches `taker` with the other side of these orders.
    pub(super) fn plan_with(&self, taker: &Order, orders: &[Order]) -> Plan {
        let mut plan = Plan { left: taker.leaves(), ..Plan::default() };
        let faces = |open: &&Order| open.instrument == taker.instrument && open.side != taker.side;
        let mut makers: Vec<Order> = orders.iter().filter(faces).cloned().collect();
        let (low, high) = self.band(taker.instrument);
        let mut turns = self.turns;
        for met in 0.. {
            if plan.left == 0 {
                break;
            }
            let Some(maker) = best(&mut makers).filter(|maker| accepts(taker, maker.limit)) else { break };
            let outside = maker.limit < low || high < maker.limit;
            if met == MEETINGS_MAX || outside {
                let reasons = [CancelReason::PriceBand, CancelReason::Sweep];
                plan.stopped = Some(reasons[usize::from(met == MEETINGS_MAX)]);
                break;
            }
            if self.is_prevented(taker, maker) {
                plan.stopped = plan.prevent(taker.prevention, maker);
                if plan.stopped.is_some() {
                    break;
                }
                continue;
            }
            let lots = plan.left.min(maker.shown);
            maker.shown -= lots;
            let renews = maker.shown == 0 && 0 < maker.hidden;
            let renewed = renews.then(|| maker.hidden.min(maker.clip.expect("who hides lots has a clip")));
            if let Some(shown) = renewed {
                turns += 1;
                (maker.shown, maker.hidden, maker.turn) = (shown, maker.hidden - shown, turns);
            }
            plan.left -= lots;
            plan.filled += lots;
            plan.meetings.push(Meeting::Fill { maker: maker.order, lots, renewed });
        }
        plan
    }

    /// No group trades with itself, unless the market allows it.
    fn is_prevented(&self, one: &Order, other: &Order) -> bool {
        let group = |order: &Order| self.owners[index(order.account.0)].group;
        let spec = &self.market(one.instrument).spec;
        spec.self_trade == SelfTrade::Prevented && group(one) == group(other)
    }
}

impl Plan {
    /// The incoming order has met one of its own group. Returns why it stops, if it does.
    fn prevent(&mut self, mode: SelfTradePrevention, maker: &mut Order) -> Option<CancelReason> {
        let (whole, both) = (maker.leaves(), maker.leaves().min(self.left));
        match mode {
            SelfTradePrevention::CancelNewest => return Some(CancelReason::SelfTrade),
            SelfTradePrevention::CancelOldest | SelfTradePrevention::CancelBoth => {
                self.meetings.push(Meeting::End(maker.order));
                maker.shrink(whole);
                return (mode == SelfTradePrevention::CancelBoth).then_some(CancelReason::SelfTrade);
            }
            SelfTradePrevention::Decrement => {}
        }
        maker.shrink(both);
        let ended = both == whole;
        self.meetings.push(if ended {
            Meeting::End(maker.order)
        } else {
            Meeting::Shrink(maker.order, both)
        });
        if both == self.left {
            return Some(CancelReason::SelfTrade);
        }
        self.left -= both;
        self.meetings.push(Meeting::ShrinkTaker(both));
        None
    }
}

/// The better price comes first, at equal price who has waited longer.
fn best(makers: &mut [Order]) -> Option<&mut Order> {
    let waiting = makers.iter_mut().filter(|maker| 0 < maker.leaves());
    waiting.min_by_key(|maker| match maker.side {
        Side::Ask => (maker.limit, Reverse(0), maker.turn),
        Side::Bid => (0, Reverse(maker.limit), maker.turn),
    })
}

/// Whether an order's limit takes a price.
fn accepts(order: &Order, ticks: u64) -> bool {
    match order.side {
        Side::Bid => ticks <= order.limit,
        Side::Ask => order.limit <= ticks,
    }
}
