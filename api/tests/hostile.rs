//! Hostile input: what is wrong is named, nothing happens, and nobody else notices.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use std::sync::atomic::Ordering;

use api::config::{REQUESTS_WAITING_MAX, SUBSCRIPTIONS_MAX};
use engine::control::OPEN_ORDERS_MAX;
use futures_util::SinkExt;
use harness::{Peer, World};
use node::config::{BATCH_COMMANDS_MAX, BATCHES, INLET_COMMANDS_MAX};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

async fn refused(peer: &mut Peer, text: &str) -> (String, String) {
    peer.send_text(text).await;
    let reply = peer.receive().await;
    assert_eq!(reply["ok"], false, "{reply}");
    let field = reply["error"]["field"].as_str().unwrap_or_default();
    (reply["error"]["code"].as_str().unwrap().to_owned(), field.to_owned())
}

#[tokio::test]
async fn malformed_requests_name_what_is_wrong() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let before = ann.ok("balances", json!({})).await;
    let order = |change: &dyn Fn(&mut Value)| {
        let mut params =
            json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1.0000", "qty": "1"});
        change(&mut params);
        json!({"method": "add_order", "req_id": "x", "params": params}).to_string()
    };
    let cases: Vec<(String, &str, &str)> = vec![
        ("{".into(), "BAD_JSON", ""),
        ("[]".into(), "BAD_ENVELOPE", ""),
        (r#"{"method":"add_ordr"}"#.into(), "UNKNOWN_METHOD", "method"),
        (order(&|p| p["postonly"] = json!(true)), "UNKNOWN_FIELD", "postonly"),
        (order(&|p| drop(p.as_object_mut().unwrap().remove("qty"))), "MISSING_FIELD", "qty"),
        (order(&|p| p["price"] = json!(1.5)), "BAD_TYPE", "price"),
        (order(&|p| p["price"] = json!("1.00001")), "BAD_DECIMAL", "price"),
        (order(&|p| p["price"] = json!("1e3")), "BAD_DECIMAL", "price"),
        (order(&|p| p["price"] = json!("0.0000")), "BAD_TICK", "price"),
        (order(&|p| p["qty"] = json!("-1")), "BAD_DECIMAL", "qty"),
        (order(&|p| p["qty"] = json!("0")), "BAD_LOT", "qty"),
        (order(&|p| p["qty"] = json!("10000001")), "MAX_QTY", "qty"),
        (order(&|p| p["qty"] = json!("100000")), "INSUFFICIENT_CREDIT", "qty"),
        (order(&|p| p["side"] = json!("sell")), "INSUFFICIENT_CLAIMS", "qty"),
        (order(&|p| p["symbol"] = json!("H100SXM")), "UNKNOWN_SYMBOL", "symbol"),
        (order(&|p| p["symbol"] = json!("H100SXM.US-E.FIRM.9999-01-01T00Z")), "UNKNOWN_SYMBOL", "symbol"),
        (order(&|p| p["cl_ord_id"] = json!("a b")), "BAD_NAME", "cl_ord_id"),
        (order(&|p| p["deadline"] = json!("1000000000000000000")), "DEADLINE_PASSED", "deadline"),
        (r#"{"method":"cancel_order","params":{"order_id":"o_1"}}"#.into(), "UNKNOWN_ORDER", ""),
        (r#"{"method":"cancel_order","params":{"order_id":"7"}}"#.into(), "BAD_VALUE", "order_id"),
        (r#"{"method":"login","params":{"token":"dev:pat"}}"#.into(), "ALREADY_LOGGED_IN", ""),
        (r#"{"method":"unsubscribe","params":{"streams":[99]}}"#.into(), "NOT_SUBSCRIBED", "streams[0]"),
        (r#"{"method":"fills","params":{"limit":5000}}"#.into(), "BAD_VALUE", "limit"),
    ];
    for (text, code, field) in cases {
        assert_eq!(refused(&mut ann, &text).await, (code.to_owned(), field.to_owned()), "{text}");
    }
    let after = ann.ok("balances", json!({})).await;
    assert_eq!(before, after, "nothing has happened");
    world.stop().await;
}

#[tokio::test]
async fn scopes_and_logins_are_checked() {
    let world = World::start().await;
    let mut nobody = world.connect().await;
    assert_eq!(nobody.error("balances", json!({})).await["code"], "AUTH_REQUIRED");
    let subs = json!({"subs": [{"channel": "executions"}, {"channel": "instruments"}, {"channel": "boook"},
        {"channel": "book", "symbol": "X"}, {"channel": "trades", "depth": 0}]});
    let answers = nobody.ok("subscribe", subs).await;
    let codes: Vec<&Value> =
        answers["subs"].as_array().unwrap().iter().map(|item| &item["error"]["code"]).collect();
    assert_eq!(
        codes,
        [
            &json!("AUTH_REQUIRED"),
            &Value::Null,
            &json!("BAD_CHANNEL"),
            &json!("NO_MATCH"),
            &json!("UNKNOWN_FIELD")
        ]
    );
    for token in ["ann", "dev:", "dev:a b"] {
        let error = nobody.error("login", json!({"token": token})).await;
        assert_eq!(error["field"], "token", "{error}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_key_signs_its_connection_only() {
    use protocol::signature::{LoginText, PublicKey, Signed};
    use protocol::time::Time;

    let world = World::start().await;
    let mut operator = world.login("operator").await;
    let secret = [9; 32];
    let key = PublicKey::of_secret(&secret);
    operator.ok("open_account", json!({"account": "ann"})).await;
    operator.ok("register_key", json!({"account": "ann", "key": key.text(), "scopes": ["read"]})).await;
    let again = operator
        .error("register_key", json!({"account": "ann", "key": key.text(), "scopes": ["read"]}))
        .await;
    assert_eq!(again["code"], "KEY_EXISTS");

    let mut first = world.connect_with_hello().await;
    let mut second = world.connect_with_hello().await;
    let sign = |hello: &Value, ts: Time| {
        let conn_id = hello["data"]["conn_id"].as_str().unwrap();
        let challenge = hello["data"]["challenge"].as_str().unwrap();
        let sig = LoginText { conn_id, challenge, ts }.sign(&secret);
        json!({"key_id": key.id(), "ts": ts, "sig": sig})
    };
    let ts = Time::from_ns(world.now());
    let stolen = sign(&first.0, ts);
    assert_eq!(second.1.error("login", stolen.clone()).await["code"], "BAD_SIGNATURE");
    let late = sign(&second.0, Time::from_ns(ts.ns() - 31_000_000_000));
    assert_eq!(second.1.error("login", late).await["code"], "CLOCK_SKEW");
    let login = first.1.ok("login", stolen).await;
    assert_eq!((&login["account"], &login["scopes"]), (&json!("ann"), &json!(["read"])));
    assert_eq!(first.1.error("cancel_all", json!({})).await["code"], "SCOPE_MISSING");

    operator.ok("revoke_key", json!({"key_id": key.id()})).await;
    assert_eq!(first.1.update("status").await["data"]["code"], "KEY_UNKNOWN");
    assert_eq!(first.1.receive().await, json!({"closed": 1008}));
    let login = sign(&second.0, ts);
    assert_eq!(second.1.error("login", login).await["code"], "KEY_UNKNOWN");
    world.stop().await;
}

#[tokio::test]
async fn an_oversized_message_closes_with_its_reason() {
    let world = World::start().await;
    let (mut large, mut other) = (world.connect().await, world.connect().await);
    large.send_text(&"x".repeat(70_000)).await;
    let status = large.receive().await;
    assert_eq!((&status["channel"], &status["data"]["code"]), (&json!("status"), &json!("TOO_LARGE")));
    assert_eq!(large.receive().await, json!({"closed": 1009}));
    other.ok("ping", json!({"echo": "still here"})).await;
    world.stop().await;
}

#[tokio::test]
async fn binary_frames_and_endless_faults_close() {
    let world = World::start().await;
    let mut binary = world.connect().await;
    binary.socket.send(Message::Binary(vec![1, 2, 3].into())).await.unwrap();
    assert_eq!(binary.receive().await["data"]["close"], 1008);
    let mut faulty = world.connect().await;
    for _ in 0..64 {
        faulty.send_text("{").await;
        assert_eq!(faulty.receive().await["error"]["code"], "BAD_JSON");
    }
    assert_eq!(faulty.receive().await["data"]["close"], 4002);
    assert_eq!(faulty.receive().await, json!({"closed": 4002}));
    world.stop().await;
}

#[tokio::test]
async fn a_slow_client_is_cut_off_and_others_are_not() {
    let (world, symbol) = World::lenient().await;
    let (mut slow, mut busy) = (world.login("slow").await, world.login("ann").await);
    let mut watcher = world.connect().await;
    watcher.ok("subscribe", json!({"subs": [{"channel": "book", "symbol": symbol}]})).await;
    // Asks for much and reads nothing of it.
    let mut asked = 0;
    while !world.has_cut_off().await {
        assert!(asked < 100_000, "a client that does not read is cut off");
        for _ in 0..1_000 {
            let ask = Message::Text(r#"{"method":"instruments"}"#.into());
            slow.socket.feed(ask).await.unwrap();
        }
        slow.socket.flush().await.unwrap();
        asked += 1_000;
    }
    let placed = busy.order(&symbol, "buy", ("1", "0.5000")).await;
    while watcher.update("book").await["seq"] != placed["engine_seq"] {}
    let mut received = 0;
    let last = loop {
        let message = slow.receive().await;
        if message["ok"] != true {
            break message;
        }
        received += 1;
    };
    assert_eq!(last["data"]["code"], "SLOW_CONSUMER", "it hears why: {last}");
    assert!(received < asked, "{received} of {asked}");
    busy.ok("ping", json!({})).await;
    world.stop().await;
}

#[tokio::test]
async fn a_dead_socket_disturbs_nobody() {
    let (world, symbol) = World::trading().await;
    let mut dead = world.connect().await;
    dead.ok("subscribe", json!({"subs": [{"channel": "book", "symbol": symbol}]})).await;
    // Reset without a goodbye.
    dead.reset();
    let mut ann = world.login("ann").await;
    for _ in 0..50 {
        let placed = ann.order(&symbol, "buy", ("1", "0.5000")).await;
        ann.ok("cancel_order", json!({"order_id": placed["order_id"]})).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn a_full_inlet_says_so_and_loses_nothing_it_took() {
    let (world, symbol) = World::trading().await;
    let mut peers = Vec::new();
    let room = INLET_COMMANDS_MAX + (BATCHES + 1) * BATCH_COMMANDS_MAX;
    let mut operator = world.login("operator").await;
    for number in 0..room / REQUESTS_WAITING_MAX + 4 {
        let name = format!("peer-{number}");
        let mut peer = world.login(&name).await;
        operator.ok("deposit", json!({"account": name, "amount": "10", "reference": name})).await;
        // The session knows the symbol from here on.
        peer.ok("cancel_all", json!({"symbol": symbol})).await;
        peers.push(peer);
    }
    world.stuck.store(true, Ordering::SeqCst);
    let params = json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "0.0001", "qty": "1"});
    let text = json!({"method": "add_order", "params": params}).to_string();
    for peer in &mut peers {
        for _ in 0..REQUESTS_WAITING_MAX {
            peer.socket.feed(Message::Text(text.as_str().into())).await.unwrap();
        }
        peer.socket.flush().await.unwrap();
    }
    // Nothing is told before it is durable: all that comes while the log is stuck is refusals.
    let first = peers.last_mut().unwrap().receive().await;
    assert_eq!(first["error"]["code"], "OVERLOADED", "{first}");
    assert_eq!(first["error"]["retryable"], true);
    world.stuck.store(false, Ordering::SeqCst);
    let (mut taken, mut refused) = (0, 1);
    let last = peers.len() - 1;
    for (number, peer) in peers.iter_mut().enumerate() {
        for _ in usize::from(number == last)..REQUESTS_WAITING_MAX {
            match peer.receive().await["ok"] {
                Value::Bool(true) => taken += 1,
                _ => refused += 1,
            }
        }
    }
    assert_eq!(taken + refused, peers.len() * REQUESTS_WAITING_MAX);
    assert!(INLET_COMMANDS_MAX <= taken, "{taken}");
    let stopped = world.stop().await;
    let open = stopped.exchange.ledger().accounts.iter().map(|(_, account)| account.orders_open).sum::<u32>();
    assert_eq!(usize::try_from(open).unwrap(), taken);
    stopped.exchange.assert_sound();
}

#[tokio::test]
async fn stopping_answers_what_was_taken_and_closes_with_restart() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let ids: Vec<u64> = {
        let mut ids = Vec::new();
        for _ in 0..100 {
            let params =
                json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "0.0001", "qty": "1"});
            ids.push(ann.send("add_order", params).await);
        }
        ids
    };
    assert_eq!(ann.reply(ids[0]).await["ok"], true);
    let stopped = world.stop().await;
    let mut acknowledged = 1;
    let closed = loop {
        let message = ann.receive().await;
        match &message["ok"] {
            Value::Bool(true) => acknowledged += 1,
            Value::Bool(false) => assert_eq!(message["error"]["code"], "DRAINING"),
            _ if message["type"] == "update" => assert_eq!(message["data"]["system"], "draining"),
            _ if message["channel"] == "status" => assert_eq!(message["data"]["close"], 1001),
            _ => break message,
        }
    };
    assert_eq!(closed, json!({"closed": 1001}));
    let open = stopped.exchange.ledger().accounts.iter().map(|(_, account)| account.orders_open).sum::<u32>();
    assert_eq!(open, acknowledged);
}

#[tokio::test]
async fn other_pages_paths_and_protocols_are_refused() {
    let world = World::start().await;
    let address = world.url.trim_start_matches("ws://").trim_end_matches("/ws/v1").to_owned();
    let cases = [
        ("GET /ws/v1 HTTP/1.1", "Origin: https://evil.example", "403"),
        ("GET /ws/v2 HTTP/1.1", "X: y", "404"),
        ("GET /ws/v1 HTTP/1.1", "Sec-WebSocket-Protocol: chat", "400"),
        ("GET /ws/v1 HTTP/1.1", "Sec-WebSocket-Protocol: chat, hourbook.json.v1", "101"),
        ("GET /ws/v1 HTTP/1.1", "Origin: http://127.0.0.1:8000", "403"),
        ("GET /ws/v1 HTTP/1.1", &format!("Origin: http://{address}"), "101"),
    ];
    for (line, header, status) in cases {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "{line}\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{header}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_subscription_is_told_once_and_many_are_refused() {
    let (world, symbol) = World::trading().await;
    let mut greedy = world.connect().await;
    let same = vec![json!({"channel": "book", "symbol": symbol}); SUBSCRIPTIONS_MAX];
    let answers = greedy.ok("subscribe", json!({"subs": same})).await;
    assert!(answers["subs"].as_array().unwrap().iter().all(|item| item["stream"] == 1));
    assert_eq!(greedy.update("book").await["type"], "snapshot");
    let pong = greedy.send("ping", json!({})).await;
    assert_eq!(greedy.receive().await["req_id"], pong, "one snapshot for one stream");
    let many = vec![json!({"channel": "instruments"}); SUBSCRIPTIONS_MAX + 1];
    let error = greedy.error("subscribe", json!({"subs": many})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("TOO_MANY_SUBS"), &json!("subs")));
    world.stop().await;
}

/// Some streams have no snapshot that they could be given again.
#[tokio::test]
async fn every_channel_may_be_subscribed_to_twice() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let channels = [
        "instruments",
        "book",
        "bbo",
        "orders_l3",
        "trades",
        "ticker",
        "candles",
        "fixings",
        "executions",
        "account",
        "positions",
        "positions",
    ];
    let named = |channel: &str| match channel {
        "book" | "bbo" | "orders_l3" | "trades" | "ticker" | "candles" => {
            json!({"channel": channel, "symbol": symbol})
        }
        _ => json!({"channel": channel}),
    };
    for channel in channels.into_iter().chain(["trades"]) {
        let item = if channel == "trades" { json!({"channel": channel}) } else { named(channel) };
        for item in [named(channel), item] {
            let first = ann.subscribe(item.clone()).await["stream"].clone();
            assert_eq!(ann.subscribe(item).await["stream"], first, "{channel}");
        }
    }
    ann.order(&symbol, "buy", ("1", "0.5000")).await;
    assert_eq!(ann.update("executions").await["type"], "snapshot");
    world.stop().await;
}

#[tokio::test]
async fn nothing_happens_after_logout() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    ann.send("logout", json!({})).await;
    for _ in 0..20 {
        let params = json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "0.5", "qty": "1"});
        let order = json!({"method": "add_order", "params": params}).to_string();
        if ann.socket.feed(Message::Text(order.into())).await.is_err() {
            break;
        }
    }
    let _ = ann.socket.flush().await;
    assert_eq!(ann.receive().await["method"], "logout");
    assert_eq!(ann.receive().await, json!({"closed": 1000}));
    let stopped = world.stop().await;
    assert!(stopped.exchange.ledger().accounts.iter().all(|(_, account)| account.orders_open == 0));
}

#[tokio::test]
async fn an_account_with_all_the_orders_it_may_have_can_list_them() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let params = json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "0.0001", "qty": "1"});
    let order = json!({"method": "add_order", "params": params}).to_string();
    for _ in 0..OPEN_ORDERS_MAX {
        ann.socket.feed(Message::Text(order.as_str().into())).await.unwrap();
    }
    ann.socket.flush().await.unwrap();
    for _ in 0..OPEN_ORDERS_MAX {
        assert_eq!(ann.receive().await["ok"], true);
    }
    let one_more = ann.error("add_order", params).await;
    assert_eq!(one_more["code"], "OPEN_ORDER_LIMIT");
    let open = ann.ok("open_orders", json!({})).await;
    assert_eq!(open["orders"].as_array().unwrap().len(), usize::try_from(OPEN_ORDERS_MAX).unwrap());
    ann.ok("subscribe", json!({"subs": [{"channel": "executions"}]})).await;
    let canceled = ann.ok("cancel_all", json!({})).await;
    assert_eq!(canceled["canceled"].as_array().unwrap().len(), usize::try_from(OPEN_ORDERS_MAX).unwrap());
    world.stop().await;
}
