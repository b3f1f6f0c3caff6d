//! Book feed: a book that breaks is fetched anew, and one that never holds is given up.

mod canned;

use canned::{HELLO, Peer, serve};
use client::book::{BookFault, VerifiedBook};
use client::book_feed::{BookFeed, Fed};
use client::connection::Connection;
use client::error::ClientError;
use protocol::checksum;
use protocol::error_code::ErrorCode;
use serde_json::{Value, json};

/// A message with one bid at this price in ticks.
fn message(kind: &str, seq: u64, bid: u64) -> Value {
    let crc = checksum::book([], [(bid, 1)]);
    let price = format!("0.{bid:04}");
    json!({
        "channel": "book", "type": kind, "stream": 11, "symbol": "s", "seq": seq, "ts": "1795356000200100000",
        "data": { "bids": [[price, "1"]], "crc": crc }
    })
}

fn snapshot(seq: u64, bid: u64) -> String {
    message("snapshot", seq, bid).to_string()
}

/// Moves the bid from one price to another.
fn update(prev_seq: u64, from: u64, to: u64) -> String {
    let mut update = message("update", prev_seq + 1, to);
    update["prev_seq"] = json!(prev_seq);
    update["data"]["bids"] = json!([[format!("0.{to:04}"), "1"], [format!("0.{from:04}"), "0"]]);
    update.to_string()
}

/// The same message with another checksum.
fn spoiled(text: &str) -> String {
    let mut message: Value = serde_json::from_str(text).expect("the test writes JSON");
    let crc = message["data"]["crc"].as_u64().expect("a checksum is a number");
    message["data"]["crc"] = json!(crc ^ 1);
    message.to_string()
}

/// Answers a subscription and then asks for snapshots, and tells at the n-th of all what `tell` makes of n.
fn exchange(tell: impl Fn(usize) -> Vec<String> + Send + Sync + 'static) -> String {
    serve(move |mut peer: Peer| {
        peer.say(HELLO);
        let mut asked = 0;
        while let Some(request) = peer.hear() {
            match request["method"].as_str().expect("a request has a method") {
                "subscribe" => {
                    assert_eq!(request["params"], json!({ "subs": [{ "channel": "book", "symbol": "s" }] }));
                    peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": true, "stream": 11 }] })));
                }
                "resync" => {
                    assert_eq!(request["params"], json!({ "stream": 11 }));
                    peer.answer(&request, Ok(json!({ "stream": 11 })));
                }
                method => panic!("a feed does not call {method}"),
            }
            tell(asked).into_iter().for_each(|text| peer.say(text));
            asked += 1;
        }
    })
}

fn bid(book: &VerifiedBook) -> u64 {
    book.bids().next().expect("there is one bid").ticks
}

#[tokio::test]
async fn feed_follows_a_sound_stream() {
    let url = exchange(|_| {
        vec![
            snapshot(1, 10),
            message("snapshot", 5, 99).to_string().replace("11", "12"),
            update(1, 10, 11),
            update(2, 11, 12),
        ]
    });
    let mut connection = Connection::open(&url).await.unwrap();
    let mut feed = BookFeed::open(&connection, "s").await.unwrap();
    for expected in [10, 11, 12] {
        assert_eq!(bid(feed.changed(&mut connection).await.unwrap()), expected);
    }
    assert_eq!((feed.symbol(), feed.faults(), feed.book().seq()), ("s", 0, Some(3)));
}

#[tokio::test]
async fn gap_and_bad_checksum_are_mended() {
    let bad_checksum = spoiled(&update(8, 20, 21));
    let url = exchange(move |asked| match asked {
        // What follows the gap belongs to the broken book and must not be taken.
        0 => vec![snapshot(1, 10), update(1, 10, 11), update(3, 11, 12), update(4, 12, 13)],
        1 => vec![snapshot(7, 19), update(7, 19, 20), bad_checksum.clone()],
        _ => vec![snapshot(9, 30), update(9, 30, 31)],
    });
    let mut connection = Connection::open(&url).await.unwrap();
    let mut feed = BookFeed::open(&connection, "s").await.unwrap();
    for expected in [10, 11, 19, 20, 30, 31] {
        assert_eq!(bid(feed.changed(&mut connection).await.unwrap()), expected);
    }
    assert_eq!(feed.faults(), 2);
}

#[tokio::test]
async fn fault_is_told_and_empties_the_book() {
    let url = exchange(|_| vec![snapshot(1, 10), update(5, 10, 11)]);
    let mut connection = Connection::open(&url).await.unwrap();
    let mut feed = BookFeed::open(&connection, "s").await.unwrap();
    feed.changed(&mut connection).await.unwrap();
    let update = connection.next_update().await.unwrap();
    let fed = feed.apply(&connection, &update).await.unwrap();
    assert!(matches!(fed, Fed::Refetched(BookFault::Gap(_))), "{fed:?}");
    assert!(!feed.book().is_proven() && feed.book().bids().next().is_none());
}

#[tokio::test]
async fn book_that_never_holds_is_given_up() {
    let url = exchange(|_| vec![spoiled(&snapshot(1, 10))]);
    let mut connection = Connection::open(&url).await.unwrap();
    let mut feed = BookFeed::open(&connection, "s").await.unwrap();
    let error = feed.changed(&mut connection).await.unwrap_err();
    assert!(matches!(error, ClientError::Book { fault: BookFault::Checksum { .. }, .. }), "{error}");
    assert_eq!(feed.faults(), 3);
}

#[tokio::test]
async fn unknown_market_is_refused() {
    let url = serve(|mut peer| {
        peer.say(HELLO);
        while let Some(request) = peer.hear() {
            let error = canned::error("NO_MATCH", "subscription", "no instrument has this symbol");
            peer.answer(&request, Ok(json!({ "subs": [{ "i": 0, "ok": false, "error": error }] })));
        }
    });
    let connection = Connection::open(&url).await.unwrap();
    let error = BookFeed::open(&connection, "s").await.unwrap_err();
    assert_eq!(error.refusal().map(|error| &error.code), Some(&ErrorCode::NoMatch));
}
