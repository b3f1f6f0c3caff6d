//! Snapshot: recovery from one gives what recovery from the first record gives; any other bytes are refused.

#![allow(clippy::unwrap_used, reason = "a test")]

mod arbitrary;

use engine::command::Command;
use engine::stamp::Sequence;
use engine::view::View;
use journal::contract::{self, Live};
use journal::log::CommandLog;
use journal::memory::MemoryLog;
use journal::record::{LOGIC_VERSION, Record};
use journal::recovery::{Recovered, RecoveryError, recover, resume};
use journal::snapshot::Snapshot;
use journal::snapshot::fault::SnapshotFault;
use journal::snapshot::header::{HEADER_BYTES, SnapshotHeader};
use proptest::collection::vec;
use proptest::prelude::*;

/// What a log amounts to, as it is kept.
fn snapshot(log: &impl CommandLog) -> Snapshot {
    let mut view = View::default();
    let Recovered { exchange, chain, outcome, .. } =
        recover(log, &mut |stamped, events| view.fold(stamped.stamp, events)).unwrap();
    Snapshot { exchange, view, chain, outcome }
}

fn bytes(snapshot: &Snapshot) -> Vec<u8> {
    let mut body = Vec::new();
    let header = snapshot.write(&mut |block| body.extend_from_slice(block));
    [&header[..], &body].concat()
}

fn read(bytes: &[u8]) -> Result<Snapshot, SnapshotFault> {
    let (header, mut body) = bytes.split_first_chunk::<HEADER_BYTES>().expect("a test keeps the header");
    let header = SnapshotHeader::decode(header)?;
    Snapshot::read(&header, &mut |block| block.extend_from_slice(std::mem::take(&mut body)))
}

/// A log of so many records, each of two commands but the founding.
fn log(records: usize) -> MemoryLog {
    let (mut log, mut live) = (MemoryLog::default(), Live::default());
    live.append(&mut log, &[&contract::founding()]).unwrap();
    for _ in 1..records {
        live.append(&mut log, &[&[Command::Tick; 2]]).unwrap();
    }
    log
}

/// The first so many records of a log.
fn start(log: &MemoryLog, records: usize) -> MemoryLog {
    MemoryLog::from_records(log.records()[..records].to_vec())
}

fn resumed(log: &MemoryLog, snapshot: Snapshot) -> Result<(Recovered, View), RecoveryError> {
    let (recovered, mut view) = snapshot.recovered();
    let recovered = resume(log, recovered, &mut |stamped, events| view.fold(stamped.stamp, events))?;
    Ok((recovered, view))
}

proptest! {
    #[test]
    fn recovery_from_a_snapshot_is_recovery(groups in vec(vec(arbitrary::command(), 1..20), 1..6)) {
        let (mut log, mut live) = (MemoryLog::default(), Live::default());
        live.append(&mut log, &[&contract::founding()]).unwrap();
        let groups: Vec<&[Command]> = groups.iter().map(Vec::as_slice).collect();
        live.append(&mut log, &groups).unwrap();
        let whole = snapshot(&log);
        for records in 1..=log.records().len() {
            let kept = snapshot(&start(&log, records));
            let (recovered, view) = resumed(&log, read(&bytes(&kept)).unwrap()).unwrap();
            let later = log.records().len() - records;
            prop_assert_eq!(recovered.records, u64::try_from(later).unwrap());
            let Recovered { exchange, chain, outcome, .. } = recovered;
            // One state has one image: all that is kept is equal when that is.
            let reached = Snapshot { exchange, view, chain, outcome };
            prop_assert!(bytes(&reached) == bytes(&whole), "after {} records", records);
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let sound = bytes(&snapshot(&log(3)));
    assert!(read(&sound).is_ok());
    for bit in 0..sound.len() * 8 {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_and_whatever_follows_is_refused() {
    let sound = bytes(&snapshot(&log(3)));
    for length in HEADER_BYTES..sound.len() {
        assert!(read(&sound[..length]).is_err(), "length {length}");
    }
    assert!(read(&[&sound[..], &[0]].concat()).is_err());
}

#[test]
fn a_body_under_another_header_is_refused() {
    let (one, other) = (bytes(&snapshot(&log(3))), bytes(&snapshot(&log(4))));
    let mixed = [&one[..HEADER_BYTES], &other[HEADER_BYTES..]].concat();
    assert_eq!(read(&mixed).err(), Some(SnapshotFault::Mixed));
    let header = SnapshotHeader::decode(one.first_chunk().unwrap()).unwrap();
    for wrong in [
        SnapshotHeader { epoch: header.epoch + 1, ..header },
        SnapshotHeader { last: snapshot(&log(4)).chain.last(), ..header },
        SnapshotHeader { state: header.outcome, ..header },
        SnapshotHeader { body: [0; 32], ..header },
    ] {
        let bytes = [&wrong.encode()[..], &one[HEADER_BYTES..]].concat();
        assert_eq!(read(&bytes).err(), Some(SnapshotFault::Mixed), "{wrong:?}");
    }
}

#[test]
fn another_logic_version_is_refused_before_the_body_is_read() {
    let sound = bytes(&snapshot(&log(3)));
    let header = SnapshotHeader::decode(sound.first_chunk().unwrap()).unwrap();
    let header = SnapshotHeader { logic: LOGIC_VERSION + 1, ..header };
    let refused = Snapshot::read(&header, &mut |_| unreachable!("the body is not asked for"));
    assert_eq!(
        refused.err(),
        Some(SnapshotFault::Logic { expected: LOGIC_VERSION, found: LOGIC_VERSION + 1 })
    );
}

#[test]
fn a_journal_that_ends_before_its_snapshot_is_refused() {
    let log = log(5);
    let refused = resumed(&start(&log, 4), snapshot(&log)).err().unwrap();
    assert_eq!(refused, RecoveryError::Ahead { snapshot: Sequence(11), journal: Sequence(9) });
    assert!(refused.to_string().contains("its end is lost"), "{refused}");
    let refused = resumed(&MemoryLog::default(), snapshot(&log)).err().unwrap();
    assert_eq!(refused, RecoveryError::Ahead { snapshot: Sequence(11), journal: Sequence(0) });
}

#[test]
fn a_journal_of_another_history_is_refused() {
    let log = log(5);
    let (mut other, mut live) = (MemoryLog::default(), Live::default());
    live.append(&mut other, &[&contract::founding(), &[Command::Tick; 8]]).unwrap();
    let refused = resumed(&other, snapshot(&log)).err().unwrap();
    assert!(matches!(refused, RecoveryError::Foreign { snapshot: Sequence(11), .. }), "{refused}");
    // Within a record is not where a snapshot is made.
    let refused = resumed(&other, snapshot(&start(&log, 3))).err().unwrap();
    assert!(matches!(refused, RecoveryError::Foreign { snapshot: Sequence(7), .. }), "{refused}");
    let kept = Snapshot { outcome: snapshot(&start(&log, 4)).outcome, ..snapshot(&log) };
    let refused = resumed(&log, kept).err().unwrap();
    assert!(matches!(refused, RecoveryError::Foreign { .. }), "{refused}");
}

#[test]
fn a_journal_without_its_beginning_needs_a_snapshot_that_reaches_it() {
    let log = log(5);
    let rest = MemoryLog::from_records(log.records()[2..].to_vec());
    let whole = snapshot(&log);
    let begins = Record::open(&rest.records()[0]).unwrap().header().first;
    let refused = recover(&rest, &mut |_, _| ()).err().unwrap();
    assert_eq!(refused, RecoveryError::Beginning { found: begins });
    // The record after which a snapshot was made has to be there still.
    for records in 1..=5 {
        let resumed = resumed(&rest, snapshot(&start(&log, records)));
        match records {
            1 | 2 => assert!(matches!(resumed.err(), Some(RecoveryError::Foreign { .. }))),
            _ => assert_eq!(resumed.unwrap().0.outcome, whole.outcome),
        }
    }
}
