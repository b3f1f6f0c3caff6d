//! Damage to files: bits flipped, ends cut off or added, files removed, exchanged, or of another journal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::command::{Command, Stamped};
use engine::index::mix64;
use journal::contract::{self, Live};
use journal::history::check::HistoryCheck;
use journal::keeper::Keeper;
use journal::log::CommandLog;
use journal::recovery::recover;
use node::ready::Ready;
use persistence::data::{DataFolder, Glance, Opening};
use tempfile::TempDir;

use crate::table::Table;

/// From one damaged place to the next.
const STEP: usize = 97;
/// Where a file's bytes are of no consequence, so few places are enough: what RocksDB notes for people.
const PLACES_OF_DIARY: usize = 4;

/// A data folder as a crash left it.
struct Left {
    /// By their path within the folder.
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// How many commands were durable.
    commands: u64,
}

/// Where the folders are: in memory if the machine has such a place, because every try syncs.
fn temporary() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn opening(epoch: u64) -> Opening {
    Opening { reserve_bytes: 1 << 20, accept_end: None, epoch, tell: Box::new(|_| {}) }
}

/// Opens the folder as a start does. Returns how many commands there are, or why not.
fn start(path: &Path) -> Result<u64, String> {
    let DataFolder { log, history, .. } =
        DataFolder::open(path, opening(9)).map_err(|error| error.to_string())?;
    let ready = Ready::recover_with(log, history, &mut |_: &Stamped| {});
    ready.map(|ready| ready.commands()).map_err(|error| error.to_string())
}

/// Whether the history says what the journal says.
fn history_agrees(path: &Path) -> Result<(), String> {
    let glance = Glance::at(path).map_err(|error| error.to_string())?;
    let history = glance.history().map_err(|error| error.to_string())?.expect("a start has made one");
    let mut check = HistoryCheck::begin(&history);
    recover(&glance.log, &mut |stamped, events| check.command(stamped, events)).unwrap();
    check.finish().map_err(|error| error.to_string())
}

/// A folder with records in a table and in the write-ahead log, as a crash leaves it.
fn left(seed: u64) -> Left {
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
    let DataFolder { mut log, mut keeper, history } = DataFolder::open(&path, opening(seed)).unwrap();
    for group in 0..6 {
        live.append(&mut log, &[&deposits(30 + 5 * group, 5)]).unwrap();
        keeper.mark(log.last().unwrap().unwrap()).unwrap();
    }
    assert_eq!(keeper.is_low(), Ok(false));
    let files = files_in(&path);
    drop(history);
    Left { files, commands: 54 }
}

/// All files of a folder, but what only locks.
fn files_in(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in ["", "journal", "history"] {
        for entry in fs::read_dir(path.join(folder)).unwrap().flatten() {
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
        for folder in ["", "journal", "history"] {
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
                match history_agrees(path) {
                    Ok(()) => "recovered".to_owned(),
                    Err(error) => {
                        assert!(error.contains("history"), "{what}: {error}");
                        "found when read".to_owned()
                    }
                }
            }
            Err(error) => {
                let advice = ["backup", "copy", "choose a folder", "the version that wrote it"];
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

/// Damages every file in every way.
pub(crate) fn damage(table: &mut Table) {
    let (left, place) = (left(1), temporary());
    assert_eq!(left.tried(place.path(), Path::new("none"), None), "recovered", "the folder is sound");
    for (name, bytes) in &left.files {
        let mut note = |how: &str, damaged: Option<&[u8]>| {
            table.note(kind(name), how, left.tried(place.path(), name, damaged));
        };
        for (count, at) in flips(name, bytes).into_iter().enumerate() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (count % 8);
            note("a bit flipped", Some(&flipped));
        }
        let cuts = cuts(name, bytes);
        let few = if kind(name).contains("journal: OPTIONS") || kind(name) == "ballast" {
            cuts.len() / 2 + 1
        } else {
            1
        };
        cuts.into_iter().step_by(few).for_each(|cut| note("cut short", Some(&bytes[..cut])));
        note("removed", None);
        let noise: Vec<u8> = (0..100_u64).map(|place| mix64(7, place).to_le_bytes()[0]).collect();
        note("garbage appended", Some(&[bytes.as_slice(), &noise].concat()));
        note("zeros appended", Some(&[bytes.as_slice(), &[0; 100]].concat()));
    }
    whole_folders(table, &left, place.path());
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
    let other = self::left(2);
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
