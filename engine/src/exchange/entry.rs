//! Entry: all that can be wrong with an order, in order of precedence, and what it comes to when nothing is.

use crate::control::{OPEN_ORDERS_MAX, TradingMode};
use crate::exchange::Exchange;
use crate::exchange::batch::Plan;
use crate::exchange::clearing::Taker;
use crate::exchange::scene::{Entry, Freed, Scene};
use crate::ids::{InstrumentId, index};
use crate::instrument::Instrument;
use crate::order::{NewOrder, OrderKind, Side, TimeInForce};
use crate::position::PositionRow;
use crate::reject::RejectReason;
use crate::units::Price;

impl Exchange {
    /// Checks an order, which may replace one that frees something. Its account exists.
    #[inline(always)]
    pub(super) fn admit(&mut self, order: &NewOrder, freed: Freed) -> Result<Entry, RejectReason> {
        self.admit_beside(order, freed, None)
    }

    /// The same, after the changes of a batch that are planned.
    // Within who asks: nearly all that an order is checked against is known there, and nothing is handed over in memory.
    #[inline(always)]
    pub(super) fn admit_beside(
        &mut self,
        order: &NewOrder,
        freed: Freed,
        plan: Option<&Plan>,
    ) -> Result<Entry, RejectReason> {
        let planned = plan.map_or(0, Plan::orders);
        if freed.orders == 0 && !self.has_room_for(planned) {
            return Err(RejectReason::VenueFull);
        }
        let account = plan.map_or_else(|| self.ledger.accounts.at(order.account), |plan| &plan.account);
        if account.locked {
            return Err(RejectReason::AccountLocked);
        }
        let instrument = self.open_instrument(order.instrument)?;
        let expires = order.time_in_force.expires();
        let late = order.deadline.is_some_and(|deadline| deadline < self.last.time);
        if late || expires.is_some_and(|expires| expires <= self.last.time) {
            return Err(RejectReason::DeadlinePassed);
        }
        let mode = self.mode_of(instrument);
        match mode {
            TradingMode::Halted => return Err(RejectReason::MarketHalted),
            TradingMode::CancelOnly => return Err(RejectReason::CancelOnly),
            TradingMode::Open | TradingMode::PostOnly => {}
        }
        order.check_terms()?;
        let orders_max = account.limits.open_orders.min(OPEN_ORDERS_MAX);
        if order.time_in_force.rests() && orders_max <= account.orders_open - freed.orders {
            return Err(RejectReason::OpenOrderLimit);
        }
        let position = self.ledger.positions.find(order.account, order.instrument);
        let scene = Scene {
            account,
            market: &self.markets[index(instrument.market.0)],
            instrument,
            position: match plan {
                None => position.map(|row| self.ledger.positions.at(row)),
                Some(plan) => plan.position(order.instrument),
            },
        };
        // Only who must not take has to know what there is to take.
        let posts_only = mode == TradingMode::PostOnly || order.kind.posts_only();
        let best = if posts_only { self.best_against(order, plan) } else { None };
        let entry = Exchange::entry(order, &scene, (position, best));
        scene.check_cover(order, &entry, freed)?;
        scene.check_limits(order, &entry, freed)?;
        scene.check_bands(order, &entry)?;
        if posts_only {
            Exchange::check_taking(order, &entry, (mode, best))?;
        }
        if order.time_in_force == TimeInForce::FillOrKill || !order.minimum.is_zero() {
            self.check_quantity(order, &entry, plan)?;
        }
        Ok(entry)
    }

    /// The instrument, if it trades at the present command's time.
    #[inline]
    fn open_instrument(&self, instrument: InstrumentId) -> Result<&Instrument, RejectReason> {
        let found = self.instruments.get(index(instrument.0)).ok_or(RejectReason::InstrumentUnknown)?;
        if found.trades_at(self.last.time) { Ok(found) } else { Err(RejectReason::MarketClosed) }
    }

    /// The strictest mode that rules an instrument.
    #[inline]
    pub(super) fn mode_of(&self, instrument: &Instrument) -> TradingMode {
        self.mode.max(self.markets[index(instrument.market.0)].mode).max(instrument.mode)
    }

    /// What the order comes to if nothing is wrong with it.
    #[inline(always)]
    fn entry(
        order: &NewOrder,
        scene: &Scene<'_>,
        (position, best): (Option<PositionRow>, Option<Price>),
    ) -> Entry {
        let band = scene.band();
        let limit = match order.kind {
            OrderKind::Limit | OrderKind::PostOnly => order.limit,
            OrderKind::Market => scene.protection(order, band),
            OrderKind::PostOnlySlide => slid(order, best).unwrap_or(order.limit),
        };
        let (terms, self_trade) = (scene.instrument.terms, scene.market.spec.self_trade);
        Entry { limit, band, terms, self_trade, position }
    }

    /// The best price that an order could take.
    fn best_against(&self, order: &NewOrder, plan: Option<&Plan>) -> Option<Price> {
        let side = order.side.opposite();
        match plan {
            None => self.books.best(order.instrument, side),
            Some(plan) => plan.best(&self.books, order.instrument, side),
        }
    }

    /// Whether one that must not take would.
    fn check_taking(
        order: &NewOrder,
        entry: &Entry,
        (mode, best): (TradingMode, Option<Price>),
    ) -> Result<(), RejectReason> {
        let takes = best.is_some_and(|best| order.side.accepts(entry.limit, best));
        if mode == TradingMode::PostOnly && (!order.time_in_force.rests() || takes) {
            return Err(RejectReason::PostOnlyMode);
        }
        if takes { Err(RejectReason::PostOnlyWouldCross) } else { Ok(()) }
    }

    /// Whether as much can trade at once as must.
    fn check_quantity(
        &mut self,
        order: &NewOrder,
        entry: &Entry,
        plan: Option<&Plan>,
    ) -> Result<(), RejectReason> {
        let whole = order.time_in_force == TimeInForce::FillOrKill;
        let reached = self.reach(&Taker::of(order, entry), order.lots, plan);
        if whole && reached < order.lots {
            return Err(RejectReason::FillOrKill);
        }
        if reached < order.minimum { Err(RejectReason::MinimumNotMet) } else { Ok(()) }
    }
}

/// Where an order stands that must not take: one tick from the best price that it would take. `None` where there is no such
/// price.
fn slid(order: &NewOrder, best: Option<Price>) -> Option<Price> {
    let Some(best) = best.filter(|best| order.side.accepts(order.limit, *best)) else {
        return Some(order.limit);
    };
    let ticks = u64::from(best.ticks());
    Price::new(match order.side {
        Side::Bid => ticks - 1,
        Side::Ask => ticks + 1,
    })
}
