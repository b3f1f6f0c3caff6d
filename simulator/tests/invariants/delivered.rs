//! Delivered: what is told of deliveries, of their slots and of stakes is told wrong, and the auditor finds it.

use engine::command::Command;
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::{Outcome, Ruling};
use engine::delivery::run::{Deadline, DeliveryTerms};
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{DeliveryId, Digest, MarketId};
use engine::label::Label;
use engine::order::Side;
use engine::stamp::Time;
use engine::units::Amount;
use simulator::invariants::finding::Invariant;

use crate::desk::{Desk, FIRST, MAKER, OTHER, TAKER};
use crate::doctored::{found, leave_out, rewrite};

/// Sells three lots and lets the gate close.
fn sold_and_closed(desk: &mut Desk) {
    desk.place(MAKER, Side::Ask, (3, 1_000));
    desk.place(TAKER, Side::Bid, (3, 1_000));
    desk.now = desk.now.after(3_000 * Time::SECOND);
    desk.ask(Command::Tick);
    let instrument = desk.exchange.next_draw().unwrap();
    desk.ask(Command::Draw { instrument, seed: 3 });
}

#[test]
fn what_is_drawn_right_is_not_found() {
    let mut desk = Desk::open();
    sold_and_closed(&mut desk);
    desk.ask(Command::Tick);
    assert_eq!(desk.exchange.deliveries().all().count(), 1);
    assert_eq!(desk.auditor.findings().first(), []);
}

#[test]
fn a_missing_delivery_is_found() {
    found(Invariant::Owed, |desk| {
        sold_and_closed(desk);
        desk.doctored_tick(leave_out(|event| matches!(event, Event::DeliveryDrawn { .. })));
    });
}

/// Sells three lots, and lets all but the last tick before the first slot is final pass.
fn missed(desk: &mut Desk) {
    sold_and_closed(desk);
    desk.ask(Command::Tick);
    let run = *desk.exchange.deliveries().run(FIRST).unwrap();
    desk.now = run.due(Deadline::Dispute, SlotNumber::FIRST).before(2);
    // It takes a nanosecond itself.
    desk.ask(Command::Tick);
    desk.now = desk.now.after(1);
}

#[test]
fn what_is_missed_and_paid_right_is_not_found() {
    let mut desk = Desk::open();
    missed(&mut desk);
    desk.doctored_tick(|events| {
        let paid = events.iter().filter(|event| matches!(event, Event::SlotPaid { .. }));
        assert_eq!(paid.count(), 2, "both sides of the first slot");
    });
    assert_eq!(desk.auditor.findings().first(), []);
}

#[test]
fn a_slot_that_pays_another_amount_is_found() {
    found(Invariant::Credit, |desk| {
        missed(desk);
        desk.doctored_tick(rewrite(|event| match event {
            Event::SlotPaid { account, xseq, delivery, slot, outcome, received, fee } => {
                let received = received.plus(Amount::new(1));
                Some(Event::SlotPaid { account, xseq, delivery, slot, outcome, received, fee })
            }
            _ => None,
        }));
    });
}

#[test]
fn a_slot_that_ends_otherwise_for_each_side_is_found() {
    found(Invariant::Owed, |desk| {
        missed(desk);
        desk.doctored_tick(rewrite(|event| match event {
            Event::SlotChanged { account: MAKER, xseq, delivery, slot, state: SlotState::Final(_) } => {
                let (account, state) = (MAKER, SlotState::Final(Outcome::Accepted));
                Some(Event::SlotChanged { account, xseq, delivery, slot, state })
            }
            _ => None,
        }));
    });
}

/// Lets a flagged slot be confirmed, and all but the last tick before its provider is slashed pass.
fn confirmed(desk: &mut Desk) {
    let label = Label::new("test").unwrap();
    let (delivery, slot) = (DeliveryId(0), SlotNumber::FIRST);
    let ask = |desk: &mut Desk, command| drop(desk.ask(Command::Delivery(command)));
    ask(desk, DeliveryCommand::AddStake { account: MAKER, amount: Amount::new(90_000) });
    ask(desk, DeliveryCommand::SetAuditor { account: OTHER, auditor: true, reason: label });
    let terms = DeliveryTerms { bounty: Amount::new(1_000), ..DeliveryTerms::DEFAULT };
    ask(desk, DeliveryCommand::SetDeliveryTerms { market: MarketId(0), terms, reason: label });
    sold_and_closed(desk);
    desk.ask(Command::Tick);
    let run = *desk.exchange.deliveries().run(FIRST).unwrap();
    desk.now = run.start;
    let (commitment, work, opening, evidence) =
        (Digest([1; 32]), 3 * run.slot_nanos, Digest([2; 32]), Digest([3; 32]));
    ask(desk, DeliveryCommand::CommitSlot { account: MAKER, delivery, slot, commitment, work });
    ask(desk, DeliveryCommand::DrawAuditors { delivery, slot, beacon: 7 });
    ask(desk, DeliveryCommand::OpenSlot { account: MAKER, delivery, slot, opening });
    let (account, verdict, sequences) = (OTHER, Verdict::Flagged, 1);
    ask(desk, DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence });
    ask(desk, DeliveryCommand::RuleSlot { delivery, slot, ruling: Ruling::NotDelivered, reason: label });
    desk.now = run.due(Deadline::Dispute, SlotNumber::FIRST).before(2);
    desk.ask(Command::Tick);
    desk.now = desk.now.after(1);
}

/// Rewrites what a slash gives to the holder, to the auditor, and to the fire.
fn slash_otherwise(change: impl Fn([u64; 3]) -> [u64; 3]) -> impl FnOnce(&mut Vec<Event>) {
    rewrite(move |event| match event {
        Event::Slashed { account, xseq, delivery, slot, finder, holder, auditor, burned } => {
            let [holder, auditor, burned] =
                change([holder, auditor, burned].map(Amount::micro)).map(Amount::new);
            Some(Event::Slashed { account, xseq, delivery, slot, finder, holder, auditor, burned })
        }
        _ => None,
    })
}

#[test]
fn what_is_slashed_right_is_not_found() {
    let mut desk = Desk::open();
    confirmed(&mut desk);
    desk.doctored_tick(|events| {
        let slashed = events.iter().find_map(|event| match event {
            Event::Slashed { account, finder, holder, auditor, burned, .. } => {
                Some((*account, *finder, [*holder, *auditor, *burned].map(Amount::micro)))
            }
            _ => None,
        });
        // All of the stake, which is less than five times a quarter of a CU.
        assert_eq!(slashed, Some((MAKER, Some(OTHER), [0, 1_000, 89_000])));
    });
    assert_eq!(desk.auditor.findings().first(), []);
}

#[test]
fn a_slash_of_another_amount_is_found() {
    found(Invariant::Credit, |desk| {
        confirmed(desk);
        desk.doctored_tick(slash_otherwise(|[holder, auditor, burned]| [holder, auditor, burned - 1]));
    });
}

#[test]
fn a_slash_that_pays_the_holder_a_loss_it_has_not_is_found() {
    found(Invariant::Credit, |desk| {
        confirmed(desk);
        desk.doctored_tick(slash_otherwise(|[holder, auditor, burned]| [holder + 1, auditor, burned - 1]));
    });
}

#[test]
fn a_slash_that_is_not_told_is_found() {
    found(Invariant::Events, |desk| {
        confirmed(desk);
        desk.doctored_tick(leave_out(|event| matches!(event, Event::Slashed { .. })));
    });
}

#[test]
fn a_stake_that_is_told_wrong_is_found() {
    found(Invariant::Credit, |desk| {
        let doctor = rewrite(|event| match event {
            Event::StakeChanged { account, xseq, staked } => {
                Some(Event::StakeChanged { account, xseq, staked: staked.plus(Amount::new(1)) })
            }
            _ => None,
        });
        let stake = DeliveryCommand::AddStake { account: MAKER, amount: Amount::new(90_000) };
        desk.doctored(Command::Delivery(stake), doctor);
    });
}
