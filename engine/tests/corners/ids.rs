//! Ids: how long a client order id is remembered.

use std::env;

use engine::client_ids::{FEW, IDS_MAX, RESERVE, WINDOW};
use engine::command::Command;
use engine::ending::{CancelReason, Ended, FirstOutcome};
use engine::event::Event;
use engine::exchange::hint::Hint;
use engine::ids::AccountId;
use engine::order::{Amendment, NewOrder, OrderRef};
use engine::reject::RejectReason;
use engine::stamp::Stamp;

use crate::venue::{ABE, ANN, Venue, bid, immediate, label, lots, rejected};

/// Ids that are sent, more than are remembered.
const SENT: u32 = 70_000;

/// An order that nobody meets.
fn lonely(number: u32) -> NewOrder {
    NewOrder { client: Some(label(&format!("id-{number}"))), ..immediate(bid(5)) }
}

fn is_repeated(events: &[Event]) -> bool {
    let ended = FirstOutcome::Ended(Ended::Canceled(CancelReason::Immediate));
    matches!(events, [Event::OrderRepeated { outcome, .. }] if *outcome == ended)
}

/// After so many orders of ann's that have ended, the first ids are forgotten, and no others.
#[test]
fn the_last_ids_of_an_account_are_remembered() {
    let mut venue = Venue::new();
    let open = NewOrder { client: Some(label("open")), ..bid(3) };
    venue.rest(open);
    let other = NewOrder { account: ABE, ..lonely(0) };
    venue.place(other);
    for number in 0..SENT {
        assert!(matches!(venue.place(lonely(number))[0], Event::OrderAccepted { .. }), "{number} is new");
    }
    venue.exchange.assert_sound();
    let forgotten = SENT - WINDOW;
    for number in forgotten..SENT {
        assert!(is_repeated(&venue.place(lonely(number))), "{number} is remembered");
    }
    let else_asked = NewOrder { lots: lots(2), ..lonely(forgotten) };
    assert_eq!(venue.place(else_asked), rejected(RejectReason::ClientOrderIdConflict));
    assert!(matches!(venue.place(open)[..], [Event::OrderRepeated { outcome: FirstOutcome::Open, .. }]));
    assert!(is_repeated(&venue.place(other)), "each account has its own");
    let last = forgotten - 1;
    let again = venue.place(NewOrder { lots: lots(2), ..lonely(last) });
    assert!(matches!(again[0], Event::OrderAccepted { .. }), "what is forgotten may be asked for anew");
    assert!(
        matches!(venue.place(lonely(forgotten))[0], Event::OrderAccepted { .. }),
        "it took the oldest's place"
    );
    assert!(is_repeated(&venue.place(lonely(forgotten + 2))), "and no other's");
    venue.exchange.assert_sound();
    let remembered = venue.exchange.client_ids().of(ANN).count();
    assert_eq!(remembered, usize::try_from(WINDOW).unwrap(), "a window is full and stays so");
}

/// Refusals use an id up, and are forgotten like other outcomes.
#[test]
fn refusals_fill_the_window_too() {
    let mut venue = Venue::new();
    let refused = |number: u32| NewOrder { lots: lots(0), ..lonely(number) };
    for number in 0..=WINDOW {
        assert_eq!(venue.place(refused(number)), rejected(RejectReason::LotsZero));
    }
    let told = venue.place(refused(1));
    assert!(matches!(
        told[..],
        [Event::OrderRepeated { outcome: FirstOutcome::Rejected(_), order: None, .. }]
    ));
    assert!(matches!(venue.place(lonely(0))[0], Event::OrderAccepted { .. }), "the oldest is forgotten");
}

/// A command that is shown before the exchange is founded, when ids have no seed yet, is entered like any other.
#[test]
fn what_is_seen_before_the_founding_is_not_believed() {
    let mut venue = Venue::unfounded();
    let soon = Command::PlaceOrder(NewOrder { client: Some(label("soon")), ..bid(3) });
    venue.exchange.foresee(&Hint::of(&soon));
    venue.found();
    let stamp = Stamp { sequence: venue.exchange.last().sequence.next(), time: venue.now };
    venue.exchange.perform(stamp, &soon, Some(0));
    venue.exchange.assert_sound();
    let again = venue.ask(soon);
    assert!(
        matches!(again.last(), Some(Event::OrderRepeated { outcome: FirstOutcome::Open, .. })),
        "{again:?}"
    );
}

/// An order of an account that is refused, which uses its id up.
fn refused(account: AccountId, number: u32) -> NewOrder {
    NewOrder { account, lots: lots(0), ..lonely(number) }
}

fn remembered(venue: &Venue) -> u32 {
    u32::try_from(venue.exchange.client_ids().len()).unwrap()
}

/// Opens an account that brings so many ids.
fn crowd(venue: &mut Venue, ids: u32) -> AccountId {
    let account = AccountId(u32::try_from(venue.exchange.ledger().accounts.len()).unwrap());
    let name = label(&format!("crowd-{}", account.0));
    venue.ask(Command::OpenAccount { name, provider: false, joins: None });
    for number in 0..ids {
        assert_eq!(venue.place(refused(account, number)), rejected(RejectReason::LotsZero));
    }
    account
}

#[test]
fn a_venue_that_remembers_all_it_can_refuses_who_has_none_to_forget() {
    if env::var("SOAK_MINUTES").is_err() {
        eprintln!("skipped: it takes a gigabyte; `make soak` runs it");
        return;
    }
    let mut venue = Venue::new();
    let order = OrderRef::Id(venue.rest(NewOrder { account: ABE, ..bid(5) }));
    while remembered(&venue) < IDS_MAX - RESERVE {
        crowd(&mut venue, WINDOW);
    }
    assert_eq!(remembered(&venue), IDS_MAX - RESERVE, "who has many leaves the reserve to others");
    let few = crowd(&mut venue, FEW);
    while remembered(&venue) < IDS_MAX {
        crowd(&mut venue, FEW);
    }
    assert_eq!(remembered(&venue), IDS_MAX, "the reserve is all used");
    let none = NewOrder { account: ABE, ..lonely(0) };
    assert_eq!(venue.place(none), rejected(RejectReason::VenueFull));
    let (account, client) = (ABE, Some(label("new")));
    let change = Amendment { account, order, limit: None, lots: None, client, filled: None, deadline: None };
    assert_eq!(venue.ask(Command::AmendOrder(change)), rejected(RejectReason::VenueFull));
    let anonymous = NewOrder { client: None, ..none };
    assert!(matches!(venue.place(anonymous)[0], Event::OrderAccepted { .. }), "without an id there is room");
    venue.place(refused(few, FEW));
    assert_eq!(remembered(&venue), IDS_MAX);
    assert_eq!(
        venue.place(NewOrder { lots: lots(1), ..refused(few, 1) }),
        rejected(RejectReason::ClientOrderIdConflict)
    );
    let oldest = venue.place(NewOrder { lots: lots(1), ..refused(few, 0) });
    assert_eq!(oldest, rejected(RejectReason::InsufficientCredit), "it forgot its oldest id, so this is new");
}
