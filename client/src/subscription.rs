//! Subscription: the streams there are, as items of `subscribe`.
//!
//! Where a symbol is asked for, a pattern of symbols such as `H100SXM.US-E.*` will do too, but for candles.

use protocol::channel::Channel;
use protocol::speed::{Interval, Speed};
use protocol::subscription::{Resume, Subscription};

/// All levels of one market, told at every change.
pub fn book(symbol: &str) -> Subscription {
    of(Channel::Book, Some(symbol))
}

/// The best levels of one market, so many of each side, told so often; depth 0 is all levels.
pub fn book_to(symbol: &str, depth: u32, speed: Speed) -> Subscription {
    Subscription { depth: Some(depth), ..paced(book(symbol), speed) }
}

/// The same book, from where a client stands that was away.
pub fn resumed(book: Subscription, epoch: &str, seq: u64) -> Subscription {
    let resume = Resume { epoch: epoch.to_owned(), seq: Some(seq), xseq: None };
    Subscription { resume: Some(resume), ..book }
}

/// The same private stream, from the last message that a client has which was away.
pub fn replayed(private: Subscription, epoch: &str, xseq: u64) -> Subscription {
    let resume = Resume { epoch: epoch.to_owned(), seq: None, xseq: Some(xseq) };
    Subscription { resume: Some(resume), ..private }
}

/// The best prices of one market, told so often.
pub fn bbo(symbol: &str, speed: Speed) -> Subscription {
    paced(of(Channel::Bbo, Some(symbol)), speed)
}

/// The best prices of all open windows of a market `CLASS.ZONE.TIER`, every one in each message; told every 100 ms or
/// every second.
pub fn strip(market: &str, speed: Speed) -> Subscription {
    Subscription { strip: Some(true), ..bbo(market, speed) }
}

/// Every order of one market, without its owner.
pub fn orders(symbol: &str) -> Subscription {
    of(Channel::OrdersL3, Some(symbol))
}

/// The trades of one market, or of all.
pub fn trades(symbol: Option<&str>) -> Subscription {
    of(Channel::Trades, symbol)
}

/// Last trade, last day, open interest and reference rate of one market.
pub fn ticker(symbol: &str, speed: Speed) -> Subscription {
    paced(of(Channel::Ticker, Some(symbol)), speed)
}

/// What trades in intervals of this length: of one market, or of the window of a class that closes next.
pub fn candles(symbol_or_class: &str, interval: Interval) -> Subscription {
    let interval = Some(interval.name().to_owned());
    Subscription { interval, ..of(Channel::Candles, Some(symbol_or_class)) }
}

/// The reference rates of one class, or of all.
pub fn fixings(class: Option<&str>) -> Subscription {
    of(Channel::Fixings, class)
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

/// The account's positions alone; needs a login.
pub fn positions() -> Subscription {
    of(Channel::Positions, None)
}

/// The account's deliveries and audits; needs a login.
pub fn deliveries() -> Subscription {
    of(Channel::Deliveries, None)
}

/// What the account has at stake and owes, as a provider; needs a login.
pub fn provider() -> Subscription {
    of(Channel::Provider, None)
}

/// How slots of windows ended, of one class or of all.
pub fn settlements(class: Option<&str>) -> Subscription {
    of(Channel::Settlements, class)
}

fn of(channel: Channel, symbol: Option<&str>) -> Subscription {
    let symbol = symbol.map(str::to_owned);
    Subscription { channel: channel.name().to_owned(), symbol, ..Subscription::default() }
}

fn paced(subscription: Subscription, speed: Speed) -> Subscription {
    Subscription { speed: Some(speed.name().to_owned()), ..subscription }
}
