//! Sessions: orders that end with their connection, and those that do not.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use harness::{PATIENCE, Peer, World};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Sends an order for one lot at a price by which it is found again.
async fn place(peer: &mut Peer, symbol: &str, (price, cod): (&str, bool)) {
    let params =
        json!({"symbol": symbol, "side": "buy", "type": "limit", "price": price, "qty": "1", "cod": cod});
    peer.ok("add_order", params).await;
}

/// Waits until the account has only the orders at these prices, oldest first.
async fn left(peer: &mut Peer, prices: &[&str]) {
    let mut found = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let open = peer.ok("open_orders", json!({})).await["orders"].clone();
        found = open.as_array().unwrap().iter().map(|open| open["price"].clone()).collect();
        if found == prices.iter().map(|price| json!(price)).collect::<Vec<Value>>() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{found:?} are open, not {prices:?}");
}

#[tokio::test]
async fn orders_that_ask_for_it_end_with_their_connection() {
    let (world, symbol) = World::trading().await;
    let mut watch = world.login("ann").await;
    watch.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    watch.update("executions").await;
    place(&mut watch, &symbol, ("0.1000", true)).await;
    let (mut closed, mut reset) = (world.login("ann").await, world.login("ann").await);
    place(&mut closed, &symbol, ("0.2000", true)).await;
    place(&mut closed, &symbol, ("0.3000", false)).await;
    place(&mut reset, &symbol, ("0.4000", true)).await;
    for _ in 0..4 {
        assert_eq!(watch.update("executions").await["data"]["ev"], "new");
    }
    closed.socket.close(None).await.unwrap();
    let told = watch.update("executions").await["data"].clone();
    assert_eq!(
        (&told["ev"], &told["reason"], &told["price"]),
        (&json!("canceled"), &json!("cod"), &json!("0.2000"))
    );
    left(&mut watch, &["0.1000", "0.3000", "0.4000"]).await;
    reset.reset();
    left(&mut watch, &["0.1000", "0.3000"]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_clean_logout_leaves_them() {
    let (world, symbol) = World::trading().await;
    let (mut watch, mut ann) = (world.login("ann").await, world.login("ann").await);
    place(&mut ann, &symbol, ("0.1000", true)).await;
    ann.ok("logout", json!({})).await;
    assert_eq!(ann.receive().await, json!({"closed": 1000}));
    drop(ann);
    // A connection that ends later without a goodbye shows that the first one's end was done with by then.
    let mut other = world.login("ann").await;
    place(&mut other, &symbol, ("0.2000", true)).await;
    drop(other);
    left(&mut watch, &["0.1000"]).await;
    let stopped = world.stop().await;
    let open = stopped.exchange.ledger().accounts.iter().map(|(_, account)| account.orders_open).sum::<u32>();
    assert_eq!(open, 1);
}

#[tokio::test]
async fn whoever_is_thrown_out_loses_them() {
    let (world, symbol) = World::trading().await;
    let (mut watch, mut faulty) = (world.login("ann").await, world.login("ann").await);
    place(&mut faulty, &symbol, ("0.1000", true)).await;
    faulty.socket.send(Message::Binary(vec![1].into())).await.unwrap();
    assert_eq!(faulty.receive().await["data"]["close"], 1008);
    left(&mut watch, &[]).await;
    world.stop().await;
}

#[tokio::test]
async fn an_order_on_its_way_when_its_connection_ends_ends_too() {
    let (world, symbol) = World::trading().await;
    let mut watch = world.login("ann").await;
    for _ in 0..20 {
        let mut hasty = world.login("ann").await;
        let params = json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "0.1", "qty": "1", "cod": true});
        hasty.send("add_order", params).await;
        hasty.socket.close(None).await.unwrap();
    }
    left(&mut watch, &[]).await;
    let stopped = world.stop().await;
    assert!(stopped.exchange.ledger().accounts.iter().all(|(_, account)| account.orders_open == 0));
}

#[tokio::test]
async fn a_restart_ends_the_sessions_before_it() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    place(&mut ann, &symbol, ("0.1000", true)).await;
    place(&mut ann, &symbol, ("0.2000", false)).await;
    let stopped = world.stop().await;
    let kept = stopped.exchange.ledger().accounts.iter().map(|(_, account)| account.orders_open).sum::<u32>();
    assert_eq!(kept, 2, "an exchange that stops takes no more commands");
    let world = World::again(stopped.log).await;
    let mut ann = world.login("ann").await;
    left(&mut ann, &["0.2000"]).await;
    // The first connections of a new process have the numbers of earlier ones, whose orders are gone.
    place(&mut ann, &symbol, ("0.3000", true)).await;
    drop(ann);
    let mut watch = world.login("ann").await;
    left(&mut watch, &["0.2000"]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_vanishes_without_a_word_is_found_and_who_answers_pings_stays() {
    // Two seconds of silence instead of thirty.
    let (world, symbol) = World::pinging(Duration::from_secs(1)).await;
    let mut watch = world.login("ann").await;
    watch.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    watch.update("executions").await;
    place(&mut watch, &symbol, ("0.1000", true)).await;
    // Nobody reads from this socket any more, so nobody answers; it is not closed either.
    let mut vanished = world.login("ann").await;
    place(&mut vanished, &symbol, ("0.2000", true)).await;
    for _ in 0..2 {
        assert_eq!(watch.update("executions").await["data"]["ev"], "new");
    }
    let told = watch.update("executions").await["data"].clone();
    assert_eq!(
        (&told["ev"], &told["reason"], &told["price"]),
        (&json!("canceled"), &json!("cod"), &json!("0.2000"))
    );
    // The other asked for nothing meanwhile, and for nothing now.
    let mut pings = 0;
    while pings < 3 {
        let message = watch.socket.next().await.unwrap().unwrap();
        pings += u32::from(matches!(message, Message::Ping(_)));
    }
    left(&mut watch, &["0.1000"]).await;
    // Whoever comes back to the silent socket finds it closed.
    while !vanished.receive().await.is_null() {}
    world.stop().await;
}

#[tokio::test]
async fn an_echo_sends_back_what_comes() {
    let world = World::start().await;
    let echo = world.url.replace("/ws/v1", "/ws/echo");
    let (mut socket, _) = tokio_tungstenite::connect_async(&echo).await.unwrap();
    for message in
        [Message::text(""), Message::text("{\"method\":\"ping\"}"), Message::binary(vec![0, 200, 7])]
    {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.close(None).await.unwrap();
    world.stop().await;
}
