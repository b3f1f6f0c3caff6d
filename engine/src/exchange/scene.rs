//! Scene: what an order is checked against, looked up once: its account, market, instrument and position; and what it
//! comes to there.

use crate::account::Account;
use crate::control::MarketLimits;
use crate::fees;
use crate::instrument::{Instrument, Terms};
use crate::ledger::bond_needed;
use crate::market::{Market, SelfTrade};
use crate::order::{NewOrder, OrderKind, Side};
use crate::position::{Position, PositionRow};
use crate::reject::RejectReason;
use crate::units::{Amount, Lots, Price};

/// Where an order is to be entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) account: &'a Account,
    pub(super) market: &'a Market,
    pub(super) instrument: &'a Instrument,
    /// The account's position, if it has one yet.
    pub(super) position: Option<&'a Position>,
}

/// What an admitted order comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Its limit: slid, or ended by a price band where that is what its kind says.
    pub(super) limit: Price,
    /// The dynamic band.
    pub(super) band: (Price, Price),
    pub(super) terms: Terms,
    /// Whether groups trade with themselves here.
    pub(super) self_trade: SelfTrade,
    /// The account's position, if it has one yet.
    pub(super) position: Option<PositionRow>,
}

/// What an order that is replaced leaves to the one that replaces it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freed {
    pub(super) orders: u32,
    pub(super) lots: Lots,
    pub(super) hold: Amount,
}

impl Freed {
    /// Nothing is replaced.
    pub(super) const NOTHING: Freed = Freed { orders: 0, lots: Lots::ZERO, hold: Amount::ZERO };
}

impl Scene<'_> {
    /// The dynamic band.
    pub(super) fn band(&self) -> (Price, Price) {
        match (self.market.limits.band, self.instrument.anchor) {
            (Some(width), Some(anchor)) => width.around(anchor),
            _ => (Price::MIN, Price::MAX),
        }
    }

    /// Where a market order stops at the latest.
    pub(super) fn protection(&self, order: &NewOrder, band: (Price, Price)) -> Price {
        let limits = &self.market.limits;
        let (fixed, moving) = match order.side {
            Side::Bid => (limits.price_max, band.1),
            Side::Ask => (limits.price_min, band.0),
        };
        order.side.stricter(order.side.stricter(order.limit, fixed), moving)
    }

    /// Claims, capacity, bond or credit for all of it.
    #[inline(always)]
    pub(super) fn check_cover(
        &self,
        order: &NewOrder,
        entry: &Entry,
        freed: Freed,
    ) -> Result<(), RejectReason> {
        let available = self.account.available;
        match order.side {
            Side::Bid => {
                let hold = fees::bid_hold(&entry.terms, entry.limit, order.lots);
                let enough = hold <= available.plus(freed.hold);
                if enough { Ok(()) } else { Err(RejectReason::InsufficientCredit) }
            }
            Side::Ask => {
                let (short, capacity, bonded) = match self.position {
                    None => (order.lots.count().into(), Lots::ZERO, Amount::ZERO),
                    Some(position) => {
                        let offered = position.open_sells.less(freed.lots).plus(order.lots);
                        (position.short(offered), position.capacity, position.bonded)
                    }
                };
                if u64::from(capacity.count()) < short {
                    let reasons = [RejectReason::InsufficientClaims, RejectReason::InsufficientCapacity];
                    return Err(reasons[usize::from(self.account.provider)]);
                }
                let needed = bond_needed(short, entry.terms.bond);
                let enough = needed.is_some_and(|needed| needed <= available.plus(bonded));
                if enough { Ok(()) } else { Err(RejectReason::InsufficientBond) }
            }
        }
    }

    /// Limits on order and position.
    #[inline(always)]
    pub(super) fn check_limits(
        &self,
        order: &NewOrder,
        entry: &Entry,
        freed: Freed,
    ) -> Result<(), RejectReason> {
        let (market, account) = (&self.market.limits, &self.account.limits);
        if market.order_lots < order.lots {
            return Err(RejectReason::OrderLotsLimit);
        }
        if market.order_notional.min(account.order_notional) < entry.limit.cost(order.lots) {
            return Err(RejectReason::OrderNotionalLimit);
        }
        let most = market.position_lots.min(account.position_lots);
        if most < Lots::MAX && i64::from(most.count()) < self.position_reached(order, freed) {
            return Err(RejectReason::PositionLimit);
        }
        Ok(())
    }

    /// How far the account's position goes to the order's side when all its open orders there are filled.
    fn position_reached(&self, order: &NewOrder, freed: Freed) -> i64 {
        let lots = i64::from(order.lots.count());
        let Some(position) = self.position else { return lots };
        let (held, open) = match order.side {
            Side::Bid => (position.lots, position.open_buys),
            Side::Ask => (-position.lots, position.open_sells),
        };
        held + open.less(freed.lots).count().cast_signed() + lots
    }

    /// The static band, and the dynamic one where the order might take.
    #[inline(always)]
    pub(super) fn check_bands(&self, order: &NewOrder, entry: &Entry) -> Result<(), RejectReason> {
        if order.kind == OrderKind::Market {
            return Ok(());
        }
        let &MarketLimits { price_min, price_max, .. } = &self.market.limits;
        let (low, high) = match order.side {
            Side::Bid => (price_min, price_max.min(entry.band.1)),
            Side::Ask => (price_min.max(entry.band.0), price_max),
        };
        if low <= entry.limit && entry.limit <= high { Ok(()) } else { Err(RejectReason::PriceBand) }
    }
}
