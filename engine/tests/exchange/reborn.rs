//! Reborn: an exchange and its view, from their own image.

use engine::exchange::Exchange;
use engine::image::ImageFault;
use engine::image::reader::ImageReader;
use engine::image::writer::ImageWriter;
use engine::index::mix64;
use engine::view::View;

/// Bytes that a reader is given at a time: few, so that values lie across them.
const GIVEN: usize = 61;
/// How many ways an image is damaged.
const DAMAGES: u64 = 12;

/// The image of both.
pub(crate) fn image(exchange: &Exchange, view: &View) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |block: &[u8]| bytes.extend_from_slice(block);
    let mut to = ImageWriter::new(&mut sink);
    exchange.put_image(&mut to);
    view.put_image(&mut to);
    let written = to.finish();
    assert_eq!(usize::try_from(written), Ok(bytes.len()), "a writer knows how much it wrote");
    bytes
}

/// Both, from these bytes.
fn taken(bytes: &[u8]) -> Result<(Exchange, View), ImageFault> {
    let mut rest = bytes;
    let mut source = |block: &mut Vec<u8>| {
        let (given, left) = rest.split_at(rest.len().min(GIVEN));
        block.extend_from_slice(given);
        rest = left;
    };
    let mut from = ImageReader::new(u64::try_from(bytes.len()).unwrap(), &mut source);
    let exchange = Exchange::take_image(&mut from)?;
    let view = View::take_image(&exchange, &mut from)?;
    from.finish()?;
    Ok((exchange, view))
}

/// Both, from their image. Panics unless they are sound, and say and put the same.
pub(crate) fn reborn(exchange: &Exchange, view: &View) -> (Exchange, View) {
    let bytes = image(exchange, view);
    let (taken, told) = taken(&bytes).expect("an image is taken");
    taken.assert_sound();
    assert_eq!(taken.state_hash(), exchange.state_hash(), "who is reborn is the same");
    assert_eq!(taken.next_due(), exchange.next_due(), "and does the same next");
    assert!(image(&taken, &told) == bytes, "one state has one image");
    (taken, told)
}

/// Panics unless damaged bytes are refused, or are the image of another state. `seed` chooses the damages.
pub(crate) fn assert_damage_is_noticed(exchange: &Exchange, view: &View, seed: u64) {
    let bytes = image(exchange, view);
    let at = |damage, salt| usize::try_from(mix64(seed ^ salt, damage)).unwrap() % bytes.len();
    for damage in 0..DAMAGES {
        let mut damaged = bytes.clone();
        let place = at(damage, 1);
        match damage % 4 {
            0 => damaged[place] ^= 1 << (at(damage, 2) % 8),
            1 => damaged.truncate(place),
            // A number of four bytes, most likely: another one near, or the largest.
            2 => damaged[place] = damaged[place].wrapping_add(1),
            _ => damaged[place..].iter_mut().take(4).for_each(|byte| *byte = u8::MAX),
        }
        match taken(&damaged) {
            Ok((exchange, view)) => {
                assert_ne!(damage % 4, 1, "an image that is cut off is refused");
                assert!(image(&exchange, &view) == damaged, "what is taken is what there is");
                exchange.state_hash();
            }
            Err(fault) => assert!(fault.offset <= u64::try_from(damaged.len()).unwrap(), "{fault}"),
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(taken(&longer).is_err(), "nothing follows an image");
}
