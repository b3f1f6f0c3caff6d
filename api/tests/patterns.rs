//! Patterns: one subscription for many markets, those too that come later.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use std::collections::BTreeSet;

use engine::command::Command;
use harness::{ANN, Peer, World};
use serde_json::{Value, json};

fn market(class: &str, zone: &str, windows: u32) -> Value {
    json!({"class": class, "zone": zone, "tier": "firm", "window_s": 3600, "windows": windows, "gate_s": 600,
        "bond": "0.5", "maker_fee_ppm": 200, "taker_fee_ppm": 500, "self_trade": "prevent"})
}

/// The symbols of so many messages of a channel.
async fn symbols(peer: &mut Peer, channel: &str, count: usize) -> BTreeSet<String> {
    let mut symbols = BTreeSet::new();
    for _ in 0..count {
        let message = peer.update(channel).await;
        let symbol = if channel == "bbo" { &message["data"][0]["s"] } else { &message["symbol"] };
        symbols.insert(symbol.as_str().unwrap().to_owned());
    }
    symbols
}

#[tokio::test]
async fn a_pattern_follows_all_that_matches_and_what_comes_later() {
    let (world, symbol) = World::trading().await;
    let (mut operator, mut watcher) = (world.login("operator").await, world.connect().await);
    let answer = watcher.subscribe(json!({"channel": "book", "symbol": "H100SXM.*", "depth": 10})).await;
    assert_eq!(answer["matched"], 3);
    assert_eq!(symbols(&mut watcher, "book", 3).await.len(), 3);
    // A market that matches joins by itself, one that does not does not.
    operator.ok("add_market", market("H200SXM", "US-E", 2)).await;
    operator.ok("add_market", market("H100SXM", "EU-W", 2)).await;
    let joined = symbols(&mut watcher, "book", 2).await;
    assert!(joined.iter().all(|symbol| symbol.starts_with("H100SXM.EU-W.FIRM.")), "{joined:?}");
    assert!(watcher.is_silent("book").await);
    // So does a window that is listed when another closes.
    world.pass(3_600);
    world.command(Command::CancelAfter { account: ANN, after: None }).await.unwrap();
    let listed = symbols(&mut watcher, "book", 2).await;
    assert!(listed.is_disjoint(&joined) && !listed.contains(&symbol), "{listed:?}");

    let mut ann = world.login("ann").await;
    let last = listed.last().unwrap();
    ann.order(last, "buy", ("1", "0.5000")).await;
    let update = watcher.update("book").await;
    assert_eq!((&update["type"], &update["symbol"]), (&json!("update"), &json!(last)));
    // What was asked for by itself stays when the pattern ends.
    watcher.subscribe(json!({"channel": "book", "symbol": last, "depth": 10})).await;
    assert_eq!(watcher.update("book").await["type"], "snapshot");
    watcher.ok("unsubscribe", json!({"streams": [answer["stream"]]})).await;
    for window in &listed {
        ann.order(window, "buy", ("1", "0.6000")).await;
    }
    assert_eq!(symbols(&mut watcher, "book", 1).await, BTreeSet::from([last.clone()]));
    assert!(watcher.is_silent("book").await);
    let gone = watcher.error("unsubscribe", json!({"streams": [answer["stream"]]})).await;
    assert_eq!(gone["code"], "NOT_SUBSCRIBED");
    world.stop().await;
}

#[tokio::test]
async fn streams_of_a_window_end_with_it() {
    let (world, symbol) = World::trading().await;
    let mut watcher = world.connect().await;
    let book = watcher.subscribe(json!({"channel": "book", "symbol": symbol})).await["stream"].clone();
    let instruments = watcher.subscribe(json!({"channel": "instruments"})).await["stream"].clone();
    assert_eq!(watcher.told(&book).await["type"], "snapshot");
    assert_eq!(watcher.told(&instruments).await["data"].as_array().unwrap().len(), 3);
    let mut states = Vec::new();
    for _ in 0..4 {
        world.pass(3_600);
        world.command(Command::CancelAfter { account: ANN, after: None }).await.unwrap();
        while !watcher.is_silent("instruments").await {
            let told = watcher.update("instruments").await;
            for listed in told["data"].as_array().unwrap() {
                if listed["symbol"] == symbol {
                    states.push(listed["state"].as_str().unwrap().to_owned());
                }
            }
        }
    }
    states.dedup();
    assert_eq!(states.last().map(String::as_str), Some("settled"), "{states:?}");
    let error = watcher.error("unsubscribe", json!({"streams": [book]})).await;
    assert_eq!(error["code"], "NOT_SUBSCRIBED");
    world.stop().await;
}

#[tokio::test]
async fn every_channel_that_takes_patterns_takes_them() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat, mut watcher) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    let day = &symbol[symbol.rfind('.').unwrap() + 1..][..10];
    for channel in ["bbo", "orders_l3", "trades", "ticker"] {
        let pattern = format!("H100*.US-E.FIRM.{day}*");
        let answer = watcher.subscribe(json!({"channel": channel, "symbol": pattern})).await;
        assert!(answer["matched"].as_u64().unwrap() != 0, "{answer}");
    }
    pat.order(&symbol, "sell", ("3", "1.0000")).await;
    ann.order(&symbol, "buy", ("3", "1.0000")).await;
    for channel in ["bbo", "orders_l3", "trades", "ticker"] {
        loop {
            let told = watcher.update(channel).await;
            let named = if channel == "bbo" { &told["data"][0]["s"] } else { &told["symbol"] };
            if told["type"] == "update" && *named == symbol {
                break;
            }
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_pattern_that_matches_nothing_or_too_much_is_refused() {
    let (world, _) = World::trading().await;
    let mut watcher = world.connect().await;
    let mut refused = async |item: Value| {
        let mut result = watcher.ok("subscribe", json!({"subs": [item]})).await;
        result["subs"][0]["error"].take()
    };
    let mistyped = refused(json!({"channel": "trades", "symbol": "H100XSM.*"})).await;
    assert_eq!(
        (&mistyped["code"], &mistyped["suggestion"]),
        (&json!("NO_MATCH"), &json!("did you mean H100SXM?"))
    );
    for wrong in ["H100SXM*", "*.*", "H1*0.US-E.*", "*.*.*.*.*"] {
        let error = refused(json!({"channel": "book", "symbol": wrong})).await;
        let is_short = wrong == "*.*";
        assert_eq!(error["code"] == "BAD_VALUE", !is_short, "{wrong}: {error}");
    }
    let resumed =
        json!({"channel": "book", "symbol": "*", "resume": {"epoch": "0000000000000007", "seq": 1}});
    assert_eq!(refused(resumed).await["field"], "resume");
    let five = vec![json!({"channel": "book", "symbol": "*"}); 5];
    // A connection on which no pattern is still being joined.
    let mut fresh = world.connect().await;
    let result = fresh.ok("subscribe", json!({"subs": five})).await;
    let oks: Vec<bool> =
        result["subs"].as_array().unwrap().iter().map(|answer| answer["ok"] == true).collect();
    assert_eq!(oks, [true, true, true, true, false], "{result}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_over_thousands_of_windows_is_joined_in_portions_and_bounded() {
    let (world, _) = World::trading().await;
    let mut operator = world.login("operator").await;
    for zone in ["A", "B", "C", "D", "E", "F", "G"] {
        operator.ok("add_market", market("B200", zone, 672)).await;
    }
    let mut watcher = world.connect().await;
    let item = json!({"channel": "book", "symbol": "B200.*"});
    let result = watcher.ok("subscribe", json!({"subs": [item]})).await;
    assert_eq!(result["subs"][0]["error"]["code"], "TOO_MANY_SUBS", "{result}");
    // Six markets are as many as fit. Somebody else trades meanwhile.
    let mut ann = world.login("ann").await;
    for zone in ["A", "B", "C", "D", "E", "F"] {
        let item = json!({"channel": "bbo", "symbol": format!("B200.{zone}.*"), "speed": "100ms"});
        assert_eq!(watcher.subscribe(item).await["matched"], 672);
        ann.ok("ping", json!({})).await;
        assert_eq!(symbols(&mut watcher, "bbo", 672).await.len(), 672);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pattern_leaves_out_because_there_are_too_many_streams_is_said() {
    let (world, _) = World::trading().await;
    let mut operator = world.login("operator").await;
    for zone in ["A", "B", "C", "D", "E", "F"] {
        operator.ok("add_market", market("B200", zone, 672)).await;
    }
    let mut watcher = world.connect().await;
    let pattern = watcher.subscribe(json!({"channel": "trades", "symbol": "B200.*"})).await;
    assert_eq!(pattern["matched"], 4_032);
    // Some of what is new still fits: 4,096 in all.
    operator.ok("add_market", market("B200", "G", 100)).await;
    let mut left_out = BTreeSet::new();
    for _ in 0..36 {
        let told = watcher.update("status").await;
        assert_eq!(told["type"], "left_out", "{told}");
        let data = &told["data"];
        assert_eq!(
            (&data["stream"], &data["channel"], &data["code"]),
            (&pattern["stream"], &json!("trades"), &json!("TOO_MANY_SUBS"))
        );
        let symbol = data["symbol"].as_str().unwrap();
        // What was there at first may still be joined when the new comes.
        assert!(symbol.starts_with("B200."), "{told}");
        left_out.insert(symbol.to_owned());
    }
    assert_eq!(left_out.len(), 36);
    assert!(watcher.is_silent("status").await);
    // One that was left out is had by itself, once there is room.
    let one = left_out.first().unwrap();
    let full = watcher.ok("subscribe", json!({"subs": [{"channel": "trades", "symbol": one}]})).await;
    assert_eq!(full["subs"][0]["error"]["code"], "TOO_MANY_SUBS");
    // What the connection has already needs no room: another pattern joins it too, and has it when the first ends.
    assert_eq!(watcher.subscribe(json!({"channel": "trades", "symbol": "B200.A.*"})).await["matched"], 672);
    assert!(watcher.is_silent("status").await);
    watcher.ok("unsubscribe", json!({"streams": [pattern["stream"]]})).await;
    assert_eq!(watcher.subscribe(json!({"channel": "trades", "symbol": one})).await["ok"], true);
    world.stop().await;
}
