//! Trading: orders, books, trades and private streams over a real socket.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use harness::World;
use serde_json::{Value, json};

#[tokio::test]
async fn two_clients_trade_and_everyone_is_told() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let mut watcher = world.connect().await;
    let subs = json!({"subs": [{"channel": "trades"}, {"channel": "book", "symbol": symbol, "depth": 0}]});
    let subscribed = watcher.ok("subscribe", subs).await;
    assert!(subscribed["subs"].as_array().unwrap().iter().all(|item| item["ok"] == true), "{subscribed}");
    let snapshot = watcher.update("book").await;
    assert_eq!(snapshot["type"], "snapshot");

    let rested = pat.order(&symbol, "sell", ("8", "1.0000")).await;
    assert_eq!((&rested["status"], &rested["leaves_qty"]), (&json!("open"), &json!("8")));
    let bought = ann.order(&symbol, "buy", ("5", "1.1000")).await;
    assert_eq!(bought["status"], "filled");
    assert_eq!(bought["avg_price"], "1.0000");

    let added = watcher.update("book").await;
    assert_eq!(added["data"]["asks"], json!([["1.0000", "8"]]));
    assert_eq!(added["prev_seq"], snapshot["seq"]);
    assert_eq!(added["seq"], rested["engine_seq"]);
    let trade = watcher.update("trades").await;
    assert_eq!(trade["data"][0]["price"], "1.0000");
    assert_eq!((&trade["data"][0]["qty"], &trade["data"][0]["taker_side"]), (&json!("5"), &json!("buy")));
    assert_eq!(trade["symbol"], symbol);
    let taken = watcher.update("book").await;
    assert_eq!(taken["data"]["asks"], json!([["1.0000", "3"]]));
    assert_eq!(taken["prev_seq"], added["seq"]);

    let balances = ann.ok("balances", json!({})).await;
    // 5 CU and the taker's fee of 500 ppm.
    assert_eq!(balances["balances"][0]["available"], "994.997500");
    assert_eq!(balances["positions"][0]["position"], "5");
    let seller = pat.ok("balances", json!({})).await;
    assert_eq!(seller["positions"][0]["position"], "-5");
    assert_eq!(seller["positions"][0]["escrow"], "5.000000");
    assert_eq!(seller["balances"][0]["bonded"], "4.000000");
    let fills = ann.ok("fills", json!({})).await;
    assert_eq!(fills["fills"][0]["fee"], "0.002500");
    assert_eq!(fills["fills"][0]["order_id"], bought["order_id"]);
    world.stop().await;
}

#[tokio::test]
async fn private_streams_are_chained_and_cumulative() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    for price in ["1.0000", "1.0100"] {
        pat.order(&symbol, "sell", ("2", price)).await;
    }
    let subs = json!({"subs": [{"channel": "executions"}, {"channel": "account"}]});
    ann.ok("subscribe", subs).await;
    let orders = ann.update("executions").await;
    assert_eq!((&orders["type"], &orders["data"]["orders"]), (&json!("snapshot"), &json!([])));
    let start = ann.update("account").await;
    assert_eq!(start["data"]["balances"][0]["available"], "1000.000000");

    ann.send(
        "add_order",
        json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1.0200", "qty": "5",
        "cl_ord_id": "mine"}),
    )
    .await;
    let mut last = orders["xseq"].clone();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let update = ann.update("executions").await;
        assert_eq!(update["prev_xseq"], last, "{update}");
        last = update["xseq"].clone();
        seen.push(update["data"].clone());
    }
    let cumulative: Vec<(&str, &str, &str)> = seen
        .iter()
        .map(|data| {
            let text = |field: &str| data[field].as_str().unwrap();
            (text("ev"), text("cum_qty"), text("status"))
        })
        .collect();
    assert_eq!(
        cumulative,
        [("new", "0", "open"), ("trade", "2", "partially_filled"), ("trade", "4", "partially_filled")]
    );
    assert!(seen.iter().all(|data| data["cl_ord_id"] == "mine"));

    let open = ann.ok("open_orders", json!({"symbol": symbol})).await;
    assert_eq!(open["orders"][0]["leaves_qty"], "1");
    let id = ann.send("cancel_order", json!({"cl_ord_id": "mine"})).await;
    // The event comes before the reply.
    let update = ann.update("executions").await;
    assert_eq!((&update["data"]["ev"], &update["data"]["reason"]), (&json!("canceled"), &json!("user")));
    let canceled = ann.reply(id).await;
    assert_eq!(canceled["result"]["status"], "canceled");
    assert_eq!(canceled["result"]["xseq"], update["xseq"]);
    assert_eq!(update["prev_xseq"], last);
    world.stop().await;
}

#[tokio::test]
async fn books_agree_with_their_checksum() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let mut watcher = world.connect().await;
    watcher.ok("subscribe", json!({"subs": [{"channel": "book", "symbol": symbol}]})).await;
    let mut book = Book::default();
    book.apply(&watcher.update("book").await);
    for (price, qty) in [("0.9000", "3"), ("0.9100", "4"), ("0.9200", "5")] {
        ann.order(&symbol, "buy", (qty, price)).await;
        book.apply(&watcher.update("book").await);
    }
    pat.order(&symbol, "sell", ("6", "0.9100")).await;
    book.apply(&watcher.update("book").await);
    ann.ok("cancel_all", json!({})).await;
    book.apply(&watcher.update("book").await);
    assert!(book.bids.is_empty() && book.asks.is_empty());
    world.stop().await;
}

/// A book as a client keeps it.
#[derive(Default)]
struct Book {
    asks: Vec<(u64, u64)>,
    bids: Vec<(u64, u64)>,
}

impl Book {
    fn apply(&mut self, message: &Value) {
        let number = |text: &Value| text.as_str().unwrap().replace('.', "").parse::<u64>().unwrap();
        for (side, levels) in [("asks", &mut self.asks), ("bids", &mut self.bids)] {
            for level in message["data"][side].as_array().into_iter().flatten() {
                let (price, lots) = (number(&level[0]), number(&level[1]));
                levels.retain(|(known, _)| *known != price);
                levels.extend((0 < lots).then_some((price, lots)));
            }
            levels.sort_unstable();
        }
        let crc = protocol::checksum::book(self.asks.iter().copied(), self.bids.iter().rev().copied());
        assert_eq!(message["data"]["crc"], crc, "{message}");
    }
}
