//! Fuzz: what the fuzz target of requests asks holds for random bytes, for every request of the documentation with a few
//! bytes changed, and for those that a fuzzer once found.

#[path = "../../fuzz/src/request.rs"]
pub mod request;

use std::path::Path;
use std::{env, fs};

/// How many strings of bytes, and how long they are at the most.
const STRINGS: u64 = 20_000;
const BYTES_MAX: u64 = 200;
/// How many changes of each request.
const ROUNDS: u64 = 2_000;
/// Bytes that mean something in JSON.
const SIGNS: &[u8] = b"{}[]\",:0123456789.-eE\\u\ntrue null\xff";

/// A number from a number, the same every time (SplitMix64).
fn mix(seed: u64, place: u64) -> u64 {
    let mut word =
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(place.wrapping_mul(0xBF58_476D_1CE4_E5B9));
    word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}

/// The files of seeds, found from where the test runs.
fn seeds() -> Vec<Vec<u8>> {
    let start = env::current_dir().expect("the test runs somewhere");
    let holds = |folder: &&Path| folder.join("fuzz/seeds/request").is_dir();
    let folder = start.ancestors().find(holds).expect("the test runs inside the repository");
    let files = fs::read_dir(folder.join("fuzz/seeds/request")).expect("there are seeds");
    let mut files: Vec<_> = files.map(|entry| entry.expect("it is a file").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("it is read")).collect()
}

#[test]
fn random_bytes_find_nothing() {
    for seed in 0..STRINGS {
        let length = mix(seed, 0) % BYTES_MAX;
        let bytes: Vec<u8> = (1..=length).map(|place| SIGNS[below(mix(seed, place), SIGNS.len())]).collect();
        request::request(&bytes);
    }
}

fn below(word: u64, bound: usize) -> usize {
    usize::try_from(word % u64::try_from(bound).expect("it is small")).expect("it is small")
}

#[test]
fn seeds_and_what_is_near_them_find_nothing() {
    let seeds = seeds();
    assert!(protocol::request::METHODS.len() <= seeds.len(), "every method has a seed");
    for (number, seed) in (0..).zip(&seeds) {
        assert!(request::request(seed), "a seed is a request: {}", String::from_utf8_lossy(seed));
        let mut read = 0;
        for round in 0..ROUNDS {
            let mut near = seed.clone();
            for change in 0..=mix(number, round) % 3 {
                let word = |salt: u64| mix(number << 32 | round, change * 8 + salt);
                let (at, sign) = (below(word(1), near.len()), SIGNS[below(word(2), SIGNS.len())]);
                match below(word(3), 4) {
                    0 => near[at] ^= 1 << below(word(4), 8),
                    1 => near[at] = sign,
                    2 if 1 < near.len() => drop(near.remove(at)),
                    _ => near.insert(at, sign),
                }
            }
            read += u64::from(request::request(&near));
        }
        assert!(read < ROUNDS, "some changes are noticed");
    }
}
