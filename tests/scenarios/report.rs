//! Report: events as lines of a scenario.

use engine::control::{AccountLimits, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::ending::{CancelReason, Ended, FirstOutcome};
use engine::event::{Event, ReduceReason};
use engine::ids::{AccountId, GroupId, OrderId};
use engine::key::KeyBounds;
use engine::label::Label;
use engine::stamp::Time;
use engine::symbol::{ClassName, Symbol, Tier, ZoneName};
use engine::units::Lots;

use crate::controls::MODES;
use crate::decimal::written;
use crate::deeds::delivery_line;
use crate::desk::Desk;

/// What happened, one line per event. What the questions would show is left to them.
pub(crate) fn narration(desk: &Desk, events: &[Event]) -> Vec<String> {
    events.iter().filter_map(|event| line(desk, event)).collect()
}

fn line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::Rejected { reason } => format!("rejected {} {reason:?}", reason.code()),
        Event::Founded { .. } => "founded".to_string(),
        Event::AccountOpened { account, group, provider, name } => {
            opened(desk, (account, group), provider, name)
        }
        Event::BatchStep { op } => format!("change {}", op + 1),
        Event::BatchRefused { op, reason } => {
            format!("change {} rejected {} {reason:?}, so none is made", op + 1, reason.code())
        }
        Event::KeyRegistered { .. } | Event::KeyConfined { .. } | Event::KeyRevoked { .. } => {
            return key_line(desk, event);
        }
        Event::Deposited { .. }
        | Event::Transferred { .. }
        | Event::RedemptionBegun { .. }
        | Event::RedemptionEnded { .. }
        | Event::PaymentRepeated { .. } => return payment_line(desk, event),
        Event::CapacitySet { account, instrument, lots } => {
            let (name, window) = (desk.account_name(account), desk.instrument_name(instrument));
            format!("capacity {name} {} in {window}", lots.count())
        }
        // `balances` and `positions` say them.
        Event::PositionChanged { .. } | Event::BalanceChanged { .. } | Event::FeesChanged { .. } => {
            return None;
        }
        Event::MarketAdded { .. }
        | Event::InstrumentListed { .. }
        | Event::InstrumentOpened { .. }
        | Event::InstrumentClosed { .. }
        | Event::DrawBegun { .. }
        | Event::DeliveryDrawn { .. }
        | Event::InstrumentDelivering { .. }
        | Event::InstrumentSettled { .. }
        | Event::ReferencePublished { .. } => return grid_line(desk, event),
        Event::DeliveryTermsSet { .. }
        | Event::AuditorSet { .. }
        | Event::MaintenanceAnnounced { .. }
        | Event::DeliveryTold { .. }
        | Event::DeliveryAcknowledged { .. }
        | Event::SlotChanged { .. }
        | Event::SlotCommitted { .. }
        | Event::AuditorsDrawn { .. }
        | Event::AuditorDrawn { .. }
        | Event::SlotOpened { .. }
        | Event::SlotJudged { .. }
        | Event::SlotDisputed { .. }
        | Event::DisputeClosed { .. }
        | Event::SlotRuled { .. }
        | Event::SlotPaid { .. }
        | Event::StakeChanged { .. }
        | Event::AuditRateChanged { .. }
        | Event::Slashed { .. } => return delivery_line(desk, event),
        Event::ModeSet { .. }
        | Event::MarketLimitsSet { .. }
        | Event::AccountLimitsSet { .. }
        | Event::LockSet { .. }
        | Event::Killed { .. }
        | Event::CancelAfterSet { .. }
        | Event::CancelAfterFired { .. } => return control_line(desk, event),
        Event::OrderAccepted { .. }
        | Event::OrderTerms { .. }
        | Event::OrderRepeated { .. }
        | Event::Traded { .. }
        | Event::OrderExecuted { .. }
        | Event::OrderRested { .. }
        | Event::OrderReduced { .. }
        | Event::OrderAmended { .. }
        | Event::OrderCanceled { .. } => return order_line(desk, event),
    })
}

fn opened(desk: &Desk, (account, group): (AccountId, GroupId), provider: bool, name: Label) -> String {
    let kind = if provider { ", a provider" } else { "" };
    let of = desk.account_name(AccountId(group.0));
    let whose = if group.0 == account.0 { String::new() } else { format!(" in the group of {of}") };
    format!("opened {name}{kind}{whose}")
}

fn key_line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::KeyRegistered { account, scopes, expires, order_notional, .. } => {
            let of = KeyBounds::NONE;
            let until = if expires == of.expires {
                String::new()
            } else {
                format!(", until {}", desk.span_to(expires))
            };
            let most = if order_notional == of.order_notional {
                String::new()
            } else {
                format!(", for {order_notional}")
            };
            format!("key of {} with scopes {:07b}{until}{most}", desk.account_name(account), scopes.bits())
        }
        Event::KeyConfined { network, .. } => {
            let [.., a, b, c, d] = network.address();
            format!("  from {a}.{b}.{c}.{d}/{}", network.bits() - 96)
        }
        Event::KeyRevoked { account, .. } => format!("key of {} revoked", desk.account_name(account)),
        _ => return None,
    })
}

fn payment_line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::Deposited { account, amount, reference } => {
            format!("deposited {} {amount} for {reference}", desk.account_name(account))
        }
        Event::Transferred { account, to, amount, reference } => {
            let (from, to) = (desk.account_name(account), desk.account_name(to));
            format!("sent {amount} from {from} to {to} for {reference}")
        }
        Event::RedemptionBegun { account, amount, reference, .. } => {
            format!("set aside {amount} of {} for {reference}", desk.account_name(account))
        }
        Event::RedemptionEnded { account, amount, reference, paid, .. } => {
            let what = if paid { "paid out" } else { "returned" };
            format!("{what} {amount} to {} for {reference}", desk.account_name(account))
        }
        Event::PaymentRepeated { account, reference, state } => {
            format!("again {reference} of {}: {state:?}", desk.account_name(account))
        }
        _ => return None,
    })
}

fn grid_line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::MarketAdded { market, .. } => format!("added {}", desk.market_name(market)),
        Event::InstrumentListed { instrument, .. } => {
            let symbol = desk.view.instrument(instrument).expect("it was just listed").symbol;
            format!("listed {} {symbol}", desk.instrument_name(instrument))
        }
        Event::InstrumentOpened { instrument, bond } => {
            format!("opened {}, bond {bond}", desk.instrument_name(instrument))
        }
        Event::InstrumentClosed { instrument } => format!("closed {}", desk.instrument_name(instrument)),
        Event::DrawBegun { instrument, seed } => {
            format!("drawing {} with seed {seed}", desk.instrument_name(instrument))
        }
        Event::DeliveryDrawn { delivery, instrument, provider, holder, price, lots, own } => {
            let (provider, holder) = (desk.account_name(provider), desk.account_name(holder));
            let (window, lots, price) = (desk.instrument_name(instrument), lots.count(), written(price));
            let own = if own { ", own" } else { "" };
            format!("delivery {}: {provider} owes {holder} {lots} {window} @ {price}{own}", delivery.0)
        }
        Event::InstrumentDelivering { instrument, deliveries } => {
            format!("delivering {}: {deliveries} drawn", desk.instrument_name(instrument))
        }
        Event::InstrumentSettled { instrument } => format!("settled {}", desk.instrument_name(instrument)),
        Event::ReferencePublished { class, end, rate, partitions, groups, lots } => {
            let class = desk.view.classes()[engine::ids::index(class.0)].name;
            let rate = rate.map_or("withheld".to_string(), written);
            let from = format!("{partitions} partitions, {groups} groups, {} lots", lots.count());
            format!("reference {class} {}: {rate} from {from}", clock(end))
        }
        _ => unreachable!("asked for what happens to markets and windows"),
    })
}

fn control_line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::ModeSet { scope, mode, reason } => {
            let scope = match scope {
                ModeScope::Venue => "venue".to_string(),
                ModeScope::Market(market) => format!("market {}", desk.market_name(market)),
                ModeScope::Instrument(window) => format!("window {}", desk.instrument_name(window)),
            };
            format!("mode of {scope} {} for {reason}", mode_name(mode))
        }
        Event::MarketLimitsSet { market, limits, reason } => {
            format!("limits of market {}{} for {reason}", desk.market_name(market), market_limits(&limits))
        }
        Event::AccountLimitsSet { account, limits, reason } => {
            format!(
                "limits of account {}{} for {reason}",
                desk.account_name(account),
                account_limits(&limits)
            )
        }
        Event::LockSet { account, locked, reason } => {
            let done = if locked { "locked" } else { "unlocked" };
            format!("{done} {} for {reason}", desk.account_name(account))
        }
        Event::Killed { target, reason } => {
            let target = match target {
                KillTarget::Venue => "venue".to_string(),
                KillTarget::Account(account) => desk.account_name(account),
            };
            format!("killed {target} for {reason}")
        }
        Event::CancelAfterSet { account, due, .. } => {
            let due = due.map_or("off".to_string(), |due| desk.span_to(due));
            format!("timer of {} {due}", desk.account_name(account))
        }
        Event::CancelAfterFired { account, .. } => format!("timer of {} fired", desk.account_name(account)),
        _ => unreachable!("asked for what is set"),
    })
}

fn order_line(desk: &Desk, event: &Event) -> Option<String> {
    let name = |order| desk.order_name(order);
    Some(match *event {
        Event::OrderAccepted { order, limit, .. } => (limit != desk.asked(order).limit)
            .then(|| format!("limited {} @ {}", name(order), written(limit)))?,
        // What is asked is told again, which the desk checks; of a trade both parts say the same.
        Event::OrderTerms { .. } | Event::OrderExecuted { .. } => return None,
        Event::OrderRepeated { order, client, outcome, filled, leaves, .. } => {
            let order = order.map_or(String::new(), |order| format!(" {}", name(order)));
            let lots = format!("{} filled, {} left", filled.count(), leaves.count());
            format!("again id={client}{order} {}: {lots}", first_outcome(outcome))
        }
        Event::Traded { price, lots, maker, taker, .. } => {
            format!("filled {} {} {} @ {}", name(maker), name(taker), lots.count(), written(price))
        }
        Event::OrderRested { order, leaves, shown } => {
            let limit = desk.view.order(order).expect("it has just rested").limit;
            format!("rested {} {} @ {}{}", name(order), leaves.count(), written(limit), part(shown, leaves))
        }
        Event::OrderReduced { order, by, leaves, shown, reason, .. } => {
            let (shows, why) = match reason {
                ReduceReason::User => (part(shown, leaves), ""),
                ReduceReason::SelfTrade if shown.is_zero() => (String::new(), ": own group"),
                ReduceReason::SelfTrade => (part(shown, leaves), ": own group"),
            };
            format!("reduced {} by {} to {}{shows}{why}", name(order), by.count(), leaves.count())
        }
        Event::OrderAmended { order, limit, lots, leaves, shown, kept, client, .. } => {
            let (place, shows) = if kept { (" in place", part(shown, leaves)) } else { ("", String::new()) };
            let client = client.map_or(String::new(), |client| format!(", id={client}"));
            let now = format!("{} of {} @ {}", leaves.count(), lots.count(), written(limit));
            format!("amended {}{place} to {now}{shows}{client}", name(order))
        }
        Event::OrderCanceled { order, leaves, reason, .. } => canceled(desk, (order, leaves), reason),
        _ => unreachable!("asked for what happens to orders"),
    })
}

fn canceled(desk: &Desk, (order, leaves): (OrderId, Lots), reason: CancelReason) -> String {
    let why = match reason {
        CancelReason::User => "its owner asked",
        CancelReason::All => "its owner cancelled all",
        CancelReason::Immediate => "immediate or cancel",
        CancelReason::SelfTrade => "own group",
        CancelReason::Gate => "gate",
        CancelReason::Expired => "its date has come",
        CancelReason::Session => "its session ended",
        CancelReason::DeadMan => "its owner's timer fired",
        CancelReason::Kill => "kill switch",
        CancelReason::PriceBand => "price band",
        CancelReason::Sweep => "met as many as one may",
    };
    format!("cancelled {} {}: {why}", desk.order_name(order), leaves.count())
}

/// What an order shows, unless that is all it has left.
fn part(shown: Lots, leaves: Lots) -> String {
    if shown == leaves { String::new() } else { format!(", shows {}", shown.count()) }
}

fn first_outcome(outcome: FirstOutcome) -> String {
    match outcome {
        FirstOutcome::Rejected(reason) => format!("rejected {} {reason:?}", reason.code()),
        FirstOutcome::Open => "open".to_string(),
        FirstOutcome::Ended(Ended::Filled) => "filled".to_string(),
        FirstOutcome::Ended(Ended::Renamed) => "renamed".to_string(),
        FirstOutcome::Ended(Ended::Canceled(reason)) => format!("cancelled ({reason:?})"),
    }
}

fn mode_name(mode: TradingMode) -> &'static str {
    MODES.iter().find(|(_, other)| *other == mode).expect("every mode has a name").0
}

/// The limits that say more than none at all.
fn market_limits(limits: &MarketLimits) -> String {
    let &MarketLimits { price_min, price_max, band, order_lots, position_lots, order_notional } = limits;
    let none = MarketLimits::NONE;
    let parts = [
        (price_min != none.price_min).then(|| format!("low={}", written(price_min))),
        (price_max != none.price_max).then(|| format!("high={}", written(price_max))),
        band.map(|band| format!("band={}ppm", band.parts())),
        (order_lots != none.order_lots).then(|| format!("lots={}", order_lots.count())),
        (position_lots != none.position_lots).then(|| format!("position={}", position_lots.count())),
        (order_notional != none.order_notional).then(|| format!("notional={order_notional}")),
    ];
    spaced(parts)
}

fn account_limits(limits: &AccountLimits) -> String {
    let &AccountLimits { open_orders, position_lots, order_notional } = limits;
    let none = AccountLimits::NONE;
    spaced([
        (open_orders != none.open_orders).then(|| format!("orders={open_orders}")),
        (position_lots != none.position_lots).then(|| format!("position={}", position_lots.count())),
        (order_notional != none.order_notional).then(|| format!("notional={order_notional}")),
    ])
}

fn spaced<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().map(|part| format!(" {part}")).collect()
}

/// A time as the windows of symbols say it, `2026-11-23T14Z`.
fn clock(time: Time) -> String {
    let minutes = !time.0.is_multiple_of(3_600 * Time::SECOND);
    let (class, zone) = (ClassName::new("X"), ZoneName::new("X"));
    let (class, zone) = (class.expect("X is a name"), zone.expect("X is a name"));
    let symbol = Symbol { class, zone, tier: Tier::Firm, start: time, minutes };
    symbol.to_string().split_off("X.X.FIRM.".len())
}
