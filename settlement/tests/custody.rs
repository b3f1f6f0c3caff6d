//! Custody: what the journal names of a slot is on the shelf, or it is said what became of it.
#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use attestation::beacon::Secrets;
use attestation::receipt::Receipt;
use attestation::verdict::Stage;
use fixture::{office, provider, shown, taker, work};
use settlement::assigned::Assigned;
use settlement::case;
use settlement::custody::{Loss, Named, fault, receipt};
use settlement::job::Job;
use settlement::measured::Measured;
use settlement::office::{Office, Work};
use settlement::shelf::{MemoryShelf, Place, Shelf};

const SLOT: (u32, u8) = (77, 3);
const PLACE: Place = Place::Receipt { delivery: 77, slot: 3 };

/// A receipt that is committed to, one that is drawn, and one whose sample is open.
fn receipts() -> [Receipt; 3] {
    let given = office(1).assign(&work());
    let shown = shown(&given, &provider());
    let from = (given.assign.clone(), office(1).calibration().clone());
    let committed = case::committed(from, &shown.commit.encode(), &shown.leaf_bytes()).unwrap();
    let exchange = office(1).secret(&given.assign.batch);
    let drawn = case::drawn(committed.clone(), Secrets { exchange: Some(exchange), taker: None });
    let openings = drawn.audited(Stage::Sample).into_iter();
    let openings: Vec<Vec<u8>> = openings.map(|index| shown.opening(&given.assign, index).encode()).collect();
    let opened = case::opened(drawn.clone(), Stage::Sample, &openings).unwrap();
    [committed, drawn, opened]
}

fn found(shelf: &MemoryShelf, of: (u32, u8), named: Named) -> Result<Receipt, Loss> {
    receipt(shelf, of, (named, &office(1).calibration().exchange)).unwrap()
}

#[test]
fn what_was_kept_is_found_at_every_step() {
    let shelf = MemoryShelf::default();
    let [committed, drawn, opened] = receipts();
    assert_eq!(found(&shelf, SLOT, Named::Commitment), Err(Loss::Absent));
    for kept in [committed, drawn] {
        shelf.put(PLACE, &kept.encode()).unwrap();
        assert_eq!(found(&shelf, SLOT, Named::Openings), Err(Loss::Short), "nothing is open yet");
        assert_eq!(found(&shelf, SLOT, Named::Commitment), Ok(kept));
    }
    shelf.put(PLACE, &opened.encode()).unwrap();
    assert_eq!(found(&shelf, SLOT, Named::Openings), Ok(opened));
}

#[test]
fn what_is_damaged_or_of_something_else_is_lost() {
    let shelf = MemoryShelf::default();
    let [.., opened] = receipts();
    let mut bytes = opened.encode();
    shelf.put(Place::Receipt { delivery: 77, slot: 4 }, &bytes).unwrap();
    assert_eq!(found(&shelf, (77, 4), Named::Commitment), Err(Loss::Foreign));
    shelf.put(PLACE, &bytes).unwrap();
    let other = Office::new(&[9; 32], 1, fixture::model(), &Measured::EXACT).calibration().exchange;
    assert_eq!(receipt(&shelf, SLOT, (Named::Commitment, &other)).unwrap(), Err(Loss::Foreign));
    // A byte of the assignment, which the exchange has signed.
    bytes[260] ^= 1;
    shelf.put(PLACE, &bytes).unwrap();
    assert!(matches!(found(&shelf, SLOT, Named::Commitment), Err(Loss::Foreign | Loss::Damaged(_))));
    shelf.put(PLACE, &bytes[..200]).unwrap();
    assert!(matches!(found(&shelf, SLOT, Named::Commitment), Err(Loss::Damaged(_))));
}

#[test]
fn each_thing_that_is_kept_is_known_for_what_it_is() {
    let given = office(1).assign(&work());
    let calibration = office(1).calibration().clone();
    let assigned = Assigned { assign: given.assign, calibration };
    let [committed, ..] = receipts();
    let sampling = attestation::assign::Sampling { temperature_micro: 0, top_k: 1, tokens_max: 8 };
    let job = Job { taker: taker().public(), sampling, prompts: vec![vec![1, 2]], secret_hashes: vec![] };
    let exchange = office(1).calibration().exchange;
    let kept = [
        (Place::Assignment { delivery: 77, slot: 3 }, assigned.encode()),
        (PLACE, committed.encode()),
        (Place::Job { account: 9, instrument: 2 }, job.encode()),
        (Place::Outputs { delivery: 77, slot: 3, part: 63 }, vec![1]),
    ];
    for (place, bytes) in &kept {
        assert_eq!(Place::of_bytes(&place.bytes()), Some(*place));
        assert_eq!(fault(&place.bytes(), bytes, &exchange), None, "{place:?}");
    }
    for (place, bytes) in &kept[..3] {
        assert!(matches!(fault(&place.bytes(), &bytes[1..], &exchange), Some(Loss::Damaged(_))), "{place:?}");
    }
    let elsewhere = Place::Assignment { delivery: 78, slot: 3 }.bytes();
    assert_eq!(fault(&elsewhere, &kept[0].1, &exchange), Some(Loss::Foreign));
    for nowhere in [&[][..], &[0; 8], &[4; 9], &[0, 0, 0, 0, 1, 0, 0, 1, 0]] {
        assert_eq!(Place::of_bytes(nowhere), None);
        assert_eq!(fault(nowhere, &[], &exchange), Some(Loss::Foreign));
    }
}

#[test]
fn a_reference_batch_is_the_one_of_its_epoch() {
    let given = office(1).assign(&work());
    let later = office(2);
    assert_eq!(later.prompts(&work(), &given.assign.batch), given.prompts);
    assert_ne!(later.assign(&Work { slot: 3, ..work() }).prompts, given.prompts);
}
