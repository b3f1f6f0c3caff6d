//! Store: what was appended is there, for one writer and any number of readers.

use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use engine::command::Command;
use engine::stamp::Sequence;
use journal::contract::{self, Live};
use journal::log::CommandLog;
use journal::memory::MemoryLog;
use journal::recovery::recover;
use persistence::open_error::Refusal;
use persistence::store::RocksLog;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("there is a temporary folder");
    let path = folder.path().join("journal");
    (folder, path)
}

fn refusal(opened: Result<RocksLog, persistence::open_error::OpenError>, path: &Path) -> Refusal {
    let error = opened.expect_err("the folder is refused");
    assert_eq!(error.path, path);
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    error.refusal
}

/// Names and contents of all files in a folder.
fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(path).expect("the folder is there").flatten();
    let read = |path: PathBuf| (path.clone(), fs::read(path).expect("the file is readable"));
    let mut files: Vec<_> = entries.map(|entry| read(entry.path())).collect();
    files.sort();
    files
}

#[test]
fn rocks_log_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let count = std::cell::Cell::new(0);
    let fresh = || {
        count.set(count.get() + 1);
        RocksLog::open(&folder.path().join(count.get().to_string())).unwrap()
    };
    let reopen = |log: RocksLog| {
        let path = log.path().to_owned();
        drop(log);
        RocksLog::open(&path).unwrap()
    };
    contract::check(fresh, reopen);
}

#[test]
fn recovery_equals_that_of_memory() {
    let (_folder, path) = folder();
    let (mut disk, mut memory) = (RocksLog::open(&path).unwrap(), MemoryLog::default());
    let (mut to_disk, mut to_memory) = (Live::default(), Live::default());
    let full = [Command::Tick; 1_024];
    for groups in [&[&contract::founding()[..]][..], &[&full], &[&full[..7], &full[..1]], &[&full[..]; 20]] {
        to_disk.append(&mut disk, groups).unwrap();
        to_memory.append(&mut memory, groups).unwrap();
    }
    drop(disk);
    for disk in [RocksLog::open(&path).unwrap(), RocksLog::open_read_only(&path).unwrap()] {
        let from_disk = recover(&disk, &mut |_, _| ()).unwrap();
        let from_memory = recover(&memory, &mut |_, _| ()).unwrap();
        assert_eq!(from_disk.exchange.state_hash(), from_memory.exchange.state_hash());
        assert_eq!((from_disk.chain, from_disk.outcome), (from_memory.chain, from_memory.outcome));
        assert_eq!((from_disk.commands, from_disk.records), (3 + 21 * 1_024 + 8, 24));
        assert_eq!(disk.last(), memory.last());
    }
}

#[test]
fn the_second_writer_is_refused_until_the_first_is_gone() {
    let (_folder, path) = folder();
    let first = RocksLog::open(&path).unwrap();
    let error = RocksLog::open(&path).unwrap_err();
    assert_eq!(error.refusal, Refusal::InUse);
    assert_eq!(
        error.to_string(),
        format!("another hourbook holds the journal in {}; stop it first", path.display())
    );
    drop(first);
    RocksLog::open(&path).unwrap();
}

#[test]
fn a_reader_beside_the_writer_sees_the_journal_as_it_was_and_changes_no_file() {
    let (_folder, path) = folder();
    let (mut log, mut live) = (RocksLog::open(&path).unwrap(), Live::default());
    live.append(&mut log, &[&contract::founding(), &[Command::Tick]]).unwrap();
    let before = contents(&path);
    let reader = RocksLog::open_read_only(&path).unwrap();
    assert_eq!(reader.last(), log.last());
    assert_eq!(recover(&reader, &mut |_, _| ()).unwrap().chain, live.chain);
    assert_eq!(contents(&path), before, "reading changes no file");
    live.append(&mut log, &[&[Command::Tick]]).unwrap();
    assert_eq!(recover(&reader, &mut |_, _| ()).unwrap().last.sequence, Sequence(4));
    let reader = RocksLog::open_read_only(&path).unwrap();
    assert_eq!(recover(&reader, &mut |_, _| ()).unwrap().chain, live.chain);
}

#[test]
fn a_reader_appends_nothing() {
    let (_folder, path) = folder();
    drop(RocksLog::open(&path).unwrap());
    let mut reader = RocksLog::open_read_only(&path).unwrap();
    let append = AssertUnwindSafe(|| Live::default().append(&mut reader, &[&[Command::Tick]]));
    assert!(catch_unwind(append).is_err());
}

#[test]
fn a_folder_that_holds_no_journal_is_refused() {
    let (folder, path) = folder();
    assert_eq!(refusal(RocksLog::open_read_only(&path), &path), Refusal::Absent);
    assert!(!path.exists(), "looking for a journal does not make one");
    fs::create_dir(&path).unwrap();
    assert_eq!(refusal(RocksLog::open_read_only(&path), &path), Refusal::Absent);
    fs::write(path.join("diary"), "dear").unwrap();
    assert_eq!(refusal(RocksLog::open_read_only(&path), &path), Refusal::Foreign);
    assert_eq!(refusal(RocksLog::open(&path), &path), Refusal::Foreign);
    assert_eq!(contents(&path).len(), 1, "a foreign folder is left alone");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(refusal(RocksLog::open(&file), &file), Refusal::NotFolder);
    assert_eq!(refusal(RocksLog::open_read_only(&file), &file), Refusal::NotFolder);
    let deep = folder.path().join("no/such/journal");
    assert_eq!(refusal(RocksLog::open(&deep), &deep), Refusal::Absent);
}

#[test]
fn another_format_is_refused() {
    let (_folder, path) = folder();
    drop(RocksLog::open(&path).unwrap());
    let before = fs::read_to_string(path.join("FORMAT")).unwrap();
    assert_eq!(before, "hourbook journal 1\n");
    for (text, refused) in [
        ("hourbook journal 2\n", Refusal::Format { found: "2".to_owned() }),
        ("hourbook journal 1", Refusal::Foreign),
        ("ledger 1\n", Refusal::Foreign),
    ] {
        fs::write(path.join("FORMAT"), text).unwrap();
        assert_eq!(refusal(RocksLog::open(&path), &path), refused);
        assert_eq!(refusal(RocksLog::open_read_only(&path), &path), refused);
    }
    fs::write(path.join("FORMAT"), before).unwrap();
    RocksLog::open(&path).unwrap();
}

#[test]
fn an_interrupted_making_is_finished() {
    let (_folder, path) = folder();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("FORMAT"), "").unwrap();
    assert_eq!(refusal(RocksLog::open_read_only(&path), &path), Refusal::Absent);
    drop(RocksLog::open(&path).unwrap());
    fs::write(path.join("FORMAT"), "").unwrap();
    let mut log = RocksLog::open(&path).unwrap();
    Live::default().append(&mut log, &[&[Command::Tick]]).unwrap();
    drop(log);
    fs::write(path.join("FORMAT"), "").unwrap();
    assert_eq!(refusal(RocksLog::open(&path), &path), Refusal::Foreign);
}

#[test]
fn a_folder_without_permission_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = folder();
    drop(RocksLog::open(&path).unwrap());
    fs::set_permissions(path.join("FORMAT"), fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let bound = fs::write(folder.path().join("probe"), "").is_err();
    let other = folder.path().join("other");
    let refused = [RocksLog::open(&path).err(), RocksLog::open(&other).err()];
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    if !bound {
        let skipped = "skipped: a_folder_without_permission_is_refused: the superuser may write everywhere";
        return writeln!(std::io::stderr(), "{skipped}").unwrap();
    }
    for error in refused {
        let error = error.unwrap();
        assert!(matches!(error.refusal, Refusal::Denied { .. }), "{error}");
    }
}

#[test]
fn a_lost_database_is_not_made_anew() {
    let (_folder, path) = folder();
    let mut log = RocksLog::open(&path).unwrap();
    Live::default().append(&mut log, &[&[Command::Tick]]).unwrap();
    drop(log);
    for (file, _) in contents(&path) {
        if file.file_name().unwrap() != "FORMAT" {
            fs::remove_file(file).unwrap();
        }
    }
    for opened in [RocksLog::open(&path), RocksLog::open_read_only(&path)] {
        let refused = refusal(opened, &path);
        assert!(matches!(refused, Refusal::Damaged { .. }), "{refused:?}");
    }
}
