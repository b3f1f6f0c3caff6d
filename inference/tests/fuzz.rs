//! Fuzz: what the fuzz target asks holds for random bytes, for texts, and for a sound file with a few bytes changed.

#![allow(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod file;
#[path = "../../fuzz/src/model.rs"]
pub mod model;

use std::path::PathBuf;

use proptest::prelude::*;

use crate::file::{F32, File};

/// A sound file after the byte that says so, and how many bytes of it tell facts and tensors.
fn sound() -> (Vec<u8>, usize) {
    let file = File::model(|_, weights| (F32, vec![0; weights * 4]));
    let bytes = [&[0], &file.bytes()[..]].concat();
    let weights: usize = file.tensors.iter().map(|tensor| tensor.blocks.len()).sum();
    let head = bytes.len() - weights;
    (bytes, head)
}

#[test]
fn seeds_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/model");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        model::model(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(0 < count, "there are seeds");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn random_bytes_hold(data in prop::collection::vec(any::<u8>(), 0..400)) {
        model::model(&data);
        model::model(&[&[0], &b"GGUF\x03\0\0\0"[..], &data].concat());
    }

    #[test]
    fn texts_hold(text in "\\PC{0,200}|[ a-z0-9'\\n]{0,200}") {
        model::model(&[&[1], text.as_bytes()].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn changed_files_hold(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (mut bytes, head) = sound();
        for (at, byte) in changes {
            bytes[1 + at.index(head - 1)] = byte;
        }
        model::model(&bytes);
    }
}
