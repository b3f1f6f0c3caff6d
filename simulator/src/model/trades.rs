//! Trades of the model: what was planned is carried out.

use engine::ending::{CancelReason, Ended};
use engine::event::{Event, Liquidity, ReduceReason};
use engine::ids::{OrderId, TradeId, index};
use engine::order::Side;
use engine::symbol::Tier;

use crate::model::orders::UNNUMBERED;
use crate::model::plan::Meeting;
use crate::model::rate::Counted;
use crate::model::{Model, Order, amount, lots, price};

impl Model {
    /// Meets whom it was planned to meet; returns why it stopped, if not for lack of orders.
    pub(super) fn meet(&mut self, incoming: &mut Order) -> Option<CancelReason> {
        let plan = self.plan(incoming);
        for meeting in &plan.meetings {
            match *meeting {
                Meeting::Fill { maker, lots, renewed } => self.trade(incoming, maker, (lots, renewed)),
                Meeting::End(maker) => self.cancel(maker, CancelReason::SelfTrade),
                Meeting::Shrink(maker, by) => self.shrink(maker, by, ReduceReason::SelfTrade),
                Meeting::ShrinkTaker(by) => {
                    incoming.shrink(by);
                    self.tell(Event::OrderReduced {
                        account: incoming.account,
                        xseq: UNNUMBERED,
                        order: incoming.order,
                        by: lots(by),
                        leaves: lots(incoming.leaves()),
                        shown: lots(0),
                        reason: ReduceReason::SelfTrade,
                    });
                }
            }
        }
        assert_eq!(incoming.leaves(), plan.left, "what was planned was done");
        plan.stopped
    }

    fn trade(&mut self, incoming: &mut Order, maker: OrderId, (filled, renewed): (u64, Option<u64>)) {
        let place = self.orders.iter().position(|open| open.order == maker).expect("it is open");
        let mut open = self.orders.remove(place);
        (open.shown, open.filled) = (open.shown - filled, open.filled + filled);
        (incoming.shown, incoming.filled) = (incoming.shown - filled, incoming.filled + filled);
        let instrument = incoming.instrument;
        let window = &mut self.windows[index(instrument.0)];
        window.trades += 1;
        window.anchor = Some(open.limit);
        let (trade, at) = (TradeId(window.trades), price(open.limit));
        self.tell(Event::Traded {
            instrument,
            trade,
            price: at,
            lots: lots(filled),
            maker,
            taker: incoming.order,
            taker_side: incoming.side,
        });
        let fees = self.pay(incoming, &open, filled);
        for (order, liquidity, fee) in
            [(&open, Liquidity::Maker, fees.0), (&*incoming, Liquidity::Taker, fees.1)]
        {
            self.tell(Event::OrderExecuted {
                account: order.account,
                xseq: UNNUMBERED,
                order: order.order,
                instrument,
                trade,
                liquidity,
                price: at,
                lots: lots(filled),
                leaves: lots(order.leaves()),
                fee: amount(fee),
            });
        }
        self.count(incoming, &open, filled);
        if let Some(shown) = renewed {
            (open.shown, open.hidden) = (shown, open.hidden - shown);
            open.turn = self.turn();
            self.tell(Event::OrderRested { order: maker, leaves: lots(open.leaves()), shown: lots(shown) });
        }
        if open.leaves() == 0 {
            self.retire(&open, Ended::Filled);
        } else {
            self.orders.push(open);
        }
    }

    /// Returns what maker and taker pay at once. Where somebody trades with itself, the sale counts first.
    fn pay(&mut self, taker: &Order, maker: &Order, filled: u64) -> (u128, u128) {
        let spec = self.market(taker.instrument).spec;
        let (making, taking) = (spec.maker_fee.parts(), spec.taker_fee.parts());
        let (maker_part, taker_part) = ((maker.account, maker.instrument), (taker.account, taker.instrument));
        match taker.side {
            Side::Bid => {
                let sold = self.sell(maker_part, (filled, maker.limit, making));
                (sold, self.buy(taker_part, (filled, maker.limit, taking)))
            }
            Side::Ask => {
                let sold = self.sell(taker_part, (filled, maker.limit, taking));
                (self.buy(maker_part, (filled, maker.limit, making)), sold)
            }
        }
    }

    /// Trades of firm windows that start within 24 windows, between different groups, count toward the reference rate.
    fn count(&mut self, taker: &Order, maker: &Order, filled: u64) {
        let spec = self.market(taker.instrument).spec;
        let (start, now) = (self.window(taker.instrument).start, self.now);
        let group = |order: &Order| self.owners[index(order.account.0)].group;
        let (taking, making) = (group(taker), group(maker));
        let number = self.class(&spec);
        let class = &mut self.classes[number];
        if spec.tier != Tier::Firm || now + 24 * class.length < start || taking == making {
            return;
        }
        let (buyer, seller) = match taker.side {
            Side::Bid => (taking, making),
            Side::Ask => (making, taking),
        };
        let twelfth = (now - class.period) * 12 / class.length;
        class.trades.push(Counted { twelfth, price: maker.limit, lots: filled, buyer, seller });
    }
}
