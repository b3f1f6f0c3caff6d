//! Clearing: what a trade does to money and hours, reckoned again from the contract.

use engine::ending::Ended;
use engine::event::{Event, Liquidity, PrivateSequence};
use engine::ids::{AccountId, InstrumentId, OrderId, TradeId, index};
use engine::order::Side;
use engine::units::{Amount, Price};

use crate::invariants::asking::lots as as_lots;
use crate::invariants::auditor::{Auditor, Order, count};
use crate::invariants::finding::Invariant;
use crate::invariants::window::{cost, share};

/// One side of a trade.
#[derive(Clone, Copy, Debug)]
struct Party {
    order: OrderId,
    open: Order,
    liquidity: Liquidity,
    /// Parts per million.
    rate: i128,
}

impl Auditor {
    /// Has an order cover so many lots: by a hold for a bid, by a bond for an ask.
    pub(super) fn cover(&mut self, order: OrderId, lots: i64) {
        let Some(open) = self.orders.get_mut(&order) else { return };
        let Order { account, instrument, side, limit, covered, .. } = *open;
        open.covered = lots;
        match side {
            Side::Bid => {
                let Some(window) = self.window(instrument) else { return };
                let more = window.hold(limit, lots) - window.hold(limit, covered);
                if let Some(owner) = self.owner(account) {
                    owner.held += more;
                }
            }
            Side::Ask => {
                if let Some(hours) = self.hours(account, instrument) {
                    hours.open_sells += lots - covered;
                }
                self.bond(account, instrument);
            }
        }
    }

    /// Brings an account's bonds to what its short lots need.
    fn bond(&mut self, account: AccountId, instrument: InstrumentId) {
        let Some(bond) = self.window(instrument).map(|window| window.bond) else { return };
        let Some(hours) = self.hours(account, instrument) else { return };
        let needed = i128::from(hours.short()) * bond;
        let more = needed - hours.bonded;
        hours.bonded = needed;
        if more != 0
            && let Some(owner) = self.owner(account)
        {
            owner.bonded += more;
        }
    }

    /// Two orders trade.
    pub(super) fn traded(&mut self, event: &Event) {
        let Event::Traded { instrument, trade, price, lots, maker, taker, taker_side } = *event else {
            return;
        };
        let (Some(resting), Some(incoming)) = (self.order(maker), self.order(taker)) else { return };
        let ours = (resting.instrument, incoming.instrument) == (instrument, instrument)
            && (resting.side.opposite(), incoming.side) == (taker_side, taker_side)
            && resting.place.is_some()
            && incoming.place.is_none();
        if !ours {
            return self.findings.report(Invariant::Events, format_args!("they cannot trade: {event:?}"));
        }
        self.expect_turn((maker, &resting), &incoming, event);
        self.expect_bounds(&resting, &incoming, event);
        let Some(window) = self.window(instrument) else { return };
        window.trades += 1;
        let (maker_rate, taker_rate) = (window.maker_fee, window.taker_fee);
        let next = TradeId(window.trades);
        self.findings.expect(trade == next, Invariant::Events, format_args!("{trade:?} is not {next:?}"));
        let maker = Party { order: maker, open: resting, liquidity: Liquidity::Maker, rate: maker_rate };
        let taker = Party { order: taker, open: incoming, liquidity: Liquidity::Taker, rate: taker_rate };
        let fees = match taker_side {
            Side::Bid => (self.sell(&maker, (price, count(lots))), self.buy(&taker, (price, count(lots)))),
            Side::Ask => {
                let sold = self.sell(&taker, (price, count(lots)));
                (self.buy(&maker, (price, count(lots))), sold)
            }
        };
        for (party, fee) in [(maker, fees.0), (taker, fees.1)] {
            self.parts.push_back(told(&party, event, fee));
        }
        self.take_shown(maker.order, count(lots));
        if incoming.leaves <= count(lots) {
            self.end_filled(taker.order);
        }
    }

    /// I3: the maker is the oldest at the best price, and gives all it shows or all that is asked for.
    fn expect_turn(&mut self, (maker, resting): (OrderId, &Order), incoming: &Order, event: &Event) {
        let Event::Traded { price, lots, .. } = *event else { return };
        let first = self.windows[index(resting.instrument.0)].first(resting.side);
        let turn = first == Some((maker, price)) && price == resting.limit;
        let what = format_args!("{first:?} is next in turn, not {maker} at {price:?}");
        self.findings.expect(turn, Invariant::Priority, what);
        let all = resting.shown.min(incoming.leaves);
        let what = format_args!("{maker} trades {lots:?} where {all} could be traded");
        self.findings.expect(all <= count(lots), Invariant::Priority, what);
    }

    /// I4: nobody trades more than is left, beyond a limit, or with the own group.
    fn expect_bounds(&mut self, resting: &Order, incoming: &Order, event: &Event) {
        let Event::Traded { price, lots, .. } = *event else { return };
        let most = resting.shown.min(incoming.leaves);
        let within = 0 < count(lots) && count(lots) <= most;
        self.findings.expect(within, Invariant::Bounds, format_args!("at most {most} lots trade: {event:?}"));
        let accepted = [resting, incoming].iter().all(|order| order.side.accepts(order.limit, price));
        self.findings.expect(accepted, Invariant::Bounds, format_args!("a limit is passed: {event:?}"));
        let group = |order: &Order| self.owners.get(index(order.account.0)).map(|owner| owner.group);
        let own = group(resting) == group(incoming);
        let prevented = own && self.windows[index(resting.instrument.0)].prevented;
        self.findings.expect(
            !prevented,
            Invariant::Bounds,
            format_args!("a group trades with itself: {event:?}"),
        );
    }

    /// The seller's part: claims for cash, the rest against escrow. Returns the fee paid now.
    fn sell(&mut self, seller: &Party, (price, lots): (Price, i64)) -> i128 {
        let Order { account, instrument, .. } = seller.open;
        self.fill_cover(seller, lots);
        let Some(hours) = self.hours(account, instrument) else { return 0 };
        let resold = hours.sell((price, lots), seller.rate);
        let proceeds = cost(price, resold);
        let fee = share(proceeds, seller.rate);
        self.pay(account, proceeds - fee, fee);
        if let Some(window) = self.window(instrument) {
            window.issued += lots - resold;
            window.escrow += cost(price, lots - resold);
        }
        self.bond(account, instrument);
        fee
    }

    /// The buyer's part: it pays, and its own obligations end first, the oldest before the others. Returns the fee on
    /// what it pays.
    fn buy(&mut self, buyer: &Party, (price, lots): (Price, i64)) -> i128 {
        let Order { account, instrument, .. } = buyer.open;
        self.fill_cover(buyer, lots);
        let fee = share(cost(price, lots), buyer.rate);
        self.pay(account, -cost(price, lots) - fee, fee);
        let mut left = lots;
        while let Some(part) = self.hours(account, instrument).and_then(|hours| hours.extinguish(left)) {
            left -= part.lots;
            let escrow = cost(part.price, part.lots);
            let fee = share(escrow, part.rate);
            self.pay(account, escrow - fee, fee);
            if let Some(window) = self.window(instrument) {
                window.extinguished += part.lots;
                window.escrow -= escrow;
            }
        }
        if let Some(hours) = self.hours(account, instrument) {
            hours.lots += lots;
        }
        self.bond(account, instrument);
        fee
    }

    /// An order covers less by what it trades. It never covers less than nothing.
    fn fill_cover(&mut self, party: &Party, lots: i64) {
        let left = (party.open.leaves - lots).max(0);
        self.cover(party.order, left);
        if let Some(open) = self.orders.get_mut(&party.order) {
            open.leaves = left;
        }
    }

    fn pay(&mut self, account: AccountId, amount: i128, fee: i128) {
        self.fees += fee;
        if let Some(owner) = self.owner(account) {
            owner.credit += amount;
        }
    }

    /// The maker shows less; at nothing it is filled, or shows the next of its hidden lots at the end of the queue.
    fn take_shown(&mut self, maker: OrderId, lots: i64) {
        let Some(open) = self.orders.get_mut(&maker) else { return };
        open.shown -= lots;
        if 0 < open.shown {
            return;
        }
        if open.leaves == 0 {
            self.end_filled(maker);
        } else {
            self.withdraw(maker);
            self.moving.push(maker);
        }
    }

    fn end_filled(&mut self, order: OrderId) {
        self.end(order, Ended::Filled);
    }

    /// Each side is told its part, the maker first.
    pub(super) fn executed(&mut self, event: &Event) {
        let Event::OrderExecuted {
            account,
            order,
            instrument,
            trade,
            liquidity,
            price,
            lots,
            leaves,
            fee,
            ..
        } = *event
        else {
            return;
        };
        let xseq = PrivateSequence(0);
        let said = Event::OrderExecuted {
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
        };
        let expected = self.parts.pop_front();
        let fee_is_right = expected.is_none_or(|expected| fee_of(&expected) == Some(fee));
        let what = format_args!("{order} is told a fee of {fee}, not that of {expected:?}");
        self.findings.expect(fee_is_right, Invariant::Credit, what);
        let same = expected == Some(said) || !fee_is_right;
        self.findings.expect(same, Invariant::Bounds, format_args!("{said:?} is told, not {expected:?}"));
    }
}

fn fee_of(part: &Event) -> Option<Amount> {
    match *part {
        Event::OrderExecuted { fee, .. } => Some(fee),
        _ => None,
    }
}

/// What a party must be told, but for the number in its account's stream.
fn told(party: &Party, traded: &Event, fee: i128) -> Event {
    let &Event::Traded { instrument, trade, price, lots, .. } = traded else {
        unreachable!("only a trade has parts")
    };
    let &Party { order, open, liquidity, .. } = party;
    let leaves = as_lots(open.leaves - count(lots));
    let fee = Amount::new(u64::try_from(fee).unwrap_or(u64::MAX));
    let (account, xseq) = (open.account, PrivateSequence(0));
    Event::OrderExecuted { account, xseq, order, instrument, trade, liquidity, price, lots, leaves, fee }
}
