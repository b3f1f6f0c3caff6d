//! Mirror: a book as a client keeps it, which proves every message, and the books of the exchange itself.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use engine::ids::InstrumentId;
use engine::order::Side;
use engine::view::View;
use journal::log::CommandLog;
use node::ready::Ready;
use protocol::checksum;
use serde_json::Value;

/// Both sides, asks first, best first, as ticks and lots.
pub type Rows = [Vec<(u64, u64)>; 2];

/// A book as a client keeps it.
#[derive(Clone, Default)]
pub struct Mirror {
    asks: BTreeMap<u64, u64>,
    bids: BTreeMap<u64, u64>,
    pub seq: u64,
    /// When the exchange sequenced that, in nanoseconds.
    pub ts: u64,
    /// Changes that the updates told, merged ones too.
    pub changes: u64,
    /// Why messages were merged.
    pub reasons: Vec<String>,
}

fn number(text: &Value) -> u64 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

impl Mirror {
    /// Takes a message and proves the result.
    pub fn apply(&mut self, message: &Value) {
        match message["type"].as_str().unwrap() {
            "snapshot" => {
                if let Some(previous) = message["prev_seq"].as_u64() {
                    assert_eq!(previous, self.seq, "a further snapshot follows what came before: {message}");
                }
                (self.asks, self.bids) = Default::default();
            }
            "update" => {
                assert_eq!(message["prev_seq"], self.seq, "{message}");
                self.changes += message["conflated"]["n"].as_u64().unwrap_or(1);
            }
            "checkpoint" => {
                assert_eq!(message["seq"], self.seq, "{message}");
                let [asks, bids] = self.rows(None);
                assert_eq!(message["data"]["crc_full"], checksum::all(asks, bids), "{message}");
                return;
            }
            other => panic!("a book has no {other}"),
        }
        if let Some(reason) = message["conflated"]["reason"].as_str() {
            assert!(message["conflated"]["n"].as_u64().unwrap() != 0, "{message}");
            self.reasons.push(reason.to_owned());
        }
        let seq = message["seq"].as_u64().unwrap();
        assert!(self.seq <= seq, "sequences go on: {message}");
        self.seq = seq;
        let ts = number(&message["ts"]);
        assert!(self.ts <= ts, "time goes on: {message}");
        self.ts = ts;
        for (side, levels) in [("asks", &mut self.asks), ("bids", &mut self.bids)] {
            for level in message["data"][side].as_array().into_iter().flatten() {
                match number(&level[1]) {
                    0 => levels.remove(&number(&level[0])),
                    lots => levels.insert(number(&level[0]), lots),
                };
            }
        }
        let [asks, bids] = self.rows(None);
        assert_eq!(message["data"]["crc"], checksum::book(asks, bids), "{message}");
    }

    /// Its levels, at most so many of each side.
    pub fn rows(&self, levels: Option<usize>) -> Rows {
        let most = levels.unwrap_or(usize::MAX);
        let pair = |(ticks, lots): (&u64, &u64)| (*ticks, *lots);
        [
            self.asks.iter().map(pair).take(most).collect(),
            self.bids.iter().rev().map(pair).take(most).collect(),
        ]
    }
}

/// When each command was sequenced, and the instrument's book after it, from the journal.
pub fn history(log: impl CommandLog, instrument: InstrumentId) -> BTreeMap<u64, (u64, Rows)> {
    let mut books = BTreeMap::new();
    Ready::recover(log, &mut |stamped, _, view: &View| {
        if let Some(depth) = view.depth(instrument) {
            let rows = [Side::Ask, Side::Bid].map(|side| {
                let levels = depth.levels(side);
                levels.map(|(price, lots)| (u64::from(price.ticks()), lots.count())).collect()
            });
            books.insert(stamped.stamp.sequence.0, (stamped.stamp.time.0, rows));
        }
    })
    .map_err(|error| error.to_string())
    .unwrap();
    books
}
