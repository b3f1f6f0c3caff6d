//! History: what was told is told again, in one way of writing it, and other bytes are refused.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/history.rs"]
pub mod fuzz;

use std::collections::BTreeSet;
use std::mem::discriminant;

use engine::event::PrivateSequence;
use engine::ids::AccountId;
use engine::view::View;
use journal::history::check::HistoryCheck;
use journal::history::contract::{self, Play};
use journal::history::group::HistoryGroup;
use journal::history::key::Key;
use journal::history::memory::MemoryHistory;
use journal::history::reader::HistoryReader;
use journal::history::{OrderChange, What, codec};
use journal::log::ReadError;
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn memory_history_keeps_the_contract() {
    contract::check(MemoryHistory::default, |history| history, Clone::clone);
}

#[test]
fn every_kind_of_event_is_played() {
    let mut play = Play::begin(42);
    play.go_on(6_000);
    let kind = |what: &What| match what {
        What::Order { change, .. } => format!("order {:?}", discriminant(change)),
        other => format!("{:?}", discriminant(other)),
    };
    let kinds: BTreeSet<String> = play.told.iter().map(|told| kind(&told.what)).collect();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    let reduced = |what: &What| matches!(what, What::Order { change: OrderChange::Reduced(_), .. });
    assert!(play.told.iter().any(|told| reduced(&told.what)));
}

#[test]
fn numbers_have_no_gaps() {
    let mut play = Play::begin(3);
    play.go_on(2_000);
    let mut history = MemoryHistory::default();
    play.write(&mut history);
    for account in (1..=4).map(AccountId) {
        let events = history.events(account, PrivateSequence(0), usize::MAX).unwrap();
        let numbers = events.iter().map(|event| event.xseq.0);
        assert!(numbers.eq(1..=u64::try_from(events.len()).unwrap()) && 100 < events.len());
    }
}

#[test]
fn a_group_is_written_in_order_only() {
    let mut play = Play::begin(5);
    play.write(&mut MemoryHistory::default());
    play.go_on(1);
    let skipped = std::panic::catch_unwind(move || play.write(&mut MemoryHistory::default()));
    assert!(skipped.is_err(), "a history has no gaps");
    let empty = HistoryGroup::default();
    let written = std::panic::catch_unwind(|| empty.assert_follows(engine::stamp::Sequence(0)));
    assert!(written.is_err(), "only what holds something is written");
}

#[test]
fn a_page_is_bounded() {
    let mut play = Play::begin(9);
    play.go_on(5_000);
    let longest = play.group.entries().map(|(_, value)| value.len()).max().unwrap();
    assert!((32 << 10..40 << 10).contains(&longest), "{longest}");
}

/// Values of a play, by their keys.
fn values(seed: u64) -> Vec<(Key, Vec<u8>)> {
    let mut play = Play::begin(seed);
    play.go_on(60);
    play.group.entries().map(|(key, value)| (key, value.to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_played_is_told_again(seed: u64) {
        let mut play = Play::begin(seed);
        play.go_on(seed % 200);
        let mut history = MemoryHistory::default();
        play.write(&mut history);
        contract::agrees(&play, &history);
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in vec(any::<u8>(), 0..300)) {
        fuzz::history(&bytes);
    }

    #[test]
    fn changed_bytes_give_an_answer(
        seed in 0..8_u64,
        value in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut values = values(seed);
        let (key, mut bytes) = values.swap_remove(value.index(values.len()));
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes.truncate(1 + cut.index(bytes.len()));
        fuzz::history(&[&[key.bytes()[0]], bytes.as_slice()].concat());
    }
}

#[test]
fn another_format_is_refused() {
    for (key, mut value) in values(1) {
        value[0] += 1;
        let fault = match key {
            Key::Events(account, _) | Key::Fills(account, _) => codec::events(account, &value).unwrap_err(),
            Key::Trades(instrument, _) => codec::trades(instrument, &value).unwrap_err(),
            Key::Symbol(_) => codec::symbol_of(&value).unwrap_err(),
        };
        assert_eq!((fault.offset, fault.rule), (0, journal::fault::Rule::Format));
    }
}

/// What a check of `history` against the journal of `play` comes to.
fn checked(play: &Play, history: &MemoryHistory) -> Result<(), ReadError> {
    let mut check = HistoryCheck::begin(history, View::default());
    play.applied.iter().for_each(|(stamped, events)| check.command(stamped, events));
    check.finish()
}

#[test]
fn a_history_that_says_something_else_is_found() {
    let (mut play, mut history) = (Play::begin(4), MemoryHistory::default());
    play.go_on(20_000);
    play.write(&mut history);
    assert_eq!(checked(&play, &history), Ok(()));
    play.go_on(5);
    assert_eq!(checked(&play, &history), Ok(()), "one that is behind is sound");

    let mut other = Play::begin(5);
    let mut foreign = MemoryHistory::default();
    other.go_on(20_000);
    other.write(&mut foreign);
    let error = checked(&play, &foreign).unwrap_err().to_string();
    assert!(error.contains("something else"), "{error}");

    let (mut longer, mut ahead) = (Play::begin(4), MemoryHistory::default());
    longer.go_on(20_010);
    longer.write(&mut ahead);
    let error = checked(&play, &ahead).unwrap_err().to_string();
    assert!(error.contains("after its journal"), "{error}");
}
