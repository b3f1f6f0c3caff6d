//! Copy: what is copied is the journal, and nothing that is none gets through.
#![allow(clippy::unwrap_used, reason = "a test")]

use engine::command::Command;
use engine::stamp::Sequence;
use journal::contract::{self, Live};
use journal::copy::{CopyError, copy};
use journal::fault::Rule;
use journal::log::CommandLog;
use journal::memory::MemoryLog;

fn log(records: usize) -> MemoryLog {
    let (mut log, mut live) = (MemoryLog::default(), Live::default());
    live.append(&mut log, &[&contract::founding()]).unwrap();
    for _ in 1..records {
        live.append(&mut log, &[&[Command::Tick; 700]]).unwrap();
    }
    log
}

fn beginning(of: &MemoryLog, records: usize) -> MemoryLog {
    MemoryLog::from_records(of.records()[..records].to_vec())
}

#[test]
fn a_copy_is_equal_and_goes_on_where_it_ended() {
    let whole = log(400);
    let mut copied = MemoryLog::default();
    let mut seen = Vec::new();
    assert_eq!(copy(&whole, &mut copied, &mut |last| seen.push(last)), Ok(400));
    assert_eq!(copied, whole);
    assert!(1 < seen.len() && seen.is_sorted(), "{seen:?}");
    for before in [0, 1, 3, 399, 400] {
        let mut copied = beginning(&whole, before);
        assert_eq!(copy(&whole, &mut copied, &mut |_| ()), Ok(400 - u64::try_from(before).unwrap()));
        assert_eq!(copied, whole);
    }
    let mut empty = MemoryLog::default();
    assert_eq!(copy(&MemoryLog::default(), &mut empty, &mut |_| ()), Ok(0));
}

#[test]
fn another_journal_is_not_added_to() {
    let whole = log(5);
    let mut longer = whole.clone();
    let copied = copy(&beginning(&whole, 3), &mut longer, &mut |_| ());
    assert!(matches!(copied, Err(CopyError::Other(_))), "{copied:?}");
    let mut other = MemoryLog::default();
    Live::default().append(&mut other, &[&[Command::Tick; 3]]).unwrap();
    let copied = copy(&whole, &mut other, &mut |_| ());
    assert!(matches!(copied, Err(CopyError::Other(_))), "{copied:?}");
    assert_eq!(other.last().unwrap().unwrap().sequence, Sequence(3));
}

#[test]
fn what_is_no_journal_is_not_copied() {
    let whole = log(5);
    type Records = Vec<Box<[u8]>>;
    let records = |change: &dyn Fn(&mut Records)| {
        let mut records = whole.records().to_vec();
        change(&mut records);
        MemoryLog::from_records(records)
    };
    let check = |from: MemoryLog, expected: CopyError| {
        assert_eq!(copy(&from, &mut MemoryLog::default(), &mut |_| ()), Err(expected));
    };
    check(records(&|records| drop(records.remove(2))), CopyError::Broken { after: Sequence(703) });
    check(records(&|records| records.swap(2, 3)), CopyError::Broken { after: Sequence(703) });
    let flipped = copy(&records(&|records| records[2][90] ^= 1), &mut MemoryLog::default(), &mut |_| ());
    let Err(CopyError::Damaged { after: Sequence(703), fault }) = flipped else { panic!("{flipped:?}") };
    assert_eq!(fault.rule, Rule::Checksum);
}
