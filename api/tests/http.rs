//! Http: the same exchange over HTTP: every method, what only reads by GET, pages, signatures, and what hostile clients send.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use std::time::Instant;

use api::config::HTTP_TIMEOUT;
use api::limits::Limits;
use futures_util::future::join_all;
use harness::World;
use protocol::request::METHODS;
use protocol::signature::{HttpText, PublicKey, Signed};
use protocol::time::Time;
use protocol::venue::Rate;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer over HTTP.
#[derive(Debug)]
struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("the answer is JSON: {self:?}"))
    }

    fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A connection that speaks HTTP by hand.
struct Browser(TcpStream);

fn address(url: &str) -> String {
    url.split('/').nth(2).unwrap().to_owned()
}

impl Browser {
    async fn open(url: &str) -> Browser {
        Browser(TcpStream::connect(address(url)).await.unwrap())
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next answer; `None` when the connection ended before one.
    async fn hear(&mut self) -> Option<Answered> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if self.0.read(&mut byte).await.ok().filter(|read| *read == 1).is_none() {
                assert!(head.is_empty(), "an answer is whole");
                return None;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answered = Answered { status, head, body: String::new() };
        if status != 100 {
            let length: usize = answered.header("content-length").unwrap().parse().unwrap();
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.unwrap();
            answered.body = String::from_utf8(body).unwrap();
        }
        Some(answered)
    }

    async fn ask(&mut self, request: &str) -> Answered {
        self.send(request.as_bytes()).await;
        self.hear().await.expect("it is answered")
    }

    async fn get(&mut self, path: &str) -> Answered {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
    }

    async fn post(&mut self, method: &str, headers: &str, params: &Value) -> Answered {
        self.ask(&posted(method, headers, &params.to_string())).await
    }
}

fn posted(method: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /rpc/v1/{method} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const ANN: &str = "hb-token: dev:ann\r\n";

#[tokio::test]
async fn orders_are_entered_over_http_as_over_a_websocket() {
    let (world, symbol) = World::trading().await;
    let (mut browser, mut ann) = (Browser::open(&world.url).await, world.login("ann").await);
    let order = json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1.0000", "qty": "8", "cl_ord_id": "h-1"});
    let placed = browser.post("add_order", ANN, &order).await;
    assert_eq!(placed.status, 200, "{placed:?}");
    let reply = placed.json();
    assert_eq!(
        (&reply["method"], &reply["ok"], &reply["result"]["status"]),
        (&json!("add_order"), &json!(true), &json!("open"))
    );
    assert_eq!(ann.ok("open_orders", json!({})).await["orders"][0]["cl_ord_id"], "h-1");
    // On the same connection: another request, another account, nobody.
    assert_eq!(
        browser.post("balances", "hb-token: dev:pat\r\n", &json!({})).await.json()["result"]["balances"][0]["held"],
        "0.000000"
    );
    let nobody = browser.post("balances", "", &json!({})).await;
    assert_eq!((nobody.status, nobody.code().as_str()), (401, "AUTH_REQUIRED"));
    // What ends with a connection has none.
    let cod =
        json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1.0000", "qty": "8", "cod": true});
    let refused = browser.post("add_order", ANN, &cod).await;
    assert_eq!((refused.status, refused.json()["error"]["field"].clone()), (400, json!("cod")));
    drop(browser);
    let mut again = Browser::open(&world.url).await;
    let twice = again.post("add_order", ANN, &order).await.json();
    assert_eq!((&twice["result"]["duplicate"], &twice["result"]["status"]), (&json!(true), &json!("open")));
    assert_eq!(
        again.post("cancel_all", ANN, &json!({})).await.json()["result"]["canceled"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.stop().await;
}

#[tokio::test]
async fn every_method_is_there_and_says_who_may_ask_it() {
    let (world, _) = World::trading().await;
    let mut browser = Browser::open(&world.url).await;
    for method in METHODS {
        let answered = browser.post(method, "", &json!({})).await;
        let streams = ["login", "logout", "subscribe", "unsubscribe", "resync"].contains(&method);
        let known = answered.status != 404 || streams;
        assert!(known, "{method}: {answered:?}");
        assert_eq!(answered.json()["method"], method);
    }
    for (method, params) in
        [("logout", json!({})), ("subscribe", json!({"subs": []})), ("login", json!({"token": "dev:ann"}))]
    {
        let answered = browser.post(method, "", &params).await;
        assert_eq!((answered.status, answered.code().as_str()), (404, "UNKNOWN_METHOD"), "{method}");
    }
    let typo = browser.post("add_ordr", "", &json!({})).await;
    assert_eq!(
        (typo.status, typo.json()["error"]["suggestion"].clone()),
        (404, json!("did you mean add_order?"))
    );
    let admin = browser
        .post(
            "deposit",
            "hb-token: dev:operator\r\n",
            &json!({"account": "ann", "amount": "1", "reference": "r"}),
        )
        .await;
    assert_eq!((admin.status, admin.code().as_str()), (403, "ADMIN_LISTENER"));
    let mut operators = Browser::open(&world.admin_url).await;
    let deposit = operators
        .post(
            "deposit",
            "hb-token: dev:operator\r\n",
            &json!({"account": "ann", "amount": "1", "reference": "r"}),
        )
        .await;
    assert_eq!(deposit.status, 200, "{deposit:?}");
    world.stop().await;
}

#[tokio::test]
async fn what_is_read_by_get_is_what_streams_tell() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut pat) = (world.login("ann").await, world.login("pat").await);
    pat.order(&symbol, "sell", ("5", "1.0000")).await;
    ann.order(&symbol, "buy", ("2", "1.0000")).await;
    ann.order(&symbol, "buy", ("7", "0.9000")).await;
    let stream = ann.subscribe(json!({"channel": "book", "symbol": symbol})).await["stream"].clone();
    let told = ann.told(&stream).await;
    let mut browser = Browser::open(&world.url).await;
    let book = browser.get(&format!("/v1/book/{symbol}?depth=10")).await.json()["result"].clone();
    for field in ["asks", "bids", "crc"] {
        assert_eq!(book[field], told["data"][field], "{field}");
    }
    assert!(told["seq"].as_u64() <= book["as_of_seq"].as_u64());
    assert_eq!((&book["epoch"], &book["symbol"]), (&json!("0000000000000007"), &json!(symbol)));
    let trades = browser.get(&format!("/v1/trades/{symbol}")).await.json()["result"]["trades"].clone();
    assert_eq!(
        (&trades[0]["id"], &trades[0]["qty"], &trades[0]["taker_side"], &trades[1]),
        (&json!(1), &json!("2"), &json!("buy"), &Value::Null)
    );
    let none =
        browser.get(&format!("/v1/trades/{symbol}?since_id=1")).await.json()["result"]["trades"].clone();
    assert_eq!(none, json!([]));
    let ticker = browser.get(&format!("/v1/ticker/{symbol}")).await.json()["result"].clone();
    assert_eq!((&ticker["last"]["price"], &ticker["open_interest"]), (&json!("1.0000"), &json!("2")));
    let candles = browser.get(&format!("/v1/candles/{symbol}?interval=1h")).await.json()["result"].clone();
    assert_eq!((&candles["interval"], &candles["candles"][0]["v"]), (&json!("1h"), &json!("2")));
    let front = browser.get("/v1/candles/H100SXM").await.json()["result"].clone();
    assert_eq!(front["candles"][0]["n"], 1);
    assert_eq!(
        browser.get("/v1/instruments").await.json()["result"]["instruments"].as_array().unwrap().len(),
        3
    );
    assert_eq!(browser.get("/v1/fees").await.json()["result"]["fees"][0]["maker_fee_ppm"], 200);
    assert_eq!(browser.get("/v1/status").await.json()["result"]["system"], "online");
    assert_eq!(browser.get("/v1/time").await.json()["ok"], true);
    for (path, status, code) in [
        ("/v1/book/NOTHING".to_owned(), 404, "UNKNOWN_SYMBOL"),
        (format!("/v1/book/{symbol}?depth=3"), 400, "BAD_DEPTH"),
        (format!("/v1/book/{symbol}?depth=x"), 400, "BAD_TYPE"),
        (format!("/v1/book/{symbol}?depht=1"), 400, "UNKNOWN_FIELD"),
        (format!("/v1/trades/{symbol}?limit=1000"), 400, "BAD_VALUE"),
        (format!("/v1/candles/{symbol}?interval=2h"), 400, "BAD_VALUE"),
        ("/v2/book".to_owned(), 404, "UNKNOWN_METHOD"),
    ] {
        let refused = browser.get(&path).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{path}: {refused:?}");
    }
    // The same over a websocket.
    assert_eq!(ann.ok("book", json!({"symbol": symbol})).await["crc"], told["data"]["crc"]);
    world.stop().await;
}

#[tokio::test]
async fn whoever_watches_finds_pages() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    ann.error(
        "add_order",
        json!({"symbol": symbol, "side": "buy", "type": "limit", "price": "1", "qty": "0"}),
    )
    .await;
    let mut browser = Browser::open(&world.url).await;
    assert_eq!(browser.get("/healthz").await.body, "ok\n");
    let ready = browser.get("/readyz").await;
    assert!(ready.status == 200 && ready.body.starts_with("ready: epoch 0000000000000007"), "{ready:?}");
    let metrics = browser.get("/metrics").await;
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    for line in [
        "hourbook_accounts 3",
        "hourbook_refusals_total{code=\"BAD_LOT\"} 1",
        "hourbook_http_requests_total 3",
    ] {
        assert!(metrics.body.lines().any(|told| told == line), "{line} is told:\n{}", metrics.body);
    }
    parse_metrics(&metrics.body);
    let mut head = Browser::open(&world.url).await;
    head.send(b"HEAD /healthz HTTP/1.1\r\n\r\n").await;
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(head.0.read_u8().await.unwrap());
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("content-length: 3\r\n"), "{text}");
    // Nothing stands behind it: the next answer begins there.
    assert_eq!(head.get("/healthz").await.body, "ok\n");
    // Who stops is not ready, and says so to who is connected.
    world.gateway.drain();
    let wrong = browser.ask("POST /metrics HTTP/1.1\r\n\r\n").await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD")));
    let stopped = tokio::spawn(world.stop());
    assert!(browser.hear().await.is_none(), "the connection ends");
    stopped.await.unwrap();
}

/// Every line is one that Prometheus reads: a comment, or a name with labels, then a number; each metric is explained first, once.
fn parse_metrics(text: &str) {
    let mut explained = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(
                ["counter", "gauge", "histogram"].contains(&kind) && !explained.contains(&name.to_owned()),
                "{line}"
            );
            explained.push(name.to_owned());
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = series.split('{').next().unwrap();
        let base =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(explained.iter().any(|known| known == name || known == base), "{line} is explained");
    }
    assert!(10 < explained.len());
}

/// The headers of a signed request.
fn signed(secret: &[u8; 32], (verb, path, body): (&str, &str, &str), (ts, nonce): (u64, &str)) -> String {
    let ts = Time::from_ns(ts);
    let sig = HttpText { ts, nonce, verb, path, body: body.as_bytes() }.sign(secret);
    let key = PublicKey::of_secret(secret).id();
    format!("HB-Key: {key}\r\nHB-Ts: {ts}\r\nHB-Nonce: {nonce}\r\nHB-Sig: {sig}\r\n")
}

#[tokio::test]
async fn a_signed_request_counts_once() {
    let (world, _) = World::trading().await;
    let mut operator = world.login("operator").await;
    let secret = [9; 32];
    let key = PublicKey::of_secret(&secret).text();
    let grant = json!({"account": "ann", "key": key, "scopes": ["read", "transfer"]});
    operator.ok("register_key", grant).await;
    let mut browser = Browser::open(&world.url).await;
    let body = r#"{"to":"pat","amount":"5","reference":"rent"}"#;
    let (what, now) = (("POST", "/rpc/v1/transfer", body), harness::now());
    let good = signed(&secret, what, (now, "0123456789abcdef"));
    let sent = browser.ask(&posted("transfer", &good, body)).await;
    assert_eq!((sent.status, sent.json()["result"]["state"].clone()), (200, json!("sent")), "{sent:?}");
    let again = browser.ask(&posted("transfer", &good, body)).await;
    assert_eq!((again.status, again.code().as_str()), (401, "NONCE_USED"));
    let other = r#"{"to":"pat","amount":"6","reference":"rent"}"#;
    let fresh = |nonce: &str| signed(&secret, what, (harness::now(), nonce));
    for (headers, body, code) in [
        (fresh("0123456789abcde1"), other, "BAD_SIGNATURE"),
        (signed(&[8; 32], what, (now, "0123456789abcde2")), body, "KEY_UNKNOWN"),
        (signed(&secret, ("GET", what.1, body), (now, "0123456789abcde3")), body, "BAD_SIGNATURE"),
        (signed(&secret, ("POST", "/rpc/v1/redeem", body), (now, "0123456789abcde4")), body, "BAD_SIGNATURE"),
        (signed(&secret, what, (now - 31_000_000_000, "0123456789abcde5")), body, "CLOCK_SKEW"),
        (signed(&secret, what, (now + 40_000_000_000, "0123456789abcde6")), body, "CLOCK_SKEW"),
        (signed(&secret, what, (now - 20_000_000_000, "0123456789abcde7")), body, "CLOCK_SKEW"),
        (fresh("short"), body, "BAD_VALUE"),
        (fresh("0123456789abcde8").replace("HB-Nonce", "HB-Nonsense"), body, "MISSING_FIELD"),
        (fresh("0123456789abcde9").repeat(2), body, "BAD_ENVELOPE"),
    ] {
        let refused = browser.ask(&posted("transfer", &headers, body)).await;
        assert_eq!(refused.code(), code, "{headers}: {refused:?}");
    }
    // What a key may not do it may not do here either.
    let order = r#"{"symbol":"X","side":"buy","type":"limit","price":"1","qty":"1"}"#;
    let headers = signed(&secret, ("POST", "/rpc/v1/add_order", order), (harness::now(), "0123456789abcdf0"));
    assert_eq!(browser.ask(&posted("add_order", &headers, order)).await.code(), "SCOPE_MISSING");
    operator.ok("revoke_key", json!({"key_id": PublicKey::of_secret(&secret).id()})).await;
    let revoked = browser.ask(&posted("transfer", &fresh("0123456789abcdf1"), body)).await;
    assert_eq!((revoked.status, revoked.code().as_str()), (401, "KEY_UNKNOWN"));
    let mut pat = world.login("pat").await;
    assert_eq!(pat.ok("balances", json!({})).await["balances"][0]["total"], "1005.000000", "once");
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_nobody_else_notices() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let large = "x".repeat(70_000);
    let cases: Vec<(String, u16, &str)> = vec![
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n".to_owned(), 400, "BAD_ENVELOPE"),
        ("GET /healthz HTTP/9.9\r\n\r\n".to_owned(), 400, "BAD_ENVELOPE"),
        (format!("GET /{large} HTTP/1.1\r\n\r\n"), 431, "TOO_LARGE"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100)), 431, "TOO_LARGE"),
        (posted("ping", "", &large), 413, "TOO_LARGE"),
        (
            "POST /rpc/v1/ping HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_owned(),
            411,
            "BAD_ENVELOPE",
        ),
        (
            "POST /rpc/v1/ping HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}".to_owned(),
            400,
            "BAD_ENVELOPE",
        ),
    ];
    for (text, status, code) in cases {
        let mut browser = Browser::open(&world.url).await;
        browser.send(text.as_bytes()).await;
        let refused = browser.hear().await.expect("it hears why");
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{text:.60}");
        assert!(browser.hear().await.is_none(), "where the next begins nobody knows");
    }
    let mut browser = Browser::open(&world.url).await;
    for (text, status, code) in [
        (posted("ping", "", "{"), 400, "BAD_JSON"),
        (posted("ping", "", "[]"), 400, "BAD_TYPE"),
        (posted("ping", "", r#"{"a":1}"#), 400, "UNKNOWN_FIELD"),
        (
            "POST /rpc/v1/ping HTTP/1.1\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}"
                .to_owned(),
            415,
            "BAD_ENVELOPE",
        ),
        ("DELETE /v1/status HTTP/1.1\r\n\r\n".to_owned(), 405, "UNKNOWN_METHOD"),
        (posted("ping", "origin: http://evil.example\r\n", "{}"), 403, "BAD_ENVELOPE"),
        ("GET /ws/v1 HTTP/1.1\r\n\r\n".to_owned(), 426, "BAD_ENVELOPE"),
    ] {
        let refused = browser.ask(&text).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{text}");
    }
    assert_eq!(browser.get("/healthz").await.status, 200, "the connection goes on");
    ann.order(&symbol, "buy", ("1", "0.5000")).await;
    world.stop().await;
}

#[tokio::test]
async fn bytes_may_come_as_they_like() {
    let (world, _) = World::trading().await;
    let mut drop_by_drop = Browser::open(&world.url).await;
    for byte in posted("ping", "", r#"{"echo":"slowly"}"#).into_bytes() {
        drop_by_drop.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(drop_by_drop.hear().await.unwrap().json()["result"]["echo"], "slowly");
    // Many at once are answered in order.
    let mut many = Browser::open(&world.url).await;
    let text: String =
        (0..50).map(|number| posted("ping", "", &format!(r#"{{"echo":"{number}"}}"#))).collect();
    many.send(text.as_bytes()).await;
    for number in 0..50 {
        assert_eq!(many.hear().await.unwrap().json()["result"]["echo"], number.to_string());
    }
    // Who waits for leave to send the body gets it.
    let mut polite = Browser::open(&world.url).await;
    let text = posted("ping", "expect: 100-continue\r\n", r#"{"echo":"now"}"#);
    let (head, body) = text.split_at(text.find("\r\n\r\n").unwrap() + 4);
    assert_eq!(polite.ask(head).await.status, 100);
    assert_eq!(polite.ask(body).await.json()["result"]["echo"], "now");
    let mut last = Browser::open(&world.url).await;
    assert_eq!(last.ask("GET /healthz HTTP/1.0\r\n\r\n").await.header("connection"), Some("close"));
    assert!(last.hear().await.is_none());
    world.stop().await;
}

/// Who takes too long hears it, all at the same time, and nobody waits for them.
#[tokio::test]
async fn who_is_slow_is_told_so() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let begun = Instant::now();
    let half_head = "GET /healthz HTTP/1.1\r\nx: ";
    let half_body =
        "POST /rpc/v1/ping HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let slow = [half_head, half_body].map(|text| {
        let url = world.url.clone();
        async move {
            let mut browser = Browser::open(&url).await;
            browser.send(text.as_bytes()).await;
            browser.hear().await.map(|answered| answered.status)
        }
    });
    let slow = tokio::spawn(join_all(slow));
    ann.order(&symbol, "buy", ("1", "0.5000")).await;
    assert_eq!(slow.await.unwrap(), [Some(408), Some(408)]);
    assert!(HTTP_TIMEOUT <= begun.elapsed(), "they had their time");
    world.stop().await;
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_again() {
    let rate = Some(Rate { per_s: 1, burst: 5 });
    let world = World::limited(Limits { connection_requests: rate, ..Limits::none() }).await;
    world.stand_still();
    let mut browser = Browser::open(&world.url).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answered = browser.get("/v1/time").await;
        statuses.push((answered.status, answered.header("retry-after").map(str::to_owned)));
    }
    assert_eq!(statuses.iter().filter(|(status, _)| *status == 200).count(), 5, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&(429, Some("1".to_owned()))));
    world.stop().await;
}
