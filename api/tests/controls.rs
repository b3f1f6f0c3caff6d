//! Controls: modes, limits, locks and the kill switch over a real socket, and windows that are not open yet.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use engine::ids::MarketId;
use engine::market::BondRule;
use harness::{Peer, World};
use serde_json::{Value, json};

const MARKET: &str = "H100SXM.US-E.FIRM";

fn order(symbol: &str, side: &str, (qty, price): (&str, &str)) -> Value {
    json!({"symbol": symbol, "side": side, "type": "limit", "price": price, "qty": qty})
}

/// The refusal of an order: its code.
async fn refused(peer: &mut Peer, params: Value) -> Value {
    peer.error("add_order", params).await["code"].clone()
}

#[tokio::test]
async fn the_strictest_mode_rules_and_everyone_is_told() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let (mut operator, mut watcher) = (world.login("operator").await, world.connect().await);
    watcher.ok("subscribe", json!({"subs": [{"channel": "instruments"}]})).await;
    assert_eq!(watcher.update("instruments").await["data"][0].get("mode"), None);
    pat.order(&symbol, "sell", ("5", "1.0000")).await;
    let resting = ann.order(&symbol, "buy", ("5", "0.9000")).await["order_id"].clone();
    let buy = |price| order(&symbol, "buy", ("1", price));
    let set = |scope: &str, mode: &str| json!({"scope": scope, "mode": mode, "reason": "a-test"});

    operator.ok("set_mode", set(&symbol, "post_only")).await;
    let told = watcher.update("instruments").await["data"].clone();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["mode"]), (1, &json!("post_only")));
    assert_eq!(refused(&mut ann, buy("1.0000")).await, "POST_ONLY_MODE");
    ann.ok("add_order", buy("0.8000")).await;

    operator.ok("set_mode", set(MARKET, "cancel_only")).await;
    let told = watcher.update("instruments").await["data"].clone();
    assert_eq!(told.as_array().unwrap().len(), 3, "every window of the market");
    assert!(told.as_array().unwrap().iter().all(|told| told["mode"] == "cancel_only"), "{told}");
    assert_eq!(refused(&mut ann, buy("0.8000")).await, "CANCEL_ONLY");
    ann.ok("reduce_order", json!({"order_id": resting, "by_qty": "1"})).await;

    operator.ok("set_mode", set("venue", "halted")).await;
    assert_eq!(watcher.update("instruments").await["data"][2]["mode"], "halted");
    assert_eq!(refused(&mut ann, buy("0.8000")).await, "MARKET_HALTED");
    let error = ann.error("reduce_order", json!({"order_id": resting, "by_qty": "1"})).await;
    assert_eq!(error["code"], "MARKET_HALTED");
    ann.ok("cancel_order", json!({"order_id": resting})).await;

    for scope in ["venue", MARKET, &symbol] {
        operator.ok("set_mode", set(scope, "open")).await;
    }
    ann.ok("add_order", buy("1.0000")).await;
    assert_eq!(ann.ok("instruments", json!({})).await["instruments"][0].get("mode"), None);
    world.stop().await;
}

#[tokio::test]
async fn names_that_nothing_has_are_told_with_the_nearest() {
    let (world, symbol) = World::trading().await;
    let mut operator = world.login("operator").await;
    let reason = "a-test";
    let cases = [
        (
            "set_mode",
            json!({"scope": "H100XSM.US-E.FIRM", "mode": "open", "reason": reason}),
            "UNKNOWN_MARKET",
            "scope",
        ),
        (
            "set_mode",
            json!({"scope": "everything", "mode": "open", "reason": reason}),
            "UNKNOWN_MARKET",
            "scope",
        ),
        (
            "set_mode",
            json!({"scope": symbol.replace("H100SXM", "H100XSM"), "mode": "open", "reason": reason}),
            "UNKNOWN_SYMBOL",
            "scope",
        ),
        ("set_mode", json!({"scope": "venue", "mode": "open", "reason": "two words"}), "BAD_NAME", "reason"),
        (
            "set_market_limits",
            json!({"market": "H100XSM.US-E.FIRM", "reason": reason}),
            "UNKNOWN_MARKET",
            "market",
        ),
        (
            "set_market_limits",
            json!({"market": MARKET, "price_min": "2", "price_max": "1", "reason": reason}),
            "LIMITS_INVALID",
            "price_min",
        ),
        (
            "set_market_limits",
            json!({"market": MARKET, "band_ppm": 0, "reason": reason}),
            "BAD_VALUE",
            "band_ppm",
        ),
        (
            "set_market_limits",
            json!({"market": MARKET, "price_min": "0", "reason": reason}),
            "BAD_TICK",
            "price_min",
        ),
        ("set_account_limits", json!({"account": "nobody", "reason": reason}), "ACCOUNT_UNKNOWN", "account"),
        (
            "lock_account",
            json!({"account": "nobody", "locked": true, "reason": reason}),
            "ACCOUNT_UNKNOWN",
            "account",
        ),
        ("kill_switch", json!({"account": "nobody", "reason": reason}), "ACCOUNT_UNKNOWN", "account"),
    ];
    for (method, params, code, field) in cases {
        let error = operator.error(method, params.clone()).await;
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{params}");
        if params.to_string().contains("H100XSM") {
            assert!(error["suggestion"].as_str().unwrap().contains("H100SXM.US-E.FIRM"), "{error}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn bands_and_limits_of_a_market_are_told_with_their_numbers() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let (mut operator, mut watcher) = (world.login("operator").await, world.connect().await);
    watcher.ok("subscribe", json!({"subs": [{"channel": "instruments"}]})).await;
    watcher.update("instruments").await;
    pat.order(&symbol, "sell", ("1", "1.0000")).await;
    ann.order(&symbol, "buy", ("1", "1.0000")).await;
    let limits = json!({"price_min": "0.5000", "price_max": "2.0000", "band_ppm": 100_000, "order_qty": "10",
        "position_qty": "20", "order_notional": "9.000000"});
    let mut params = json!({"market": MARKET, "reason": "a-test"});
    params.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    operator.ok("set_market_limits", params).await;
    let told = watcher.update("instruments").await["data"].clone();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["limits"]), (3, &limits));

    let buy = |qty, price| order(&symbol, "buy", (qty, price));
    let band = ann.error("add_order", buy("1", "0.4999")).await;
    assert_eq!((&band["code"], &band["field"]), (&json!("PRICE_BAND"), &json!("price")));
    let details = json!({"price_min": "0.5000", "price_max": "2.0000", "band_ppm": 100_000});
    assert_eq!(band["details"], details);
    // The last trade was at 1.0000, and a bid may be a tenth above it.
    assert_eq!(refused(&mut ann, buy("1", "1.1001")).await, "PRICE_BAND");
    ann.ok("add_order", buy("1", "1.1000")).await;
    let lots = ann.error("add_order", buy("11", "0.6")).await;
    assert_eq!((&lots["code"], &lots["details"]), (&json!("MAX_QTY"), &json!({"order_qty": "10"})));
    let notional = ann.error("add_order", buy("10", "0.9001")).await;
    let details = json!({"notional": "9.001000", "order_notional": "9.000000"});
    assert_eq!((&notional["code"], &notional["details"]), (&json!("NOTIONAL_LIMIT"), &details));
    ann.ok("add_order", buy("10", "0.6")).await;
    // One lot held, 1 and 10 in open bids, so 8 more are one too many... of 20.
    ann.ok("add_order", buy("8", "0.6")).await;
    let position = ann.error("add_order", buy("1", "0.6")).await;
    let details = json!({"position": 1, "position_qty": "20"});
    assert_eq!((&position["code"], &position["details"]), (&json!("POSITION_LIMIT"), &details));

    // All are set at once: what is left out is free again.
    operator.ok("set_market_limits", json!({"market": MARKET, "order_qty": "3", "reason": "a-test"})).await;
    assert_eq!(watcher.update("instruments").await["data"][0]["limits"], json!({"order_qty": "3"}));
    assert_eq!(refused(&mut ann, buy("4", "0.4")).await, "MAX_QTY");
    ann.ok("add_order", buy("3", "0.4")).await;
    world.stop().await;
}

#[tokio::test]
async fn an_order_ends_where_the_next_maker_is_outside_the_band() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let mut operator = world.login("operator").await;
    pat.order(&symbol, "sell", ("1", "1.0000")).await;
    ann.order(&symbol, "buy", ("1", "1.0000")).await;
    pat.order(&symbol, "sell", ("1", "0.5000")).await;
    operator
        .ok("set_market_limits", json!({"market": MARKET, "band_ppm": 100_000, "reason": "a-test"}))
        .await;
    let ended = ann.order(&symbol, "buy", ("1", "1.0000")).await;
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("canceled"), &json!("price_band")));
    // A market order's protection may lie beyond the band, whose end then protects it.
    pat.ok("cancel_all", json!({})).await;
    for price in ["1.0500", "1.2000"] {
        pat.order(&symbol, "sell", ("1", price)).await;
    }
    let market = json!({"symbol": symbol, "side": "buy", "type": "market", "limit_price": "2", "qty": "2"});
    let taken = ann.ok("add_order", market).await;
    let state = (&taken["cum_qty"], &taken["avg_price"], &taken["reason"]);
    assert_eq!(state, (&json!("1"), &json!("1.0500"), &json!("ioc")));
    world.stop().await;
}

#[tokio::test]
async fn an_account_is_limited_and_locked() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut operator) = (world.login("ann").await, world.login("operator").await);
    let limits = json!({"account": "ann", "open_orders": 1, "position_qty": "5", "order_notional": "2",
        "reason": "a-test"});
    operator.ok("set_account_limits", limits).await;
    let buy = |qty, price| order(&symbol, "buy", (qty, price));
    assert_eq!(refused(&mut ann, buy("6", "0.1")).await, "POSITION_LIMIT");
    assert_eq!(refused(&mut ann, buy("5", "0.5")).await, "NOTIONAL_LIMIT");
    let resting = ann.ok("add_order", buy("5", "0.1")).await["order_id"].clone();
    let many = ann.error("add_order", buy("1", "0.1")).await;
    let found = (&many["code"], &many["details"]);
    assert_eq!(found, (&json!("OPEN_ORDER_LIMIT"), &json!({"open_orders_max": 1})));
    operator.ok("set_account_limits", json!({"account": "ann", "reason": "a-test"})).await;
    ann.ok("add_order", buy("6", "1")).await;

    let lock = |locked: bool| json!({"account": "ann", "locked": locked, "reason": "a-test"});
    operator.ok("lock_account", lock(true)).await;
    assert_eq!(refused(&mut ann, buy("1", "0.1")).await, "ACCOUNT_LOCKED");
    let error = ann.error("amend_order", json!({"order_id": resting, "qty": "4"})).await;
    assert_eq!(error["code"], "ACCOUNT_LOCKED");
    ann.ok("cancel_order", json!({"order_id": resting})).await;
    operator.ok("lock_account", lock(false)).await;
    ann.ok("add_order", buy("1", "0.1")).await;
    world.stop().await;
}

#[tokio::test]
async fn the_kill_switch_cancels_and_locks() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    let mut operator = world.login("operator").await;
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    ann.update("executions").await;
    ann.order(&symbol, "buy", ("1", "0.5")).await;
    pat.order(&symbol, "sell", ("1", "1.5")).await;
    operator.ok("kill_switch", json!({"account": "ann", "reason": "a-test"})).await;
    ann.update("executions").await;
    let told = ann.update("executions").await["data"].clone();
    assert_eq!((&told["ev"], &told["reason"]), (&json!("canceled"), &json!("kill_switch")));
    assert_eq!(refused(&mut ann, order(&symbol, "buy", ("1", "0.5"))).await, "ACCOUNT_LOCKED");
    assert_eq!(pat.ok("open_orders", json!({})).await["orders"].as_array().unwrap().len(), 1);
    operator.ok("kill_switch", json!({"venue": true, "reason": "a-test"})).await;
    assert_eq!(refused(&mut pat, order(&symbol, "sell", ("1", "1.5"))).await, "MARKET_HALTED");
    assert_eq!(pat.ok("open_orders", json!({})).await["orders"], json!([]));
    assert_eq!(pat.ok("instruments", json!({})).await["instruments"][0]["mode"], "halted");
    world.stop().await;
}

#[tokio::test]
async fn only_operators_rule() {
    use protocol::signature::{LoginText, PublicKey, Signed};
    use protocol::time::Time;

    let (world, symbol) = World::trading().await;
    let mut operator = world.login("operator").await;
    let secret = [9; 32];
    let key = PublicKey::of_secret(&secret);
    let scopes = json!(["read", "trade", "cancel", "provide"]);
    operator.ok("register_key", json!({"account": "ann", "key": key.text(), "scopes": scopes})).await;
    let (hello, mut ann) = world.connect_with_hello().await;
    let ts = Time::from_ns(harness::now());
    let text = |field: &str| hello["data"][field].as_str().unwrap();
    let sig = LoginText { conn_id: text("conn_id"), challenge: text("challenge"), ts }.sign(&secret);
    ann.ok("login", json!({"key_id": key.id(), "ts": ts, "sig": sig})).await;
    let cases = [
        ("set_mode", json!({"scope": symbol, "mode": "halted", "reason": "r"})),
        ("set_market_limits", json!({"market": MARKET, "reason": "r"})),
        ("set_account_limits", json!({"account": "ann", "reason": "r"})),
        ("lock_account", json!({"account": "ann", "locked": false, "reason": "r"})),
        ("kill_switch", json!({"venue": true, "reason": "r"})),
    ];
    for (method, params) in cases {
        assert_eq!(ann.error(method, params).await["code"], "SCOPE_MISSING", "{method}");
    }
    // What traders do needs no such scope.
    let error = ann.error("amend_order", json!({"order_id": "o_0", "qty": "1"})).await;
    assert_eq!(error["code"], "UNKNOWN_ORDER");
    ann.ok("cancel_all_after", json!({"timeout_ms": 0})).await;
    world.stop().await;
}

#[tokio::test]
async fn windows_are_listed_before_they_open() {
    let world = World::start().await;
    let mut operator = world.login("operator").await;
    let market = json!({"class": "H200", "zone": "US-E", "tier": "firm", "window_s": 3600, "windows": 1,
        "windows_ahead": 2, "gate_s": 600, "bond": "0.5", "bond_rule": "reference", "maker_fee_ppm": 0,
        "taker_fee_ppm": 0, "self_trade": "prevent"});
    operator.ok("add_market", market).await;
    let listed = operator.ok("instruments", json!({})).await["instruments"].clone();
    let states: Vec<&Value> = listed.as_array().unwrap().iter().map(|listed| &listed["state"]).collect();
    assert_eq!(states, [&json!("open"), &json!("listed"), &json!("listed")]);
    assert_eq!(listed[1]["bond"], "0.500000");
    let symbol = listed[1]["symbol"].as_str().unwrap().to_owned();
    let error = operator.error("add_order", order(&symbol, "buy", ("1", "1"))).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("MARKET_CLOSED"), &json!("symbol")));
    assert!(error["message"].as_str().unwrap().contains("not open yet"), "{error}");
    let stopped = world.stop().await;
    let market = stopped.exchange.market(MarketId(0)).unwrap();
    assert_eq!(market.spec.bond_rule, BondRule::Reference);
}
