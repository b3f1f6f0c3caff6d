//! Bounds: how much there may be, and what becomes of what is beyond.

use engine::command::Command;
use engine::control::AccountLimits;
use engine::control::OPEN_ORDERS_MAX;
use engine::ending::CancelReason;
use engine::event::Event;
use engine::exchange::SWEEP_MAX;
use engine::market::{MARKETS_MAX, MarketSpec, WINDOWS_LISTED_MAX, WINDOWS_MAX};
use engine::order::{NewOrder, SelfTradePrevention, Side, TimeInForce};
use engine::order_filter::OrderFilter;
use engine::reject::RejectReason;

use crate::venue::{
    ABE, ANN, PAT, Venue, bid, cancel, class, immediate, label, lots, market, order, rejected,
};

#[test]
fn an_account_has_a_bounded_number_of_open_orders() {
    let mut venue = Venue::new();
    let limits = AccountLimits { open_orders: u32::MAX, ..AccountLimits::NONE };
    venue.ask(Command::SetAccountLimits { account: ANN, limits, reason: label("generous") });
    let first = venue.rest(bid(1));
    for number in 1..OPEN_ORDERS_MAX {
        venue.rest(bid(u64::from(number % 900) + 1));
    }
    venue.exchange.assert_sound();
    assert_eq!(venue.place(bid(1)), rejected(RejectReason::OpenOrderLimit));
    assert!(matches!(venue.place(immediate(bid(1)))[0], Event::OrderAccepted { .. }), "it does not rest");
    venue.ask(cancel(first));
    venue.rest(bid(1));
    let canceled = venue.ask(Command::CancelAll { account: ANN, only: OrderFilter::default() });
    let count = canceled.iter().filter(|event| matches!(event, Event::OrderCanceled { .. })).count();
    assert_eq!(count, usize::try_from(OPEN_ORDERS_MAX).unwrap(), "one command cancels them all");
    venue.exchange.assert_sound();
    assert_eq!(venue.exchange.orders().of(venue.exchange.ledger().accounts.at(ANN)).count(), 0);
}

/// One lot more than one command may take, bid by the two of a group, one lot each.
fn crowded() -> Venue {
    let mut venue = Venue::new();
    for _ in 0..OPEN_ORDERS_MAX {
        venue.rest(bid(7));
    }
    venue.rest(order(ABE, Side::Bid, (1, 7)));
    venue
}

/// Lots traded, and why the rest was cancelled.
fn outcome(events: &[Event]) -> (usize, Option<CancelReason>) {
    let traded = events.iter().filter(|event| matches!(event, Event::Traded { .. })).count();
    let ended = events.iter().rev().find_map(|event| match event {
        Event::OrderCanceled { reason, .. } => Some(*reason),
        _ => None,
    });
    (traded, ended)
}

#[test]
fn an_order_meets_a_bounded_number_of_others() {
    let most = usize::try_from(SWEEP_MAX).unwrap();
    let ask = order(PAT, Side::Ask, (u64::from(SWEEP_MAX) + 1, 7));
    for time_in_force in [TimeInForce::GoodTillGate, TimeInForce::ImmediateOrCancel] {
        let mut venue = crowded();
        let events = venue.place(NewOrder { time_in_force, ..ask });
        assert_eq!(outcome(&events), (most, Some(CancelReason::Sweep)));
        venue.exchange.assert_sound();
    }
    let mut venue = crowded();
    let whole = NewOrder { time_in_force: TimeInForce::FillOrKill, ..ask };
    assert_eq!(venue.place(whole), rejected(RejectReason::FillOrKill), "it would not be filled in whole");
    let fewer = NewOrder { lots: lots(SWEEP_MAX.into()), ..whole };
    assert_eq!(outcome(&venue.place(fewer)), (most, None), "as many as it may meet");
}

#[test]
fn own_orders_that_are_met_count_too() {
    let mut venue = crowded();
    // Abe holds claims, which it may offer to its own group.
    venue.rest(order(PAT, Side::Ask, (10, 9)));
    venue.place(immediate(order(ABE, Side::Bid, (10, 9))));
    let ask = order(ABE, Side::Ask, (10, 7));
    let events = venue.place(NewOrder { prevention: SelfTradePrevention::CancelOldest, ..ask });
    let own = events
        .iter()
        .filter(|event| matches!(event, Event::OrderCanceled { reason: CancelReason::SelfTrade, .. }));
    assert_eq!(own.count(), usize::try_from(SWEEP_MAX).unwrap(), "so many of the group's bids are cancelled");
    assert_eq!(outcome(&events), (0, Some(CancelReason::Sweep)));
    venue.exchange.assert_sound();
}

#[test]
fn each_part_that_an_iceberg_shows_is_met_anew() {
    let most = usize::try_from(SWEEP_MAX).unwrap();
    let mut venue = Venue::new();
    let iceberg = order(PAT, Side::Ask, (u64::from(SWEEP_MAX) + 100, 7));
    venue.rest(NewOrder { shown: Some(lots(1)), ..iceberg });
    let bid = order(ANN, Side::Bid, (u64::from(SWEEP_MAX) + 50, 7));
    assert_eq!(outcome(&venue.place(bid)), (most, Some(CancelReason::Sweep)));
    venue.exchange.assert_sound();
}

#[test]
fn markets_list_a_bounded_number_of_windows() {
    let mut venue = Venue::new();
    let wide = |number: u32, windows: u32| {
        let spec =
            MarketSpec { class: class(&format!("C{number}")), windows_ahead: windows - 1, ..market(1) };
        Command::AddMarket(spec)
    };
    let full = (WINDOWS_LISTED_MAX - 1) / WINDOWS_MAX;
    for number in 0..full {
        assert!(matches!(venue.ask(wide(number, WINDOWS_MAX))[..], [Event::MarketAdded { .. }]));
    }
    let left = WINDOWS_LISTED_MAX - 1 - full * WINDOWS_MAX;
    assert_eq!(venue.ask(wide(full, left + 1)), rejected(RejectReason::VenueFull));
    assert_eq!(venue.ask(wide(full, WINDOWS_MAX + 1)), rejected(RejectReason::MarketInvalid));
    assert!(
        matches!(venue.ask(wide(full, left))[..], [Event::MarketAdded { .. }]),
        "as many as there may be"
    );
    assert_eq!(venue.ask(wide(full + 1, 1)), rejected(RejectReason::VenueFull));
}

#[test]
fn there_is_a_bounded_number_of_markets() {
    let mut venue = Venue::new();
    let small =
        |number: usize| Command::AddMarket(MarketSpec { class: class(&format!("C{number}")), ..market(1) });
    for number in 1..MARKETS_MAX {
        assert!(matches!(venue.ask(small(number))[..], [Event::MarketAdded { .. }]));
    }
    assert_eq!(venue.ask(small(MARKETS_MAX)), rejected(RejectReason::VenueFull));
}
