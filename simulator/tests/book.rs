//! Book: on random flows the book trades what the reference book trades, and malformed flows are refused.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use engine::book::reference::ReferenceBook;
use engine::book::reference::happened::Happened;
use engine::book::reference::order::ReferenceOrder;
use engine::index::mix64;
use engine::market::SelfTrade;
use engine::order::{Side, TimeInForce};
use engine::reject::RejectReason;
use engine::units::{Lots, Price};
use simulator::bench::{BenchReport, Comparison, book};
use simulator::flow::Flow;
use tempfile::TempDir;

/// One record: kind, side, id, price, quantity.
type Record = (u8, u8, u64, u64, u64);

fn bytes((kind, side, id, price, quantity): Record) -> [u8; 32] {
    let mut bytes = [0; 32];
    (bytes[0], bytes[1]) = (kind, side);
    bytes[8..16].copy_from_slice(&id.to_le_bytes());
    bytes[16..24].copy_from_slice(&price.to_le_bytes());
    bytes[24..].copy_from_slice(&quantity.to_le_bytes());
    bytes
}

fn write(folder: &TempDir, records: &[Record]) -> PathBuf {
    let path = folder.path().join("flow.bin");
    fs::write(&path, records.iter().copied().flat_map(bytes).collect::<Vec<u8>>()).unwrap();
    path
}

/// A flow on few prices, so that orders meet, queue and sweep; some records name orders that are gone.
fn random_flow(seed: u64, records: u64) -> Vec<Record> {
    let mut ids: Vec<u64> = Vec::new();
    let mut flow = Vec::new();
    for number in 0..records {
        let random = |place: u64, below: u64| mix64(seed, number * 8 + place) % below;
        let side = u8::try_from(random(0, 2)).unwrap();
        let price = 1_000 + random(1, 90) - u64::from(side == 0) * 40;
        let quantity = 1 + random(2, 30) * random(3, 4);
        let back = usize::try_from(random(4, 40)).unwrap();
        let known = ids.iter().rev().nth(back).copied();
        let record = match (random(5, 10), known) {
            (0..4, Some(id)) => (1, side, id, 0, 0),
            (4, Some(id)) => (3, side, id, price, quantity),
            (kind, _) => {
                // Opaque ids over the whole range.
                let id = mix64(77, number);
                ids.push(id);
                (if kind == 5 { 2 } else { 0 }, side, id, price, quantity)
            }
        };
        flow.push(record);
    }
    flow
}

/// Tape hash, trades and quantity by the reference book, and by the definition of the hash. Records that name an order
/// that is gone change nothing; a reduction that would leave nothing cancels.
fn expected(flow: &[Record]) -> (String, u64, u64) {
    let mut book = ReferenceBook::new(SelfTrade::Allowed);
    let (mut hash, mut trades, mut quantity) = (0xCBF2_9CE4_8422_2325_u64, 0, 0);
    for &(kind, side, id, price, count) in flow {
        let side = [Side::Bid, Side::Ask][usize::from(side)];
        let told = match kind {
            1 => book.cancel(id),
            3 => match book.reduce(id, Lots::new(count).unwrap()) {
                Err(RejectReason::ReduceTooLarge) => book.cancel(id),
                told => told,
            },
            _ => {
                let what = (Lots::new(count).unwrap(), Price::new(price).unwrap());
                let waits = [TimeInForce::GoodTillGate, TimeInForce::ImmediateOrCancel];
                let time_in_force = waits[usize::from(kind == 2)];
                book.place(&ReferenceOrder { time_in_force, ..ReferenceOrder::limit(id, side, what) })
            }
        };
        for happened in told.unwrap_or_default() {
            let Happened::Traded { maker, taker, price, lots, .. } = happened else { continue };
            for word in [maker, taker, price.ticks().into(), lots.count().into()] {
                hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
            }
            (trades, quantity) = (trades + 1, quantity + u64::from(lots.count()));
        }
    }
    (format!("{hash:016x}"), trades, quantity)
}

fn measured(path: &Path) -> BenchReport {
    book(&Flow::read(path).unwrap_or_else(|error| panic!("{error}")), 2)
}

#[test]
fn book_trades_what_the_reference_book_trades() {
    for seed in 1..=6 {
        let folder = tempfile::tempdir().unwrap();
        let flow = random_flow(seed, 5_000);
        let report = measured(&write(&folder, &flow));
        let (hash, trades, quantity) = expected(&flow);
        assert!(500 < trades, "orders meet: {trades}");
        assert_eq!((report.tape_hash, report.trades, report.traded_quantity), (hash, trades, quantity));
        assert_eq!((report.ops, report.runs, report.reference), (5_000, 2, Comparison::Absent));
        assert!(report.p50_ns <= report.p99_ns && report.p99_ns <= report.p999_ns);
    }
}

#[test]
fn answer_beside_the_flow_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let flow = random_flow(9, 500);
    let path = write(&folder, &flow);
    let (hash, trades, _) = expected(&flow);
    let cases = [
        (format!(r#"{{"tape_hash":"{hash}","trades":{trades},"ops":500}}"#), Comparison::Equal),
        (format!(r#"{{"tape_hash":"{hash}","trades":{}}}"#, trades + 1), Comparison::Different),
        (format!(r#"{{"tape_hash":"0123456789abcdef","trades":{trades}}}"#), Comparison::Different),
    ];
    for (text, comparison) in cases {
        fs::write(folder.path().join("flow.bin.json"), text).unwrap();
        assert_eq!(measured(&path).reference, comparison);
    }
    fs::write(folder.path().join("flow.bin.json"), "{}").unwrap();
    let error = Flow::read(&path).unwrap_err().to_string();
    assert!(error.contains("tape_hash"), "{error}");
}

#[test]
fn malformed_flows_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, expected: &str| {
        let error = Flow::read(path).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    let good = (0, 0, 1, 100, 1);
    let cases = [
        ((4, 0, 2, 100, 1), "record 1 (counted from 0): kind: expected 0 (limit)"),
        ((0, 2, 2, 100, 1), "side: expected 0 (buy) or 1 (sell), found 2"),
        ((0, 0, 2, 0, 1), "price: expected 1 to 1,000,000,000, found 0"),
        ((2, 0, 2, 1_000_000_001, 1), "price: expected 1 to 1,000,000,000, found 1000000001"),
        ((0, 0, 2, 100, 0), "quantity: expected 1 to 10,000,000, found 0"),
        ((3, 0, 2, 100, 10_000_001), "quantity: expected 1 to 10,000,000, found 10000001"),
    ];
    for (record, expected) in cases {
        refused(&write(&folder, &[good, record]), expected);
    }
    let path = folder.path().join("flow.bin");
    fs::write(&path, [0; 33]).unwrap();
    refused(&path, "33 bytes: a flow is one record of 32 bytes after another");
    fs::write(&path, []).unwrap();
    refused(&path, "0 bytes");
    let mut reserved = bytes(good);
    reserved[5] = 1;
    fs::write(&path, reserved).unwrap();
    refused(&path, "record 0 (counted from 0): bytes 4 to 7: expected 0, found 256");
    refused(&folder.path().join("none.bin"), "none.bin");
}
