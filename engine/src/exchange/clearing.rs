//! Clearing: the incoming order meets resting ones, and every fill moves money and hours at once.

use crate::book::{Fill, Incoming, Maker};
use crate::event::{CancelReason, Event, Liquidity};
use crate::exchange::Exchange;
use crate::ids::{AccountId, OrderId, TradeId, index};
use crate::ledger::{Exchanged, Party};
use crate::market::{MarketSpec, SelfTrade};
use crate::order::Side;
use crate::position::PositionRow;
use crate::units::{Amount, Lots, Price};

/// The order that came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) order: OrderId,
    pub(super) account: AccountId,
    pub(super) position: PositionRow,
    pub(super) limit: Price,
}

impl Exchange {
    /// Trades `incoming` until nobody accepts it. Returns why it stopped, if not for lack of makers.
    pub(super) fn cross(
        &mut self,
        spec: &MarketSpec,
        taker: &Taker,
        incoming: &mut Incoming,
    ) -> Option<CancelReason> {
        while !incoming.leaves.is_zero()
            && let Some(maker) = self.books.facing(incoming)
        {
            if spec.self_trade == SelfTrade::Prevented && self.same_group(taker.account, maker.account) {
                return Some(CancelReason::SelfTrade);
            }
            self.trade(spec, taker, (maker, incoming));
        }
        None
    }

    fn same_group(&self, one: AccountId, other: AccountId) -> bool {
        one == other || self.ledger.accounts.at(one).group == self.ledger.accounts.at(other).group
    }

    fn trade(&mut self, spec: &MarketSpec, taker: &Taker, (maker, incoming): (Maker, &mut Incoming)) {
        let taker_leaves = incoming.leaves;
        let fill = self.books.trade(incoming, maker);
        let position = self.orders.at(maker.order.slot()).position;
        let maker_party =
            Party { position, limit: maker.price, leaves: maker.lots, liquidity: Liquidity::Maker };
        let taker_party = Party {
            position: taker.position,
            limit: taker.limit,
            leaves: taker_leaves,
            liquidity: Liquidity::Taker,
        };
        let (buyer, seller) = match incoming.side {
            Side::Bid => (taker_party, maker_party),
            Side::Ask => (maker_party, taker_party),
        };
        let exchanged = Exchanged { price: maker.price, lots: fill.lots };
        let sold = self.ledger.sell(spec, &seller, exchanged);
        let bought = self.ledger.buy(spec, &buyer, exchanged);
        let instrument = &mut self.instruments[index(incoming.instrument.0)];
        instrument.trades += 1;
        instrument.issued = instrument.issued.plus(sold.issued);
        instrument.extinguished = instrument.extinguished.plus(bought.extinguished);

        let (maker_fee, taker_fee) = match incoming.side {
            Side::Bid => (sold.fee, bought.fee),
            Side::Ask => (bought.fee, sold.fee),
        };
        self.tell_trade(taker, incoming, &fill);
        let part = Part {
            order: maker.order,
            account: maker.account,
            liquidity: Liquidity::Maker,
            leaves: fill.maker_leaves,
            fee: maker_fee,
        };
        self.tell_part(incoming, &fill, part);
        let part = Part {
            order: taker.order,
            account: taker.account,
            liquidity: Liquidity::Taker,
            leaves: incoming.leaves,
            fee: taker_fee,
        };
        self.tell_part(incoming, &fill, part);
        if fill.maker_leaves.is_zero() {
            self.orders.close(maker.order.slot(), self.ledger.accounts.at_mut(maker.account));
        }
    }

    fn tell_trade(&mut self, taker: &Taker, incoming: &Incoming, fill: &Fill) {
        self.events.push(Event::Traded {
            instrument: incoming.instrument,
            trade: TradeId(self.instruments[index(incoming.instrument.0)].trades),
            price: fill.maker.price,
            lots: fill.lots,
            maker: fill.maker.order,
            taker: taker.order,
            taker_side: incoming.side,
        });
    }

    fn tell_part(&mut self, incoming: &Incoming, fill: &Fill, part: Part) {
        let xseq = self.xseq(part.account);
        self.events.push(Event::OrderExecuted {
            account: part.account,
            xseq,
            order: part.order,
            instrument: incoming.instrument,
            trade: TradeId(self.instruments[index(incoming.instrument.0)].trades),
            liquidity: part.liquidity,
            price: fill.maker.price,
            lots: fill.lots,
            leaves: part.leaves,
            fee: part.fee,
        });
    }
}

/// What one side of a trade has to be told.
#[derive(Clone, Copy, Debug)]
struct Part {
    order: OrderId,
    account: AccountId,
    liquidity: Liquidity,
    leaves: Lots,
    fee: Amount,
}
