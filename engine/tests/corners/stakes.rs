//! Stakes: what a provider owes to itself washes nothing away.

use engine::command::Command;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::SlotNumber;
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, Digest, MarketId};
use engine::order::Side;
use engine::stamp::Time;
use engine::units::Amount;

use crate::venue::{ANN, FIRST, GATE, PAT, Venue, bid, label, order};

/// Start of the window in seconds after the beginning, and length of a slot.
const START: u64 = 3_600;
const SLOT: u64 = 300;
/// So many others hold a lot each: eleven slots of each, or more, come between ann's first slot and her last.
const PEERS: u32 = 10;

fn deliver(venue: &mut Venue, command: DeliveryCommand) -> Vec<Event> {
    venue.ask(Command::Delivery(command))
}

/// Pat owes a lot to ann, and one to each of ten peers, who are of its group or not. It opens every slot of theirs, and of ann's only
/// commits to the first and the last. Returns how often it is slashed, and how many of its last hundred audited slots lack an opening.
fn slashes(own: bool) -> (usize, u32) {
    let mut venue = Venue::new();
    let peers: Vec<AccountId> = (0..PEERS)
        .map(|number| {
            let (name, joins) = (label(&format!("peer-{number}")), own.then_some(PAT));
            venue.ask(Command::OpenAccount { name, provider: false, joins });
            let account = AccountId(4 + number);
            venue.ask(Command::Deposit { account, amount: Amount::new(1_000_000_000), reference: name });
            account
        })
        .collect();
    let (dispute_slots, ruling_slots, auditors) = (1, 1, 1);
    let terms = DeliveryTerms { dispute_slots, ruling_slots, auditors, ..DeliveryTerms::DEFAULT };
    deliver(
        &mut venue,
        DeliveryCommand::SetDeliveryTerms { market: MarketId(0), terms, reason: label("test") },
    );
    deliver(&mut venue, DeliveryCommand::AddStake { account: PAT, amount: Amount::new(1_000_000) });
    for _ in 0..=PEERS {
        venue.rest(order(PAT, Side::Ask, (1, 10)));
        venue.place(bid(10));
    }
    // Nobody trades within its group: ann sells on.
    for peer in peers {
        venue.rest(order(ANN, Side::Ask, (1, 10)));
        venue.place(order(peer, Side::Bid, (1, 10)));
    }
    venue.wait_until(GATE);
    venue.ask(Command::Draw { instrument: FIRST, seed: 1 });
    venue.ticks();
    let drawn: Vec<(DeliveryId, AccountId, bool)> = venue
        .exchange
        .deliveries()
        .all()
        .map(|(number, delivery)| (number, delivery.holder, delivery.own))
        .collect();
    assert_eq!(drawn.len(), 11);
    assert!(drawn.iter().all(|(_, holder, is_own)| *is_own == (own && *holder != ANN)));

    let mut told = Vec::new();
    for slot in SlotNumber::all() {
        told.extend(venue.wait_until(START + SLOT * u64::from(slot.number())).concat());
        let is_end = [SlotNumber::FIRST, SlotNumber::LAST].contains(&slot);
        for (delivery, holder, _) in &drawn {
            let (account, delivery) = (PAT, *delivery);
            if *holder == ANN && !is_end {
                continue;
            }
            let (commitment, work) = (Digest([1; 32]), SLOT * Time::SECOND);
            deliver(&mut venue, DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work });
            deliver(&mut venue, DeliveryCommand::DrawAuditors { delivery, slot, beacon: 1 });
            if *holder != ANN {
                let opening = Digest([2; 32]);
                let opened =
                    deliver(&mut venue, DeliveryCommand::OpenSlot { account, delivery, slot, opening });
                assert!(matches!(opened[0], Event::SlotOpened { .. }), "{opened:?}");
            }
        }
    }
    // Until the last slot of ann's is final, and those of the others but their last.
    told.extend(venue.wait_until(START + SLOT * 17).concat());
    let unopened = venue.exchange.ledger().providers.of(PAT).unopened.count_ones();
    (told.iter().filter(|event| matches!(event, Event::Slashed { .. })).count(), unopened)
}

#[test]
fn slots_owed_to_oneself_wash_no_missing_opening_away() {
    assert_eq!(slashes(true), (1, 2), "both missing openings are of the last hundred that count");
}

#[test]
fn a_hundred_slots_opened_to_others_do() {
    assert_eq!(slashes(false), (0, 1));
}
