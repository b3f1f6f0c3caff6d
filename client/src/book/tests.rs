//! Tests of the verified book, with the messages that the protocol's documentation shows.

use protocol::book::Book;

use super::{Applied, BookFault, VerifiedBook};
use crate::chain::Gap;

const SNAPSHOT: &str = r#"{"type":"snapshot","stream":11,"symbol":"s","seq":90210,"ts":"1795356000200100000","data":{"asks":[["1.0000","8"],["1.0024","16"]],"bids":[["0.9988","24"],["0.9960","8"]],"crc":3109968985}}"#;
const BID_ADDED: &str = r#"{"type":"update","stream":11,"symbol":"s","seq":90214,"prev_seq":90210,"ts":"1795356000317220000","data":{"bids":[["0.9994","8"]],"crc":234089859}}"#;
const ASK_TAKEN: &str = r#"{"type":"update","stream":11,"symbol":"s","seq":90215,"prev_seq":90214,"ts":"1795356000317900000","data":{"asks":[["1.0000","0"]],"crc":2348126232}}"#;

fn message(text: &str) -> Book {
    serde_json::from_str(text).unwrap()
}

fn shown(book: &VerifiedBook) -> String {
    let asks = book.asks().map(|level| format!("{}:{} ", level.price(), level.qty()));
    let bids = book.bids().map(|level| format!(" {}:{}", level.price(), level.qty()));
    asks.chain(["|".to_owned()]).chain(bids).collect()
}

/// A book that took these messages, all of them rightly.
fn book(messages: &[&str]) -> VerifiedBook {
    let mut book = VerifiedBook::default();
    for text in messages {
        assert_eq!(book.apply(&message(text)), Ok(Applied::Changed), "{text}");
    }
    book
}

/// Takes a bad message after good ones, and what it leaves: nothing until the next snapshot.
fn fault(good: &[&str], bad: &str) -> BookFault {
    let mut book = book(good);
    let fault = book.apply(&message(bad)).unwrap_err();
    assert_eq!((book.is_proven(), shown(&book).as_str()), (false, "|"), "after {bad}");
    assert_eq!(book.apply(&message(BID_ADDED)), Ok(Applied::Ignored), "after {bad}");
    assert_eq!(book.apply(&message(SNAPSHOT)), Ok(Applied::Changed), "after {bad}");
    fault
}

#[test]
fn book_follows_the_published_messages() {
    let book = book(&[SNAPSHOT]);
    assert_eq!(shown(&book), "1.0000:8 1.0024:16 | 0.9988:24 0.9960:8");
    assert_eq!((book.seq(), book.crc()), (Some(90_210), Some(3_109_968_985)));
    let book = self::book(&[SNAPSHOT, BID_ADDED, ASK_TAKEN]);
    assert_eq!(shown(&book), "1.0024:16 | 0.9994:8 0.9988:24 0.9960:8");
    assert_eq!(book.seq(), Some(90_215));
    assert_eq!(book.ts().map(|ts| ts.ns()), Some(1_795_356_000_317_900_000));
}

#[test]
fn book_waits_for_its_snapshot() {
    let mut book = VerifiedBook::default();
    assert_eq!(book.apply(&message(BID_ADDED)), Ok(Applied::Ignored));
    assert_eq!(book.apply(&message(r#"{"type":"from-the-future"}"#)), Ok(Applied::Ignored));
    assert_eq!((book.is_proven(), book.seq()), (false, None));
}

#[test]
fn snapshot_replaces_everything() {
    let book = book(&[SNAPSHOT, BID_ADDED, SNAPSHOT]);
    assert_eq!(shown(&book), "1.0000:8 1.0024:16 | 0.9988:24 0.9960:8");
}

#[test]
fn missing_message_is_noticed() {
    let gap = |expected, found| BookFault::Gap(Gap { expected, found });
    assert_eq!(fault(&[SNAPSHOT], ASK_TAKEN), gap(90_210, 90_214));
    assert_eq!(fault(&[SNAPSHOT, BID_ADDED], BID_ADDED), gap(90_214, 90_210));
}

#[test]
fn wrong_checksum_is_noticed() {
    let lots_differ = SNAPSHOT.replace(r#"["0.9960","8"]"#, r#"["0.9960","9"]"#);
    assert!(matches!(fault(&[], &lots_differ), BookFault::Checksum { expected: 3_109_968_985, .. }));
    let price_differs = BID_ADDED.replace("0.9994", "0.9995");
    assert!(matches!(fault(&[SNAPSHOT], &price_differs), BookFault::Checksum { expected: 234_089_859, .. }));
    let nothing_removed = ASK_TAKEN.replace("1.0000", "1.0001");
    let fault = fault(&[SNAPSHOT, BID_ADDED], &nothing_removed);
    assert_eq!(fault, BookFault::Checksum { expected: 2_348_126_232, found: 234_089_859 });
}

#[test]
fn checkpoint_proves_every_level() {
    let checkpoint = |seq: u64, crc: u32| {
        format!(
            r#"{{"type":"checkpoint","stream":11,"symbol":"s","seq":{seq},"ts":"1795356000317900000","data":{{"crc_full":{crc}}}}}"#
        )
    };
    let mut book = book(&[SNAPSHOT]);
    // With fewer than ten levels a side, both checksums are over all of them.
    assert_eq!(book.apply(&message(&checkpoint(90_210, 3_109_968_985))), Ok(Applied::Proven));
    assert_eq!(book.apply(&message(BID_ADDED)), Ok(Applied::Changed), "a checkpoint is no link of the chain");
    assert!(matches!(fault(&[SNAPSHOT], &checkpoint(90_210, 1)), BookFault::Checksum { expected: 1, .. }));
    assert!(matches!(fault(&[SNAPSHOT], &checkpoint(90_214, 234_089_859)), BookFault::Gap(_)));
}

#[test]
fn malformed_level_is_noticed() {
    for bad in ["1.00000", "-1", "1,5", ""] {
        let update = BID_ADDED.replace("0.9994", bad);
        assert!(matches!(fault(&[SNAPSHOT], &update), BookFault::Level { .. }), "{bad}");
    }
}
