//! Damage to files: bits flipped, ends cut off or added, files removed, exchanged, or of another journal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::index::mix64;
use engine::view::View;
use journal::contract::{self, Live};
use journal::history::check::HistoryCheck;
use journal::keeper::Keeper;
use journal::log::CommandLog;
use journal::recovery::{Recovered, recover};
use journal::snapshot::Snapshot;
use node::ready::Ready;
use persistence::data::{DataFolder, Glance, Opening};
use persistence::snapshots::writer::SnapshotWriter;
use tempfile::TempDir;

use crate::table::Table;

/// From one damaged place to the next.
const STEP: usize = 97;
/// Where a file's bytes are of no consequence, so few places are enough: what RocksDB notes for people.
const PLACES_OF_DIARY: usize = 4;

/// Where files are.
const FOLDERS: [&str; 4] = ["", "journal", "history", "snapshots"];

/// A data folder as a crash left it.
struct Left {
    /// By their path within the folder.
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// How many commands were durable.
    commands: u64,
}

/// Where the folders are: in memory if the machine has such a place, because every try syncs.
pub(crate) fn temporary() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn opening(epoch: u64) -> Opening {
    Opening { reserve_bytes: 1 << 20, accept_end: None, epoch, tell: Box::new(|_| {}) }
}

/// Opens the folder as a start does. Returns the last command, or why not.
fn start(path: &Path) -> Result<u64, String> {
    let folder = DataFolder::open(path, opening(9)).map_err(|error| error.to_string())?;
    let base = folder.base(&mut |_| {}).map_err(|error| error.to_string())?;
    let DataFolder { log, history, .. } = folder;
    let ready = Ready::resume_with(
        log,
        base.unwrap_or_default(),
        history,
        &mut |_: &Stamped, _: &[Event], _: &View| {},
    );
    ready.map(|ready| ready.last().sequence.0).map_err(|error| error.to_string())
}

/// Whether everything that a start need not read is what was written: the whole journal, the history, and snapshots.
fn verified(path: &Path) -> Result<(), String> {
    let glance = Glance::at(path).map_err(|error| error.to_string())?;
    let history = glance.history().map_err(|error| error.to_string())?.expect("a start has made one");
    let mut check = HistoryCheck::begin(&history, View::default());
    let recovered = recover(&glance.log, &mut |stamped, events| check.command(stamped, events));
    recovered.map_err(|error| error.to_string())?;
    check.finish().map_err(|error| error.to_string())?;
    let snapshots = glance.snapshots();
    for sequence in snapshots.list().unwrap() {
        snapshots.read(sequence).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Writes a snapshot of what the folder holds.
fn take_snapshot(path: &Path) {
    let glance = Glance::at(path).unwrap();
    let mut view = View::default();
    let recovered = recover(&glance.log, &mut |stamped, events| view.fold(stamped.stamp, events)).unwrap();
    let Recovered { exchange, chain, outcome, .. } = recovered;
    let writer = SnapshotWriter::open(&glance.snapshots()).unwrap();
    writer.write(&Snapshot { exchange, view, chain, outcome }).unwrap();
}

/// A folder with records in a table and in the write-ahead log, as a crash leaves it; with as many snapshots as is said.
fn left(seed: u64, snapshots: u64) -> Left {
    let folder = temporary();
    let path = folder.path().join("data");
    fs::create_dir(&path).unwrap();
    let mut live = Live::default();
    let DataFolder { mut log, .. } = DataFolder::open(&path, opening(seed)).unwrap();
    let deposits = |from: u64, count: u64| -> Vec<Command> {
        let deposit = |number: u64| {
            let [_, _, deposit] = contract::founding();
            let Command::Deposit { account, amount, .. } = deposit else {
                unreachable!("the founding deposits")
            };
            let reference = engine::label::Label::new(&format!("{seed}-{number}")).unwrap();
            Command::Deposit { account, amount, reference }
        };
        (from..from + count).map(deposit).collect()
    };
    live.append(&mut log, &[&contract::founding(), &deposits(0, 12), &deposits(12, 9)]).unwrap();
    drop(log);
    // A start writes what the write-ahead log holds to a table, and completes the history.
    let ended = start(&path);
    assert_eq!(ended, Ok(24));
    if 0 < snapshots {
        take_snapshot(&path);
    }
    let folder = DataFolder::open(&path, opening(seed)).unwrap();
    let DataFolder { mut log, mut keeper, history, .. } = folder;
    for group in 0..6 {
        live.append(&mut log, &[&deposits(30 + 5 * group, 5)]).unwrap();
        keeper.mark(log.last().unwrap().unwrap()).unwrap();
    }
    assert_eq!(keeper.is_low(), Ok(false));
    if 1 < snapshots {
        drop((log, keeper, history));
        assert_eq!(start(&path), Ok(54));
        take_snapshot(&path);
        return Left { files: files_in(&path), commands: 54 };
    }
    let files = files_in(&path);
    drop(history);
    Left { files, commands: 54 }
}

/// All files of a folder, but what only locks.
fn files_in(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(path.join(folder)).into_iter().flatten().flatten() {
            let name = Path::new(folder).join(entry.file_name());
            if entry.file_type().unwrap().is_file() && entry.file_name() != "LOCK" {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

/// What a file is, for the table.
fn kind(name: &Path) -> &'static str {
    let text = name.to_str().unwrap();
    if text.starts_with("snapshots") {
        return "snapshot";
    }
    if text.starts_with("history") {
        return if text.ends_with(".sst") { "history: table" } else { "history: other files" };
    }
    match name.file_name().unwrap().to_str().unwrap() {
        "MARK" => "mark",
        "BALLAST" => "ballast",
        "FORMAT" => "journal: FORMAT",
        "CURRENT" => "journal: CURRENT",
        file if file.ends_with(".log") => "journal: write-ahead log",
        file if file.ends_with(".sst") => "journal: table",
        file if file.starts_with("MANIFEST") => "journal: MANIFEST",
        _ => "journal: OPTIONS, IDENTITY, LOG",
    }
}

impl Left {
    /// Puts the files into `path`, `name` with other bytes or, without any, not at all.
    fn put(&self, path: &Path, name: &Path, bytes: Option<&[u8]>) {
        for folder in FOLDERS {
            fs::create_dir(path.join(folder)).unwrap();
        }
        for (file, sound) in &self.files {
            match bytes {
                None if file == name => {}
                Some(bytes) if file == name => fs::write(path.join(file), bytes).unwrap(),
                _ => fs::write(path.join(file), sound).unwrap(),
            }
        }
    }

    /// What comes of it when `name` holds other bytes, or none are there.
    fn tried(&self, place: &Path, name: &Path, bytes: Option<&[u8]>) -> String {
        let path = place.join("tried");
        self.put(&path, name, bytes);
        let outcome = self.outcome(&path, &format!("{}", name.display()));
        fs::remove_dir_all(&path).unwrap();
        outcome
    }

    /// Starts, and says what came of it.
    fn outcome(&self, path: &Path, what: &str) -> String {
        let before = fs::read(path.join("MARK")).ok();
        match start(path) {
            Ok(commands) => {
                assert_eq!(commands, self.commands, "{what}: silently shorter");
                match verified(path) {
                    Ok(()) => "recovered".to_owned(),
                    Err(_) => "recovered, and `verify` finds the damage".to_owned(),
                }
            }
            Err(error) => {
                let advice = [
                    "backup",
                    "copy",
                    "choose a folder",
                    "the version that wrote it",
                    "that belong together",
                ];
                assert!(advice.iter().any(|advice| error.contains(advice)), "{what}: no advice in: {error}");
                assert_eq!(fs::read(path.join("MARK")).ok(), before, "{what}: a refusal changes nothing");
                format!("refused: {}", reason(&error))
            }
        }
    }
}

/// What a refusal says, in few words.
fn reason(error: &str) -> &'static str {
    let reasons = [
        ("is not of this journal", "the snapshot is of another journal"),
        ("the folder journal is missing", "the journal is missing"),
        ("commands are missing, of which", "the journal ends before its mark"),
        ("file MARK is missing", "the mark is missing"),
        ("file MARK is damaged", "the mark is damaged"),
        ("another history", "the journal is another one"),
        ("did not write", "the folder is not ours"),
        ("which this hourbook does not know", "another format"),
        ("is damaged", "the journal is damaged"),
        ("records missing", "records are missing"),
        ("there is no journal", "there is no journal"),
        ("failed", "the journal cannot be read"),
    ];
    let found = reasons.iter().find(|(words, _)| error.contains(words));
    found.unwrap_or_else(|| panic!("a reason without words for the table: {error}")).1
}

/// Ends of the records in a write-ahead log of RocksDB: a header of 7 bytes with the length in its fifth and sixth.
fn record_ends(bytes: &[u8]) -> Vec<usize> {
    let (mut ends, mut at) = (vec![0], 0);
    while let Some(header) = bytes.get(at..at + 7) {
        at += 7 + usize::from(u16::from_le_bytes([header[4], header[5]]));
        ends.push(at);
    }
    ends
}

/// Where a file is cut.
fn cuts(name: &Path, bytes: &[u8]) -> Vec<usize> {
    let mut cuts: Vec<usize> = (0..bytes.len()).step_by(STEP).collect();
    if kind(name) == "journal: write-ahead log" {
        let near =
            record_ends(bytes).into_iter().flat_map(|end| [end.saturating_sub(3), end, end + 5, end + 9]);
        cuts.extend(near.filter(|cut| *cut < bytes.len()));
        assert!(20 < cuts.len(), "the log has records");
    }
    cuts
}

/// Places of a file at which a bit is flipped.
fn flips(name: &Path, bytes: &[u8]) -> Vec<usize> {
    let places: Vec<usize> = (0..bytes.len()).step_by(STEP).collect();
    match kind(name) {
        "journal: OPTIONS, IDENTITY, LOG" | "history: other files" | "ballast" => {
            places.iter().copied().step_by(places.len().div_ceil(PLACES_OF_DIARY).max(1)).collect()
        }
        _ => places,
    }
}

/// Garbage.
pub(crate) fn noise() -> Vec<u8> {
    (0..100_u64).map(|place| mix64(7, place).to_le_bytes()[0]).collect()
}

/// Damages every file in every way, and with snapshots those that a start then sees otherwise.
pub(crate) fn damage(table: &mut Table) {
    let (whole, place) = (left(1, 0), temporary());
    assert_eq!(whole.tried(place.path(), Path::new("none"), None), "recovered", "the folder is sound");
    whole.files.keys().for_each(|name| damage_file(table, (&whole, name, kind(name)), place.path()));
    let behind = left(1, 1);
    assert_eq!(behind.tried(place.path(), Path::new("none"), None), "recovered", "the folder is sound");
    for name in behind.files.keys() {
        let of = match kind(name) {
            "snapshot" => "snapshot",
            "journal: table" => "journal: table behind a snapshot",
            "journal: write-ahead log" => "journal: write-ahead log after a snapshot",
            _ => continue,
        };
        damage_file(table, (&behind, name, of), place.path());
    }
    whole_folders(table, &whole, place.path());
    whole_snapshots(table, place.path());
}

/// Damages a file in every way.
fn damage_file(table: &mut Table, (left, name, of): (&Left, &Path, &str), place: &Path) {
    let bytes = &left.files[name];
    let mut note = |how: &str, damaged: Option<&[u8]>| {
        table.note(of, how, left.tried(place, name, damaged));
    };
    for (count, at) in flips(name, bytes).into_iter().enumerate() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (count % 8);
        note("a bit flipped", Some(&flipped));
    }
    let cuts = cuts(name, bytes);
    let diary = kind(name).contains("journal: OPTIONS") || kind(name) == "ballast";
    let few = if diary { cuts.len() / 2 + 1 } else { 1 };
    cuts.into_iter().step_by(few).for_each(|cut| note("cut short", Some(&bytes[..cut])));
    note("removed", None);
    note("garbage appended", Some(&[bytes.as_slice(), &noise()].concat()));
    note("zeros appended", Some(&[bytes.as_slice(), &[0; 100]].concat()));
}

/// Snapshots that are exchanged, and those of a journal that lost its end.
fn whole_snapshots(table: &mut Table, place: &Path) {
    let (two, what) = (left(1, 2), "whole folders");
    let newest = Path::new("snapshots/00000000000000000054.snapshot");
    let older = Path::new("snapshots/00000000000000000024.snapshot");
    assert_eq!(two.tried(place, Path::new("none"), None), "recovered", "the folder is sound");
    table.note(what, "the newer of two snapshots removed", two.tried(place, newest, None));
    let old = &two.files[older];
    table.note(what, "an old snapshot under the name of a newer one", two.tried(place, newest, Some(old)));
    let path = place.join("f");
    two.put(&path, Path::new("none"), None);
    fs::remove_dir_all(path.join("snapshots")).unwrap();
    table.note(what, "the snapshots removed", two.outcome(&path, "no snapshots"));
    let foreign = &left(2, 1).files[older];
    let path = place.join("g");
    two.put(&path, newest, None);
    fs::write(path.join(older), foreign).unwrap();
    table.note(what, "the snapshot of another exchange in its place", two.outcome(&path, "foreign snapshot"));
    let path = place.join("h");
    let shorter = left(1, 1);
    shorter.put(&path, Path::new("none"), None);
    fs::write(path.join(newest), &two.files[newest]).unwrap();
    fs::write(path.join("MARK"), &two.files[Path::new("MARK")]).unwrap();
    let lost = shorter
        .files
        .keys()
        .find(|name| kind(name) == "journal: write-ahead log" && !shorter.files[*name].is_empty());
    fs::remove_file(path.join(lost.unwrap())).unwrap();
    table.note(
        what,
        "a journal that lost its end, with a snapshot of it",
        shorter.outcome(&path, "a lost end"),
    );
}

/// Damages that are larger than a file.
fn whole_folders(table: &mut Table, left: &Left, place: &Path) {
    let put = |name: &str| {
        let path = place.join(name);
        left.put(&path, Path::new("none"), None);
        path
    };
    let (what, path) = ("whole folders", put("a"));
    fs::remove_dir_all(path.join("journal")).unwrap();
    table.note(what, "the journal removed", left.outcome(&path, "no journal"));
    assert!(!path.join("journal").exists(), "none is made in its place");
    let path = put("b");
    fs::remove_dir_all(path.join("history")).unwrap();
    table.note(what, "the history removed", left.outcome(&path, "no history"));
    let path = put("c");
    let other = self::left(2, 0);
    fs::remove_dir_all(path.join("journal")).unwrap();
    fs::create_dir(path.join("journal")).unwrap();
    for (name, bytes) in other.files.iter().filter(|(name, _)| name.starts_with("journal")) {
        fs::write(path.join(name), bytes).unwrap();
    }
    table.note(what, "the journal of another exchange in its place", left.outcome(&path, "foreign journal"));
    let path = put("d");
    fs::remove_dir_all(path.join("history")).unwrap();
    fs::create_dir(path.join("history")).unwrap();
    for (name, bytes) in other.files.iter().filter(|(name, _)| name.starts_with("history")) {
        fs::write(path.join(name), bytes).unwrap();
    }
    table.note(what, "the history of another exchange in its place", left.outcome(&path, "foreign history"));
    let path = put("e");
    fs::write(path.join("MARK"), &other.files[Path::new("MARK")]).unwrap();
    table.note(what, "the mark of another exchange in its place", left.outcome(&path, "foreign mark"));
}
