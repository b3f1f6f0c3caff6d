//! Invariants: what an exchange does is found sound, and whatever is wrong in what it tells is found and named.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "invariants/batched.rs"]
mod batched;
#[path = "invariants/delivered.rs"]
mod delivered;
#[path = "invariants/desk.rs"]
mod desk;
#[path = "invariants/doctored.rs"]
mod doctored;
#[path = "invariants/random.rs"]
mod random;

use std::fs;

use engine::command::Command;
use engine::event::Event;
use engine::index::mix64;
use engine::order::{NewOrder, Side};
use engine::reject::RejectReason;
use simulator::flow::Flow;
use simulator::invariants::{SOUND_EVERY, audit};

use crate::desk::{Desk, MAKER, client, order};
use crate::random::Random;

/// A flow on few prices: orders of ten accounts, a part of them cancelled or reduced, some of which are gone.
fn flow(seed: u64, records: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..records {
        let random = |place: u64, below: u64| mix64(seed, number * 8 + place) % below;
        let (account, side) = (random(0, 10), random(1, 2));
        let kind = [0, 0, 0, 0, 1, 1, 2, 3][usize::try_from(random(2, 8)).unwrap()];
        let back = 1 + random(3, 40);
        // Only its owner can cancel an order, so ids lead to owners by rule.
        let (id, account) = match kind {
            1 | 3 => (number.saturating_sub(back), mix64(seed, number.saturating_sub(back) * 8) % 10),
            _ => (number, account),
        };
        let price = 1_000 + random(4, 60) - 20 * (1 - side);
        bytes.extend([kind, u8::try_from(side).unwrap()]);
        bytes.extend(u16::try_from(account).unwrap().to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend([id, price, 1 + random(5, 50)].into_iter().flat_map(u64::to_le_bytes));
    }
    bytes
}

#[test]
fn a_random_flow_violates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.bin");
    fs::write(&path, flow(7, 5_000)).unwrap();
    let mut said = Vec::new();
    let audit = audit(&Flow::read(&path).unwrap(), &mut |done| said.push(done));
    assert_eq!(audit.findings.first(), []);
    assert_eq!((audit.commands, audit.findings.count()), (5_000, 0));
    assert_eq!(said, [1, 2, 3, 4].map(|part| part * SOUND_EVERY), "it tells how far it is");
}

#[test]
fn random_commands_of_every_kind_violate_nothing() {
    let mut seen = random::Seen::default();
    for seed in 1..=8 {
        let mut random = Random::new(seed);
        random.play(6_000);
        seen.add(&random.seen);
    }
    seen.assert_all();
}

#[test]
fn an_id_is_forgotten_when_the_contract_says() {
    let mut desk = Desk::open();
    let refused = |number: u64| {
        let order = NewOrder { client: Some(client(number)), ..order(MAKER, Side::Bid, (0, 1_000)) };
        Command::PlaceOrder(order)
    };
    for number in 0..=65_536 {
        desk.ask(refused(number));
    }
    assert_eq!(desk.ask(refused(0)), [Event::Rejected { reason: RejectReason::LotsZero }], "it is new again");
    assert!(matches!(desk.ask(refused(2))[..], [Event::OrderRepeated { .. }]), "it is remembered");
    assert_eq!(desk.auditor.findings().first(), []);
}
