//! Fuzz: what the fuzz target asks holds for random bytes, and for whole objects with a few bytes changed.

#![cfg(feature = "tee")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/evidence.rs"]
pub mod evidence;
mod fixture;

use std::path::{Path, PathBuf};
use std::{env, fs};

use attestation::digest::Digest;
use attestation::opening::Opening;
use attestation::tree;
use fixture::{assign, batch, calibration, commit, leaves, receipt, transcripts};
use proptest::prelude::*;

/// Whole objects, each behind the byte that says what it is.
fn objects() -> Vec<Vec<u8>> {
    let hashes: Vec<Digest> = leaves().iter().map(|leaf| leaf.hash(&batch())).collect();
    let transcript = transcripts().swap_remove(2);
    let path = tree::path(&hashes, 2);
    let opening = Opening { commit: commit().id(), leaf: leaves()[2], path, transcript };
    let (verdict, findings) = receipt().verdict.unwrap();
    let objects: [Vec<u8>; 11] = [
        assign().encode(),
        calibration().encode(),
        commit().encode(),
        leaves()[0].encode(),
        transcripts()[0].encode(),
        opening.encode(),
        findings[0].encode(),
        verdict.encode(),
        receipt().encode(),
        transcripts()[0].fingerprints()[0].bytes().to_vec(),
        include_bytes!("samples/tdx_quote").to_vec(),
    ];
    (0..).zip(objects).map(|(kind, object)| [[kind].as_slice(), &object].concat()).collect()
}

/// The folder of seeds, found from where the test runs.
fn seeds() -> PathBuf {
    let start = env::current_dir().unwrap();
    let holds = |folder: &&Path| folder.join("fuzz/seeds/evidence").is_dir();
    start.ancestors().find(holds).expect("the test runs inside the repository").join("fuzz/seeds/evidence")
}

#[test]
fn seeds_find_nothing_any_more() {
    let mut files: Vec<PathBuf> = fs::read_dir(seeds()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let bytes: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let missing = objects().into_iter().position(|object| !bytes.contains(&object));
    assert_eq!(missing, None, "a fuzzer begins with every kind of object");
    bytes.iter().for_each(|bytes| evidence::evidence(bytes));
}

proptest! {
    #[test]
    fn random_bytes_find_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        evidence::evidence(&bytes);
    }

    #[test]
    fn changed_objects_find_nothing(
        object in proptest::sample::select(objects()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
    ) {
        let mut changed = object;
        for (place, byte) in changes {
            let place = place.index(changed.len());
            changed[place] = byte;
        }
        evidence::evidence(&changed);
        changed.truncate(length.index(changed.len()));
        evidence::evidence(&changed);
    }
}
