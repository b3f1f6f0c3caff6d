//! Recovery: a sound journal gives the exchange that wrote it; any other is refused.

mod arbitrary;
mod bytes;

use engine::command::Command;
use engine::stamp::{Sequence, Time};
use journal::contract::{self, Live};
use journal::fault::Rule;
use journal::log::ReadError;
use journal::memory::MemoryLog;
use journal::record::LOGIC_VERSION;
use journal::recovery::{Recovered, RecoveryError, recover};

use proptest::collection::vec;
use proptest::prelude::*;

use bytes::mend;

type Records = Vec<Box<[u8]>>;

/// A journal of three records, with sequences 1..=3, 4..=5 and 6.
fn three_records(seed: u64) -> (Records, Live) {
    let (mut log, mut live) = (MemoryLog::default(), Live::default());
    let mut founding = contract::founding();
    if let Command::Found { seed: found, .. } = &mut founding[0] {
        *found = seed;
    }
    live.append(&mut log, &[&founding]).expect("memory takes what follows");
    live.append(&mut log, &[&[Command::Tick; 2], &[Command::Tick]]).expect("memory takes what follows");
    (log.records().to_vec(), live)
}

fn recovered(records: Records) -> Result<Recovered, RecoveryError> {
    recover(&MemoryLog::from_records(records), &mut |_, _| ())
}

#[track_caller]
fn refused(records: Records) -> RecoveryError {
    match recovered(records) {
        Ok(recovered) => panic!("a wrong journal is accepted up to {:?}", recovered.last.sequence),
        Err(error) => error,
    }
}

/// The error after `change` was made to the three records.
#[track_caller]
fn refused_after(change: impl FnOnce(&mut Records)) -> RecoveryError {
    let mut records = three_records(7).0;
    change(&mut records);
    refused(records)
}

#[test]
fn memory_log_keeps_the_contract() {
    contract::check(MemoryLog::default, |log| log);
}

#[test]
fn every_command_is_observed_with_its_events() {
    let (records, live) = three_records(7);
    let mut observed = (0, 0);
    let log = MemoryLog::from_records(records);
    let recovered = recover(&log, &mut |stamped, events| {
        assert_eq!(stamped.stamp.sequence, Sequence(observed.0 + 1));
        observed = (observed.0 + 1, observed.1 + events.len());
    });
    let recovered = recovered.unwrap();
    assert_eq!((observed.0, recovered.commands, recovered.records), (6, 6, 3));
    assert!(3 <= observed.1, "a founding has events");
    assert_eq!(recovered.outcome, live.outcome);
}

proptest! {
    #[test]
    fn any_commands_are_recovered(groups in vec(vec(arbitrary::command(), 1..20), 0..5)) {
        let (mut log, mut live) = (MemoryLog::default(), Live::default());
        live.append(&mut log, &[&contract::founding()]).unwrap();
        let groups: Vec<&[Command]> = groups.iter().map(Vec::as_slice).collect();
        live.append(&mut log, &groups).unwrap();
        let recovered = recover(&log, &mut |_, _| ()).unwrap();
        prop_assert_eq!(recovered.exchange.state_hash(), live.exchange.state_hash());
        prop_assert_eq!((recovered.chain, recovered.outcome), (live.chain, live.outcome));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let (sound, _) = three_records(7);
    for record in 0..sound.len() {
        for bit in 0..sound[record].len() * 8 {
            let mut records = sound.clone();
            records[record][bit / 8] ^= 1 << (bit % 8);
            let error = refused(records);
            assert!(matches!(error, RecoveryError::Damaged { .. }), "record {record}, bit {bit}: {error}");
        }
    }
}

#[test]
fn every_truncated_record_is_refused() {
    let (sound, _) = three_records(7);
    for record in 0..sound.len() {
        for length in 0..sound[record].len() {
            let mut records = sound.clone();
            records[record] = Box::from(&sound[record][..length]);
            let error = refused(records);
            assert!(
                matches!(error, RecoveryError::Damaged { .. }),
                "record {record}, length {length}: {error}"
            );
        }
    }
}

#[test]
fn a_cut_between_records_is_left_to_the_high_water_mark() {
    let (mut records, _) = three_records(7);
    records.pop();
    assert_eq!(recovered(records).ok().unwrap().last.sequence, Sequence(5));
}

#[test]
fn missing_repeated_and_reordered_records_are_refused() {
    let gap = |expected, found| RecoveryError::Gap { expected: Sequence(expected), found: Sequence(found) };
    let beginning = |found| RecoveryError::Beginning { found: Sequence(found) };
    assert_eq!(refused_after(|records| drop(records.remove(0))), beginning(4));
    assert_eq!(refused_after(|records| drop(records.remove(1))), gap(4, 6));
    assert_eq!(refused_after(|records| records.insert(1, records[0].clone())), gap(4, 1));
    assert_eq!(refused_after(|records| records.push(records[2].clone())), gap(7, 6));
    assert_eq!(refused_after(|records| records.swap(1, 2)), gap(4, 6));
    assert_eq!(refused_after(|records| records.reverse()), beginning(6));
}

#[test]
fn a_record_of_another_history_is_refused() {
    let (other, _) = three_records(8);
    for replaced in [0, 1, 2] {
        let error = refused_after(|records| records[replaced].clone_from(&other[replaced]));
        let first = Sequence([4, 4, 6][replaced]);
        assert!(matches!(error, RecoveryError::Chain { first: at, .. } if at == first), "{error}");
    }
}

#[test]
fn another_logic_version_is_refused_before_its_commands_are_read() {
    let error = refused_after(|records| {
        records[1][6] = 99;
        records[1][84] = 200;
        mend(&mut records[1]);
    });
    let first = Sequence(4);
    assert_eq!(error, RecoveryError::Logic { first, expected: LOGIC_VERSION, found: 99 });
    assert!(error.to_string().contains("Start the version of hourbook that wrote it"), "{error}");
}

#[test]
fn another_outcome_is_refused() {
    let error = refused_after(|records| {
        records[1][60] ^= 1;
        mend(&mut records[1]);
    });
    assert!(matches!(error, RecoveryError::Outcome { first: Sequence(4), last: Sequence(5), .. }), "{error}");
    let error = refused_after(|records| {
        // The deposit is the last command of the first record: amount, then reference.
        let amount = records[0].len() - 24;
        records[0][amount] ^= 1;
        mend(&mut records[0]);
    });
    assert!(matches!(error, RecoveryError::Outcome { last: Sequence(3), .. }), "{error}");
}

#[test]
fn time_going_back_between_records_is_refused() {
    let error = refused_after(|records| {
        records[1][76..84].copy_from_slice(&2_u64.to_le_bytes());
        mend(&mut records[1]);
    });
    assert_eq!(error, RecoveryError::Time { first: Sequence(4), expected: Time(3), found: Time(2) });
}

#[test]
fn a_damaged_command_behind_a_right_checksum_is_refused() {
    let error = refused_after(|records| {
        records[2][84] = 0;
        mend(&mut records[2]);
    });
    assert!(
        matches!(error, RecoveryError::Damaged { after: Sequence(5), fault } if fault.rule == Rule::Kind),
        "{error}"
    );
}

#[test]
fn a_log_that_stops_early_is_refused() {
    struct Short(MemoryLog);
    impl journal::log::CommandLog for Short {
        fn append(
            &mut self,
            expected_last: Sequence,
            records: &journal::sealed::SealedRecords,
        ) -> Result<(), journal::log::AppendError> {
            self.0.append(expected_last, records)
        }
        fn last(&self) -> Result<Option<journal::log::Tip>, ReadError> {
            self.0.last()
        }
        fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
            self.0.read(from).take(2)
        }
    }
    let log = Short(MemoryLog::from_records(three_records(7).0));
    let error = recover(&log, &mut |_, _| ()).err().unwrap();
    assert_eq!(error, RecoveryError::Short { expected: Sequence(6), found: Sequence(5) });
}
