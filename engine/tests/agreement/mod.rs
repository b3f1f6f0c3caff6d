//! Agreement: the view folded from events says what the engine's own state says.
//!
//! Scenarios and property tests hold it after every command.

use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId};
use engine::order::{Side, TimeInForce};
use engine::units::Amount;
use engine::view::View;
use engine::view::accounts::{AccountView, PositionView};
use engine::view::orders::{OrderStatus, OrderView};

/// Panics unless `view` says of everything what `exchange` says.
pub(crate) fn assert_agreement(exchange: &Exchange, view: &View) {
    assert_eq!(view.stamp(), exchange.last(), "the view is at the last command");
    assert_eq!(view.founding(), exchange.founding(), "founding");
    let ledger = exchange.ledger();
    assert_eq!((view.supply(), view.fees()), (ledger.supply, ledger.fees), "supply and fees");
    assert_eq!(view.accounts(), ledger.accounts.iter().count(), "accounts");
    let mut escrow = Amount::ZERO;
    for (number, account) in ledger.accounts.iter() {
        let told = view.account(number).expect("every account was told");
        assert_eq!(view.named(account.name), Some(number), "accounts are found by name");
        assert_eq!(
            (told.name, told.group, told.provider),
            (account.name, account.group, account.provider),
            "who {} is",
            account.name
        );
        assert_eq!(told.balance, account.balance, "balance of {}", account.name);
        assert_eq!(told.xseq, account.xseq, "private stream of {}", account.name);
        escrow = told.positions.values().fold(escrow, |sum, position| sum.plus(position.escrow));
        assert_orders(exchange, view, number);
    }
    assert_eq!(escrow, ledger.escrow, "escrow of all positions is all escrow");
    assert_positions(exchange, view);
    assert_keys(exchange, view);
    assert_eq!(view.instruments().count(), exchange.instruments(), "instruments");
    for (number, _) in view.instruments() {
        assert_instrument(exchange, view, number);
    }
}

/// Open orders of an account, in order of age.
fn assert_orders(exchange: &Exchange, view: &View, account: AccountId) {
    let owner = exchange.ledger().accounts.at(account);
    let told: Vec<&OrderView> = view.orders_of(account).collect();
    assert_eq!(told.len(), exchange.orders().of(owner).count(), "open orders of {}", owner.name);
    for (told, open) in told.into_iter().zip(exchange.orders().of(owner)) {
        assert_eq!(
            (told.order, told.client, told.account, told.instrument),
            (open.order, open.client, open.account, open.instrument),
            "which order it is"
        );
        assert_eq!((told.side, told.limit), (open.side, open.limit), "what it wants");
        assert_eq!(Some(told.leaves), exchange.books().leaves(open.order), "what it has left");
        assert_eq!(told.lots, told.filled.plus(told.leaves), "an open order is what it did and has left");
        assert!(told.lots <= open.lots, "an order never grows");
        assert_eq!(told.time_in_force, TimeInForce::GoodTillGate, "only such orders rest");
        assert_eq!(told.status, OrderStatus::Open, "an open order is open");
    }
}

fn assert_positions(exchange: &Exchange, view: &View) {
    let position = |account: &AccountView, instrument: InstrumentId| {
        account.positions.get(&instrument).copied().unwrap_or_default()
    };
    for row in exchange.ledger().positions.iter() {
        let told = position(view.account(row.account).expect("every account was told"), row.instrument);
        let (lots, capacity) = (row.lots, row.capacity);
        let held = PositionView { lots, escrow: row.escrow, bonded: row.bonded, capacity };
        assert_eq!(told, held, "position of {:?} in {:?}", row.account, row.instrument);
    }
    for (number, account) in exchange.ledger().accounts.iter() {
        let told = view.account(number).expect("every account was told");
        for instrument in told.positions.keys() {
            let row = exchange.ledger().positions.find(number, *instrument);
            assert!(row.is_some(), "{} has a position that was told", account.name);
        }
    }
}

fn assert_keys(exchange: &Exchange, view: &View) {
    for (key, grant) in exchange.ledger().accounts.keys() {
        let mut first = [0; 8];
        first.copy_from_slice(&key.0[..8]);
        let told = view.key(first).expect("every key was told");
        assert_eq!((&told.key, &told.grant), (key, grant), "what a key may do");
    }
}

fn assert_instrument(exchange: &Exchange, view: &View, number: InstrumentId) {
    let told = view.instrument(number).expect("the view lists it");
    let held = exchange.instrument(number).expect("every listed instrument exists");
    assert_eq!(
        (told.market, told.start, told.gate, told.phase),
        (held.market, held.start, held.gate, held.phase),
        "what {} is",
        told.symbol
    );
    assert_eq!(view.symbol(&told.symbol), Some(number), "instruments are found by symbol");
    assert_eq!(told.symbol.start, held.start, "a symbol names the start");
    let spec = exchange.market(held.market).map(|market| market.spec);
    assert_eq!(view.market(held.market).copied(), spec, "settings of the market");
    assert_eq!(view.market_of(&told.symbol).copied(), spec, "markets are found by symbol");
    let depth = view.depth(number).expect("every instrument has a book");
    assert!(depth.bids().eq(exchange.books().depth(number, Side::Bid)), "bids of {}", told.symbol);
    assert!(depth.asks().eq(exchange.books().depth(number, Side::Ask)), "asks of {}", told.symbol);
}
