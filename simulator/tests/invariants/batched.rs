//! Batched: what is told wrong of a batch is found. Each desk is sound until then.

use engine::command::Command;
use engine::ending::FirstOutcome;
use engine::event::Event;
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::reject::RejectReason;
use simulator::invariants::finding::Invariant;

use crate::desk::{Desk, MAKER, OTHER, TAKER, client, order};
use crate::doctored::{enter, found, leave_out, name, rewrite};

/// A bid under an id.
fn named(number: u64, ticks: u64) -> Command {
    let bid = order(TAKER, Side::Bid, (3, ticks));
    Command::PlaceOrder(NewOrder { client: Some(client(number)), ..bid })
}

/// One that is never filled at once.
fn impossible() -> Command {
    let bid = order(TAKER, Side::Bid, (3, 900));
    let time_in_force = TimeInForce::FillOrKill;
    Command::PlaceOrder(NewOrder { client: Some(client(9)), time_in_force, ..bid })
}

/// A bid stands; a batch cancels it and enters two others.
fn replacement(desk: &mut Desk) -> [Command; 3] {
    let old = name(&desk.place(TAKER, Side::Bid, (5, 990)));
    let cancel = Command::CancelOrder { account: TAKER, order: OrderRef::Id(old) };
    [cancel, named(1, 991), named(2, 989)]
}

/// Which step an event is.
fn step(event: &Event) -> Option<u8> {
    match event {
        Event::BatchStep { op } => Some(*op),
        _ => None,
    }
}

/// What one change came to is gone, but for sums; its step stays if it `is_named`.
fn without(op: u8, is_named: bool) -> impl FnOnce(&mut Vec<Event>) {
    move |events| {
        let mut now = None;
        events.retain(|event| {
            now = step(event).or(now);
            let is_sum = matches!(event, Event::BalanceChanged { .. } | Event::PositionChanged { .. });
            now != Some(op) || is_sum || (is_named && step(event).is_some())
        });
    }
}

fn untouched(_: &mut Vec<Event>) {}

#[test]
fn what_is_told_right_of_batches_is_not_found() {
    let mut desk = Desk::open();
    let changes = replacement(&mut desk);
    let first = desk.doctored_batch(TAKER, &changes, untouched);
    assert_eq!(first.iter().filter_map(step).collect::<Vec<_>>(), [0, 1, 2]);
    let again = desk.doctored_batch(TAKER, &changes, untouched);
    assert!(again.iter().any(|event| matches!(event, Event::OrderRepeated { .. })), "{again:?}");
    let standing = desk.place(TAKER, Side::Bid, (1, 950));
    let cancel = Command::CancelOrder { account: TAKER, order: OrderRef::Id(name(&standing)) };
    let refused = [cancel, named(3, 900), impossible()];
    let told = desk.doctored_batch(TAKER, &refused, untouched);
    assert_eq!(told, [Event::BatchRefused { op: 2, reason: RejectReason::FillOrKill }]);
    // Told again it is order by order; what was to be cancelled stands.
    let again = desk.doctored_batch(TAKER, &refused, untouched);
    assert_eq!(again.iter().filter_map(step).collect::<Vec<_>>(), [0, 1, 2]);
    let told = desk.ask(named(3, 900));
    let [Event::OrderRepeated { outcome, .. }] = told[..] else { panic!("{told:?}") };
    assert_eq!(outcome, FirstOutcome::Rejected(RejectReason::BatchRefused));
    let conflict = RejectReason::ClientOrderIdConflict;
    for (changes, op) in [([named(4, 900), named(4, 900)], 1), ([named(5, 900), named(1, 991)], 0)] {
        let told = desk.doctored_batch(TAKER, &changes, untouched);
        assert_eq!(told, [Event::BatchRefused { op, reason: conflict }]);
    }
    // What trades trades with whoever is first, in a batch too.
    desk.place(MAKER, Side::Ask, (2, 1_000));
    desk.place(OTHER, Side::Ask, (2, 1_000));
    desk.doctored_batch(TAKER, &[named(6, 901), enter(TAKER, Side::Bid, (3, 1_000))], untouched);
    assert_eq!((desk.auditor.findings().first(), desk.auditor.findings().count()), (&[][..], 0));
}

#[test]
fn half_a_batch_is_found() {
    for (left_out, is_named) in [(0, false), (1, false), (2, false), (0, true), (1, true), (2, true)] {
        found(Invariant::Events, |desk| {
            let changes = replacement(desk);
            desk.doctored_batch(TAKER, &changes, without(left_out, is_named));
        });
    }
}

#[test]
fn a_change_that_comes_to_nothing_is_found() {
    found(Invariant::Events, |desk| {
        // All sums are right: the second order is nowhere.
        let mut told = Desk::open().doctored_batch(TAKER, &[named(1, 991)], untouched);
        told.push(Event::BatchStep { op: 1 });
        desk.doctored_batch(TAKER, &[named(1, 991), named(2, 990)], |events| *events = told);
    });
}

#[test]
fn a_change_that_nobody_asked_for_is_found() {
    found(Invariant::Events, |desk| {
        let changes = replacement(desk);
        desk.doctored_batch(TAKER, &changes, |events| events.push(Event::BatchStep { op: 3 }));
    });
}

#[test]
fn changes_in_another_order_are_found() {
    found(Invariant::Events, |desk| {
        let changes = replacement(desk);
        let doctor = rewrite(|event| step(&event).map(|op| Event::BatchStep { op: 2 - op }));
        desk.doctored_batch(TAKER, &changes, doctor);
    });
}

#[test]
fn a_refused_batch_that_does_something_is_found() {
    found(Invariant::Events, |desk| {
        let changes = replacement(desk);
        let doctor = |events: &mut Vec<Event>| {
            let reason = RejectReason::FillOrKill;
            events.insert(0, Event::BatchRefused { op: 1, reason });
        };
        desk.doctored_batch(TAKER, &changes, doctor);
    });
}

#[test]
fn a_batch_that_happens_before_it_is_whole_is_found() {
    found(Invariant::Events, |desk| {
        let [cancel, ..] = replacement(desk);
        let told = desk.doctored_batch(TAKER, &[cancel], untouched);
        desk.ask(Command::Batch { account: TAKER, count: 2 });
        desk.apply(named(1, 991), |events| *events = told);
    });
}

#[test]
fn what_comes_between_the_changes_of_a_batch_is_found() {
    for stranger in [Command::Tick, enter(MAKER, Side::Ask, (1, 1_000))] {
        found(Invariant::Events, |desk| {
            desk.ask(Command::Batch { account: TAKER, count: 2 });
            desk.apply(named(1, 991), untouched);
            desk.apply(stranger, untouched);
        });
    }
}

#[test]
fn a_batch_that_was_done_and_is_refused_then_is_found() {
    found(Invariant::Identity, |desk| {
        let changes = [named(1, 991), named(2, 990)];
        desk.doctored_batch(TAKER, &changes, untouched);
        let refused = Event::BatchRefused { op: 0, reason: RejectReason::InsufficientCredit };
        desk.doctored_batch(TAKER, &changes, |events| *events = vec![refused]);
    });
}

#[test]
fn a_batch_that_is_done_twice_is_found() {
    found(Invariant::Identity, |desk| {
        let changes = replacement(desk);
        let first = desk.doctored_batch(TAKER, &changes, untouched);
        desk.doctored_batch(TAKER, &changes, |events| *events = first);
    });
}

#[test]
fn a_batch_whose_ids_are_taken_and_that_is_done_is_found() {
    found(Invariant::Identity, |desk| {
        desk.ask(named(1, 991));
        let fresh = desk.doctored_batch(TAKER, &[named(2, 991), named(3, 992)], untouched);
        desk.doctored_batch(TAKER, &[named(4, 991), named(1, 992)], |events| *events = fresh);
    });
}

#[test]
fn a_refusal_for_an_order_that_is_open_is_found() {
    found(Invariant::Identity, |desk| {
        let changes = replacement(desk);
        let refused = Event::BatchRefused { op: 0, reason: RejectReason::OrderUnknown };
        desk.doctored_batch(TAKER, &changes, |events| *events = vec![refused]);
    });
}

#[test]
fn a_refusal_for_a_change_that_there_is_not_is_found() {
    found(Invariant::Events, |desk| {
        let changes = replacement(desk);
        let refused = Event::BatchRefused { op: 3, reason: RejectReason::BatchInvalid };
        desk.doctored_batch(TAKER, &changes, |events| *events = vec![refused]);
    });
}

#[test]
fn another_outcome_of_a_refused_batchs_id_is_found() {
    found(Invariant::Identity, |desk| {
        desk.doctored_batch(TAKER, &[named(1, 900), impossible()], untouched);
        let outcome = FirstOutcome::Rejected(RejectReason::FillOrKill);
        let doctor = rewrite(|event| match event {
            Event::OrderRepeated { account, order, client, filled, leaves, .. } => {
                Some(Event::OrderRepeated { account, order, client, outcome, filled, leaves })
            }
            _ => None,
        });
        desk.doctored(named(1, 900), doctor);
    });
}

#[test]
fn a_release_that_a_batch_forgets_is_found() {
    found(Invariant::Cover, |desk| {
        let changes = replacement(desk);
        desk.doctored_batch(
            TAKER,
            &changes,
            leave_out(|event| matches!(event, Event::BalanceChanged { .. })),
        );
    });
}
