//! Mark: shows a log that is too short or another one, and survives the disk's bytes.
#![allow(clippy::unwrap_used, reason = "a test")]

use engine::command::Command;
use engine::stamp::Sequence;
use journal::contract::{self, Live};
use journal::log::{CommandLog, Tip};
use journal::mark::{MARK_BYTES, Mark, MarkError};
use journal::memory::MemoryLog;
use journal::record::RecordHash;
use proptest::prelude::*;

/// A log of three records, and its tip after each.
fn log() -> (MemoryLog, Vec<Tip>) {
    let (mut log, mut live, mut tips) = (MemoryLog::default(), Live::default(), Vec::new());
    for group in [&contract::founding()[..], &[Command::Tick; 2], &[Command::Tick]] {
        live.append(&mut log, &[group]).unwrap();
        tips.push(log.last().unwrap().unwrap());
    }
    (log, tips)
}

fn at(tip: Tip) -> Mark {
    Mark { tip, ..Mark::new(1) }
}

#[test]
fn a_log_that_reaches_its_mark_is_taken() {
    let (log, tips) = log();
    assert_eq!(Mark::new(1).check(&MemoryLog::default()), Ok(()));
    for mark in [Mark::new(1)].into_iter().chain(tips.into_iter().map(at)) {
        assert_eq!(mark.check(&log), Ok(()));
    }
}

#[test]
fn a_log_that_was_cut_between_records_is_too_short() {
    let (log, tips) = log();
    for kept in 0..3 {
        let cut = MemoryLog::from_records(log.records()[..kept].to_vec());
        let end = kept.checked_sub(1).map_or(Sequence(0), |last| tips[last].sequence);
        let short = MarkError::Short { marked: tips[2].sequence, end };
        assert_eq!(at(tips[2]).check(&cut), Err(short.clone()));
        let missing = tips[2].sequence.0 - end.0;
        assert!(short.to_string().contains(&format!(": {missing} commands are missing")), "{short}");
    }
}

#[test]
fn another_history_is_told_from_the_marked_one() {
    let (log, tips) = log();
    let mut other = Live::default();
    let mut foreign = MemoryLog::default();
    other.append(&mut foreign, &[&[Command::Tick; 3], &[Command::Tick; 2], &[Command::Tick; 5]]).unwrap();
    for tip in &tips {
        assert_eq!(at(*tip).check(&foreign), Err(MarkError::Other { marked: tip.sequence }));
    }
    // A mark in the middle of a record is no end of a record.
    let within = Tip { sequence: Sequence(4), ..tips[1] };
    assert_eq!(at(within).check(&log), Err(MarkError::Other { marked: Sequence(4) }));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mark = Mark { cut: true, ..at(log().1[2]) };
    let bytes = mark.encode(7);
    assert_eq!(Mark::decode(&bytes), Some((7, mark)));
    for bit in 0..8 * MARK_BYTES {
        let mut flipped = bytes;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Mark::decode(&flipped), None, "bit {bit}");
    }
    assert_eq!(Mark::decode(&[0; MARK_BYTES]), None);
}

proptest! {
    #[test]
    fn marks_survive(sequence: u64, hash: [u8; 32], epoch: u64, cut: bool, number: u64) {
        let tip = Tip { sequence: Sequence(sequence), hash: RecordHash(hash) };
        let mark = Mark { tip, epoch, cut };
        prop_assert_eq!(Mark::decode(&mark.encode(number)), Some((number, mark)));
    }
}
