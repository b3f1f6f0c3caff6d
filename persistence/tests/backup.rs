//! Backup: a copy is whole or says why not, is added to, and is restored as another history.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use engine::command::Command;
use engine::stamp::Sequence;
use journal::contract::{self, Live};
use journal::keeper::Keeper;
use journal::log::CommandLog;
use journal::recovery::recover;
use persistence::backup::{BackupRefusal, back_up, restore};
use persistence::data::{DataFolder, Opening};
use tempfile::TempDir;

fn open(path: &Path, epoch: u64) -> DataFolder {
    fs::create_dir_all(path).unwrap();
    let opening = Opening { reserve_bytes: 1 << 20, accept_end: None, epoch, tell: Box::new(|_| {}) };
    DataFolder::open(path, opening).unwrap()
}

fn backed_up(data: &Path, to: &Path) -> Result<u64, BackupRefusal> {
    back_up(data, to, &mut |_| ()).map(|copied| copied.records).map_err(|error| error.refusal)
}

fn restored(from: &Path, data: &Path, epoch: u64) -> Result<u64, BackupRefusal> {
    let restored = restore((from, data), epoch, |_, _| Ok(()), &mut |_| ());
    restored.map(|copied| copied.mark.tip.sequence.0).map_err(|error| error.refusal)
}

#[test]
fn a_backup_is_made_beside_the_exchange_and_added_to() {
    let folder = TempDir::new().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| folder.path().join(name));
    let (mut opened, mut live) = (open(&data, 5), Live::default());
    assert_eq!(backed_up(&data, &to), Err(BackupRefusal::Empty));
    live.append(&mut opened.log, &[&contract::founding()]).unwrap();
    assert_eq!(backed_up(&data, &to), Ok(1));
    assert_eq!(backed_up(&data, &to), Ok(0));
    live.append(&mut opened.log, &[&[Command::Tick; 1_000][..]; 60]).unwrap();
    opened.keeper.mark(opened.log.last().unwrap().unwrap()).unwrap();
    assert_eq!(backed_up(&data, &to), Ok(60));
    live.append(&mut opened.log, &[&[Command::Tick]]).unwrap();

    assert_eq!(restored(&to, &again, 6), Ok(60_003));
    assert_eq!(restored(&to, &again, 6), Err(BackupRefusal::Taken));
    let there = open(&again, 9);
    assert_eq!((there.keeper.epoch(), there.keeper.cut().is_open()), (6, true));
    let recovered = recover(&there.log, &mut |_, _| ()).unwrap();
    assert_eq!(recovered.last.sequence, Sequence(60_003));
    let served = fs::read_dir(&to).unwrap().flatten().map(|entry| entry.file_name()).collect::<Vec<_>>();
    assert!(served.iter().all(|name| name == "records" || name == "BACKUP"), "{served:?}");

    // What was restored is another history: it does not go into the same backup.
    assert_eq!(backed_up(&again, &to), Err(BackupRefusal::Other));
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let folder = TempDir::new().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| folder.path().join(name));
    let (mut opened, mut live) = (open(&data, 5), Live::default());
    live.append(&mut opened.log, &[&contract::founding(), &[Command::Tick; 9]]).unwrap();
    backed_up(&data, &to).unwrap();
    assert_eq!(restored(&data, &again, 6), Err(BackupRefusal::Absent));
    let whole = fs::read_dir(to.join("records")).unwrap().flatten().map(|entry| entry.path());
    for file in whole.filter(|path| path.extension().is_some_and(|ending| ending == "log")) {
        fs::write(&file, "").unwrap();
    }
    assert!(matches!(restored(&to, &again, 6), Err(BackupRefusal::Damaged(_))));
    assert!(!again.exists(), "nothing is left of it");
    fs::write(to.join("BACKUP"), "nonsense").unwrap();
    assert_eq!(restored(&to, &again, 6), Err(BackupRefusal::Absent));
}

#[test]
fn nothing_is_overwritten() {
    let folder = TempDir::new().unwrap();
    let [data, to] = ["data", "backup"].map(|name| folder.path().join(name));
    let (mut opened, mut live) = (open(&data, 5), Live::default());
    live.append(&mut opened.log, &[&contract::founding()]).unwrap();
    fs::create_dir(&to).unwrap();
    fs::write(to.join("diary"), "dear").unwrap();
    assert_eq!(backed_up(&data, &to), Err(BackupRefusal::Foreign));
    fs::remove_file(to.join("diary")).unwrap();
    assert_eq!(backed_up(&data, &to), Ok(1));
    assert_eq!(restored(&to, &data, 6), Err(BackupRefusal::Taken));
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    // What an interrupted try left is no obstacle.
    fs::create_dir(folder.path().join("empty.restoring")).unwrap();
    assert_eq!(restored(&to, &empty, 6), Ok(3));
    assert!(!folder.path().join("empty.restoring").exists());
}
