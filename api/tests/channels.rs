//! Channels: every public channel but the books, over a real socket.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;
#[path = "harness/mirror.rs"]
mod mirror;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use engine::command::Command;
use engine::order::Side;
use harness::{ANN, FIRST, Flow, Peer, World};
use mirror::Mirror;
use serde_json::{Value, json};

/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

#[tokio::test]
async fn best_prices_are_told_when_they_change_and_only_then() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    watcher.subscribe(json!({"channel": "bbo", "symbol": symbol})).await;
    let snapshot = watcher.update("bbo").await;
    assert_eq!(snapshot["data"], json!([{"s": symbol}]));
    let bid = ann.order(&symbol, "buy", ("5", "0.9000")).await;
    let first = watcher.update("bbo").await;
    assert_eq!(first["data"], json!([{"s": symbol, "b": ["0.9000", "5"]}]));
    assert_eq!((&first["prev_seq"], &first["seq"]), (&snapshot["seq"], &bid["engine_seq"]));
    ann.order(&symbol, "buy", ("5", "0.8000")).await;
    assert!(watcher.is_silent("bbo").await, "a worse price changes nothing");
    pat.order(&symbol, "sell", ("3", "0.9000")).await;
    let taken = watcher.update("bbo").await;
    assert_eq!(taken["data"], json!([{"s": symbol, "b": ["0.9000", "2"]}]));
    assert_eq!(taken["prev_seq"], first["seq"]);
    world.stop().await;
}

#[tokio::test]
async fn a_strip_has_every_open_window_in_each_message() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut watcher) = (world.login("ann").await, world.connect().await);
    let strip = json!({"channel": "bbo", "symbol": "H100SXM.US-E.FIRM", "strip": true});
    watcher.subscribe(strip).await;
    let snapshot = watcher.update("bbo").await;
    assert_eq!(snapshot["data"].as_array().unwrap().len(), 3);
    ann.order(&symbol, "buy", ("5", "0.9000")).await;
    let told = watcher.update("bbo").await;
    assert_eq!((&told["type"], &told["prev_seq"]), (&json!("snapshot"), &snapshot["seq"]));
    assert_eq!(told["symbol"], "H100SXM.US-E.FIRM");
    assert_eq!(told["data"][0], json!({"s": symbol, "b": ["0.9000", "5"]}));
    assert_eq!(told["data"].as_array().unwrap().len(), 3);
    for (item, code) in [
        (
            json!({"channel": "bbo", "symbol": "H100SXM.US-E.FIRM", "strip": true, "speed": "raw"}),
            "BAD_SPEED",
        ),
        (json!({"channel": "bbo", "symbol": "H100SXM.US-W.FIRM", "strip": true}), "NO_MATCH"),
        (json!({"channel": "book", "symbol": symbol, "strip": true}), "UNKNOWN_FIELD"),
    ] {
        let result = watcher.ok("subscribe", json!({"subs": [item]})).await;
        assert_eq!(result["subs"][0]["error"]["code"], code, "{result}");
    }
    world.stop().await;
}

/// Every order of a market as a client keeps them: side, price in ticks, and what is shown, by the stream's name; in the
/// order in which they joined.
#[derive(Default)]
struct Orders(BTreeMap<u64, (String, u64, u64)>);

fn number(text: &Value) -> u64 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

impl Orders {
    fn apply(&mut self, message: &Value) {
        if message["type"] == "snapshot" {
            self.0.clear();
            for (side, name) in [("asks", "sell"), ("bids", "buy")] {
                for order in message["data"][side].as_array().unwrap() {
                    let row = (name.to_owned(), number(&order[1]), number(&order[2]));
                    assert!(self.0.insert(order[0].as_u64().unwrap(), row).is_none());
                }
            }
            return;
        }
        for event in message["data"].as_array().unwrap() {
            let oid = event["oid"].as_u64().unwrap();
            match event["ev"].as_str().unwrap() {
                "add" => {
                    let side = event["side"].as_str().unwrap().to_owned();
                    let row = (side, number(&event["price"]), number(&event["qty"]));
                    assert!(self.0.insert(oid, row).is_none(), "a name is given once: {event}");
                }
                "fill" | "change" => {
                    let shown = number(&event["qty"]);
                    let order = self.0.get_mut(&oid).unwrap();
                    assert!(shown < order.2, "{event}");
                    order.2 = shown;
                    if shown == 0 {
                        self.0.remove(&oid);
                    }
                }
                "remove" => drop(self.0.remove(&oid).unwrap()),
                other => panic!("nothing is {other}"),
            }
        }
    }

    /// Price levels, as the channel `book` has them.
    fn rows(&self) -> mirror::Rows {
        ["sell", "buy"].map(|wanted| {
            let mut levels: BTreeMap<u64, u64> = BTreeMap::new();
            for (side, price, lots) in self.0.values() {
                if side == wanted {
                    *levels.entry(*price).or_default() += lots;
                }
            }
            let mut rows: Vec<(u64, u64)> = levels.into_iter().collect();
            if wanted == "buy" {
                rows.reverse();
            }
            rows
        })
    }

    /// What stands in the queue of each price, in turn.
    fn queue(&self, wanted: &str) -> Vec<(u64, u64)> {
        let of_side = self.0.values().filter(|(side, ..)| side == wanted);
        let mut queue: Vec<(u64, u64)> = of_side.map(|(_, price, lots)| (*price, *lots)).collect();
        queue.sort_by_key(|(price, _)| *price);
        queue
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_is_known_with_its_place_in_the_queue() {
    let (world, symbol) = World::trading().await;
    let mut pat = world.login("pat").await;
    pat.ok("set_capacity", json!({"symbol": symbol, "gpus": 2_000})).await;
    let mut flow = Flow::new(3);
    (0..100).for_each(|_| world.submit(flow.next()));
    let mut watcher = world.connect().await;
    let queue = watcher.subscribe(json!({"channel": "orders_l3", "symbol": symbol})).await["stream"].clone();
    let book = watcher.subscribe(json!({"channel": "book", "symbol": symbol})).await["stream"].clone();
    let (mut orders, mut mirror) = (Orders::default(), Mirror::default());
    for _ in 0..500 {
        world.submit(flow.next());
    }
    // An iceberg: nobody sees what it hides.
    let iceberg = json!({"symbol": symbol, "side": "sell", "type": "limit", "price": "0.0199", "qty": "9",
        "display_qty": "2"});
    pat.ok("add_order", iceberg).await;
    let mut ann = world.login("ann").await;
    let last = ann.order(&symbol, "buy", ("5", "0.0199")).await["engine_seq"].as_u64().unwrap();
    let mut told = watcher.told(&queue).await;
    let mut seq = 0;
    loop {
        if told["type"] == "update" {
            assert_eq!(told["prev_seq"], seq, "{told}");
        }
        seq = told["seq"].as_u64().unwrap();
        orders.apply(&told);
        while mirror.seq < seq {
            mirror.apply(&watcher.told(&book).await);
        }
        if seq == last {
            break;
        }
        if mirror.seq == seq {
            assert_eq!(orders.rows(), mirror.rows(None), "orders make levels at {seq}");
        }
        told = watcher.told(&queue).await;
    }
    assert_eq!(orders.rows(), mirror.rows(None), "in the end");
    let view = world.stop().await.view;
    for (side, name) in [(Side::Bid, "buy"), (Side::Ask, "sell")] {
        let resting = view.resting(FIRST).filter(|order| order.side == side);
        let mut own: Vec<(u64, u64)> =
            resting.map(|order| (order.limit.ticks().into(), order.shown.count().into())).collect();
        own.sort_by_key(|(price, _)| *price);
        assert_eq!(orders.queue(name), own, "queues of {name}");
    }
}

#[tokio::test]
async fn a_part_of_an_iceberg_is_an_order_of_its_own() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    let iceberg = json!({"symbol": symbol, "side": "sell", "type": "limit", "price": "1", "qty": "6",
        "display_qty": "2"});
    let placed = pat.ok("add_order", iceberg).await;
    pat.order(&symbol, "sell", ("3", "1.0000")).await;
    watcher.subscribe(json!({"channel": "orders_l3", "symbol": symbol})).await;
    let snapshot = watcher.update("orders_l3").await;
    assert_eq!(snapshot["data"], json!({"asks": [[1, "1.0000", "2"], [2, "1.0000", "3"]], "bids": []}));
    ann.order(&symbol, "buy", ("3", "1.0000")).await;
    let told = watcher.update("orders_l3").await;
    let expected = json!([{"ev": "fill", "oid": 1, "qty": "0"},
        {"ev": "add", "oid": 3, "side": "sell", "price": "1.0000", "qty": "2"},
        {"ev": "fill", "oid": 2, "qty": "2"}]);
    assert_eq!(told["data"], expected);
    let order = json!({"order_id": placed["order_id"], "by_qty": "2"});
    pat.ok("reduce_order", order).await;
    assert!(watcher.is_silent("orders_l3").await, "what is hidden goes first, and nobody saw it");
    pat.ok("cancel_order", json!({"order_id": placed["order_id"]})).await;
    assert_eq!(watcher.update("orders_l3").await["data"], json!([{"ev": "remove", "oid": 3}]));
    world.stop().await;
}

#[tokio::test]
async fn trades_are_numbered_and_no_sooner_public_than_told_to_their_owners() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let trades = ann.subscribe(json!({"channel": "trades", "symbol": symbol})).await;
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}, {"channel": "book", "symbol": symbol}]}))
        .await;
    let mut chain = trades["seq"].clone();
    for round in 1..=20_u64 {
        pat.order(&symbol, "sell", ("1", "1.0000")).await;
        let id = ann
            .send(
                "add_order",
                json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1",
            "qty": "1"}),
            )
            .await;
        let (mut executed, mut replied) = (false, false);
        loop {
            let message = ann.receive().await;
            executed |= message["data"]["ev"] == "trade";
            replied |= message["req_id"] == id;
            if message["channel"] == "trades" {
                assert!(executed && replied, "the owner hears of it first");
                assert_eq!((&message["data"][0]["id"], &message["prev_seq"]), (&json!(round), &chain));
                chain = message["seq"].clone();
                break;
            }
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_ticker_says_what_a_market_has_come_to() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    watcher.subscribe(json!({"channel": "ticker", "symbol": symbol, "speed": "raw"})).await;
    let snapshot = watcher.update("ticker").await;
    assert_eq!(snapshot["data"], json!({"open_interest": "0"}));
    for (lots, price) in [("3", "1.0000"), ("2", "1.2000"), ("1", "0.9000")] {
        pat.order(&symbol, "sell", (lots, price)).await;
        ann.order(&symbol, "buy", (lots, price)).await;
    }
    let mut told = Value::Null;
    for _ in 0..3 {
        told = watcher.update("ticker").await;
    }
    let data = &told["data"];
    assert_eq!(
        (&data["last"]["price"], &data["last"]["qty"], &data["last"]["id"]),
        (&json!("0.9000"), &json!("1"), &json!(3))
    );
    let day = &data["day"];
    assert_eq!(
        [&day["open"], &day["high"], &day["low"], &day["volume"], &day["trades"]],
        [&json!("1.0000"), &json!("1.2000"), &json!("0.9000"), &json!("6"), &json!(3)]
    );
    assert_eq!((&data["open_interest"], &data["fixing"]), (&json!("6"), &Value::Null));
    // Bought back, it is owed no more.
    ann.order(&symbol, "sell", ("2", "1.0000")).await;
    pat.order(&symbol, "buy", ("2", "1.0000")).await;
    assert_eq!(watcher.update("ticker").await["data"]["open_interest"], "4");
    // After a restart all of it is known.
    let world = World::again(world.stop().await.log).await;
    let mut watcher = world.connect().await;
    watcher.subscribe(json!({"channel": "ticker", "symbol": symbol})).await;
    let again = watcher.update("ticker").await["data"].clone();
    assert_eq!(
        (&again["open_interest"], &again["last"]["id"], &again["day"]["volume"]),
        (&json!("4"), &json!(4), &json!("8"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tickers_day_rolls_though_nothing_happens() {
    let (world, _) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    let days = json!({"class": "B200", "zone": "US-E", "tier": "firm", "window_s": 86_400, "windows": 4, "gate_s": 600,
        "bond": "0.5", "maker_fee_ppm": 200, "taker_fee_ppm": 500, "self_trade": "prevent"});
    world.login("operator").await.ok("add_market", days).await;
    let listed = watcher.ok("instruments", json!({})).await["instruments"].clone();
    let symbols = listed.as_array().unwrap().iter().map(|listed| listed["symbol"].as_str().unwrap());
    let symbol = symbols.filter(|symbol| symbol.starts_with("B200.")).max().unwrap().to_owned();
    pat.ok("set_capacity", json!({"symbol": symbol, "gpus": 10})).await;
    pat.order(&symbol, "sell", ("3", "1.0000")).await;
    ann.order(&symbol, "buy", ("3", "1.0000")).await;
    watcher.subscribe(json!({"channel": "ticker", "symbol": symbol, "speed": "raw"})).await;
    let from = |told: &Value| told["data"]["day"]["from"].as_str().map(|text| text.parse::<u64>().unwrap());
    let mut last = watcher.update("ticker").await;
    // Not even a tick of the exchange is needed: nothing becomes durable meanwhile.
    world.stuck.store(true, Ordering::SeqCst);
    world.pass(3_600);
    let told = watcher.update("ticker").await;
    assert_eq!((&told["prev_seq"], &told["data"]["day"]["volume"]), (&last["seq"], &json!("3")));
    assert!(from(&last).unwrap() + 3_600 * NANOS <= from(&told).unwrap(), "{last} {told}");
    world.stuck.store(false, Ordering::SeqCst);
    last = told;
    // The hour of the trade and 23 more: then it is not of the last day any more.
    let mut hours = 1;
    while last["data"].get("day").is_some() {
        assert!(hours < 24, "{last}");
        world.pass(3_600);
        hours += 1;
        let before = from(&last);
        while from(&last) == before {
            let told = watcher.update("ticker").await;
            assert_eq!(told["prev_seq"], last["seq"]);
            last = told;
        }
    }
    assert!(22 < hours, "{hours}");
    assert_eq!((&last["data"]["last"]["qty"], &last["data"]["open_interest"]), (&json!("3"), &json!("3")));
    let asked = watcher.ok("ticker", json!({"symbol": symbol})).await;
    assert_eq!(asked.get("day"), None, "{asked}");
    world.stop().await;
}

#[tokio::test]
async fn candles_are_of_a_market_or_of_the_window_that_closes_next() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    let listed = watcher.ok("instruments", json!({})).await;
    let later = listed["instruments"][2]["symbol"].as_str().unwrap().to_owned();
    pat.ok("set_capacity", json!({"symbol": later, "gpus": 10})).await;
    let subscribe =
        |symbol: &str| json!({"channel": "candles", "symbol": symbol, "interval": "1d", "speed": "raw"});
    let own = watcher.subscribe(subscribe(&later)).await["stream"].clone();
    let front = watcher.subscribe(subscribe("H100SXM")).await["stream"].clone();
    for stream in [&own, &front] {
        assert_eq!(watcher.told(stream).await["data"], json!({"interval": "1d", "candles": []}));
    }
    for (window, lots, price) in [(&symbol, "3", "1.0000"), (&later, "2", "2.0000"), (&symbol, "1", "0.9000")]
    {
        pat.order(window, "sell", (lots, price)).await;
        ann.order(window, "buy", (lots, price)).await;
    }
    let first = watcher.told(&front).await;
    assert_eq!(first["symbol"], "H100SXM");
    let told = watcher.told(&front).await;
    assert_eq!(told["prev_seq"], first["seq"]);
    let candle = &told["data"]["candles"][0];
    let fields = ["o", "h", "l", "c", "v", "n"].map(|field| &candle[field]);
    assert_eq!(
        fields,
        [&json!("1.0000"), &json!("1.0000"), &json!("0.9000"), &json!("0.9000"), &json!("4"), &json!(2)]
    );
    assert_eq!(watcher.told(&own).await["data"]["candles"][0]["v"], "2");
    assert!(watcher.is_silent("candles").await);
    for (item, code) in [
        (json!({"channel": "candles", "symbol": "H100XSM"}), "NO_MATCH"),
        (json!({"channel": "candles", "symbol": "H100SXM", "interval": "2m"}), "BAD_VALUE"),
        (json!({"channel": "candles", "symbol": "H100SXM.*"}), "BAD_VALUE"),
    ] {
        let result = watcher.ok("subscribe", json!({"subs": [item]})).await;
        assert_eq!(result["subs"][0]["error"]["code"], code, "{result}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_fixing_is_told_with_what_it_was_computed_from_or_that_it_is_withheld() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    let all = watcher.subscribe(json!({"channel": "fixings"})).await["stream"].clone();
    let class = watcher.subscribe(json!({"channel": "fixings", "symbol": "H100SXM"})).await["stream"].clone();
    for stream in [&all, &class] {
        assert_eq!(watcher.told(stream).await["data"], json!([]));
    }
    pat.order(&symbol, "sell", ("3", "1.0000")).await;
    ann.order(&symbol, "buy", ("3", "1.0000")).await;
    world.pass(3_600);
    world.command(Command::CancelAfter { account: ANN, after: None }).await.unwrap();
    for stream in [&all, &class] {
        let fixing = &watcher.told(stream).await["data"][0];
        assert_eq!(
            (&fixing["class"], &fixing["withheld"], &fixing["rate"]),
            (&json!("H100SXM"), &json!(true), &Value::Null)
        );
        assert!(fixing["partitions"].as_u64().unwrap() <= 1 && fixing["groups"].is_u64(), "{fixing}");
    }
    world.stop().await;
}

#[tokio::test]
async fn silent_streams_are_told_where_they_stand_and_others_are_not() {
    let (world, symbol) = World::trading().await;
    let mut watcher = world.connect().await;
    let trades = watcher.subscribe(json!({"channel": "trades", "symbol": symbol})).await;
    let book = watcher.subscribe(json!({"channel": "book", "symbol": symbol})).await["stream"].clone();
    let snapshot = watcher.told(&book).await;
    let beat = watcher.update("heartbeat").await;
    let name = |stream: &Value| stream.to_string();
    assert_eq!(beat["seq"][name(&trades["stream"])], trades["seq"]);
    assert_eq!(beat["seq"][name(&book)], snapshot["seq"]);
    // Whoever listens to nothing is told nothing.
    let mut idle = world.connect().await;
    watcher.update("heartbeat").await;
    assert!(idle.is_silent("heartbeat").await);
    world.stop().await;
}

#[tokio::test]
async fn everybody_hears_that_the_exchange_is_about_to_stop() {
    let (world, _) = World::trading().await;
    let mut peers: Vec<Peer> = Vec::new();
    for _ in 0..3 {
        peers.push(world.connect().await);
    }
    let stopping = tokio::spawn(world.stop());
    for peer in &mut peers {
        let told = peer.update("status").await;
        assert_eq!((&told["type"], &told["data"]["system"]), (&json!("update"), &json!("draining")));
        let works = &told["data"]["maintenance"][0];
        assert_eq!((&works["stage"], &works["action"]), (&json!("started"), &json!("connect_again")));
        assert_eq!(peer.update("status").await["data"]["close"], 1001);
    }
    stopping.await.unwrap();
}
