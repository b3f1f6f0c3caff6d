//! Evidence: a shelf keeps what is put on it, knows whose it is, and is copied with the journal.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use engine::command::Command;
use journal::contract::{self, Live};
use persistence::backup::{BackupRefusal, back_up, restore};
use persistence::data::{DataFolder, EVIDENCE, Opening};
use persistence::data_error::DataRefusal;
use persistence::evidence::{RocksShelf, ShelfGlance};
use settlement::shelf::{Place, Shelf};
use tempfile::TempDir;

const OWNER: [u8; 32] = [3; 32];
const PLACE: Place = Place::Receipt { delivery: 1, slot: 2 };

fn open(path: &Path) -> RocksShelf {
    RocksShelf::open(path, &OWNER).unwrap()
}

/// What a shelf keeps, by place.
fn kept(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut kept = Vec::new();
    let glance = ShelfGlance::at(path).unwrap().unwrap();
    assert_eq!(glance.owner, OWNER);
    let seen = glance.see(&mut |place, bytes| kept.push((place.to_vec(), bytes.to_vec()))).unwrap();
    assert_eq!(usize::try_from(seen).unwrap(), kept.len());
    kept
}

#[test]
fn what_is_put_is_there_after_a_crash_and_beside_whoever_keeps_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("evidence");
    assert!(ShelfGlance::at(&path).unwrap().is_none());
    let shelf = open(&path);
    assert_eq!(shelf.get(PLACE), Ok(None));
    shelf.put(PLACE, b"first").unwrap();
    shelf.put(PLACE, b"second").unwrap();
    assert_eq!(kept(&path), [(PLACE.bytes().to_vec(), b"second".to_vec())]);
    drop(shelf);
    let shelf = open(&path);
    assert_eq!(shelf.get(PLACE), Ok(Some(b"second".to_vec())));
}

#[test]
fn a_shelf_of_another_exchange_is_refused_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("evidence");
    open(&path).put(PLACE, b"kept").unwrap();
    let refused = RocksShelf::open(&path, &[4; 32]).unwrap_err();
    assert_eq!(refused, DataRefusal::EvidenceForeign);
    assert_eq!(open(&path).get(PLACE), Ok(Some(b"kept".to_vec())));
}

#[test]
fn what_is_left_of_a_shelf_is_not_begun_anew_over() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("evidence");
    open(&path).put(PLACE, b"kept").unwrap();
    let current = fs::read(path.join("CURRENT")).unwrap();
    fs::remove_file(path.join("CURRENT")).unwrap();
    let refused = RocksShelf::open(&path, &OWNER).unwrap_err();
    assert!(matches!(refused, DataRefusal::EvidenceDamaged { .. }), "{refused:?}");
    assert!(matches!(ShelfGlance::at(&path), Err(DataRefusal::EvidenceDamaged { .. })));
    fs::write(path.join("CURRENT"), current).unwrap();
    assert_eq!(open(&path).get(PLACE), Ok(Some(b"kept".to_vec())));
}

#[test]
fn a_making_that_was_interrupted_is_begun_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("evidence");
    fs::create_dir(folder.path().join("evidence.new")).unwrap();
    fs::write(folder.path().join("evidence.new/MANIFEST-000001"), "half").unwrap();
    open(&path).put(PLACE, b"kept").unwrap();
    assert!(!folder.path().join("evidence.new").exists());
}

fn backed_up(data: &Path, to: &Path) -> Result<u64, BackupRefusal> {
    back_up(data, to, &mut |_| ()).map(|copied| copied.evidence).map_err(|error| error.refusal)
}

fn restored(from: &Path, data: &Path) -> Result<u64, BackupRefusal> {
    let restored = restore((from, data), 6, |_, _| Ok(()), &mut |_| ());
    restored.map(|copied| copied.evidence).map_err(|error| error.refusal)
}

/// A data folder with a journal, open.
fn journal(data: &Path) -> DataFolder {
    fs::create_dir(data).unwrap();
    let opening = Opening { reserve_bytes: 1 << 20, accept_end: None, epoch: 5, tell: Box::new(|_| {}) };
    let mut opened = DataFolder::open(data, opening).unwrap();
    Live::default().append(&mut opened.log, &[&contract::founding(), &[Command::Tick]]).unwrap();
    opened
}

#[test]
fn evidence_is_backed_up_added_to_and_restored() {
    let folder = TempDir::new().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| folder.path().join(name));
    let _journal = journal(&data);
    assert_eq!(backed_up(&data, &to), Ok(0), "there is none yet");
    let shelf = open(&data.join(EVIDENCE));
    let place = |slot| Place::Receipt { delivery: 1, slot };
    for slot in 0..9 {
        shelf.put(place(slot), &[slot; 100]).unwrap();
    }
    assert_eq!(backed_up(&data, &to), Ok(9));
    assert_eq!(backed_up(&data, &to), Ok(0));
    shelf.put(place(3), b"grown").unwrap();
    shelf.put(place(9), b"new").unwrap();
    assert_eq!(backed_up(&data, &to), Ok(2), "only what is new");
    assert_eq!(restored(&to, &again), Ok(10));
    assert_eq!(kept(&again.join(EVIDENCE)), kept(&data.join(EVIDENCE)));
}

#[test]
fn damaged_evidence_keeps_nobody_from_a_backup_of_the_journal() {
    let folder = TempDir::new().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| folder.path().join(name));
    let _journal = journal(&data);
    open(&data.join(EVIDENCE)).put(PLACE, b"kept").unwrap();
    fs::remove_file(data.join(EVIDENCE).join("CURRENT")).unwrap();
    assert!(matches!(backed_up(&data, &to), Err(BackupRefusal::Evidence(_))));
    assert_eq!(restored(&to, &again), Ok(0), "the journal is there");
}

#[test]
fn damaged_evidence_of_a_backup_is_not_restored() {
    let folder = TempDir::new().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| folder.path().join(name));
    let _journal = journal(&data);
    open(&data.join(EVIDENCE)).put(PLACE, b"kept").unwrap();
    backed_up(&data, &to).unwrap();
    fs::remove_file(to.join(EVIDENCE).join("CURRENT")).unwrap();
    assert!(matches!(restored(&to, &again), Err(BackupRefusal::NoEvidence(_))));
    assert!(!again.exists());
    fs::remove_dir_all(to.join(EVIDENCE)).unwrap();
    assert_eq!(restored(&to, &again), Ok(0));
}
