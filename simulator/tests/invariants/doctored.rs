//! Doctored: one event is told wrong, and the auditor finds it and names the invariant.

use engine::command::Command;
use engine::ending::{Ended, FirstOutcome};
use engine::event::{Event, PrivateSequence};
use engine::ids::{GroupId, OrderId};
use engine::label::Label;
use engine::order::{Amendment, NewOrder, OrderRef, Side};
use engine::units::{Amount, Lots, Price};
use simulator::invariants::finding::Invariant;

use crate::desk::{Desk, MAKER, OTHER, PEER, TAKER, client, lots, order, price};

/// Whatever `act` does on a desk where all was sound, the auditor finds first that `invariant` does not hold.
pub(crate) fn found(invariant: Invariant, act: impl FnOnce(&mut Desk)) {
    let mut desk = Desk::open();
    assert_eq!(desk.auditor.findings().first(), []);
    act(&mut desk);
    let findings = desk.auditor.findings();
    let first =
        findings.first().first().unwrap_or_else(|| panic!("nothing is found, least of all {invariant}"));
    assert_eq!(first.invariant, invariant, "{first}");
    let last = desk.exchange.last().sequence;
    assert!(first.sequence <= last && 0 < findings.count(), "{first}");
    assert!(
        first.to_string().starts_with(&format!("command {}: {invariant}: ", first.sequence.0)),
        "{first}"
    );
}

/// Rewrites every event that `change` gives another for.
pub(crate) fn rewrite(change: impl Fn(Event) -> Option<Event>) -> impl FnOnce(&mut Vec<Event>) {
    move |events| {
        let before = events.clone();
        for event in events.iter_mut() {
            *event = change(*event).unwrap_or(*event);
        }
        assert_ne!(*events, before, "something is doctored");
    }
}

/// Leaves out every event that `is_meant`.
pub(crate) fn leave_out(is_meant: impl Fn(&Event) -> bool) -> impl FnOnce(&mut Vec<Event>) {
    move |events| {
        let before = events.len();
        events.retain(|event| !is_meant(event));
        assert!(events.len() < before, "something is left out");
    }
}

pub(crate) fn enter(account: engine::ids::AccountId, side: Side, what: (u64, u64)) -> Command {
    Command::PlaceOrder(order(account, side, what))
}

pub(crate) fn name(events: &[Event]) -> OrderId {
    let accepted = events.iter().find_map(|event| match event {
        Event::OrderAccepted { order, .. } => Some(*order),
        _ => None,
    });
    accepted.unwrap_or_else(|| panic!("an order is accepted: {events:?}"))
}

/// Both asks stand; the second is the younger, or dearer, one.
fn two_asks(desk: &mut Desk, [first, second]: [u64; 2]) -> [OrderId; 2] {
    let first = name(&desk.place(MAKER, Side::Ask, (5, first)));
    [first, name(&desk.place(OTHER, Side::Ask, (5, second)))]
}

#[test]
fn what_is_told_right_is_not_found() {
    let mut desk = Desk::open();
    two_asks(&mut desk, [1_000, 1_001]);
    desk.place(TAKER, Side::Bid, (7, 1_001));
    assert_eq!((desk.auditor.findings().first(), desk.auditor.findings().count()), (&[][..], 0));
}

#[test]
fn a_fill_at_a_worse_price_is_found() {
    found(Invariant::Priority, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let worse = |told: Price| Price::new(u64::from(told.ticks()) + 1).unwrap();
        let doctor = rewrite(|event| match event {
            Event::Traded { instrument, trade, price, lots, maker, taker, taker_side } => {
                Some(Event::Traded { instrument, trade, price: worse(price), lots, maker, taker, taker_side })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_005)), doctor);
    });
}

#[test]
fn a_fill_with_the_younger_order_is_found() {
    found(Invariant::Priority, |desk| {
        let [_, younger] = two_asks(desk, [1_000, 1_000]);
        let doctor = rewrite(|event| match event {
            Event::Traded { instrument, trade, price, lots, taker, taker_side, .. } => {
                Some(Event::Traded { instrument, trade, price, lots, maker: younger, taker, taker_side })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn an_order_that_trades_less_than_it_could_is_found() {
    found(Invariant::Priority, |desk| {
        two_asks(desk, [1_000, 1_000]);
        let doctor = rewrite(|event| match event {
            Event::Traded { instrument, trade, price, maker, taker, taker_side, .. } => {
                Some(Event::Traded { instrument, trade, price, lots: lots(2), maker, taker, taker_side })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn an_iceberg_that_shows_more_is_found() {
    found(Invariant::Priority, |desk| {
        let iceberg = NewOrder { shown: Some(lots(2)), ..order(MAKER, Side::Ask, (9, 1_000)) };
        desk.ask(Command::PlaceOrder(iceberg));
        let doctor = rewrite(|event| match event {
            Event::OrderRested { order, leaves, .. } => {
                Some(Event::OrderRested { order, leaves, shown: leaves })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (2, 1_000)), doctor);
    });
}

#[test]
fn an_iceberg_that_keeps_its_turn_is_found() {
    found(Invariant::Priority, |desk| {
        let iceberg = NewOrder { shown: Some(lots(2)), ..order(MAKER, Side::Ask, (9, 1_000)) };
        let maker = name(&desk.ask(Command::PlaceOrder(iceberg)));
        desk.place(OTHER, Side::Ask, (5, 1_000));
        desk.place(TAKER, Side::Bid, (2, 1_000));
        let doctor = rewrite(|event| match event {
            Event::Traded { instrument, trade, price, lots, taker, taker_side, .. } => {
                Some(Event::Traded { instrument, trade, price, lots, maker, taker, taker_side })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (1, 1_000)), doctor);
    });
}

#[test]
fn an_amendment_that_keeps_its_place_wrongly_is_found() {
    found(Invariant::Priority, |desk| {
        let [order, _] = two_asks(desk, [1_000, 1_000]);
        let amendment = Amendment {
            account: MAKER,
            order: OrderRef::Id(order),
            limit: None,
            lots: Some(lots(9)),
            client: None,
            filled: None,
            deadline: None,
        };
        desk.doctored(Command::AmendOrder(amendment), |events| {
            events.retain(|event| !matches!(event, Event::OrderRested { .. }));
            for event in events.iter_mut() {
                if let Event::OrderAmended { shown, kept, .. } = event {
                    (*shown, *kept) = (lots(9), true);
                }
            }
        });
    });
}

#[test]
fn a_crossed_book_is_found() {
    found(Invariant::Uncrossed, |desk| {
        two_asks(desk, [1_000, 1_001]);
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), |events| {
            let order = name(events);
            events.truncate(1);
            events.push(Event::OrderRested { order, leaves: lots(3), shown: lots(3) });
        });
    });
}

#[test]
fn more_lots_than_an_order_has_are_found() {
    found(Invariant::Bounds, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let doctor = rewrite(|event| match event {
            Event::Traded { instrument, trade, price, maker, taker, taker_side, .. } => {
                Some(Event::Traded { instrument, trade, price, lots: lots(4), maker, taker, taker_side })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn a_looser_limit_is_found() {
    found(Invariant::Bounds, |desk| {
        let doctor = rewrite(|event| match event {
            Event::OrderAccepted {
                account, xseq, order, instrument, side, immediate, lots, client, ..
            } => {
                let limit = price(1_001);
                Some(Event::OrderAccepted {
                    account,
                    xseq,
                    order,
                    instrument,
                    side,
                    immediate,
                    limit,
                    lots,
                    client,
                })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn a_trade_within_a_group_is_found() {
    found(Invariant::Bounds, |desk| {
        let [maker, _] = two_asks(desk, [1_000, 1_001]);
        // The other's trade is told to be the maker's peer's.
        let bid = name(&desk.place(PEER, Side::Bid, (3, 900)));
        let amendment = Amendment {
            account: PEER,
            order: OrderRef::Id(bid),
            limit: Some(price(1_000)),
            lots: None,
            client: None,
            filled: None,
            deadline: None,
        };
        desk.doctored(Command::AmendOrder(amendment), |events| {
            let [amended, ..] = events[..] else { panic!("it is amended: {events:?}") };
            let instrument = crate::desk::FIRST;
            let (trade, price, lots) = (engine::ids::TradeId(1), price(1_000), lots(3));
            let (taker, taker_side) = (bid, Side::Bid);
            let traded = Event::Traded { instrument, trade, price, lots, maker, taker, taker_side };
            *events = vec![amended, traded];
        });
    });
}

#[test]
fn a_group_that_nobody_asked_for_is_found() {
    found(Invariant::Events, |desk| {
        let name = Label::new("late").unwrap();
        let doctor = rewrite(|event| match event {
            Event::AccountOpened { account, provider, name, .. } => {
                Some(Event::AccountOpened { account, group: GroupId(2), provider, name })
            }
            _ => None,
        });
        desk.doctored(Command::OpenAccount { name, provider: false, joins: None }, doctor);
    });
}

#[test]
fn a_missing_release_is_found() {
    found(Invariant::Cover, |desk| {
        let bid = name(&desk.place(TAKER, Side::Bid, (3, 1_000)));
        let command = Command::CancelOrder { account: TAKER, order: OrderRef::Id(bid) };
        desk.doctored(command, leave_out(|event| matches!(event, Event::BalanceChanged { .. })));
    });
}

#[test]
fn too_small_a_hold_is_found() {
    found(Invariant::Cover, |desk| {
        let doctor = rewrite(|event| match event {
            Event::BalanceChanged { account, xseq, available, held, bonded } => {
                let one = Amount::new(1);
                let (available, held) = (available.plus(one), held.less(one));
                Some(Event::BalanceChanged { account, xseq, available, held, bonded })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn a_missing_bond_is_found() {
    found(Invariant::Cover, |desk| {
        let doctor = rewrite(|event| match event {
            Event::PositionChanged { account, xseq, instrument, position, escrow, .. } => {
                let bonded = Amount::ZERO;
                Some(Event::PositionChanged { account, xseq, instrument, position, escrow, bonded })
            }
            _ => None,
        });
        desk.doctored(enter(MAKER, Side::Ask, (3, 1_000)), doctor);
    });
}

#[test]
fn a_wrong_fee_is_found() {
    found(Invariant::Credit, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let doctor = rewrite(|event| match event {
            Event::OrderExecuted {
                account,
                xseq,
                order,
                instrument,
                trade,
                liquidity,
                price,
                lots,
                leaves,
                fee,
            } if account == TAKER => {
                let fee = fee.plus(Amount::new(1));
                Some(Event::OrderExecuted {
                    account,
                    xseq,
                    order,
                    instrument,
                    trade,
                    liquidity,
                    price,
                    lots,
                    leaves,
                    fee,
                })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn a_fee_that_nobody_keeps_is_found() {
    found(Invariant::Credit, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let command = enter(TAKER, Side::Bid, (3, 1_000));
        desk.doctored(command, leave_out(|event| matches!(event, Event::FeesChanged { .. })));
    });
}

#[test]
fn minted_credit_is_found() {
    found(Invariant::Credit, |desk| {
        let doctor = rewrite(|event| match event {
            Event::BalanceChanged { account, xseq, available, held, bonded } => {
                let available = available.plus(Amount::new(1));
                Some(Event::BalanceChanged { account, xseq, available, held, bonded })
            }
            _ => None,
        });
        let (account, amount, reference) = (TAKER, Amount::new(5), Label::new("more").unwrap());
        desk.doctored(Command::Deposit { account, amount, reference }, doctor);
    });
}

#[test]
fn a_claim_that_nobody_owes_is_found() {
    found(Invariant::Hours, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let doctor = rewrite(|event| match event {
            Event::PositionChanged { account, xseq, instrument, position, escrow, bonded }
                if 0 < position =>
            {
                let position = position + 1;
                Some(Event::PositionChanged { account, xseq, instrument, position, escrow, bonded })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn escrow_that_is_too_small_is_found() {
    found(Invariant::Hours, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let doctor = rewrite(|event| match event {
            Event::PositionChanged { account, xseq, instrument, position, escrow, bonded }
                if position < 0 =>
            {
                let escrow = escrow.less(Amount::new(1));
                Some(Event::PositionChanged { account, xseq, instrument, position, escrow, bonded })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn a_sale_beyond_capacity_is_found() {
    found(Invariant::Hours, |desk| {
        let (account, instrument) = (MAKER, crate::desk::FIRST);
        let doctor = rewrite(|event| match event {
            Event::CapacitySet { account, instrument, .. } => {
                Some(Event::CapacitySet { account, instrument, lots: lots(2) })
            }
            _ => None,
        });
        desk.doctored(Command::SetCapacity { account, instrument, lots: lots(9) }, doctor);
        desk.place(MAKER, Side::Ask, (3, 1_000));
    });
}

#[test]
fn a_second_order_under_an_id_is_found() {
    found(Invariant::Identity, |desk| {
        let asked = NewOrder { client: Some(client(1)), ..order(TAKER, Side::Bid, (3, 1_000)) };
        let first = desk.ask(Command::PlaceOrder(asked));
        // Told as it was the first time, under another name.
        let doctor = move |events: &mut Vec<Event>| {
            assert!(matches!(events[..], [Event::OrderRepeated { .. }]), "{events:?}");
            *events = first;
        };
        desk.doctored(Command::PlaceOrder(asked), doctor);
    });
}

#[test]
fn another_outcome_of_an_id_is_found() {
    for outcome in [FirstOutcome::Ended(Ended::Filled), FirstOutcome::Ended(Ended::Renamed)] {
        found(Invariant::Identity, |desk| {
            let asked = NewOrder { client: Some(client(1)), ..order(TAKER, Side::Bid, (3, 1_000)) };
            desk.ask(Command::PlaceOrder(asked));
            let doctor = rewrite(|event| match event {
                Event::OrderRepeated { account, order, client, filled, leaves, .. } => {
                    Some(Event::OrderRepeated { account, order, client, outcome, filled, leaves })
                }
                _ => None,
            });
            desk.doctored(Command::PlaceOrder(asked), doctor);
        });
    }
}

#[test]
fn an_id_that_is_forgotten_early_is_found() {
    found(Invariant::Identity, |desk| {
        let asked = |count| NewOrder { client: Some(client(1)), ..order(TAKER, Side::Bid, (count, 1_000)) };
        desk.ask(Command::PlaceOrder(asked(3)));
        // What was asked the second time is something else, which is a conflict; it is told as if it were new.
        let next = desk.place(TAKER, Side::Bid, (4, 1_000));
        desk.doctored(Command::PlaceOrder(asked(4)), |events| *events = next);
    });
}

#[test]
fn a_gap_in_an_accounts_stream_is_found() {
    found(Invariant::Events, |desk| {
        let doctor = rewrite(|event| match event {
            Event::BalanceChanged { account, xseq, available, held, bonded } => {
                let xseq = PrivateSequence(xseq.0 + 1);
                Some(Event::BalanceChanged { account, xseq, available, held, bonded })
            }
            _ => None,
        });
        desk.doctored(enter(TAKER, Side::Bid, (3, 1_000)), doctor);
    });
}

#[test]
fn a_part_that_nobody_is_told_is_found() {
    found(Invariant::Events, |desk| {
        two_asks(desk, [1_000, 1_001]);
        let command = enter(TAKER, Side::Bid, (3, 1_000));
        desk.doctored(command, |events| {
            let at = events.iter().rposition(|event| matches!(event, Event::OrderExecuted { .. })).unwrap();
            events.remove(at);
        });
    });
}

#[test]
fn an_order_that_vanishes_is_found() {
    found(Invariant::Events, |desk| {
        let command = enter(TAKER, Side::Bid, (3, 1_000));
        desk.doctored(command, leave_out(|event| matches!(event, Event::OrderRested { .. })));
    });
}

#[test]
fn a_reduction_by_other_lots_is_found() {
    found(Invariant::Identity, |desk| {
        let bid = name(&desk.place(TAKER, Side::Bid, (5, 1_000)));
        let command = Command::ReduceOrder { account: TAKER, order: OrderRef::Id(bid), by: lots(2) };
        let doctor = rewrite(|event| match event {
            Event::OrderReduced { account, xseq, order, reason, .. } => {
                let (by, left): (Lots, Lots) = (lots(1), lots(4));
                Some(Event::OrderReduced { account, xseq, order, by, leaves: left, shown: left, reason })
            }
            _ => None,
        });
        desk.doctored(command, doctor);
    });
}
