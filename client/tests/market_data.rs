//! Market data: streams that go on when they break, and when the connection does.

mod canned;

use std::sync::atomic::{AtomicUsize, Ordering};

use canned::{HELLO, Peer, serve};
use client::book::VerifiedBook;
use client::error::ClientError;
use client::market_data::{MarketData, News};
use client::subscription;
use protocol::checksum;
use protocol::speed::Speed;
use protocol::update::Update;
use serde_json::{Value, json};

const EPOCH: &str = "a41c09d2e7b85f10";

/// A message of a book with one bid at this price in ticks, on a stream of this number.
fn message(stream: u64, seq: u64, bid: u64) -> Value {
    json!({
        "channel": "book", "type": "snapshot", "stream": stream, "symbol": "s", "seq": seq,
        "ts": "1795356000200100000",
        "data": { "bids": [[format!("0.{bid:04}"), "1"]], "crc": checksum::book([], [(bid, 1)]) }
    })
}

/// Moves the bid from one price to another.
fn moved(stream: u64, prev_seq: u64, (from, to): (u64, u64)) -> String {
    let mut update = message(stream, prev_seq + 1, to);
    update["type"] = json!("update");
    update["prev_seq"] = json!(prev_seq);
    update["data"]["bids"] = json!([[format!("0.{to:04}"), "1"], [format!("0.{from:04}"), "0"]]);
    update.to_string()
}

fn ticker(kind: &str, seq: u64, prev_seq: Option<u64>) -> String {
    json!({"channel": "ticker", "type": kind, "stream": 20, "symbol": "s", "seq": seq, "prev_seq": prev_seq,
        "ts": "1795356000200100000", "data": {"open_interest": "0"}})
    .to_string()
}

fn bid(book: Option<(&str, &VerifiedBook)>) -> u64 {
    let (symbol, book) = book.expect("the book is known");
    assert_eq!(symbol, "s");
    book.bids().next().expect("there is one bid").ticks
}

/// An exchange whose n-th connection does what `script` says of it.
fn connections(script: impl Fn(usize, &mut Peer) + Send + Sync + 'static) -> String {
    with_epochs(script, |_| EPOCH)
}

/// The same, where each connection's hello names another history.
fn with_epochs(
    script: impl Fn(usize, &mut Peer) + Send + Sync + 'static,
    epoch: impl Fn(usize) -> &'static str + Send + Sync + 'static,
) -> String {
    let count = AtomicUsize::new(0);
    serve(move |mut peer: Peer| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        peer.say(HELLO.replace(EPOCH, epoch(number)));
        script(number, &mut peer);
    })
}

fn joined(peer: &mut Peer, stream: u64) -> Value {
    let request = peer.hear().expect("the client subscribes");
    assert_eq!(request["method"], "subscribe");
    peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": true, "stream": stream }] })));
    request["params"]["subs"][0].clone()
}

#[tokio::test]
async fn a_book_goes_on_where_it_was_when_the_connection_breaks() {
    let url = connections(|connection, peer| match connection {
        0 => {
            let item = joined(peer, 11);
            assert_eq!(item, json!({"channel": "book", "symbol": "s", "depth": 10, "speed": "10ms"}));
            peer.say(message(11, 1, 10).to_string());
            peer.say(moved(11, 1, (10, 11)));
        }
        _ => {
            let item = joined(peer, 12);
            assert_eq!(item["resume"], json!({"epoch": EPOCH, "seq": 2}));
            // What has changed, and nothing else.
            peer.say(moved(12, 2, (11, 12)));
            while peer.hear().is_some() {}
        }
    });
    let mut data = MarketData::open(&url).await.unwrap();
    data.subscribe(subscription::book_to("s", 10, Speed::Ms10)).await.unwrap();
    for expected in [10, 11] {
        assert_eq!(data.next().await.unwrap(), News::Book { stream: 11 });
        assert_eq!(bid(data.book(11)), expected);
    }
    assert!(matches!(data.next().await.unwrap(), News::Lost { .. }));
    assert_eq!(bid(data.book(11)), 11, "it is still known");
    assert_eq!(data.next().await.unwrap(), News::Back);
    assert_eq!(data.streams().collect::<Vec<_>>(), [Some(12)]);
    assert_eq!(data.next().await.unwrap(), News::Book { stream: 12 });
    assert_eq!(bid(data.book(12)), 12);
}

#[tokio::test]
async fn another_history_is_begun_anew() {
    let script = |connection: usize, peer: &mut Peer| {
        if connection == 0 {
            joined(peer, 11);
            peer.say(message(11, 9, 10).to_string());
        } else {
            assert_eq!(joined(peer, 12), json!({"channel": "book", "symbol": "s"}));
            peer.say(message(12, 3, 20).to_string());
            while peer.hear().is_some() {}
        }
    };
    let url = with_epochs(script, |connection| if connection == 0 { EPOCH } else { "0000000000000001" });
    let mut data = MarketData::open(&url).await.unwrap();
    data.subscribe(subscription::book("s")).await.unwrap();
    assert_eq!(data.next().await.unwrap(), News::Book { stream: 11 });
    assert!(matches!(data.next().await.unwrap(), News::Lost { .. }));
    assert_eq!(data.next().await.unwrap(), News::Back);
    assert!(data.book(12).is_none(), "nothing is known of it yet");
    assert_eq!(data.next().await.unwrap(), News::Book { stream: 12 });
    assert_eq!(bid(data.book(12)), 20);
}

#[tokio::test]
async fn a_stream_that_breaks_is_fetched_anew() {
    let url = connections(|_, peer| {
        joined(peer, 20);
        peer.say(ticker("snapshot", 5, None));
        peer.say(ticker("update", 7, Some(5)));
        peer.say(ticker("update", 9, Some(8)));
        let request = peer.hear().expect("the client asks for a snapshot");
        assert_eq!((&request["method"], &request["params"]), (&json!("resync"), &json!({"stream": 20})));
        peer.answer(&request, Ok(json!({"stream": 20})));
        peer.say(ticker("snapshot", 9, Some(9)));
        peer.say(ticker("update", 12, Some(9)));
        while peer.hear().is_some() {}
    });
    let mut data = MarketData::open(&url).await.unwrap();
    data.subscribe(subscription::ticker("s", Speed::Raw)).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(match data.next().await.unwrap() {
            News::Update(Update::Ticker(_)) => "ticker",
            News::Broken { stream: 20, .. } => "broken",
            other => panic!("nothing else happens: {other:?}"),
        });
    }
    assert_eq!(told, ["ticker", "ticker", "broken", "ticker", "ticker"]);
}

#[tokio::test]
async fn what_is_refused_when_connecting_again_ends_it() {
    let url = connections(|connection, peer| {
        if connection == 0 {
            joined(peer, 11);
        } else {
            let request = peer.hear().expect("the client subscribes");
            let error = canned::error("NO_MATCH", "subscription", "no instrument has this symbol");
            peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": false, "error": error }] })));
            while peer.hear().is_some() {}
        }
    });
    let mut data = MarketData::open(&url).await.unwrap();
    data.subscribe(subscription::book("s")).await.unwrap();
    assert!(matches!(data.next().await.unwrap(), News::Lost { .. }));
    assert!(matches!(data.next().await.unwrap_err(), ClientError::Refused(_)));
}
