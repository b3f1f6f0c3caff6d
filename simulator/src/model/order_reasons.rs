//! Order reasons of the model: why an order must be refused. All that apply are listed; the lowest is told.

use engine::control::TradingMode;
use engine::ids::index;
use engine::instrument::Phase;
use engine::order::{NewOrder, OrderKind, Side, TimeInForce};
use engine::reject::RejectReason;

use crate::model::reasons::those;
use crate::model::{Model, Order, Part, cost};

impl Model {
    /// Why an order of somebody must be refused.
    pub(super) fn order_reasons(&self, order: &NewOrder) -> Vec<RejectReason> {
        let owner = &self.owners[index(order.account.0)];
        let late = order.deadline.is_some_and(|deadline| deadline.0 < self.now);
        let expired = order.time_in_force.expires().is_some_and(|expires| expires.0 <= self.now);
        let own = |open: &&Order| open.account == order.account && self.is_open(open);
        let open = self.orders.iter().filter(own).count();
        let most = usize::try_from(owner.limits.open_orders).expect("it is a small number").min(8_192);
        let mut reasons = those([
            (owner.locked, RejectReason::AccountLocked),
            (late || expired, RejectReason::DeadlinePassed),
            (order.lots.is_zero(), RejectReason::LotsZero),
            (is_contradictory(order), RejectReason::OrderTerms),
            (order.time_in_force.rests() && most <= open, RejectReason::OpenOrderLimit),
        ]);
        if self.is_unlisted(order.instrument) {
            reasons.push(RejectReason::InstrumentUnknown);
            return reasons;
        }
        let window = self.window(order.instrument);
        let closed = window.phase != Phase::Open || window.gate <= self.now;
        let mode = self.mode_of(order.instrument);
        reasons.extend(those([
            (closed, RejectReason::MarketClosed),
            (mode == TradingMode::Halted, RejectReason::MarketHalted),
            (mode == TradingMode::CancelOnly, RejectReason::CancelOnly),
        ]));
        let limit = self.stands_at(order);
        reasons.extend(self.cover_reasons(order, limit));
        reasons.extend(self.bound_reasons(order, limit));
        reasons.extend(self.taking_reasons(order, limit));
        reasons
    }

    /// Claims, capacity, bond or credit for all of it.
    fn cover_reasons(&self, order: &NewOrder, limit: u64) -> Vec<RejectReason> {
        let (part, lots) = ((order.account, order.instrument), u64::from(order.lots.count()));
        let available = self.available(order.account);
        if order.side == Side::Bid {
            let hold = self.hold(order.instrument, cost(limit, lots));
            return those([(available < hold, RejectReason::InsufficientCredit)]);
        }
        let (short, provider) = (self.short(part, lots), self.owners[index(part.0.0)].provider);
        let capacity = self.holdings.get(&part).map_or(0, |holding| holding.capacity);
        let more = u128::from(short - self.short(part, 0)) * self.window(part.1).bond;
        those([
            (!provider && 0 < short, RejectReason::InsufficientClaims),
            (provider && capacity < short, RejectReason::InsufficientCapacity),
            (available < more, RejectReason::InsufficientBond),
        ])
    }

    /// Limits on order and position, of market and account.
    fn bound_reasons(&self, order: &NewOrder, limit: u64) -> Vec<RejectReason> {
        let market = &self.market(order.instrument).limits;
        let account = &self.owners[index(order.account.0)].limits;
        let notional = cost(limit, order.lots.count().into());
        let reached = self.reached((order.account, order.instrument), order.side);
        let reached = reached + i128::from(order.lots.count());
        let notionals = [market.order_notional, account.order_notional].map(|most| u128::from(most.micro()));
        // The most lots that can be said are no limit.
        let positions = [market.position_lots, account.position_lots].map(|most| most.count());
        let positions = positions.into_iter().filter(|most| *most < 10_000_000).min();
        let banded = order.kind != OrderKind::Market && !self.is_within_bands(order, limit);
        those([
            (market.order_lots < order.lots, RejectReason::OrderLotsLimit),
            (notionals.iter().any(|most| *most < notional), RejectReason::OrderNotionalLimit),
            (positions.is_some_and(|most| i128::from(most) < reached), RejectReason::PositionLimit),
            (banded, RejectReason::PriceBand),
        ])
    }

    /// How far a position goes to one side with all open orders of that side filled.
    fn reached(&self, part: Part, side: Side) -> i128 {
        let holding = self.holdings.get(&part).cloned().unwrap_or_default();
        let owed: u64 = holding.owed.iter().map(|owed| owed.lots).sum();
        let net = i128::from(holding.claims) - i128::from(owed);
        let open = self.orders.iter().filter(|open| (open.account, open.instrument) == part);
        let open: u64 = open.filter(|open| open.side == side).map(Order::leaves).sum();
        i128::from(open) + if side == Side::Bid { net } else { -net }
    }

    fn is_within_bands(&self, order: &NewOrder, limit: u64) -> bool {
        let limits = &self.market(order.instrument).limits;
        let (low, high) = self.band(order.instrument);
        let moving = match order.side {
            Side::Bid => limit <= high,
            Side::Ask => low <= limit,
        };
        let fixed = u64::from(limits.price_min.ticks())..=u64::from(limits.price_max.ticks());
        moving && fixed.contains(&limit)
    }

    /// Whether it takes where it must not, or takes too little.
    fn taking_reasons(&self, order: &NewOrder, limit: u64) -> Vec<RejectReason> {
        let mut others = self.counterparts().iter().filter(|open| open.instrument == order.instrument);
        let takes = others.any(|open| match (order.side, open.side) {
            (Side::Bid, Side::Ask) => open.limit <= limit,
            (Side::Ask, Side::Bid) => limit <= open.limit,
            _ => false,
        });
        let posting = self.mode_of(order.instrument) == TradingMode::PostOnly;
        let filled = self.would_fill(order);
        let whole = order.time_in_force == TimeInForce::FillOrKill;
        let posts = matches!(order.kind, OrderKind::PostOnly | OrderKind::PostOnlySlide);
        those([
            (posting && (takes || !order.time_in_force.rests()), RejectReason::PostOnlyMode),
            (posts && takes, RejectReason::PostOnlyWouldCross),
            (whole && filled < order.lots.count().into(), RejectReason::FillOrKill),
            (filled < order.minimum.count().into(), RejectReason::MinimumNotMet),
        ])
    }
}

/// Terms that contradict each other.
fn is_contradictory(order: &NewOrder) -> bool {
    let immediate = matches!(order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
    let resting_market = order.kind == OrderKind::Market && !immediate;
    let posts = matches!(order.kind, OrderKind::PostOnly | OrderKind::PostOnlySlide);
    let taking_post = posts && (immediate || !order.minimum.is_zero());
    let bad_iceberg = order.shown.is_some_and(|shown| immediate || shown.is_zero() || order.lots < shown);
    resting_market || taking_post || bad_iceberg || order.lots < order.minimum
}
