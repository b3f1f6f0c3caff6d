//! Ladder: a book for people: sells above, buys below, the best prices in the middle.

use client::book::VerifiedBook;
use client::level::Level;
use protocol::decimal::{self, Scale};

use crate::moment;

/// Characters of the longest bar.
const BAR_CHARS: u128 = 40;

/// The book of `symbol`, at most `levels` of each side.
pub(crate) fn ladder(symbol: &str, book: &VerifiedBook, levels: usize) -> String {
    let asks: Vec<Level> = book.asks().take(levels).collect();
    let bids: Vec<Level> = book.bids().take(levels).collect();
    let shown = || asks.iter().chain(&bids);
    let lots_max = shown().map(|level| level.lots).max().unwrap_or(1);
    let price_width = shown().map(|level| level.price().len()).max().unwrap_or(0).max("price".len());
    let qty_width = shown().map(|level| level.qty().len()).max().unwrap_or(0).max("qty".len());
    let row =
        |side: &str, price: &str, qty: &str| format!("{side:<4}{price:>price_width$}  {qty:>qty_width$}");
    let line = |side: &str, level: &Level| {
        format!("{}  {}\n", row(side, &level.price(), &level.qty()), bar(level.lots, lots_max))
    };

    let seq = book.seq().unwrap_or_default();
    let time = book.ts().map_or_else(String::new, moment::date_time);
    let mut text = format!("{symbol}  sequence {seq}  {time}\n\n{}\n", row("", "price", "qty"));
    asks.iter().rev().for_each(|level| text += &line("ask", level));
    text += &format!("{}\n", middle(asks.first(), bids.first()));
    bids.iter().for_each(|level| text += &line("bid", level));
    text
}

/// Both best prices on one line.
pub(crate) fn top(symbol: &str, book: &VerifiedBook) -> String {
    let best = |level: Option<Level>| match level {
        Some(level) => format!("{} x {}", level.price(), level.qty()),
        None => "-".to_owned(),
    };
    let time = book.ts().map_or_else(String::new, moment::date_time);
    let seq = book.seq().unwrap_or_default();
    format!("{time}  {symbol}  {seq}  bid {}  ask {}", best(book.bids().next()), best(book.asks().next()))
}

fn middle(ask: Option<&Level>, bid: Option<&Level>) -> String {
    match (ask, bid) {
        (Some(ask), Some(bid)) => {
            let spread = ask.ticks.saturating_sub(bid.ticks);
            format!("--- spread {}", decimal::print(spread, Scale::Price))
        }
        (None, None) => "--- empty".to_owned(),
        _ => "---".to_owned(),
    }
}

/// As long as `lots` are of `lots_max`, and never nothing.
fn bar(lots: u64, lots_max: u64) -> String {
    let chars = u128::from(lots) * BAR_CHARS / u128::from(lots_max.max(1));
    "█".repeat(usize::try_from(chars).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bar_shows_the_share() {
        assert_eq!(bar(u64::MAX, u64::MAX).chars().count(), 40);
        assert_eq!(bar(1, u64::MAX).chars().count(), 1);
        assert_eq!(bar(12, 24).chars().count(), 20);
    }
}
