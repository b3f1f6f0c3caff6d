//! History: what was told is told again, in one way of writing it, and other bytes are refused.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/history.rs"]
pub mod fuzz;

use std::collections::BTreeSet;
use std::mem::discriminant;

use engine::delivery::outcome::Outcome;
use engine::delivery::slot::{Party, SlotNumber, SlotState};
use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, DeliveryId, InstrumentId};
use engine::stamp::{Sequence, Stamp, Time};
use engine::units::Amount;
use engine::view::View;
use journal::fault::Rule;
use journal::history::check::HistoryCheck;
use journal::history::contract::{self, Play};
use journal::history::delivery::DeliveryChange;
use journal::history::group::HistoryGroup;
use journal::history::key::Key;
use journal::history::log::HistoryLog;
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
        assert_eq!((fault.offset, fault.rule), (0, Rule::Format));
    }
}

/// A run of `count` events, each the timer that fired, of one command.
fn run(first: u64, (command, time): (u64, u64), count: u16) -> Vec<u8> {
    let numbers = [first, command, time].map(u64::to_le_bytes).concat();
    [numbers, count.to_le_bytes().to_vec(), vec![9; count.into()]].concat()
}

#[test]
fn what_stands_in_one_run_is_not_parted() {
    let value = |runs: &[Vec<u8>]| [vec![codec::FORMAT_VERSION], runs.concat()].concat();
    let told = |runs: &[Vec<u8>]| {
        let events = codec::events(AccountId(1), &value(runs));
        let numbers = events.map(|events| events.iter().map(|event| event.xseq.0).collect::<Vec<_>>());
        numbers.map_err(|fault| (fault.offset, fault.rule))
    };
    let first = run(5, (40, 7), 2);
    assert_eq!(told(std::slice::from_ref(&first)), Ok(vec![5, 6]));
    assert_eq!(told(&[first.clone(), run(7, (41, 7), 1)]), Ok(vec![5, 6, 7]), "another command");
    assert_eq!(told(&[first.clone(), run(8, (40, 7), 1)]), Ok(vec![5, 6, 8]), "others come between");
    // Of the same command: as one run it is written in another way, even where the times differ.
    let refused = Err((1 + first.len(), Rule::Run));
    assert_eq!(told(&[first.clone(), run(7, (40, 7), 1)]), refused);
    assert_eq!(told(&[first, run(7, (40, 8), 1)]), refused);
    // A run that is full is gone on with in another.
    let full = run(1, (40, 7), u16::MAX);
    let numbers = told(&[full, run(65_536, (40, 7), 1)]).unwrap();
    assert!(numbers.into_iter().eq(1..=65_536));
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

/// One event of each kind that tells an account of a delivery, and what the history should say of it.
fn delivery_events() -> Vec<(Event, DeliveryChange)> {
    let (account, delivery, slot) = (AccountId(3), DeliveryId(9), SlotNumber::new(11).unwrap());
    let (of, amounts) = ((delivery, slot), [Amount::new(5), Amount::new(7)]);
    let ends = Outcome::ALL.into_iter().flat_map(|end| [SlotState::Decided(end), SlotState::Final(end)]);
    let begun = [
        SlotState::Waiting,
        SlotState::Assigned,
        SlotState::Committed,
        SlotState::Opened,
        SlotState::Flagged,
        SlotState::Unaudited,
    ];
    let mut number = 0;
    let mut next = || {
        number += 1;
        PrivateSequence(number)
    };
    let mut all = vec![
        (
            Event::MaintenanceAnnounced { account, xseq: next(), instrument: InstrumentId(2) },
            DeliveryChange::MaintenanceAnnounced(InstrumentId(2)),
        ),
        (Event::DeliveryTold { account, xseq: next(), delivery }, DeliveryChange::Told(delivery)),
        (
            Event::DeliveryAcknowledged { account, xseq: next(), delivery },
            DeliveryChange::Acknowledged(delivery),
        ),
        (
            Event::AuditorDrawn { account, xseq: next(), delivery, slot },
            DeliveryChange::AuditorDrawn(delivery, slot),
        ),
    ];
    for state in begun.into_iter().chain(ends) {
        let event = Event::SlotChanged { account, xseq: next(), delivery, slot, state };
        all.push((event, DeliveryChange::Slot(delivery, slot, state)));
    }
    for by in [Party::Provider, Party::Holder] {
        let [deposit, _] = amounts;
        let disputed = Event::SlotDisputed { account, xseq: next(), delivery, slot, by };
        all.push((disputed, DeliveryChange::Disputed(delivery, slot, by)));
        for lost in [false, true] {
            let closed = Event::DisputeClosed { account, xseq: next(), delivery, slot, by, deposit, lost };
            all.push((closed, DeliveryChange::DisputeClosed { slot: of, by, deposit, lost }));
        }
    }
    for outcome in Outcome::ALL {
        let [received, fee] = amounts;
        let paid = Event::SlotPaid { account, xseq: next(), delivery, slot, outcome, received, fee };
        all.push((paid, DeliveryChange::Paid { slot: of, outcome, received, fee }));
    }
    for finder in [None, Some(AccountId(12))] {
        let ([holder, auditor], burned) = (amounts, Amount::new(11));
        let slashed =
            Event::Slashed { account, xseq: next(), delivery, slot, finder, holder, auditor, burned };
        all.push((slashed, DeliveryChange::Slashed { slot: of, finder, holder, auditor, burned }));
        let staked = Event::StakeChanged { account, xseq: next(), staked: burned };
        all.push((staked, DeliveryChange::Staked(burned)));
    }
    all
}

#[test]
fn what_happens_to_deliveries_is_told_again() {
    let stamp = Stamp { sequence: Sequence(1), time: Time(5) };
    let (events, changes): (Vec<Event>, Vec<DeliveryChange>) = delivery_events().into_iter().unzip();
    let mut group = HistoryGroup::default();
    group.fold(stamp, &events, &mut std::iter::empty());
    let mut history = MemoryHistory::default();
    history.append(&group).unwrap();
    let told = history.events(AccountId(3), PrivateSequence(0), usize::MAX).unwrap();
    assert!(told.iter().map(|event| event.xseq.0).eq(1..=u64::try_from(events.len()).unwrap()));
    let expected = changes.into_iter().map(What::Delivery);
    assert!(told.iter().map(|event| event.what).eq(expected), "{told:?}");
}
