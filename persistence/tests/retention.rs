//! Retention: a journal whose beginning was dropped goes on from a snapshot, and from nothing else.

use std::path::{Path, PathBuf};

use engine::command::Command;
use engine::stamp::Sequence;
use engine::view::View;
use journal::contract::{self, Live};
use journal::log::CommandLog;
use journal::record::Record;
use journal::recovery::{Recovered, RecoveryError, recover, resume};
use journal::snapshot::Snapshot;
use persistence::store::RocksLog;
use tempfile::TempDir;

/// Commands of a record but the first, and records between two starts.
const COMMANDS: u64 = 100;
const RECORDS: u64 = 5;
/// The first record has the three commands of the founding.
const FOUNDING: u64 = 3;

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("there is a temporary folder");
    let path = folder.path().join("journal");
    (folder, path)
}

/// Appends to a journal that is opened so many times: each start puts what came before into a table of its own.
fn journal(path: &Path, starts: u64) -> Live {
    let mut live = Live::default();
    let mut log = RocksLog::open(path).expect("the folder is new");
    live.append(&mut log, &[&contract::founding()]).expect("the log takes what follows");
    for _ in 0..starts {
        for _ in 0..RECORDS {
            let ticks = [Command::Tick; 100];
            live.append(&mut log, &[&ticks]).expect("the log takes what follows");
        }
        drop(log);
        log = RocksLog::open(path).expect("the journal is sound");
    }
    live
}

/// The last sequence of the record of this number.
fn end(record: u64) -> Sequence {
    Sequence(FOUNDING + record * COMMANDS)
}

fn first(log: &impl CommandLog) -> Sequence {
    let bytes = log.read(Sequence(1)).next().expect("there is a record").expect("it is readable");
    Record::open(&bytes).expect("it is sound").header().first
}

/// What the journal amounts to as far as `end`.
fn snapshot(log: &impl CommandLog, end: Sequence) -> Snapshot {
    let (mut view, mut found) = (View::default(), None);
    let mut border = |recovered: &Recovered| {
        if recovered.last.sequence == end {
            let &Recovered { ref exchange, chain, outcome, .. } = recovered;
            found = Some((exchange.clone(), chain, outcome));
        }
    };
    let mut fold = |stamped: &engine::command::Stamped, events: &[engine::event::Event]| {
        if stamped.stamp.sequence <= end {
            view.fold(stamped.stamp, events);
        }
    };
    journal::recovery::replay(log, Recovered::default(), &mut fold, &mut border)
        .expect("the journal is sound");
    let (exchange, chain, outcome) = found.expect("a record ends there");
    Snapshot { exchange, view, chain, outcome }
}

#[test]
fn what_lies_behind_is_dropped_and_the_rest_goes_on() {
    let (_folder, path) = folder();
    let live = journal(&path, 20);
    let log = RocksLog::open(&path).expect("the journal is sound");
    let (early, kept) = (snapshot(&log, end(10)), snapshot(&log, end(60)));
    log.watch().drop_before(end(60)).expect("there is room");
    let begins = first(&log);
    assert!(Sequence(1) < begins && begins <= end(60), "some was dropped, and not too much: {begins:?}");

    let recovered = |log: &RocksLog, from: Snapshot| {
        let (from, _) = from.recovered();
        resume(log, from, &mut |_, _| ())
    };
    for log in [log, RocksLog::open_read_only(&path).expect("the journal is sound")] {
        let resumed = recovered(&log, kept.clone()).expect("the record is there still");
        assert_eq!((resumed.chain, resumed.outcome), (live.chain, live.outcome));
        assert_eq!(resumed.exchange.state_hash(), live.exchange.state_hash());
        let refused = recover(&log, &mut |_, _| ()).err();
        assert_eq!(refused, Some(RecoveryError::Beginning { found: begins }));
        assert!(recovered(&log, early.clone()).is_err(), "what comes after an earlier one is gone");
        drop(log);
    }
    let log = RocksLog::open(&path).expect("the journal is sound");
    assert_eq!(first(&log), begins, "what was dropped does not come back");
}

#[test]
fn nothing_is_dropped_that_is_needed() {
    let (_folder, path) = folder();
    journal(&path, 3);
    let log = RocksLog::open(&path).expect("the journal is sound");
    let watch = log.watch();
    for sequence in [0, 1, 3] {
        watch.drop_before(Sequence(sequence)).expect("there is room");
        assert_eq!(first(&log), Sequence(1));
    }
    drop(log);
    watch.drop_before(end(10)).expect("a journal that is closed is left alone");
    let log = RocksLog::open(&path).expect("the journal is sound");
    assert!(recover(&log, &mut |_, _| ()).is_ok());
}

#[test]
fn a_watch_sees_what_is_durable() {
    let (_folder, path) = folder();
    let mut log = RocksLog::open(&path).expect("the folder is new");
    let (watch, mut live) = (log.watch(), Live::default());
    assert_eq!(watch.last(), Sequence(0));
    live.append(&mut log, &[&contract::founding(), &[Command::Tick]]).expect("the log takes what follows");
    assert_eq!(watch.last(), Sequence(4));
    drop(log);
    assert_eq!(RocksLog::open(&path).expect("the journal is sound").watch().last(), Sequence(4));
}
