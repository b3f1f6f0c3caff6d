//! Fuzz: what the fuzz target of records asks holds for random bytes, for records with a few bytes changed, and for those
//! that a fuzzer once found.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/record.rs"]
pub mod record;

use std::path::{Path, PathBuf};
use std::{env, fs};

use engine::index::mix64;

/// How many strings of bytes, and how long they are at the most.
const STRINGS: u64 = 20_000;
const BYTES_MAX: u64 = 300;

/// The folder of seeds, found from where the test runs.
fn seeds() -> Vec<Vec<u8>> {
    let start = env::current_dir().unwrap();
    let holds = |folder: &&Path| folder.join("fuzz/seeds/record").is_dir();
    let folder = start.ancestors().find(holds).expect("the test runs inside the repository");
    let files = fs::read_dir(folder.join("fuzz/seeds/record")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn random(seed: u64) -> Vec<u8> {
    let length = mix64(seed, 0) % BYTES_MAX;
    (1..=length).map(|place| mix64(seed, place).to_le_bytes()[0]).collect()
}

#[test]
fn random_bytes_find_nothing() {
    for seed in 0..STRINGS {
        record::record(&random(seed));
    }
}

#[test]
fn seeds_and_what_is_near_them_find_nothing() {
    let seeds = seeds();
    assert!(!seeds.is_empty(), "there are seeds");
    for (number, seed) in (0..).zip(&seeds) {
        assert!(record::record(seed), "a seed is a record: {number}");
        for round in 0..STRINGS / 20 {
            let choose = |place: u64, below: usize| {
                usize::try_from(mix64(number << 32 | round, place)).unwrap() % below
            };
            let mut near = seed.clone();
            for change in 0..=choose(0, 3) {
                let place = u64::try_from(change).unwrap() * 3;
                let (at, how) = (choose(place + 1, near.len()), choose(place + 2, 256));
                match choose(place + 3, 4) {
                    0 => near[at] ^= 1 << (how % 8),
                    1 => near[at] = u8::try_from(how).unwrap(),
                    2 => drop(near.remove(at)),
                    _ => near.insert(at, u8::try_from(how).unwrap()),
                }
                if near.is_empty() {
                    break;
                }
            }
            record::record(&near);
        }
    }
}
