//! Tape: prints every trade as it streams in.

use std::io::{self, Write};

use client::connection::Connection;
use client::error::ClientError;
use client::subscription;
use protocol::order::Side;
use protocol::time::Time;
use protocol::trades::{Trade, Trades, TradesUpdate};
use protocol::update::Update;
use tokio::sync::watch;

use crate::demo::stopped;

/// Prints until told to stop; `count` says how many trades were printed.
pub(super) async fn print(
    url: String,
    json: bool,
    (count, mut stop): (watch::Sender<u64>, watch::Receiver<bool>),
) -> Result<(), ClientError> {
    let mut connection = Connection::open(&url).await?;
    connection.subscribe_one(subscription::trades(None)).await?;
    loop {
        let update = tokio::select! {
            () = stopped(&mut stop) => return Ok(()),
            update = connection.next_update() => update?,
        };
        let Update::Trades(Trades::Update(told)) = update else { continue };
        for trade in &told.data {
            let line = if json { as_json(&told, trade) } else { as_text(&told, trade) };
            // Whoever read the tape has gone: the demo goes on until it is stopped.
            let _ = writeln!(io::stdout().lock(), "{line}");
            count.send_modify(|count| *count += 1);
        }
    }
}

fn as_text(told: &TradesUpdate, trade: &Trade) -> String {
    let side = match trade.taker_side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    };
    let price = &trade.price;
    format!("  {}  {:<36} {side:>7} {:>4} x 1 h @ {price:>8} CU", clock(trade.ts), told.symbol, trade.qty)
}

fn as_json(told: &TradesUpdate, trade: &Trade) -> String {
    let side = trade.taker_side;
    serde_json::json!({
        "symbol": told.symbol, "seq": told.seq, "id": trade.id, "price": trade.price, "qty": trade.qty,
        "taker_side": side, "ts": trade.ts,
    })
    .to_string()
}

/// Time of day in UTC, to the millisecond.
fn clock(time: Time) -> String {
    let ms = time.ns() / 1_000_000;
    let (hours, minutes, seconds) = (ms / 3_600_000 % 24, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", ms % 1_000)
}
