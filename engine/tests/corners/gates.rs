//! Gates: what comes at the gate before the tick that closes it, and how events are handed over.

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::order::{Amendment, OrderRef};
use engine::reject::RejectReason;
use engine::stamp::{Stamp, Time};
use engine::units::Lots;

use crate::venue::{ANN, BEGINNING, FIRST, GATE, PAT, Venue, bid, price, rejected};

#[test]
fn an_order_at_the_gate_is_late_even_before_the_tick() {
    let mut venue = Venue::new();
    let resting = venue.rest(bid(1));
    let gate = BEGINNING.after(GATE * Time::SECOND);
    assert_eq!(venue.exchange.instrument(FIRST).map(|window| window.gate), Some(gate));
    venue.now = gate.before(1);
    venue.rest(bid(1));
    venue.now = gate;
    assert_eq!(venue.place(bid(1)), rejected(RejectReason::MarketClosed));
    let capacity = Command::SetCapacity { account: PAT, instrument: FIRST, lots: Lots::ZERO };
    assert_eq!(venue.ask(capacity), rejected(RejectReason::MarketClosed));
    let (order, limit) = (OrderRef::Id(resting), Some(price(2)));
    let (lots, client, filled, deadline) = (None, None, None, None);
    let dearer = Amendment { account: ANN, order, limit, lots, client, filled, deadline };
    assert_eq!(venue.ask(Command::AmendOrder(dearer)), rejected(RejectReason::MarketClosed));
}

#[test]
fn events_are_appended() {
    let mut venue = Venue::new();
    let first = Event::Rejected { reason: RejectReason::LotsZero };
    let mut events = vec![first];
    let stamp = Stamp { sequence: venue.exchange.last().sequence.next(), time: BEGINNING };
    venue.exchange.apply(&Stamped { stamp, command: Command::PlaceOrder(bid(1)) }, &mut events);
    assert_eq!(events[0], first);
    assert!(matches!(events[1], Event::OrderAccepted { .. }));
}

/// A seller whose order is cancelled by the gate in the very tick that ends the window has no position afterwards.
#[test]
fn a_window_that_ends_in_the_tick_of_its_gate_leaves_nothing() {
    let mut venue = Venue::new();
    venue.rest(crate::venue::order(PAT, engine::order::Side::Ask, (5, 100)));
    let told = venue.wait_until(GATE + 600 + 3_600).concat();
    let place = |is: fn(&Event) -> bool| told.iter().rposition(is);
    let settled = place(|event| matches!(event, Event::InstrumentSettled { instrument: FIRST }));
    let changed = place(|event| matches!(event, Event::PositionChanged { instrument: FIRST, .. }));
    assert!(settled.is_some() && changed < settled, "nothing is told of a position that is forgotten");
}
