//! Image: bytes become an image of an exchange, or an exchange whose image is damaged.
//!
//! `engine/tests/fuzz.rs` compiles this very file and hands it random bytes.

use engine::exchange::Exchange;
use engine::image::ImageFault;
use engine::image::reader::ImageReader;
use engine::image::writer::ImageWriter;

use super::book::duel::Duel;
use super::book::duel::numbers::Bytes;
use super::book::duel::op::{Op, Prices};

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
