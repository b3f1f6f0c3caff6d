//! Subscription: the streams there are, as items of `subscribe`.

use protocol::channel::Channel;
use protocol::subscription::Subscription;

/// All levels of one market, told at every change.
pub fn book(symbol: &str) -> Subscription {
    of(Channel::Book, Some(symbol))
}

/// The trades of one market, or of all.
pub fn trades(symbol: Option<&str>) -> Subscription {
    of(Channel::Trades, symbol)
}

/// All markets and their changes.
pub fn instruments() -> Subscription {
    of(Channel::Instruments, None)
}

/// The account's orders and what becomes of them; needs a login.
pub fn executions() -> Subscription {
    of(Channel::Executions, None)
}

/// The account's balances and positions; needs a login.
pub fn account() -> Subscription {
    of(Channel::Account, None)
}

fn of(channel: Channel, symbol: Option<&str>) -> Subscription {
    let symbol = symbol.map(str::to_owned);
    Subscription { channel: channel.name().to_owned(), symbol, ..Subscription::default() }
}
