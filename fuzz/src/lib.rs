//! Fuzz: bytes become operations, which the exchange and the reference book both do; or an image and its damages.
//!
//! A target in `fuzz_targets` hands bytes to a function here. `engine/tests/fuzz.rs` compiles this very file and hands it
//! random bytes and those in `seeds`, so that it is true without a fuzzer too.

// The property tests in `engine/tests/book.rs` use the rest of it.
#[allow(dead_code, reason = "a fuzz target draws from bytes only")]
#[path = "../../engine/tests/duel/mod.rs"]
mod duel;

use engine::exchange::Exchange;
use engine::image::ImageFault;
use engine::image::reader::ImageReader;
use engine::image::writer::ImageWriter;

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

/// Bytes of one damage: a place in two, and what stands there then.
const DAMAGE_BYTES: usize = 3;

/// Takes the bytes as an image. Then does what the first half of them says, and damages the image of the exchange as the
/// rest says. Panics when anything is taken that is not what there is.
pub fn image(data: &[u8]) {
    take(data).ok();
    let (ops, damages) = data.split_at(data.len() / 2);
    let mut bytes = Bytes(ops);
    let mut duel = Duel::new(u64::MAX);
    while !bytes.0.is_empty() {
        duel.apply(&Op::draw(&mut bytes, Prices::ALL[0], duel.open())).ok();
    }
    let mut image = put(duel.exchange());
    take(&image).expect("what was put is taken");
    for damage in damages.chunks_exact(DAMAGE_BYTES) {
        let place = usize::from(u16::from_le_bytes([damage[0], damage[1]])) % image.len();
        image[place] = damage[2];
        take(&image).ok();
    }
}

fn put(exchange: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |block: &[u8]| bytes.extend_from_slice(block);
    let mut to = ImageWriter::new(&mut sink);
    exchange.put_image(&mut to);
    to.finish();
    bytes
}

/// Panics when something else is taken than there is.
fn take(bytes: &[u8]) -> Result<(), ImageFault> {
    let mut rest = bytes;
    let mut source = |block: &mut Vec<u8>| block.extend_from_slice(std::mem::take(&mut rest));
    let length = u64::try_from(bytes.len()).expect("a fuzzer's bytes are few");
    let mut from = ImageReader::new(length, &mut source);
    let exchange = Exchange::take_image(&mut from)?;
    from.finish()?;
    assert!(put(&exchange) == bytes, "one state has one image");
    Ok(())
}
