//! Dry run: what an order would come to, from what is durable and shown. It decides nothing: the engine checks again.

use engine::command::{Command, Stamped};
use engine::control::TradingMode;
use engine::fees;
use engine::instrument::{Phase, Terms};
use engine::order::{NewOrder, OrderKind, Side, TimeInForce};
use engine::reject::RejectReason;
use engine::units::{Amount, Lots, Price, Volume};
use engine::view::View;
use engine::view::accounts::PositionView;
use protocol::dry_run::{DryRun, ExpectedFill};
use protocol::error::ErrorObject;
use protocol::reply::Answer;

use crate::convert::account::amount;
use crate::convert::order::{price_text, quantity};
use crate::convert::reject;

/// What an order would come to now, or why it would be refused.
pub(super) fn outcome(view: &View, order: &NewOrder) -> Result<Answer, ErrorObject> {
    let command = Command::PlaceOrder(*order);
    let refused = |reason| reject::alone(reason, &Stamped { stamp: view.stamp(), command }, view);
    expected(view, order).map(|expected| Answer::DryRun(Box::new(expected))).map_err(refused)
}

fn expected(view: &View, order: &NewOrder) -> Result<DryRun, RejectReason> {
    let owner = view.account(order.account).ok_or(RejectReason::AccountUnknown)?;
    if owner.locked {
        return Err(RejectReason::AccountLocked);
    }
    let listed = view.instrument(order.instrument).ok_or(RejectReason::InstrumentUnknown)?;
    if listed.phase != Phase::Open {
        return Err(RejectReason::MarketClosed);
    }
    let market = view.market(listed.market).expect("an instrument has a market");
    let mode = view.mode().max(market.mode).max(listed.mode);
    match mode {
        TradingMode::Halted => return Err(RejectReason::MarketHalted),
        TradingMode::CancelOnly => return Err(RejectReason::CancelOnly),
        TradingMode::Open | TradingMode::PostOnly => {}
    }
    order.check_terms()?;
    let none = PositionView::default();
    let position = owner.positions.get(&order.instrument).unwrap_or(&none);
    let offered = view
        .orders_of(order.account)
        .filter(|open| (open.instrument, open.side) == (order.instrument, Side::Ask));
    let offered = offered.fold(Volume::ZERO, |sum, open| sum.plus(open.leaves));
    let needed = needed(order, (position, offered), (owner.provider, &listed.terms))?;
    let available = owner.balance.available;
    if available < needed {
        let reasons = [RejectReason::InsufficientCredit, RejectReason::InsufficientBond];
        return Err(reasons[usize::from(order.side == Side::Ask)]);
    }
    let limits = &market.limits;
    if limits.order_lots < order.lots {
        return Err(RejectReason::OrderLotsLimit);
    }
    if limits.order_notional.min(owner.limits.order_notional) < order.limit.cost(order.lots) {
        return Err(RejectReason::OrderNotionalLimit);
    }
    let banned = order.limit < limits.price_min || limits.price_max < order.limit;
    if order.kind != OrderKind::Market && banned {
        return Err(RejectReason::PriceBand);
    }
    let fills = fills(view, order);
    let filled = fills.iter().fold(0, |sum, (_, lots)| sum + lots.count());
    check_taking(order, mode, filled)?;
    Ok(told(view, order, (&fills, filled), (needed, available, &listed.terms)))
}

/// Credit that is set aside for a bid, more bond for an ask.
fn needed(
    order: &NewOrder,
    (position, offered): (&PositionView, Volume),
    (provider, terms): (bool, &Terms),
) -> Result<Amount, RejectReason> {
    if order.side == Side::Bid {
        return Ok(fees::bid_hold(terms, order.limit, order.lots));
    }
    let exposed = offered.plus(order.lots).count().cast_signed() - position.lots;
    let short = exposed.max(0).unsigned_abs();
    if u64::from(position.capacity.count()) < short {
        let reasons = [RejectReason::InsufficientClaims, RejectReason::InsufficientCapacity];
        return Err(reasons[usize::from(provider)]);
    }
    let lots = Lots::new(short).ok_or(RejectReason::InsufficientBond)?;
    let bond = terms.bond.times(Volume::ZERO.plus(lots)).ok_or(RejectReason::InsufficientBond)?;
    Ok(Amount::new(bond.micro().saturating_sub(position.bonded.micro())))
}

/// What would trade with what the book shows.
fn fills(view: &View, order: &NewOrder) -> Vec<(Price, Lots)> {
    let Some(depth) = view.depth(order.instrument) else { return Vec::new() };
    if order.kind.posts_only() {
        return Vec::new();
    }
    let mut left = u64::from(order.lots.count());
    let mut take = |(price, shown): (Price, Volume)| {
        let lots = Lots::new(left.min(shown.count())).expect("part of an order is lots");
        left -= u64::from(lots.count());
        (price, lots)
    };
    let accepted = |price: &Price| order.side.accepts(order.limit, *price);
    let mut taken = Vec::new();
    let levels: &mut dyn Iterator<Item = (Price, Volume)> = match order.side {
        Side::Bid => &mut depth.asks(),
        Side::Ask => &mut depth.bids(),
    };
    for level in levels {
        if !accepted(&level.0) {
            break;
        }
        let fill = take(level);
        if fill.1.is_zero() {
            break;
        }
        taken.push(fill);
    }
    taken
}

fn check_taking(order: &NewOrder, mode: TradingMode, filled: u32) -> Result<(), RejectReason> {
    if mode == TradingMode::PostOnly && (0 < filled || !order.time_in_force.rests()) {
        return Err(RejectReason::PostOnlyMode);
    }
    if order.time_in_force == TimeInForce::FillOrKill && filled < order.lots.count() {
        return Err(RejectReason::FillOrKill);
    }
    if filled < order.minimum.count() { Err(RejectReason::MinimumNotMet) } else { Ok(()) }
}

fn told(
    view: &View,
    order: &NewOrder,
    (fills, filled): (&[(Price, Lots)], u32),
    (needed, available, terms): (Amount, Amount, &Terms),
) -> DryRun {
    let cost = fills.iter().fold(Amount::ZERO, |sum, (price, lots)| sum.plus(price.cost(*lots)));
    let fee =
        fills.iter().fold(Amount::ZERO, |sum, (price, lots)| sum.plus(terms.taker_fee.of(price.cost(*lots))));
    let average =
        (cost.micro() / engine::units::TICK.micro()).checked_div(u64::from(filled)).and_then(Price::new);
    let leaves = order.lots.count() - filled;
    let rests = if order.time_in_force.rests() { leaves } else { 0 };
    let plain = |lots: u32| quantity(Lots::new(lots.into()).expect("part of an order is lots"));
    DryRun {
        dry_run: true,
        fills: fills
            .iter()
            .map(|(price, lots)| ExpectedFill { price: price_text(*price), qty: quantity(*lots) })
            .collect(),
        cum_qty: plain(filled),
        leaves_qty: plain(rests),
        avg_price: average.map(price_text),
        needed: amount(needed),
        fee: amount(fee),
        available: amount(available),
        as_of_seq: view.stamp().sequence.0,
    }
}
