//! Keys: what a key may do, from where, until when and for how much; and what is signed again.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use api::limits::Limits;
use harness::{Peer, World};
use protocol::signature::{LoginText, PublicKey, RequestText, RotationText, Signed};
use protocol::time::Time;
use serde_json::{Value, json};

const SECOND: u64 = 1_000_000_000;

fn login(hello: &Value, secret: &[u8; 32]) -> Value {
    let text = |field: &str| hello["data"][field].as_str().unwrap();
    let ts = Time::from_ns(harness::now());
    let sig = LoginText { conn_id: text("conn_id"), challenge: text("challenge"), ts }.sign(secret);
    json!({"key_id": PublicKey::of_secret(secret).id(), "ts": ts, "sig": sig})
}

/// Registers a key for ann, with these fields besides.
async fn register(operator: &mut Peer, secret: &[u8; 32], more: Value) {
    let key = PublicKey::of_secret(secret).text();
    let mut params = json!({"account": "ann", "key": key, "scopes": ["read", "trade", "cancel", "transfer"]});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    operator.ok("register_key", params).await;
}

/// A request that is signed again, by this key, over these params.
fn signed(hello: &Value, secret: &[u8; 32], (method, params): (&str, &str)) -> String {
    let text = |field: &str| hello["data"][field].as_str().unwrap();
    let ts = Time::from_ns(harness::now());
    let (conn_id, challenge) = (text("conn_id"), text("challenge"));
    let sig = RequestText { conn_id, challenge, ts, method, params }.sign(secret);
    format!(r#"{{"method":"{method}","req_id":"s","params":{params},"auth":{{"ts":"{ts}","sig":"{sig}"}}}}"#)
}

async fn sent(peer: &mut Peer, text: &str) -> Value {
    peer.send_text(text).await;
    peer.receive().await
}

#[tokio::test]
async fn a_key_keeps_to_its_bounds() {
    let (world, symbol) = World::trading().await;
    let mut operator = world.login("operator").await;
    let now = harness::now();
    let at = |time: u64| Time::from_ns(time).to_string();
    register(&mut operator, &[1; 32], json!({"expires": at(now - SECOND)})).await;
    register(&mut operator, &[2; 32], json!({"addresses": ["192.0.2.0/24", "2001:db8::/32"]})).await;
    register(&mut operator, &[3; 32], json!({"addresses": ["127.0.0.0/8"], "order_notional": "5"})).await;
    register(&mut operator, &[4; 32], json!({"expires": at(now + 600 * SECOND)})).await;

    for (secret, code) in [([1; 32], "KEY_EXPIRED"), ([2; 32], "IP_NOT_ALLOWED")] {
        let (hello, mut peer) = world.connect_with_hello().await;
        let error = peer.error("login", login(&hello, &secret)).await;
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!("key_id")), "{error}");
    }

    let (hello, mut small) = world.connect_with_hello().await;
    small.ok("login", login(&hello, &[3; 32])).await;
    let order = |qty: &str, id: &str| json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1", "qty": qty, "cl_ord_id": id});
    let error = small.error("add_order", order("6", "a")).await;
    assert_eq!(error["code"], "NOTIONAL_LIMIT");
    assert_eq!(error["details"], json!({"order_notional": "5.000000", "notional": "6.000000"}));
    small.ok("add_order", order("5", "a")).await;
    let amend = |more: Value| {
        let mut params = json!({"cl_ord_id": "a"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    assert_eq!(small.error("amend_order", amend(json!({"price": "1.0001"}))).await["code"], "NOTIONAL_LIMIT");
    assert_eq!(small.error("amend_order", amend(json!({"qty": "6"}))).await["code"], "NOTIONAL_LIMIT");
    small.ok("amend_order", amend(json!({"price": "1.25", "qty": "4"}))).await;
    let limits = small.ok("limits.get", json!({})).await;
    assert_eq!(limits["key"], json!({"addresses": ["127.0.0.0/8"], "order_notional": "5.000000"}));
    let keys = small.ok("keys.list", json!({})).await;
    let listed = keys["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 4);
    let own = listed.iter().find(|key| key["key_id"] == PublicKey::of_secret(&[3; 32]).id()).unwrap();
    assert_eq!(own["scopes"], json!(["read", "trade", "cancel", "transfer"]));

    // A key that ends while it is used ends its connection.
    let (hello, mut brief) = world.connect_with_hello().await;
    let result = brief.ok("login", login(&hello, &[4; 32])).await;
    assert_eq!(result["key_expires"], at(now + 600 * SECOND));
    world.pass(600);
    assert_eq!(brief.error("balances", json!({})).await["code"], "KEY_EXPIRED");
    assert_eq!(brief.update("status").await["data"]["code"], "KEY_EXPIRED");
    assert_eq!(brief.receive().await, json!({"closed": 1008}));
    world.stop().await;
}

#[tokio::test]
async fn wrong_bounds_are_named() {
    let (world, _) = World::trading().await;
    let mut operator = world.login("operator").await;
    let key = PublicKey::of_secret(&[1; 32]).text();
    let cases = [
        (json!({"addresses": ["192.0.2.7/24"]}), "BAD_VALUE", "addresses[0]"),
        (json!({"addresses": ["10.0.0.1", "localhost"]}), "BAD_VALUE", "addresses[1]"),
        (json!({"addresses": ["10.0.0.1", "10.0.0.1/32"]}), "BAD_VALUE", "addresses"),
        (json!({"addresses": ["::1", "::2", "::3", "::4", "::5"]}), "BAD_VALUE", "addresses"),
        (json!({"order_notional": "-1"}), "BAD_DECIMAL", "order_notional"),
        (json!({"expires": "1795356000"}), "BAD_VALUE", "expires"),
        (json!({"scopes": []}), "BAD_VALUE", "scopes"),
        (json!({"scopes": ["everything"]}), "BAD_VALUE", "scopes[0]"),
    ];
    for (more, code, field) in cases {
        let mut params = json!({"account": "ann", "key": key, "scopes": ["read"]});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = operator.error("register_key", params).await;
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{error}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_moves_credit_is_signed_again() {
    let (world, _) = World::trading().await;
    let mut operator = world.login("operator").await;
    register(&mut operator, &[1; 32], json!({})).await;
    let (hello, mut ann) = world.connect_with_hello().await;
    ann.ok("login", login(&hello, &[1; 32])).await;
    let params = r#"{"to":"pat","amount":"5","reference":"rent"}"#;
    let unsigned = ann.error("transfer", serde_json::from_str(params).unwrap()).await;
    assert_eq!((&unsigned["code"], &unsigned["field"]), (&json!("BAD_SIGNATURE"), &json!("auth")));
    let good = signed(&hello, &[1; 32], ("transfer", params));
    let cases = [
        good.replace(r#""amount":"5""#, r#""amount":"50""#),
        good.replace(r#""to":"pat""#, r#""to": "pat""#),
        good.replace("transfer", "redeem").replace(r#""to":"pat","#, ""),
        signed(&hello, &[2; 32], ("transfer", params)),
    ];
    for text in cases {
        let reply = sent(&mut ann, &text).await;
        assert_eq!(reply["error"]["code"], "BAD_SIGNATURE", "{text}: {reply}");
        assert_eq!(reply["error"]["field"], "auth.sig", "{reply}");
    }
    // Nor is what was signed on one connection worth anything on another.
    let (other_hello, mut other) = world.connect_with_hello().await;
    other.ok("login", login(&other_hello, &[1; 32])).await;
    assert_eq!(sent(&mut other, &good).await["error"]["code"], "BAD_SIGNATURE");

    let done = sent(&mut ann, &good).await;
    assert_eq!(done["result"]["state"], "sent", "{done}");
    assert_eq!(done["result"].get("duplicate"), None);
    let again = sent(&mut ann, &good).await;
    assert_eq!((&again["result"]["state"], &again["result"]["duplicate"]), (&json!("sent"), &json!(true)));
    let other_amount = params.replace('5', "6");
    let conflict = sent(&mut ann, &signed(&hello, &[1; 32], ("transfer", &other_amount))).await;
    assert_eq!(conflict["error"]["code"], "REFERENCE_CONSUMED");
    let mut pat = world.login("pat").await;
    assert_eq!(pat.ok("balances", json!({})).await["balances"][0]["available"], "1005.000000");
    world.stop().await;
}

#[tokio::test]
async fn credit_is_set_aside_and_paid_out_or_returned() {
    let (world, _) = World::trading().await;
    let (mut ann, mut operator) = (world.login("ann").await, world.login("operator").await);
    ann.ok("subscribe", json!({"subs": [{"channel": "account"}]})).await;
    ann.update("account").await;
    let redeem = |amount: &str, reference: &str| json!({"amount": amount, "reference": reference});
    assert_eq!(ann.ok("redeem", redeem("100", "p1")).await["state"], "waiting");
    let told = ann.update("account").await;
    assert_eq!(
        told["data"]["redemption"],
        json!({"reference": "p1", "amount": "100.000000", "state": "waiting"})
    );
    let balance = ann.update("account").await["data"]["balances"][0].clone();
    assert_eq!((&balance["total"], &balance["available"]), (&json!("1000.000000"), &json!("900.000000")));
    assert_eq!(balance["redeeming"], "100.000000");
    ann.ok("redeem", redeem("50", "p2")).await;
    assert_eq!(ann.error("redeem", redeem("900", "p3")).await["code"], "INSUFFICIENT_CREDIT");
    assert_eq!(ann.error("redeem", redeem("0", "p3")).await["code"], "PAYMENT_INVALID");

    let waiting = operator.ok("redemptions", json!({})).await;
    let row =
        |reference: &str, amount: &str| json!({"account": "ann", "reference": reference, "amount": amount});
    assert_eq!(waiting["redemptions"], json!([row("p1", "100.000000"), row("p2", "50.000000")]));
    operator.ok("end_redemption", json!({"account": "ann", "reference": "p1", "paid": true})).await;
    operator.ok("end_redemption", json!({"account": "ann", "reference": "p2", "paid": false})).await;
    let ended = json!({"account": "ann", "reference": "p1", "paid": false});
    assert_eq!(operator.error("end_redemption", ended).await["code"], "REDEMPTION_UNKNOWN");
    let again = ann.ok("redeem", redeem("100", "p1")).await;
    assert_eq!((&again["state"], &again["duplicate"]), (&json!("paid_out"), &json!(true)));
    let balance = ann.ok("balances", json!({})).await["balances"][0].clone();
    assert_eq!((&balance["total"], &balance["redeeming"]), (&json!("900.000000"), &Value::Null));
    let states: Vec<Value> =
        [ann.update("account").await, ann.update("account").await, ann.update("account").await]
            .iter()
            .filter_map(|update| update["data"].get("redemption").map(|told| told["state"].clone()))
            .collect();
    assert_eq!(states, ["waiting", "paid_out"]);
    world.stop().await;
}

#[tokio::test]
async fn a_key_is_replaced_by_who_has_it() {
    let (world, _) = World::trading().await;
    let mut operator = world.login("operator").await;
    register(&mut operator, &[1; 32], json!({"order_notional": "7"})).await;
    let (hello, mut ann) = world.connect_with_hello().await;
    ann.ok("login", login(&hello, &[1; 32])).await;
    let (old, new) = (PublicKey::of_secret(&[1; 32]), PublicKey::of_secret(&[2; 32]));
    let params = |proof: String| format!(r#"{{"key":"{}","proof":"{proof}"}}"#, new.text());
    let wrong = params(RotationText { key_id: &old.id() }.sign(&[3; 32]));
    let reply = sent(&mut ann, &signed(&hello, &[1; 32], ("keys.rotate", &wrong))).await;
    assert_eq!(reply["error"]["field"], "proof", "{reply}");
    let right = params(RotationText { key_id: &old.id() }.sign(&[2; 32]));
    let reply = sent(&mut ann, &signed(&hello, &[1; 32], ("keys.rotate", &right))).await;
    assert_eq!(reply["ok"], true, "{reply}");
    assert_eq!(ann.update("status").await["data"]["code"], "KEY_UNKNOWN");
    assert_eq!(ann.receive().await, json!({"closed": 1008}));

    let (hello, mut peer) = world.connect_with_hello().await;
    assert_eq!(peer.error("login", login(&hello, &[1; 32])).await["code"], "KEY_UNKNOWN");
    peer.ok("login", login(&hello, &[2; 32])).await;
    let keys = peer.ok("keys.list", json!({})).await;
    assert_eq!(
        (&keys["keys"][0]["key_id"], &keys["keys"][0]["order_notional"]),
        (&json!(new.id()), &json!("7.000000"))
    );
    // A name is no key.
    let mut dev = world.login("ann").await;
    let refused = dev.error("keys.rotate", json!({"key": new.text(), "proof": "x"})).await;
    assert_eq!(refused["code"], "AUTH_REQUIRED");
    world.stop().await;
}

#[tokio::test]
async fn a_key_has_so_many_connections() {
    let limits = Limits { key_connections: Some(2), ..Limits::none() };
    let (world, _) = World::trading_with(limits).await;
    let mut operator = world.login("operator").await;
    register(&mut operator, &[1; 32], json!({})).await;
    let mut peers = Vec::new();
    for _ in 0..2 {
        let (hello, mut peer) = world.connect_with_hello().await;
        peer.ok("login", login(&hello, &[1; 32])).await;
        peers.push(peer);
    }
    let (hello, mut third) = world.connect_with_hello().await;
    let error = third.error("login", login(&hello, &[1; 32])).await;
    assert_eq!((&error["code"], &error["retryable"]), (&json!("TOO_MANY_CONNECTIONS"), &json!(true)));
    peers.pop().unwrap().ok("logout", json!({})).await;
    loop {
        let (hello, mut peer) = world.connect_with_hello().await;
        if peer.call("login", login(&hello, &[1; 32])).await["ok"] == true {
            break;
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn auditors_read_others_and_nobody_else_does() {
    let (world, symbol) = World::trading().await;
    let mut operator = world.login("operator").await;
    let key = |secret: &[u8; 32]| PublicKey::of_secret(secret).text();
    operator.ok("open_account", json!({"account": "eve"})).await;
    operator
        .ok("register_key", json!({"account": "eve", "key": key(&[1; 32]), "scopes": ["read", "audit"]}))
        .await;
    operator
        .ok("register_key", json!({"account": "eve", "key": key(&[2; 32]), "scopes": ["read", "trade"]}))
        .await;
    let mut ann = world.login("ann").await;
    ann.order(&symbol, "buy", ("3", "1.0000")).await;
    let (hello, mut auditor) = world.connect_with_hello().await;
    auditor.ok("login", login(&hello, &[1; 32])).await;
    let (hello, mut trader) = world.connect_with_hello().await;
    trader.ok("login", login(&hello, &[2; 32])).await;
    for method in ["balances", "positions", "open_orders", "fills", "keys.list"] {
        auditor.ok(method, json!({"account": "ann"})).await;
        let error = trader.error(method, json!({"account": "ann"})).await;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("SCOPE_MISSING"), &json!("account")),
            "{method}"
        );
        trader.ok(method, json!({"account": "eve"})).await;
        assert_eq!(auditor.error(method, json!({"account": "bob"})).await["code"], "ACCOUNT_UNKNOWN");
    }
    let orders = auditor.ok("open_orders", json!({"account": "ann"})).await;
    assert_eq!(orders["orders"][0]["qty"], "3");
    assert_eq!(auditor.error("cancel_all", json!({})).await["code"], "SCOPE_MISSING");
    world.stop().await;
}
