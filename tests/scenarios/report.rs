//! Report: events and state as lines of a scenario.

use engine::account::OPERATOR_NAME;
use engine::event::{CancelReason, Event};
use engine::ids::{AccountId, InstrumentId};
use engine::order::Side;
use engine::position::Position;
use engine::units::{Amount, Price, Volume};

use crate::decimal::written;
use crate::desk::Desk;

/// What happened, one line per event. What `balances` and `positions` would show is left to them.
pub(crate) fn narration(desk: &Desk, events: &[Event]) -> Vec<String> {
    events.iter().filter_map(|event| line(desk, event)).collect()
}

fn line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::Rejected { reason } => format!("rejected {} {reason:?}", reason.code()),
        Event::Founded { .. } => "founded".to_string(),
        Event::AccountOpened { account, group, provider, name } => {
            let kind = if provider { ", a provider" } else { "" };
            let of = desk.account_name(AccountId(group.0));
            let whose = if group.0 == account.0 { String::new() } else { format!(" in the group of {of}") };
            format!("opened {name}{kind}{whose}")
        }
        Event::KeyRegistered { account, scopes, .. } => {
            format!("key of {} with scopes {:05b}", desk.account_name(account), scopes.bits())
        }
        Event::KeyRevoked { account, .. } => format!("key of {} revoked", desk.account_name(account)),
        Event::Deposited { account, amount, reference } => {
            format!("deposited {} {amount} for {reference}", desk.account_name(account))
        }
        Event::MarketAdded { market, .. } => format!("added {}", desk.market_name(market)),
        Event::InstrumentListed { instrument, .. } => {
            let symbol = desk.view.instrument(instrument).expect("it was just listed").symbol;
            format!("listed {} {symbol}", desk.instrument_name(instrument))
        }
        Event::InstrumentClosed { instrument } => format!("closed {}", desk.instrument_name(instrument)),
        Event::CapacitySet { account, instrument, lots } => {
            let (name, window) = (desk.account_name(account), desk.instrument_name(instrument));
            format!("capacity {name} {} in {window}", lots.count())
        }
        _ => return trading_line(desk, event),
    })
}

fn trading_line(desk: &Desk, event: &Event) -> Option<String> {
    Some(match *event {
        Event::Traded { price, lots, maker, taker, .. } => {
            let (maker, taker) = (desk.order_name(maker), desk.order_name(taker));
            format!("filled {maker} {taker} {} @ {}", lots.count(), written(price))
        }
        Event::OrderRested { order, leaves } => {
            let limit = desk.view.order(order).expect("it has just rested").limit;
            format!("rested {} {} @ {}", desk.order_name(order), leaves.count(), written(limit))
        }
        Event::OrderReduced { order, by, leaves, .. } => {
            format!("reduced {} by {} to {}", desk.order_name(order), by.count(), leaves.count())
        }
        Event::OrderCanceled { order, leaves, reason, .. } => {
            let why = match reason {
                CancelReason::User => "its owner asked",
                CancelReason::All => "its owner cancelled all",
                CancelReason::Immediate => "immediate or cancel",
                CancelReason::SelfTrade => "own group",
                CancelReason::Gate => "gate",
            };
            format!("cancelled {} {}: {why}", desk.order_name(order), leaves.count())
        }
        _ => return None,
    })
}

/// Lots by price: asks above the line, bids below it.
pub(crate) fn book(desk: &Desk, instrument: InstrumentId) -> Vec<String> {
    let level = |(price, lots): (Price, Volume)| format!("{}: {}", written(price), lots.count());
    let books = desk.exchange.books();
    let mut lines: Vec<String> = books.depth(instrument, Side::Ask).map(level).collect();
    lines.reverse();
    lines.push("---".to_string());
    lines.extend(books.depth(instrument, Side::Bid).map(level));
    lines
}

/// The credit of the accounts with these names by state, of all but the operator when none is named; then the
/// exchange's.
pub(crate) fn balances(desk: &Desk, names: &[&str]) -> Vec<String> {
    let ledger = desk.exchange.ledger();
    let mut lines = Vec::new();
    for (_, account) in ledger.accounts.iter() {
        let name = account.name.to_string();
        let asked = if names.is_empty() { name != OPERATOR_NAME } else { names.contains(&name.as_str()) };
        if !asked {
            continue;
        }
        let balance = account.balance;
        let mut line = format!("{name} {}", balance.available);
        line.push_str(&unless_zero("held", balance.held));
        line.push_str(&unless_zero("bonded", balance.bonded));
        lines.push(line);
    }
    lines.push(format!("escrow {}, fees {}, supply {}", ledger.escrow, ledger.fees, ledger.supply));
    lines
}

fn unless_zero(what: &str, amount: Amount) -> String {
    if amount.is_zero() { String::new() } else { format!(", {what} {amount}") }
}

/// Every position that is not empty, by instrument and account, with what is owed at which price, oldest first.
pub(crate) fn positions(desk: &Desk) -> Vec<String> {
    let ledger = desk.exchange.ledger();
    let mut rows: Vec<&Position> = ledger.positions.iter().filter(|row| row.lots != 0).collect();
    rows.sort_by_key(|row| (row.instrument, row.account));
    let line = |row: &Position| {
        let name = ledger.accounts.at(row.account).name;
        let owed: Vec<String> = ledger
            .obligations
            .of(row.obligations)
            .map(|part| format!("{} @ {}", part.lots.count(), written(part.price)))
            .collect();
        let owed = if owed.is_empty() { String::new() } else { format!(": {}", owed.join(", ")) };
        format!("{name} {} {:+}{owed}", desk.instrument_name(row.instrument), row.lots)
    };
    rows.into_iter().map(line).collect()
}
