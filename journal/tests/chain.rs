//! Chain: seals only what follows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::command::Command;
use engine::command::Stamped;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};
use journal::chain::Chain;
use journal::record::Record;
use journal::sealed::SealedRecords;

fn tick(sequence: u64, nanos: u64) -> Stamped {
    Stamped { stamp: Stamp { sequence: Sequence(sequence), time: Time(nanos) }, command: Command::Tick }
}

fn sealed(groups: &[Vec<Stamped>]) -> SealedRecords {
    let (mut chain, mut records) = (Chain::default(), SealedRecords::default());
    groups.iter().for_each(|group| chain.seal(group, OutcomeHash::default(), &mut records));
    records
}

#[test]
fn each_record_names_the_one_before_it() {
    let records = sealed(&[vec![tick(1, 5)], vec![tick(2, 5), tick(3, 6)], vec![tick(4, 6)]]);
    let records: Vec<_> = records.iter().collect();
    assert_eq!(records.len(), 3);
    for pair in records.windows(2) {
        let header = *Record::open(pair[1].bytes).unwrap().header();
        assert_eq!((header.first, header.last()), (pair[1].first, pair[1].last));
        assert_eq!(header.previous, pair[0].hash);
        assert_eq!(Record::open(pair[0].bytes).unwrap().hash(), pair[0].hash);
    }
}

#[test]
fn what_does_not_follow_is_not_sealed() {
    let full = |count| (1..=count).map(|sequence| tick(sequence, 0)).collect::<Vec<Stamped>>();
    for (groups, sound) in [
        (vec![full(1_024)], true),
        (vec![full(1_025)], false),
        (vec![vec![]], false),
        (vec![vec![tick(2, 0)]], false),
        (vec![vec![tick(1, 0), tick(3, 0)]], false),
        (vec![vec![tick(1, 0)], vec![tick(1, 0)]], false),
        (vec![vec![tick(1, 5)], vec![tick(2, 4)]], false),
        (vec![vec![tick(1, 5)], vec![tick(2, 5)]], true),
    ] {
        let outcome = catch_unwind(AssertUnwindSafe(|| sealed(&groups)));
        assert_eq!(outcome.is_ok(), sound, "{} groups", groups.len());
    }
}
