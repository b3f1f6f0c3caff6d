//! Limits: who asks too often is told when to ask again, and nobody else notices. Time stands still but where a test lets it go on, so
//! that what is left of a budget is known.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use api::limits::{AccountRates, Limits};
use harness::{Peer, World};
use protocol::venue::Rate;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;

const SLOW: Option<Rate> = Some(Rate { per_s: 1, burst: 10 });

/// Sends so many requests at once; returns the replies.
async fn flood(peer: &mut Peer, count: usize, (method, params): (&str, Value)) -> Vec<Value> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(peer.send(method, params.clone()).await);
    }
    let mut replies = Vec::new();
    for id in ids {
        replies.push(peer.reply(id).await);
    }
    replies
}

fn limited(replies: &[Value]) -> usize {
    replies.iter().filter(|reply| reply["error"]["code"] == "RATE_LIMITED").count()
}

#[tokio::test]
async fn orders_and_cancels_have_budgets_of_their_own() {
    let limits = Limits { account_orders: SLOW, account_cancels: SLOW, ..Limits::none() };
    let (world, symbol) = World::trading_with(limits).await;
    world.stand_still();
    let (mut ann, mut second, mut pat) =
        (world.login("ann").await, world.login("ann").await, world.login("pat").await);
    let order = json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1", "qty": "1"});
    let replies = flood(&mut ann, 14, ("add_order", order.clone())).await;
    assert_eq!(limited(&replies), 4, "{replies:?}");
    let refused = replies.iter().find(|reply| reply["ok"] == false).unwrap();
    assert_eq!(
        (&refused["error"]["category"], &refused["error"]["retryable"]),
        (&json!("rate"), &json!(true))
    );
    assert_eq!(refused["error"]["retry_after_ms"], 1_000);
    // The account's connections share its budget.
    assert_eq!(second.error("add_order", order.clone()).await["code"], "RATE_LIMITED");
    // Cancels come through, also in a batch, and so does everybody else.
    let open = ann.ok("open_orders", json!({})).await["orders"].as_array().unwrap().clone();
    let cancels: Vec<Value> = open[..3]
        .iter()
        .map(|order| json!({"op": "cancel_order", "params": {"order_id": order["order_id"]}}))
        .collect();
    let batch = ann.ok("batch", json!({"ops": cancels})).await;
    assert!(batch["results"].as_array().unwrap().iter().all(|result| result["ok"] == true), "{batch}");
    ann.ok("cancel_all", json!({})).await;
    pat.ok("add_order", json!({"symbol": symbol, "side": "sell", "type": "limit", "price": "2", "qty": "1"}))
        .await;
    // What is left is told when it is little.
    let reply = ann.call("open_orders", json!({})).await;
    assert_eq!(reply["rl"], json!({"orders": 0, "cancels": 6}), "{reply}");
    let dry =
        json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1", "qty": "1", "dry_run": true});
    ann.ok("add_order", dry).await;
    let replies = flood(&mut ann, 10, ("cancel_all", json!({}))).await;
    assert_eq!(limited(&replies), 4, "{replies:?}");
    // Each second brings one more, of each.
    world.pass(1);
    ann.ok("cancel_all", json!({})).await;
    second.ok("add_order", order.clone()).await;
    assert_eq!(ann.error("add_order", order).await["code"], "RATE_LIMITED");
    world.stop().await;
}

#[tokio::test]
async fn what_is_left_is_told_to_who_asks_for_it() {
    let limits = Limits { account_orders: SLOW, ..Limits::none() };
    let (world, _) = World::trading_with(limits).await;
    let mut ann = world.connect().await;
    ann.ok("login", json!({"token": "dev:ann", "rl": true})).await;
    assert_eq!(ann.call("ping", json!({})).await["rl"], json!({"orders": 10}));
    let mut pat = world.login("pat").await;
    assert_eq!(pat.call("ping", json!({})).await["rl"], Value::Null);
    let hello = world.connect_with_hello().await.0;
    assert_eq!(hello["data"]["limits"]["rates"], json!({"orders": {"per_s": 1, "burst": 10}}));
    world.stop().await;
}

#[tokio::test]
async fn requests_of_a_connection_are_limited_and_an_account_may_have_more() {
    let mut limits = Limits { connection_requests: SLOW, ..Limits::none() };
    limits.accounts.insert("pat".to_owned(), AccountRates::default());
    let (world, _) = World::trading_with(limits).await;
    world.stand_still();
    let (mut ann, mut pat, mut nobody) =
        (world.login("ann").await, world.login("pat").await, world.connect().await);
    // A login is a request too.
    for (peer, refused) in [(&mut ann, 21), (&mut nobody, 20)] {
        let replies = flood(peer, 30, ("ping", json!({}))).await;
        assert_eq!(limited(&replies), refused);
    }
    assert_eq!(limited(&flood(&mut pat, 100, ("ping", json!({}))).await), 0);
    // A cancel is counted among cancels only.
    ann.ok("cancel_all", json!({})).await;
    // Malformed requests are counted too.
    nobody.send_text("{").await;
    assert_eq!(nobody.receive().await["error"]["code"], "RATE_LIMITED");
    world.stop().await;
}

#[tokio::test]
async fn addresses_share_requests_and_have_so_many_connections() {
    let limits = Limits {
        address_requests: SLOW,
        address_connections: Some(3),
        limit_this_machine: true,
        ..Limits::none()
    };
    let world = World::limited(limits).await;
    world.stand_still();
    let (mut one, mut other) = (world.connect().await, world.connect().await);
    let replies = flood(&mut one, 12, ("ping", json!({}))).await;
    assert_eq!(limited(&replies), 2);
    assert_eq!(other.error("ping", json!({})).await["code"], "RATE_LIMITED");
    let _third = world.connect().await;
    let address = world.url.strip_prefix("ws://").unwrap().split('/').next().unwrap().to_owned();
    let mut fourth = TcpStream::connect(&address).await.unwrap();
    let mut answer = String::new();
    fourth.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("TOO_MANY_CONNECTIONS"), "{answer}");
    drop(one);
    // Its place is free when the exchange has noticed.
    while connect_async(&world.url).await.is_err() {}
    world.stop().await;
}

#[tokio::test]
async fn who_goes_on_for_ten_seconds_is_cut_off() {
    let limits = Limits { connection_requests: SLOW, ..Limits::none() };
    let world = World::limited(limits).await;
    world.stand_still();
    let (mut abuser, mut pauses, mut other) =
        (world.connect().await, world.connect().await, world.connect().await);
    for peer in [&mut abuser, &mut pauses] {
        assert_eq!(limited(&flood(peer, 11, ("ping", json!({}))).await), 1);
    }
    // Each second one more than it may.
    for _ in 1..10 {
        world.pass(1);
        assert_eq!(limited(&flood(&mut abuser, 2, ("ping", json!({}))).await), 1);
    }
    // Two seconds without that, and it is asked too often for the first time again.
    assert_eq!(limited(&flood(&mut pauses, 10, ("ping", json!({}))).await), 1);
    world.pass(1);
    assert_eq!(limited(&flood(&mut pauses, 2, ("ping", json!({}))).await), 1);
    assert_eq!(limited(&flood(&mut abuser, 2, ("ping", json!({}))).await), 1);
    assert_eq!(abuser.update("status").await["data"]["code"], "RATE_LIMITED");
    assert_eq!(abuser.receive().await, json!({"closed": 4029}));
    for peer in [&mut pauses, &mut other] {
        world.pass(1);
        peer.ok("ping", json!({})).await;
    }
    world.stop().await;
}
