//! Damage to the evidence: what is left is what was kept, what is lost is found, and slots under way end by the rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use attestation::key::PublicKey;
use attestation::receipt::Receipt;
use engine::delivery::slot::SlotState;
use persistence::data::EVIDENCE;
use persistence::data_error::{DataError, DataRefusal};
use persistence::evidence::{RocksShelf, ShelfGlance};
use settlement::custody::{self, Named};

use crate::files::{noise, temporary};
use crate::fixture;
use crate::process::{HOURBOOK, Serving, failure, json};
use crate::slot::{is_ruled, make, states};
use crate::table::Table;

/// From one damaged place to the next: receipts are long.
const STEP: usize = 997;
const KEPT: &str = "kept";
const LOST: &str = "slots whose evidence is lost are ruled inconclusive, and `verify` finds the damage";
const DAMAGED: &str = "refused: the evidence is damaged";
const FOREIGN: &str = "refused: the evidence is another exchange's";

pub(crate) fn damage(table: &mut Table) {
    let place = temporary();
    let data = place.path().join("data");
    let receipts = make(&data);
    files(table, &data.join(EVIDENCE), &receipts);
    whole_folders(table, &data, place.path());
}

/// Damages every file in every way.
fn files(table: &mut Table, evidence: &Path, receipts: &[Receipt; 2]) {
    let entries = fs::read_dir(evidence).unwrap().flatten();
    let names = entries.map(|entry| entry.path()).filter(|path| path.file_name().unwrap() != "LOCK");
    let sound: BTreeMap<PathBuf, Vec<u8>> =
        names.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let tried = |name: &Path, damaged: Option<&[u8]>| {
        fs::remove_dir_all(evidence).unwrap();
        fs::create_dir(evidence).unwrap();
        sound.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
        match damaged {
            Some(bytes) => fs::write(name, bytes).unwrap(),
            None if sound.contains_key(name) => fs::remove_file(name).unwrap(),
            None => {}
        }
        outcome(evidence, receipts)
    };
    assert_eq!(tried(Path::new("none"), None), KEPT, "the folder is sound");
    for (name, bytes) in &sound {
        let of = kind(name);
        // What RocksDB notes for people: few places are enough.
        let step = if of.contains("OPTIONS") { bytes.len() / 4 + 1 } else { STEP };
        for at in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            table.note(of, "a bit flipped", tried(name, Some(&flipped)));
            table.note(of, "cut short", tried(name, Some(&bytes[..at])));
        }
        table.note(of, "removed", tried(name, None));
        table.note(of, "garbage appended", tried(name, Some(&[bytes.as_slice(), &noise()].concat())));
        table.note(of, "zeros appended", tried(name, Some(&[bytes.as_slice(), &[0; 100]].concat())));
    }
    tried(Path::new("none"), None);
}

fn kind(name: &Path) -> &'static str {
    match name.file_name().unwrap().to_str().unwrap() {
        "CURRENT" => "evidence: CURRENT",
        file if file.ends_with(".log") => "evidence: write-ahead log",
        file if file.ends_with(".sst") => "evidence: table",
        file if file.starts_with("MANIFEST") => "evidence: MANIFEST",
        _ => "evidence: OPTIONS, IDENTITY, LOG",
    }
}

/// What a start makes of the evidence: all that was kept is there and nothing else, or what is lost is known for it.
fn outcome(evidence: &Path, receipts: &[Receipt; 2]) -> &'static str {
    let exchange = fixture::office(0).calibration().exchange;
    let shelf = match RocksShelf::open(evidence, exchange.bytes()) {
        Ok(shelf) => shelf,
        Err(refusal) => return refused(refusal),
    };
    let found = receipts.each_ref().map(|kept| {
        let batch = kept.assign.batch;
        let of = (u32::try_from(batch.delivery).unwrap(), u8::try_from(batch.slot).unwrap());
        let named = if kept.open.is_empty() { Named::Commitment } else { Named::Openings };
        let found = custody::receipt(&shelf, of, (named, &exchange)).expect("the machine is sound");
        found.as_ref().is_ok_and(|found| {
            assert_eq!(found, kept, "what is there is what was kept");
            true
        })
    });
    drop(shelf);
    let seen = ShelfGlance::at(evidence).unwrap().unwrap();
    let mut faults = 0;
    let seen = seen.see(&mut |place, bytes| faults += usize::from(is_faulty(place, bytes, &exchange)));
    let is_whole = seen == Ok(2) && faults == 0;
    if found == [true; 2] {
        assert!(is_whole, "nothing is found where nothing is lost");
        KEPT
    } else {
        assert!(!is_whole, "what is lost is found");
        LOST
    }
}

fn is_faulty(place: &[u8], bytes: &[u8], exchange: &PublicKey) -> bool {
    custody::fault(place, bytes, exchange).is_some()
}

/// What a refusal says, in few words. It says what to do.
fn refused(refusal: DataRefusal) -> &'static str {
    let short = match refusal {
        DataRefusal::EvidenceDamaged { .. } => DAMAGED,
        DataRefusal::EvidenceForeign => FOREIGN,
        _ => panic!("the machine is sound: {refusal:?}"),
    };
    let said = DataError { path: PathBuf::from("data"), refusal }.to_string();
    assert!(said.contains("nothing was changed") && said.contains("move the folder evidence away"), "{said}");
    short
}

/// Damages that are larger than a file, tried with the program itself.
fn whole_folders(table: &mut Table, data: &Path, place: &Path) {
    let what = "whole folders";
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let verify = |data: &Path| ["verify".to_owned(), "--data".to_owned(), text(data)];
    let copy = |name: &str| {
        let path = place.join(name);
        let copied = std::process::Command::new("cp").args(["-r", &text(data), &text(&path)]).status();
        assert!(copied.unwrap().success());
        path
    };
    let sound = copy("sound");
    let verified = json(&verify(&sound).each_ref().map(String::as_str));
    assert_eq!((&verified["sound"], &verified["evidence"]), (&true.into(), &2.into()));
    Serving::start(&sound).interrupt();
    assert_eq!(
        states(&sound),
        [SlotState::Committed, SlotState::Opened],
        "nothing is lost, nothing is ruled"
    );

    let removed = copy("removed");
    fs::remove_dir_all(removed.join(EVIDENCE)).unwrap();
    let (code, said) = failure(&verify(&removed).each_ref().map(String::as_str));
    assert!(code == 5 && said.contains("the evidence is not: of delivery 0"), "{said}");
    Serving::start(&removed).interrupt();
    assert!(states(&removed).into_iter().all(is_ruled), "both are given up");
    json(&verify(&removed).each_ref().map(String::as_str));
    table.note(what, "the evidence removed", LOST);

    let serve = |data: &Path| {
        let output = std::process::Command::new(HOURBOOK)
            .args(["serve", "--listen", "127.0.0.1:0", "--reserve-mib", "1", "--data"])
            .arg(data)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(5));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let without = copy("without");
    fs::remove_file(without.join("exchange.key")).unwrap();
    let said = serve(&without);
    assert!(said.contains("of another exchange") && said.contains("move the folder evidence away"), "{said}");
    assert!(!without.join("exchange.key").exists(), "no other one is made in its place");
    table.note(what, "the exchange's key removed", FOREIGN);

    let foreign = copy("foreign");
    let other = place.join("other");
    Serving::start(&other).interrupt();
    fs::remove_dir_all(foreign.join(EVIDENCE)).unwrap();
    fs::rename(other.join(EVIDENCE), foreign.join(EVIDENCE)).unwrap();
    let said = serve(&foreign);
    assert!(said.contains("of another exchange"), "{said}");
    table.note(what, "the evidence of another exchange in its place", FOREIGN);
    // What it advises.
    fs::rename(foreign.join(EVIDENCE), place.join("away")).unwrap();
    Serving::start(&foreign).interrupt();
    assert!(states(&foreign).into_iter().all(is_ruled));
}
