//! Portions: a tick does a bounded part of what is due, and portions change nothing but where ticks end.

use engine::command::Command;
use engine::control::KillTarget;
use engine::ending::CancelReason;
use engine::event::Event;
use engine::exchange::TICK_STEPS_MAX;
use engine::ids::{AccountId, InstrumentId};
use engine::instrument::Phase;
use engine::market::{MarketSpec, WINDOWS_MAX};
use engine::order::{NewOrder, Side, TimeInForce};
use engine::reject::RejectReason;
use engine::stamp::Time;
use engine::timers::Timer;

use crate::venue::{
    ABE, ANN, BEGINNING, FIRST, GATE, PAT, Venue, bid, class, immediate, label, lots, market, order, rejected,
};

const STEPS: usize = 256;

fn count(events: &[Event], is: fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| is(event)).count()
}

/// How many of these each tick told.
fn portions(ticks: &[Vec<Event>], is: fn(&Event) -> bool) -> Vec<usize> {
    let counts: Vec<usize> = ticks.iter().map(|events| count(events, is)).collect();
    assert!(counts.iter().all(|count| *count <= STEPS), "a portion is bounded: {counts:?}");
    counts
}

#[test]
fn a_gate_closes_in_portions() {
    assert_eq!(usize::try_from(TICK_STEPS_MAX).unwrap(), STEPS);
    let mut venue = Venue::new();
    let orders = 2 * STEPS + 3;
    for number in 0..orders {
        let ticks = u64::try_from(number % 7).unwrap() + 1;
        venue.rest(if number % 3 == 0 { bid(ticks) } else { order(PAT, Side::Ask, (1, ticks + 7)) });
    }
    let ticks = venue.wait_until(GATE);
    let canceled =
        portions(&ticks, |event| matches!(event, Event::OrderCanceled { reason: CancelReason::Gate, .. }));
    assert_eq!((canceled.iter().sum::<usize>(), ticks.len()), (orders, 3));
    let closed = |event: &Event| matches!(event, Event::InstrumentClosed { .. });
    assert_eq!(count(&ticks.concat(), closed), 1, "a gate closes once");
}

#[test]
fn a_venue_is_killed_in_portions() {
    let mut venue = Venue::new();
    for _ in 0..STEPS {
        venue.rest(bid(5));
        venue.rest(order(ABE, Side::Bid, (1, 5)));
        venue.rest(order(PAT, Side::Ask, (1, 9)));
    }
    venue.ask(Command::Kill { target: KillTarget::Venue, reason: label("fire") });
    assert_eq!(venue.place(bid(1)), rejected(RejectReason::MarketHalted), "it is halted at once");
    let ticks = venue.ticks();
    let canceled =
        portions(&ticks, |event| matches!(event, Event::OrderCanceled { reason: CancelReason::Kill, .. }));
    assert_eq!((canceled.iter().sum::<usize>(), ticks.len()), (3 * STEPS, 4));
}

#[test]
fn a_venue_that_is_killed_twice_is_purged_once() {
    let mut venue = Venue::new();
    venue.rest(bid(5));
    for _ in 0..2 {
        venue.ask(Command::Kill { target: KillTarget::Venue, reason: label("fire") });
        venue.now = venue.now.after(1);
    }
    let purges = venue.exchange.timers().iter().filter(|(_, timer)| *timer == Timer::Purge);
    assert_eq!(purges.count(), 1);
    let told = venue.ticks().concat();
    assert_eq!(count(&told, |event| matches!(event, Event::OrderCanceled { .. })), 1);
}

#[test]
fn a_long_grid_is_listed_in_portions() {
    let mut venue = Venue::new();
    venue.ask(Command::AddMarket(MarketSpec { class: class("B200"), ..market(WINDOWS_MAX) }));
    let ticks = venue.ticks();
    let listed = portions(&ticks, |event| matches!(event, Event::InstrumentListed { .. }));
    assert_eq!((listed.iter().sum::<usize>(), ticks.len()), (usize::try_from(WINDOWS_MAX).unwrap(), 3));
    let windows =
        (1..venue.exchange.instruments()).map(|number| InstrumentId(u32::try_from(number).unwrap()));
    let open = windows.filter(|window| venue.exchange.instrument(*window).unwrap().phase == Phase::Open);
    assert_eq!(open.count(), usize::try_from(WINDOWS_MAX).unwrap());
}

/// Days pass while nobody looks. The roll at the first gate comes before the rate at the end of the first hour, however
/// many portions it takes.
#[test]
fn a_roll_in_portions_comes_before_what_is_due_later() {
    let mut venue = Venue::new();
    venue.ask(Command::AddMarket(MarketSpec { class: class("B200"), ..market(WINDOWS_MAX) }));
    venue.ticks();
    let ticks = venue.wait_until(300 * 3_600);
    let opened = portions(&ticks, |event| matches!(event, Event::InstrumentOpened { .. }));
    assert!(opened.iter().filter(|count| 0 < **count).count() > 1, "it takes several portions: {opened:?}");
    let told = ticks.concat();
    let last = told.iter().rposition(|event| matches!(event, Event::InstrumentOpened { .. }));
    let rate = told.iter().position(|event| matches!(event, Event::ReferencePublished { .. }));
    assert!(last < rate, "the last window opens before the first rate is told");
}

/// Obligations of pat's, one lot each, as many as take three portions, in equal parts of two holders.
#[test]
fn deliveries_are_drawn_in_portions() {
    let mut venue = Venue::new();
    let sold = 2 * STEPS + 10;
    for number in 0..sold {
        venue.rest(order(PAT, Side::Ask, (1, 9)));
        venue.place(immediate(order([ANN, ABE][number % 2], Side::Bid, (1, 9))));
    }
    venue.wait_until(GATE);
    assert_eq!(venue.exchange.next_draw(), Some(FIRST));
    let other = Command::Draw { instrument: InstrumentId(1), seed: 5 };
    assert_eq!(venue.ask(other), rejected(RejectReason::DrawUnexpected));
    venue.ask(Command::Draw { instrument: FIRST, seed: 5 });
    let again = Command::Draw { instrument: FIRST, seed: 5 };
    assert_eq!(venue.ask(again), rejected(RejectReason::DrawUnexpected), "it is being drawn");
    assert_eq!(venue.exchange.next_draw(), None, "one after another");
    let ticks = venue.ticks();
    let drawn = portions(&ticks, |event| matches!(event, Event::DeliveryDrawn { .. }));
    assert_eq!((drawn.iter().sum::<usize>(), ticks.len()), (sold, 3));
    let state = venue.exchange.instrument(FIRST).unwrap();
    assert_eq!(state.phase, Phase::Delivering);
    let holders: Vec<AccountId> =
        venue.exchange.deliveries().of(FIRST).map(|(_, delivery)| delivery.holder).collect();
    assert!(holders[..sold / 2].iter().all(|holder| *holder == holders[0]), "one holder after the other");
    assert!(holders[sold / 2..].iter().all(|holder| *holder != holders[0]));
}

/// Between the portions of a draw the state still tells how it goes on.
#[test]
fn a_draw_that_goes_on_is_part_of_the_state() {
    let mut venue = Venue::new();
    for _ in 0..STEPS + 10 {
        venue.rest(order(PAT, Side::Ask, (1, 9)));
        venue.place(immediate(order(ANN, Side::Bid, (1, 9))));
        venue.rest(order(PAT, Side::Ask, (1, 9)));
        venue.place(immediate(order(ABE, Side::Bid, (1, 9))));
    }
    venue.wait_until(GATE);
    let drawn = |seed: u64| {
        let mut venue = venue.clone();
        venue.ask(Command::Draw { instrument: FIRST, seed });
        venue
    };
    let seeds: Vec<Venue> = (0..8).map(drawn).collect();
    let orders: Vec<AccountId> = seeds
        .iter()
        .map(|venue| {
            let mut venue = venue.clone();
            venue.ticks();
            venue.exchange.deliveries().all().next().unwrap().1.holder
        })
        .collect();
    let other = orders.iter().position(|first| *first != orders[0]).unwrap();
    assert_ne!(seeds[0].exchange.state_hash(), seeds[other].exchange.state_hash(), "they go on differently");
}

#[test]
fn many_that_expire_together_expire_in_portions() {
    let mut venue = Venue::new();
    let expires = BEGINNING.after(9 * Time::SECOND);
    let time_in_force = TimeInForce::GoodTillDate(expires);
    for _ in 0..STEPS + 1 {
        venue.rest(NewOrder { time_in_force, lots: lots(1), ..bid(5) });
    }
    assert_eq!(venue.wait_until(8), Vec::<Vec<Event>>::new(), "not before it is time");
    let ticks = venue.wait_until(9);
    let expired =
        portions(&ticks, |event| matches!(event, Event::OrderCanceled { reason: CancelReason::Expired, .. }));
    assert_eq!(expired, [STEPS, 1]);
}
