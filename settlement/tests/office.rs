//! Office: what a slot asks for follows from one secret and the slot's name, and from nothing else.
#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use attestation::beacon::{Secret, SecretHash};
use attestation::digest::Digest;
use attestation::transcript::prompt_hash;
use attestation::tree;
use fixture::{SECOND, model, office, taker, work};
use settlement::job::{Job, Part};
use settlement::measured::Measured;
use settlement::office::{Office, Work};

fn job(prompts: u32) -> Job {
    let sampling = attestation::assign::Sampling { temperature_micro: 0, top_k: 1, tokens_max: 8 };
    let prompts = (0..prompts).map(|token| vec![token, 7]).collect();
    let secret_hashes = vec![secret(0).hash()];
    Job { taker: taker().public(), sampling, prompts, secret_hashes }
}

/// The taker's half of the first slot, of the second, and so on.
fn secret(part: u32) -> Secret {
    Secret::of_taker(&[3; 32], "S", part)
}

#[test]
fn the_same_slot_asks_for_the_same_every_time() {
    let (first, again) = (office(1).assign(&work()), office(1).assign(&work()));
    assert_eq!(first, again);
    assert!(first.assign.is_signed() && first.assign.exchange == office(1).calibration().exchange);
}

#[test]
fn another_slot_delivery_epoch_or_secret_asks_for_something_else() {
    let given = office(1).assign(&work());
    let others = [
        office(1).assign(&Work { slot: 4, ..work() }),
        office(1).assign(&Work { delivery: 78, ..work() }),
        office(2).assign(&work()),
        Office::new(&[9; 32], 1, model(), &Measured::EXACT).assign(&work()),
    ];
    for other in others {
        assert_ne!(other.assign.seed, given.assign.seed);
        assert_ne!(other.assign.exchange_secret, given.assign.exchange_secret);
        assert!(other.prompts.iter().all(|prompt| !given.prompts.contains(prompt)));
        assert_eq!(other.prompts.len(), given.prompts.len());
    }
}

#[test]
fn an_assignment_says_what_its_prompts_and_its_secret_are() {
    let given = office(1).assign(&work());
    let hashes: Vec<Digest> = given.prompts.iter().map(|prompt| prompt_hash(prompt)).collect();
    assert_eq!(given.assign.inputs, tree::root(&hashes));
    assert_eq!(given.assign.count, 8, "two lots of four sequences");
    assert_eq!(given.assign.exchange_secret, office(1).secret(&given.assign.batch).hash());
    assert_eq!(given.assign.taker_secret, SecretHash(Digest::NONE));
    assert_eq!(given.assign.calibration, office(1).calibration().id());
    assert!(given.prompts.iter().flatten().all(|token| *token < model().vocabulary));
    assert_eq!(given.assign.taker, given.assign.exchange, "nobody else asks for the reference batch");
}

#[test]
fn prompts_follow_the_job_and_then_the_reference_batch() {
    let job = job(10);
    let of = |slot| {
        let part = office(1).part(&[], (2, slot));
        office(1).assign(&Work { job: Some((&job, part)), ..work() })
    };
    assert_eq!(of(0).prompts, job.prompts[..8]);
    assert_eq!(of(1).prompts, job.prompts[8..], "the last part is what is left");
    assert_eq!(of(2).prompts, office(1).assign(&work()).prompts, "nothing is left");
    assert_eq!((of(1).assign.count, of(2).assign.count), (2, 8));
    for given in [of(0), of(1)] {
        assert_eq!((given.assign.taker, given.assign.sampling), (job.taker, job.sampling));
    }
    assert_eq!(of(2), office(1).assign(&work()), "nobody asks for the reference batch");
    // Only for the first slot did the taker commit to a half of the beacon.
    assert_eq!(of(0).assign.taker_secret, secret(0).hash());
    assert_eq!(of(1).assign.taker_secret, SecretHash(Digest::NONE));
}

#[test]
fn deliveries_of_other_sizes_skip_no_prompt() {
    let office = office(1);
    // One lot takes four prompts in a slot, two take eight; a slot of a hundred lots takes 256.
    let part = |earlier: &[u64], lots, slot| office.part(earlier, (lots, slot));
    assert_eq!(part(&[], 1, 3), Part { place: 3, skipped: 12 });
    assert_eq!(part(&[1], 2, 0), Part { place: 12, skipped: 48 });
    assert_eq!(part(&[1, 2], 1, 1), Part { place: 25, skipped: 48 + 96 + 4 });
    assert_eq!(part(&[100], 1, 0), Part { place: 12, skipped: 12 * 256 });
}

#[test]
fn the_whole_batch_counts_for_the_whole_slot() {
    for lots in [1, 2, 40, 100] {
        let work = Work { lots, slot_nanos: 5 * SECOND, ..work() };
        let given = office(1).assign(&work);
        let sequences = u64::try_from(given.prompts.len()).unwrap();
        let worth = given.assign.meter.work_ns(8 * sequences, 24 * sequences).unwrap();
        assert!(work.slot_nanos * lots <= worth, "{lots} lots: {worth}");
    }
    // Of an hour's window too, where one word is asked of many machines.
    let job = Job { prompts: vec![vec![1]], secret_hashes: vec![], ..job(1) };
    let work = Work { lots: 30, job: Some((&job, Part { place: 0, skipped: 0 })), ..work() };
    let given = office(1).assign(&work);
    let worth = given.assign.meter.work_ns(1, 8).unwrap();
    assert!(work.slot_nanos * work.lots <= worth, "{worth}");
}

#[test]
fn a_batch_is_bounded() {
    assert_eq!(office(1).room(0), 1);
    assert_eq!(office(1).room(3), 12);
    assert_eq!(office(1).room(u64::MAX), 256, "a commitment fits into one message");
}
