//! Questions: the state of the exchange as lines of a scenario.

use engine::account::OPERATOR_NAME;
use engine::ids::{AccountId, InstrumentId};
use engine::order::Side;
use engine::position::Position;
use engine::units::{Amount, Price, Volume};
use engine::view::orders::OrderView;

use crate::decimal::written;
use crate::desk::Desk;

/// Shown lots by price: asks above the line, bids below it.
pub(crate) fn book(desk: &Desk, instrument: InstrumentId) -> Vec<String> {
    let level = |(price, lots): (Price, Volume)| format!("{}: {}", written(price), lots.count());
    let books = desk.exchange.books();
    let mut lines: Vec<String> = books.depth(instrument, Side::Ask).map(level).collect();
    lines.reverse();
    lines.push("---".to_string());
    lines.extend(books.depth(instrument, Side::Bid).map(level));
    lines
}

/// The open orders of the accounts with these names, of all when none is named; an account's own by age.
pub(crate) fn orders(desk: &Desk, names: &[&str]) -> Vec<String> {
    let accounts = &desk.exchange.ledger().accounts;
    let asked = accounts.iter().filter(|(account, _)| {
        let name = accounts.name(*account).to_string();
        names.is_empty() || names.contains(&name.as_str())
    });
    asked.flat_map(|(account, _)| orders_of(desk, account)).collect()
}

fn orders_of(desk: &Desk, account: AccountId) -> Vec<String> {
    desk.view.orders_of(account).map(|order| open_order(desk, order)).collect()
}

fn open_order(desk: &Desk, order: &OrderView) -> String {
    let side = ["bid", "ask"][usize::from(order.side.number())];
    let owner = desk.account_name(order.account);
    let (leaves, lots) = (order.leaves.count(), order.lots.count());
    let window = desk.instrument_name(order.instrument);
    let name = desk.order_name(order.order);
    let mut line = format!("{name} {side} {owner} {leaves} of {lots} @ {} {window}", written(order.limit));
    let mut add = |part: String| line.push_str(&format!(" {part}"));
    if order.shown != order.leaves {
        add(format!("shows={}", order.shown.count()));
    }
    if let Some(due) = order.time_in_force.expires() {
        add(format!("until={}", desk.span_to(due)));
    }
    if let Some(client) = order.client {
        add(format!("id={client}"));
    }
    if let Some(label) = order.label {
        add(format!("label={label}"));
    }
    if let Some(session) = order.session {
        add(format!("session={}", session.0));
    }
    line
}

/// The credit of the accounts with these names by state, of all but the operator when none is named; then the
/// exchange's.
pub(crate) fn balances(desk: &Desk, names: &[&str]) -> Vec<String> {
    let ledger = desk.exchange.ledger();
    let mut lines = Vec::new();
    for (number, account) in ledger.accounts.iter() {
        let name = ledger.accounts.name(number).to_string();
        let asked = if names.is_empty() { name != OPERATOR_NAME } else { names.contains(&name.as_str()) };
        if !asked {
            continue;
        }
        let balance = account.balance();
        let mut line = format!("{name} {}", balance.available);
        line.push_str(&unless_zero("held", balance.held));
        line.push_str(&unless_zero("bonded", balance.bonded));
        lines.push(line);
    }
    let redeeming = unless_zero("redeeming", ledger.redeeming);
    lines
        .push(format!("escrow {}, fees {}{redeeming}, supply {}", ledger.escrow, ledger.fees, ledger.supply));
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
        let name = ledger.accounts.name(row.account);
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
