//! Snapshots: one that was written is there whole, whenever its process was killed; two sound ones are kept.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use engine::command::Command;
use engine::stamp::Sequence;
use engine::view::View;
use journal::contract::{self, Live};
use journal::log::CommandLog;
use journal::memory::MemoryLog;
use journal::recovery::{Recovered, recover};
use journal::snapshot::Snapshot;
use journal::snapshot::fault::SnapshotFault;
use journal::snapshot::header::HEADER_BYTES;
use persistence::snapshots::Snapshots;
use persistence::snapshots::error::{SnapshotCause, SnapshotError};
use persistence::snapshots::writer::SnapshotWriter;
use tempfile::TempDir;

/// Names the folder to a child process that writes until it is killed.
const FOLDER: &str = "SNAPSHOTS_TEST_FOLDER";

/// Kills after which a file was half written, and how many there are at the most until then.
const PARTS: usize = 3;
const ROUNDS_MAX: u64 = 300;

/// What a log of so many records amounts to: the first of three commands, the others of two.
fn snapshot(records: usize) -> Snapshot {
    let (mut log, mut live) = (MemoryLog::default(), Live::default());
    live.append(&mut log, &[&contract::founding()]).expect("memory takes what follows");
    for _ in 1..records {
        live.append(&mut log, &[&[Command::Tick; 2]]).expect("memory takes what follows");
    }
    let mut view = View::default();
    let recovered = recover(&log, &mut |stamped, events| view.fold(stamped.stamp, events));
    let Recovered { exchange, chain, outcome, .. } = recovered.expect("the log is sound");
    assert_eq!(log.last().map(|tip| tip.map(|tip| tip.sequence)), Ok(Some(chain.last().sequence)));
    Snapshot { exchange, view, chain, outcome }
}

fn folder() -> (TempDir, Snapshots) {
    let folder = TempDir::new().expect("there is a temporary folder");
    let snapshots = Snapshots::of(&folder.path().join("snapshots"));
    (folder, snapshots)
}

/// A folder with those of logs of so many records.
fn written(records: &[usize]) -> (TempDir, Snapshots) {
    let (folder, snapshots) = folder();
    let writer = SnapshotWriter::open(&snapshots).expect("nobody else writes");
    for records in records {
        let snapshot = snapshot(*records);
        let written = writer.write(&snapshot).expect("there is room");
        assert_eq!(written.sequence, snapshot.chain.last().sequence);
        assert_eq!(written.bytes, fs::metadata(file(&snapshots, written.sequence)).unwrap().len());
    }
    (folder, snapshots)
}

fn file(snapshots: &Snapshots, sequence: Sequence) -> PathBuf {
    snapshots.path().join(format!("{:020}.snapshot", sequence.0))
}

/// The newest sound one's sequence, and what was said of newer ones.
fn newest(snapshots: &Snapshots) -> (Option<Sequence>, Vec<SnapshotError>) {
    let mut skipped = Vec::new();
    let newest = snapshots.newest(&mut |error| skipped.push(error.clone())).expect("the folder is readable");
    (newest.map(|snapshot| snapshot.chain.last().sequence), skipped)
}

#[test]
fn a_folder_that_is_not_there_has_none() {
    let (_folder, snapshots) = folder();
    assert_eq!(newest(&snapshots), (None, Vec::new()));
    assert!(!snapshots.path().exists(), "reading makes nothing");
}

#[test]
fn the_newest_is_read_as_it_was_written() {
    let (_folder, snapshots) = written(&[2, 4, 3]);
    assert_eq!(snapshots.list().unwrap(), [Sequence(9), Sequence(7), Sequence(5)]);
    assert_eq!(newest(&snapshots), (Some(Sequence(9)), Vec::new()));
    let (read, made) = (snapshots.read(Sequence(9)).unwrap(), snapshot(4));
    assert_eq!((read.chain, read.outcome), (made.chain, made.outcome));
    assert_eq!(read.exchange.state_hash(), made.exchange.state_hash());
    assert_eq!(read.view.stamp(), made.view.stamp());
}

#[test]
fn damaged_ones_are_told_and_the_next_is_read() {
    let (_folder, snapshots) = written(&[2, 3, 4]);
    let path = file(&snapshots, Sequence(9));
    let sound = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 16;
        bytes
    };
    let damages = [
        flipped(3),
        flipped(50),
        flipped(HEADER_BYTES + 40),
        flipped(sound.len() - 1),
        sound[..200].to_vec(),
        Vec::new(),
    ];
    for damaged in damages {
        fs::write(&path, damaged).unwrap();
        let (found, skipped) = newest(&snapshots);
        assert_eq!(found, Some(Sequence(7)));
        assert_eq!(skipped.iter().map(|error| &error.path).collect::<Vec<_>>(), [&path]);
        assert!(skipped[0].to_string().contains("is not used: its"), "{}", skipped[0]);
    }
    fs::write(file(&snapshots, Sequence(7)), []).unwrap();
    let (found, skipped) = newest(&snapshots);
    assert_eq!((found, skipped.len()), (Some(Sequence(5)), 2));
}

#[test]
fn one_under_the_name_of_another_is_not_read() {
    let (_folder, snapshots) = written(&[2, 3]);
    fs::copy(file(&snapshots, Sequence(5)), file(&snapshots, Sequence(11))).unwrap();
    let (found, skipped) = newest(&snapshots);
    assert_eq!(found, Some(Sequence(7)));
    assert_eq!(skipped[0].cause, SnapshotCause::Misnamed { found: Sequence(5) });
    assert_eq!(snapshots.read(Sequence(6)).err().map(|error| error.cause), Some(SnapshotCause::Gone));
}

#[test]
fn two_sound_ones_are_kept() {
    let (_folder, snapshots) = written(&[2]);
    let writer = SnapshotWriter::open(&snapshots).unwrap();
    assert_eq!(writer.keep_two().unwrap(), None, "there is one only");
    for records in [3, 4, 5, 6] {
        writer.write(&snapshot(records)).unwrap();
    }
    fs::write(file(&snapshots, Sequence(11)), b"damaged").unwrap();
    assert_eq!(writer.keep_two().unwrap(), Some(Sequence(9)));
    assert_eq!(snapshots.list().unwrap(), [Sequence(13), Sequence(11), Sequence(9)]);
    assert_eq!(writer.keep_two().unwrap(), Some(Sequence(9)));
}

#[test]
fn one_process_writes_at_a_time() {
    let (_folder, snapshots) = folder();
    let writer = SnapshotWriter::open(&snapshots).unwrap();
    let busy = SnapshotWriter::open(&snapshots).err().unwrap();
    assert_eq!(busy.cause, SnapshotCause::Busy);
    drop(writer);
    assert!(SnapshotWriter::open(&snapshots).is_ok());
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let (_folder, snapshots) = written(&[2]);
    let writer = SnapshotWriter::open(&snapshots).unwrap();
    let part = snapshots.path().join(format!("{:020}.snapshot.part", 7));
    fs::create_dir(&part).unwrap();
    let error = writer.write(&snapshot(3)).err().unwrap();
    assert!(matches!(error.cause, SnapshotCause::Failed { doing: "writing the snapshot", .. }), "{error}");
    fs::remove_dir(&part).unwrap();
    assert_eq!(newest(&snapshots), (Some(Sequence(5)), Vec::new()));
}

// The process that is killed is this test again.
#[test]
fn a_kill_leaves_only_whole_ones() {
    if let Ok(path) = env::var(FOLDER) {
        return write_until_killed(&Snapshots::of(Path::new(&path)));
    }
    let (_folder, snapshots) = folder();
    let mut parts = 0;
    for round in 0..ROUNDS_MAX {
        let mut child = Process::new(env::current_exe().unwrap());
        child.args(["--exact", "a_kill_leaves_only_whole_ones"]).env(FOLDER, snapshots.path());
        let mut child = child.stdout(Stdio::null()).spawn().unwrap();
        while !snapshots.path().join("STARTED").exists() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(engine::index::mix64(7, round) % 3_000));
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(snapshots.path().join("STARTED")).unwrap();
        let (found, skipped) = newest(&snapshots);
        assert_eq!(skipped, [], "round {round}");
        assert!(found.is_some() || round == 0, "what was there stays");
        parts +=
            fs::read_dir(snapshots.path()).unwrap().flatten().filter(|entry| is_part(&entry.path())).count();
        if PARTS <= parts {
            break;
        }
    }
    assert_eq!(parts, PARTS, "some were killed while they wrote");
    SnapshotWriter::open(&snapshots).unwrap();
    let mut left = fs::read_dir(snapshots.path()).unwrap().flatten();
    assert!(left.all(|entry| !is_part(&entry.path())), "whoever writes next clears away what was left");
}

fn is_part(path: &Path) -> bool {
    path.extension().is_some_and(|found| found == "part")
}

/// Writes larger and larger ones.
fn write_until_killed(snapshots: &Snapshots) {
    let writer = SnapshotWriter::open(snapshots).expect("nobody else writes");
    let folder = snapshots.path();
    let snapshots: Vec<Snapshot> = (2..200).map(snapshot).collect();
    writer.write(&snapshots[0]).expect("there is room");
    fs::write(folder.join("STARTED"), []).expect("there is room");
    for snapshot in snapshots.iter().cycle() {
        writer.write(snapshot).expect("there is room");
        writer.keep_two().expect("the folder is ours");
    }
}

#[test]
fn faults_are_told_apart() {
    let (_folder, snapshots) = written(&[3]);
    let path = file(&snapshots, Sequence(7));
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let cause = snapshots.read(Sequence(7)).err().unwrap().cause;
    assert!(
        matches!(cause, SnapshotCause::Fault(SnapshotFault::Body(_) | SnapshotFault::Mixed)),
        "{cause:?}"
    );
}
