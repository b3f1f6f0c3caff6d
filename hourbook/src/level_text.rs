//! Level text: a proven book as JSON.

use client::book::VerifiedBook;
use client::level::Level;
use protocol::book::Level as WireLevel;
use protocol::time::Time;
use serde::Serialize;

/// A book as JSON.
#[derive(Serialize)]
pub(crate) struct LevelsText<'a> {
    symbol: &'a str,
    seq: Option<u64>,
    ts: Option<Time>,
    asks: Vec<WireLevel>,
    bids: Vec<WireLevel>,
    crc: Option<u32>,
}

impl<'a> LevelsText<'a> {
    /// At most so many levels of each side; all of them without a bound.
    pub(crate) fn new(symbol: &'a str, book: &VerifiedBook, levels: Option<usize>) -> LevelsText<'a> {
        let levels = levels.unwrap_or(usize::MAX);
        let wire = |level: Level| WireLevel { price: level.price(), qty: level.qty() };
        LevelsText {
            symbol,
            seq: book.seq(),
            ts: book.ts(),
            asks: book.asks().take(levels).map(wire).collect(),
            bids: book.bids().take(levels).map(wire).collect(),
            crc: book.crc(),
        }
    }
}
