//! Book: bytes become operations, which the exchange and the reference book both do.
//!
//! `engine/tests/fuzz.rs` compiles this very file and hands it random bytes and those in `seeds/book`.

// The property tests in `engine/tests/book.rs` use the rest of it.
#[allow(dead_code, reason = "a fuzz target draws from bytes only")]
#[path = "../../engine/tests/duel/mod.rs"]
pub(crate) mod duel;

use self::duel::Duel;
use self::duel::numbers::{Bytes, Numbers};
use self::duel::op::{Op, Prices};

/// Does what the bytes say until they end. Panics when the exchange and the reference differ, or something is not sound.
pub fn book(data: &[u8]) {
    let mut bytes = Bytes(data);
    let prices = bytes.choose(&Prices::ALL);
    let mut duel = Duel::new(1);
    while !bytes.0.is_empty() {
        // A refusal is an answer as good as any: both gave it.
        duel.apply(&Op::draw(&mut bytes, prices, duel.open())).ok();
    }
}
