//! Fuzz: what the fuzz target of the book asks holds for random bytes, and for those that a fuzzer once found.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/book.rs"]
pub mod book;
#[path = "../../fuzz/src/image.rs"]
pub mod image;

use std::path::{Path, PathBuf};
use std::{env, fs};

use engine::index::mix64;

/// How many strings of bytes, and how long they are at the most.
const STRINGS: u64 = 3_000;
const BYTES_MAX: u64 = 1_500;

/// The folder of seeds, found from where the test runs.
fn seeds() -> PathBuf {
    let start = env::current_dir().unwrap();
    let holds = |folder: &&Path| folder.join("fuzz/seeds/book").is_dir();
    start.ancestors().find(holds).expect("the test runs inside the repository").join("fuzz/seeds/book")
}

fn random(seed: u64) -> Vec<u8> {
    let length = mix64(seed, 0) % BYTES_MAX;
    (1..=length).map(|place| mix64(seed, place).to_le_bytes()[0]).collect()
}

#[test]
fn random_bytes_find_nothing() {
    (0..STRINGS).for_each(|seed| book::book(&random(seed)));
}

#[test]
fn random_damages_of_images_find_nothing() {
    (0..STRINGS / 4).for_each(|seed| image::image(&random(seed)));
}

#[test]
fn seeds_find_nothing_any_more() {
    let mut files: Vec<PathBuf> = fs::read_dir(seeds()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "there are seeds");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let found = std::panic::catch_unwind(|| book::book(&bytes));
        assert!(found.is_ok(), "{}", file.display());
    }
}
