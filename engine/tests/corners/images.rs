//! Images: what random damages seldom hit: bytes that say twice what there is once, or name what is not there.

use engine::command::Command;
use engine::exchange::Exchange;
use engine::image::ImageFault;
use engine::image::reader::ImageReader;
use engine::image::writer::ImageWriter;
use engine::order::NewOrder;

use crate::venue::{ABE, ANN, Venue, bid, cancel, immediate, label};

/// An exchange with something of everything that a list may say twice.
fn venue() -> Venue {
    let mut venue = Venue::new();
    let gone: Vec<_> = [1, 1].map(|_| venue.rest(bid(2))).to_vec();
    for (client, ticks) in [("open-1", 7_001), ("open-2", 7_001), ("open-3", 7_000)] {
        venue.rest(NewOrder { client: Some(label(client)), ..bid(ticks) });
    }
    gone.into_iter().for_each(|order| drop(venue.ask(cancel(order))));
    for client in ["done-1", "done-2"] {
        venue.place(NewOrder { client: Some(label(client)), ..immediate(bid(3)) });
    }
    for account in [ANN, ABE] {
        venue.ask(Command::CancelAfter { account, after: Some(1_000_000_000) });
    }
    venue
}

fn put(exchange: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |block: &[u8]| bytes.extend_from_slice(block);
    let mut to = ImageWriter::new(&mut sink);
    exchange.put_image(&mut to);
    to.finish();
    bytes
}

fn take(bytes: &[u8]) -> Result<Exchange, ImageFault> {
    let mut rest = bytes;
    let mut source = |block: &mut Vec<u8>| block.extend_from_slice(std::mem::take(&mut rest));
    let mut from = ImageReader::new(u64::try_from(bytes.len()).unwrap(), &mut source);
    let exchange = Exchange::take_image(&mut from)?;
    from.finish()?;
    Ok(exchange)
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn name(text: &str) -> Vec<u8> {
    label(text).raw().to_le_bytes().to_vec()
}

/// The rule that an image breaks in which `bytes`, which occur in it once, are others. Both are as long.
#[track_caller]
fn refused(image: &[u8], bytes: &[u8], others: &[u8]) -> &'static str {
    let places: Vec<usize> =
        (0..=image.len() - bytes.len()).filter(|at| image[*at..].starts_with(bytes)).collect();
    let [at] = places[..] else { panic!("the bytes occur once, not {} times", places.len()) };
    let mut damaged = image.to_vec();
    damaged[at..at + others.len()].copy_from_slice(others);
    take(&damaged).expect_err("what cannot be is refused").rule
}

#[test]
fn what_is_said_twice_is_refused() {
    let venue = venue();
    let image = put(&venue.exchange);
    assert!(take(&image).is_ok_and(|exchange| exchange.state_hash() == venue.exchange.state_hash()));
    // Slots 0 and 1 are free, 2 to 4 rest. In a queue: slot, price, account.
    let queued = |slot| words(&[slot, 7_001, ANN.0]);
    let once = "an order rests once, in a slot that there is";
    assert_eq!(refused(&image, &queued(3), &queued(2)), once);
    assert_eq!(refused(&image, &queued(3), &queued(5)), once);
    assert_eq!(refused(&image, &queued(3), &queued(0)), "a slot is free, or an order rests in it");
    // How often each slot was used before, how many are free, and which is given next.
    let free = |next| words(&[1, 3, 0, 0, 0, 2, 1, next]);
    assert_eq!(refused(&image, &free(0), &free(1)), "a slot is free once");
    assert_eq!(refused(&image, &free(0), &free(9)), "a slot is free once");
    // In an account's list: slot, then the client's id.
    let listed = |slot: u32, client| [words(&[slot]), vec![1], name(client)].concat();
    let listed_once = "an open order rests, and is listed once, by its owner";
    assert_eq!(refused(&image, &listed(3, "open-2"), &listed(2, "open-2")), listed_once);
    assert_eq!(refused(&image, &listed(3, "open-2"), &listed(0, "open-2")), listed_once);
    assert_eq!(refused(&image, &name("done-2"), &name("done-1")), "an id is remembered once");
    let one_order = "a client order id names one order";
    assert_eq!(refused(&image, &name("open-2"), &name("open-1")), one_order);
    assert_eq!(refused(&image, &name("open-2"), &name("done-1")), one_order);
    assert_eq!(refused(&image, &name("abe"), &name("ann")), "account names are unique");
}

#[test]
fn what_is_out_of_order_or_not_there_is_refused() {
    let venue = venue();
    let image = put(&venue.exchange);
    let queued = |slot, ticks, account| words(&[slot, ticks, account]);
    let better = refused(&image, &queued(4, 7_000, ANN.0), &queued(4, 7_002, ANN.0));
    assert_eq!(better, "prices get worse along a queue");
    let nobody = refused(&image, &queued(4, 7_000, ANN.0), &queued(4, 7_000, 99));
    assert_eq!(nobody, "an order is somebody's");
    let another = refused(&image, &queued(4, 7_000, ANN.0), &queued(4, 7_000, ABE.0));
    assert_eq!(another, "an open order rests, and is listed once, by its owner");
    // A dead man's timer: its kind and account.
    let timer = |account| [vec![2], words(&[account])].concat();
    let due = venue.exchange.timers().iter().find(|(_, timer)| *timer == engine::timers::Timer::DeadMan(ANN));
    let due = due.unwrap().0.0.to_le_bytes().to_vec();
    let entry = |account| [due.clone(), timer(account)].concat();
    assert_eq!(refused(&image, &entry(ABE.0), &entry(99)), "a timer is about something");
    assert_eq!(refused(&image, &entry(ABE.0), &entry(ANN.0)), "timers ascend in order of firing");
    let short = take(&image[..image.len() - 1]).err().unwrap();
    assert_eq!(short.rule, "an image does not end before its last value");
}
