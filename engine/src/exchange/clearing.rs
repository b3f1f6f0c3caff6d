//! Clearing: the incoming order meets resting ones, and every fill moves money and hours at once.

use crate::book::{Maker, Placement};
use crate::ending::{CancelReason, Ended};
use crate::event::{Event, Liquidity};
use crate::exchange::scene::Entry;
use crate::exchange::{Exchange, SWEEP_MAX};
use crate::ids::{AccountId, InstrumentId, OrderId, TradeId, index};
use crate::instrument::Terms;
use crate::ledger::{Covered, Exchanged, Party};
use crate::market::SelfTrade;
use crate::order::{NewOrder, SelfTradePrevention, Side};
use crate::position::PositionRow;
use crate::units::{Amount, Lots, Price};

/// The order that came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) order: OrderId,
    pub(super) account: AccountId,
    pub(super) position: PositionRow,
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) limit: Price,
    /// Lots it asks for, those filled included.
    pub(super) lots: Lots,
    pub(super) prevention: SelfTradePrevention,
    pub(super) self_trade: SelfTrade,
    pub(super) band: (Price, Price),
    pub(super) terms: Terms,
}

impl Taker {
    /// The order as it would come in; nothing is named yet.
    pub(super) fn of(order: &NewOrder, entry: &Entry) -> Taker {
        Taker {
            order: OrderId::new(0, 0),
            account: order.account,
            position: PositionRow(0),
            instrument: order.instrument,
            side: order.side,
            limit: entry.limit,
            lots: order.lots,
            prevention: order.prevention,
            self_trade: entry.self_trade,
            band: entry.band,
            terms: entry.terms,
        }
    }

    /// Whether the dynamic band lets it trade at a price.
    pub(super) fn is_within_band(&self, price: Price) -> bool {
        self.band.0 <= price && price <= self.band.1
    }

    /// What it holds depends on this.
    pub(super) fn covered(&self) -> Covered {
        let &Taker { position, side, limit, terms, .. } = self;
        Covered { position, side, limit, terms }
    }

    /// Where what is left of it rests.
    pub(super) fn placement(&self, leaves: Lots, clip: Option<Lots>) -> Placement {
        let &Taker { account, instrument, side, limit, .. } = self;
        Placement { account, instrument, side, limit, leaves, clip }
    }
}

impl Exchange {
    /// Trades the order's `leaves` until nobody accepts it. Returns what is left, and why it stopped, if not for lack of
    /// makers.
    #[inline(always)]
    pub(super) fn cross(&mut self, taker: &mut Taker, mut leaves: Lots) -> (Lots, Option<CancelReason>) {
        let mut met = 0;
        while !leaves.is_zero()
            && let Some(maker) = self.books.first_met(taker.instrument, (taker.side, taker.limit))
        {
            if met == SWEEP_MAX {
                return (leaves, Some(CancelReason::Sweep));
            }
            met += 1;
            match self.meet(taker, &maker, leaves) {
                Ok(left) => leaves = left,
                Err((left, reason)) => return (left, Some(reason)),
            }
        }
        (leaves, None)
    }

    /// The incoming order meets a resting one. Returns what it has left, and with it why it stops there, if it does.
    #[inline(never)]
    fn meet(&mut self, taker: &mut Taker, maker: &Maker, leaves: Lots) -> Result<Lots, (Lots, CancelReason)> {
        if !taker.is_within_band(maker.price) {
            return Err((leaves, CancelReason::PriceBand));
        }
        if self.meets_own(taker, maker) {
            return self.prevent(taker, maker, leaves).ok_or((leaves, CancelReason::SelfTrade));
        }
        Ok(self.trade(taker, maker, leaves))
    }

    /// One fill. Returns what the incoming order has left.
    #[inline]
    fn trade(&mut self, taker: &Taker, maker: &Maker, before: Lots) -> Lots {
        let lots = before.min(maker.shown);
        let leaves = before.less(lots);
        let fees = self.settle_fill(taker, maker, (lots, before));
        let price = maker.price;
        let trade = self.count_trade(taker.instrument, price);
        let (instrument, taker_side) = (taker.instrument, taker.side);
        let (maker_order, taker_order) = (maker.order, taker.order);
        self.events.push(Event::Traded {
            instrument,
            trade,
            price,
            lots,
            maker: maker_order,
            taker: taker_order,
            taker_side,
        });
        let left = self.books.fill(maker, lots);
        let fill = Part { instrument, trade, price, lots };
        self.tell_part(&fill, (maker.account, maker_order, Liquidity::Maker), (left.leaves, fees.0));
        self.tell_part(&fill, (taker.account, taker_order, Liquidity::Taker), (leaves, fees.1));
        match left.renewed {
            Some(shown) => {
                self.events.push(Event::OrderRested { order: maker_order, leaves: left.leaves, shown });
            }
            None if left.leaves.is_zero() => {
                self.conclude((maker.account, maker_order), (Ended::Filled, Lots::ZERO));
            }
            None => {}
        }
        self.sample(taker, maker, lots);
        leaves
    }

    /// Moves money and hours. Returns the maker's and the taker's fee.
    #[inline]
    fn settle_fill(
        &mut self,
        taker: &Taker,
        maker: &Maker,
        (lots, before): (Lots, Lots),
    ) -> (Amount, Amount) {
        let position = self.orders.at(maker.order.slot()).position;
        let maker_party =
            Party { position, limit: maker.price, leaves: maker.leaves(), liquidity: Liquidity::Maker };
        let taker_party = Party {
            position: taker.position,
            limit: taker.limit,
            leaves: before,
            liquidity: Liquidity::Taker,
        };
        let (buyer, seller) = match taker.side {
            Side::Bid => (taker_party, maker_party),
            Side::Ask => (maker_party, taker_party),
        };
        let exchanged = Exchanged { price: maker.price, lots };
        let sold = self.ledger.sell(&taker.terms, &seller, exchanged);
        let bought = self.ledger.buy(&taker.terms, &buyer, exchanged);
        let instrument = &mut self.instruments[index(taker.instrument.0)];
        instrument.issued = instrument.issued.plus(sold.issued);
        instrument.extinguished = instrument.extinguished.plus(bought.extinguished);
        match taker.side {
            Side::Bid => (sold.fee, bought.fee),
            Side::Ask => (bought.fee, sold.fee),
        }
    }

    #[inline]
    fn count_trade(&mut self, instrument: InstrumentId, price: Price) -> TradeId {
        let instrument = &mut self.instruments[index(instrument.0)];
        instrument.trades += 1;
        instrument.anchor = Some(price);
        TradeId(instrument.trades)
    }

    /// Tells one side of a trade what it came to.
    #[inline]
    fn tell_part(
        &mut self,
        fill: &Part,
        (account, order, liquidity): (AccountId, OrderId, Liquidity),
        (leaves, fee): (Lots, Amount),
    ) {
        let &Part { instrument, trade, price, lots } = fill;
        let xseq = self.xseq(account);
        self.events.push(Event::OrderExecuted {
            account,
            xseq,
            order,
            instrument,
            trade,
            liquidity,
            price,
            lots,
            leaves,
            fee,
        });
    }
}

/// What both sides of a trade have in common.
struct Part {
    instrument: InstrumentId,
    trade: TradeId,
    price: Price,
    lots: Lots,
}
