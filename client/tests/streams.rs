//! Streams: they go on when they break, and when the connection does.
#![allow(clippy::unwrap_used, reason = "a test")]

mod canned;

use std::sync::atomic::{AtomicUsize, Ordering};

use canned::{HELLO, Peer, serve};
use client::book::VerifiedBook;
use client::error::ClientError;
use client::identity::Identity;
use client::link::Link;
use client::settings::Settings;
use client::streams::{News, Streams};
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
    let mut data = Streams::open(&url).await.unwrap();
    data.subscribe(subscription::book_to("s", 10, Speed::Ms10)).await.unwrap();
    for expected in [10, 11] {
        assert_eq!(data.next().await.unwrap(), News::Book { stream: 11 });
        assert_eq!(bid(data.book(11)), expected);
    }
    assert!(matches!(data.next().await.unwrap(), News::Lost { .. }));
    assert_eq!(bid(data.book(11)), 11, "it is still known");
    assert_eq!(data.next().await.unwrap(), News::Back);
    assert_eq!(data.numbers().collect::<Vec<_>>(), [12]);
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
    let mut data = Streams::open(&url).await.unwrap();
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
    let mut data = Streams::open(&url).await.unwrap();
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
    let mut data = Streams::open(&url).await.unwrap();
    data.subscribe(subscription::book("s")).await.unwrap();
    assert!(matches!(data.next().await.unwrap(), News::Lost { .. }));
    assert!(matches!(data.next().await.unwrap_err(), ClientError::Refused(_)));
}

/// A message of the channel `account` that tells nothing.
fn account(kind: &str, stream: u64, xseq: u64, prev_xseq: Option<u64>) -> String {
    json!({"channel": "account", "type": kind, "stream": stream, "xseq": xseq, "prev_xseq": prev_xseq,
        "ts": "1795356000200100000", "data": {}})
    .to_string()
}

/// Takes the login and the subscription of `account` of a client that comes, and says what it has.
fn came(peer: &mut Peer, stream: u64) -> Value {
    let request = peer.hear().expect("the client logs in");
    assert_eq!((&request["method"], &request["params"]["token"]), (&json!("login"), &json!("dev:ann")));
    peer.answer(&request, Ok(json!({"account": "ann", "scopes": ["read"], "xseq": 9})));
    joined(peer, stream)["resume"].clone()
}

/// Streams of `ann` with the channel `account`.
async fn private(url: &str) -> Streams {
    let mut data = Streams::open_as(url, Identity::Dev("ann".to_owned())).await.unwrap();
    data.subscribe(subscription::account()).await.unwrap();
    data
}

/// What is told next, in a word, until the stream has come to `last`.
async fn told(data: &mut Streams, last: u64) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        told.push(match data.next().await.unwrap() {
            News::Update(update) => {
                let link = Link::of_private(&update).expect("nothing else is told");
                let word = if link.previous.is_some() { "" } else { "snapshot " };
                told.push(format!("{word}{}", link.seq));
                if link.seq == last {
                    return told;
                }
                continue;
            }
            News::Lost { .. } => "lost".to_owned(),
            News::Back => "back".to_owned(),
            News::Missed { after, cause, .. } => format!("missed after {after}: {}", cause.code),
            other => panic!("nothing else happens: {other:?}"),
        });
    }
}

#[tokio::test]
async fn a_private_stream_goes_on_behind_the_last_message_that_was_handed_out() {
    let url = connections(|connection, peer| match connection {
        0 => {
            assert_eq!(came(peer, 3), Value::Null);
            peer.say(account("snapshot", 3, 41, None));
            peer.say(account("update", 3, 43, Some(41)));
        }
        // It breaks again before anything was told.
        1 => assert_eq!(came(peer, 4), json!({"epoch": EPOCH, "xseq": 43})),
        _ => {
            assert_eq!(came(peer, 5), json!({"epoch": EPOCH, "xseq": 43}));
            peer.say(account("update", 5, 44, Some(43)));
            peer.say(account("resumed", 5, 46, Some(44)));
            peer.say(account("update", 5, 47, Some(46)));
            while peer.hear().is_some() {}
        }
    });
    let mut data = private(&url).await;
    let all = told(&mut data, 47).await;
    assert_eq!(all, ["snapshot 41", "43", "lost", "back", "lost", "back", "44", "46", "47"]);
}

#[tokio::test]
async fn events_that_are_missing_in_between_are_asked_for_again() {
    let url = connections(|connection, peer| {
        let resume = came(peer, 3);
        if connection == 0 {
            peer.say(account("snapshot", 3, 41, None));
            peer.say(account("update", 3, 43, Some(42)));
        } else {
            assert_eq!(resume, json!({"epoch": EPOCH, "xseq": 41}));
            peer.say(account("update", 3, 42, Some(41)));
            peer.say(account("update", 3, 43, Some(42)));
        }
        while peer.hear().is_some() {}
    });
    let mut data = private(&url).await;
    assert_eq!(told(&mut data, 43).await, ["snapshot 41", "lost", "back", "42", "43"]);
}

#[tokio::test]
async fn an_exchange_that_leaves_events_out_again_and_again_is_not_believed() {
    let url = connections(|_, peer| {
        came(peer, 3);
        peer.say(account("snapshot", 3, 41, None));
        peer.say(account("update", 3, 43, Some(42)));
        while peer.hear().is_some() {}
    });
    let mut data = private(&url).await;
    let end = loop {
        match data.next().await {
            Ok(_) => {}
            Err(end) => break end,
        }
    };
    assert!(end.to_string().contains("a message follows number 42, but the last one here was 41"), "{end}");
}

#[tokio::test]
async fn what_is_not_kept_any_more_is_said_and_a_snapshot_follows() {
    let url = connections(|connection, peer| {
        if connection == 0 {
            came(peer, 3);
            peer.say(account("snapshot", 3, 41, None));
            return;
        }
        let request = peer.hear().expect("the client logs in");
        peer.answer(&request, Ok(json!({"account": "ann", "scopes": ["read"], "xseq": 90})));
        let request = peer.hear().expect("the client subscribes");
        assert_eq!(request["params"]["subs"][0]["resume"]["xseq"], 41);
        let error = canned::error("SEQ_TOO_OLD", "subscription", "it is not kept any more");
        peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": false, "error": error }] })));
        assert_eq!(joined(peer, 4)["resume"], Value::Null);
        peer.say(account("snapshot", 4, 90, None));
        while peer.hear().is_some() {}
    });
    let mut data = private(&url).await;
    let all = told(&mut data, 90).await;
    assert_eq!(all, ["snapshot 41", "lost", "back", "missed after 41: SEQ_TOO_OLD", "snapshot 90"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_tried_and_then_said() {
    let url = connections(|connection, peer| {
        let resume = came(peer, 3);
        if resume.is_null() && connection == 0 {
            peer.say(account("snapshot", 3, 41, None));
        } else if resume.is_null() {
            assert_eq!(connection, 3, "it is tried so often");
            peer.say(account("snapshot", 3, 90, None));
            while peer.hear().is_some() {}
        }
        let unreadable = r#"{"channel":"status","type":"error","data":{"code":"INTERNAL","message":"it cannot be read","close":4100}}"#;
        peer.say(unreadable);
        peer.close(4100, "");
    });
    let mut data = private(&url).await;
    let all = told(&mut data, 90).await;
    let end = ["lost", "back", "missed after 41: INTERNAL", "snapshot 90"];
    assert_eq!(
        (&all[..1], &all[all.len() - 4..]),
        (&["snapshot 41".to_owned()][..], &end.map(str::to_owned)[..])
    );
}

#[tokio::test]
async fn an_exchange_that_is_busy_is_asked_again() {
    let url = connections(|connection, peer| {
        let request = peer.hear().expect("the client logs in");
        if connection == 1 {
            let error = canned::error("TOO_MANY_CONNECTIONS", "rate", "later");
            let later = json!({"retryable": true, "retry_after_ms": 1});
            let error = error.as_object().unwrap().iter().chain(later.as_object().unwrap());
            peer.answer(&request, Err(error.map(|(name, value)| (name.clone(), value.clone())).collect()));
            return;
        }
        peer.answer(&request, Ok(json!({"account": "ann", "scopes": ["read"], "xseq": 9})));
        joined(peer, 3);
        peer.say(account("snapshot", 3, if connection == 0 { 41 } else { 42 }, None));
        if connection != 0 {
            while peer.hear().is_some() {}
        }
    });
    let mut data = private(&url).await;
    assert_eq!(told(&mut data, 42).await, ["snapshot 41", "lost", "back", "snapshot 42"]);
}

/// A reply that stands behind more messages than the queue holds is waited for all the same.
#[tokio::test]
async fn a_long_replay_does_not_keep_the_next_subscription_away() {
    let url = connections(|_, peer| {
        came(peer, 3);
        peer.say(account("snapshot", 3, 0, None));
        (1..=500).for_each(|xseq| peer.say(account("update", 3, xseq, Some(xseq - 1))));
        joined(peer, 20);
        peer.say(ticker("snapshot", 5, None));
        while peer.hear().is_some() {}
    });
    let settings = Settings { updates_max: 8, ..Settings::default() };
    let identity = Identity::Dev("ann".to_owned());
    let mut data = Streams::open_with(&url, Some(identity), settings).await.unwrap();
    data.subscribe(subscription::account()).await.unwrap();
    data.subscribe(subscription::ticker("s", Speed::Raw)).await.unwrap();
    assert_eq!(told(&mut data, 500).await.len(), 501);
    assert!(matches!(data.next().await.unwrap(), News::Update(Update::Ticker(_))));
}
