//! History: keeps the contract on disk, and is made anew when it is of no use.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use engine::event::PrivateSequence;
use engine::ids::AccountId;
use engine::stamp::Sequence;
use journal::history::contract::{self, Play};
use journal::history::log::HistoryLog;
use journal::history::reader::HistoryReader;
use persistence::history::{RocksHistory, RocksReader};
use tempfile::TempDir;

fn open(path: &Path, epoch: u64) -> RocksHistory {
    RocksHistory::open(path, epoch).unwrap()
}

/// A history with a play in it.
fn written(path: &Path) -> Play {
    let (mut play, mut history) = (Play::begin(1), open(path, 7));
    for commands in [100, 1, 50] {
        play.go_on(commands);
        play.write(&mut history);
    }
    play
}

#[test]
fn rocks_history_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let paths: RefCell<Vec<PathBuf>> = RefCell::default();
    let fresh = || {
        let path = folder.path().join(paths.borrow().len().to_string());
        paths.borrow_mut().push(path.clone());
        open(&path, 1)
    };
    let reopen = |history: RocksHistory| {
        drop(history);
        open(paths.borrow().last().unwrap(), 1)
    };
    contract::check(fresh, reopen, RocksHistory::reader);
}

#[test]
fn a_history_of_another_epoch_or_format_is_begun_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history");
    let play = written(&path);
    contract::agrees(&play, &open(&path, 7).reader());
    let other = open(&path, 8);
    assert_eq!(HistoryLog::last(&other), Sequence(0));
    assert_eq!(other.reader().events(AccountId(1), PrivateSequence(0), 1), Ok(Vec::new()));
}

#[test]
fn a_damaged_history_is_begun_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history");
    written(&path);
    fs::write(path.join("CURRENT"), "nonsense").unwrap();
    assert_eq!(HistoryLog::last(&open(&path, 7)), Sequence(0));
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(HistoryLog::last(&open(&path, 7)), Sequence(0), "a lost one too");
}

#[test]
fn what_a_crash_took_is_known() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history");
    let first = HistoryLog::last(&{
        written(&path);
        open(&path, 7)
    });
    let (mut play, mut history) = (Play::begin(1), open(&path, 7));
    play.go_on(151);
    play.group.clear();
    play.go_on(100);
    play.write(&mut history);
    let crashed = folder.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    for entry in fs::read_dir(&path).unwrap().flatten() {
        fs::copy(entry.path(), crashed.join(entry.file_name())).unwrap();
    }
    assert!(first < HistoryLog::last(&history));
    assert_eq!(HistoryLog::last(&open(&crashed, 7)), first, "what was in memory is gone, and nothing else");
}

#[test]
fn a_glance_beside_the_writer_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history");
    assert!(RocksReader::glance(&path, 7).unwrap().is_none());
    assert!(!path.exists());
    let play = written(&path);
    let history = open(&path, 7);
    let glance = RocksReader::glance(&path, 7).unwrap().unwrap();
    contract::agrees(&play, &glance);
    assert!(RocksReader::glance(&path, 8).unwrap().is_none());
    contract::agrees(&play, &history.reader());
}
