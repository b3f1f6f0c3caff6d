//! Script: what the exchange's events tell of orders, in the words of the reference.
//!
//! Whatever an event says beyond that is compared with what the command asked and what the other events said.

use std::slice::Iter;

use engine::book::reference::Told;
use engine::book::reference::happened::Happened;
use engine::command::Command;
use engine::event::{Event, Liquidity};
use engine::ids::{AccountId, InstrumentId, OrderId, TradeId};
use engine::order::NewOrder;
use engine::units::{Lots, Price};

use super::names::{Names, Open};

/// What the events of a command tell. An order that it enters gets this number.
pub(crate) fn told(names: &mut Names, number: u64, (command, events): (&Command, &[Event])) -> Told {
    if let [Event::Rejected { reason }] = events {
        return Err(*reason);
    }
    let mut told = Vec::new();
    let mut events = events.iter();
    while let Some(event) = events.next() {
        match *event {
            Event::OrderAccepted { .. } => told.push(accepted(names, number, (command, event))),
            Event::OrderTerms { .. } => assert_terms(command, event),
            Event::Traded { .. } => told.push(traded(names, event, &mut events)),
            Event::PositionChanged { .. } | Event::BalanceChanged { .. } | Event::FeesChanged { .. } => {}
            _ => told.push(changed(names, event)),
        }
    }
    Ok(told)
}

fn placed(command: &Command) -> &NewOrder {
    match command {
        Command::PlaceOrder(order) => order,
        other => panic!("{other:?} enters no order"),
    }
}

fn accepted(names: &mut Names, number: u64, (command, event): (&Command, &Event)) -> Happened {
    let Event::OrderAccepted { account, order, instrument, side, immediate, limit, lots, client, .. } =
        *event
    else {
        unreachable!("the caller has looked")
    };
    let asked = placed(command);
    assert_eq!((account, instrument, client), (asked.account, asked.instrument, asked.client), "whose it is");
    names.enter(Open { number, id: order, account, instrument });
    Happened::Accepted { order: number, side, immediate, limit, lots }
}

fn assert_terms(command: &Command, event: &Event) {
    let Event::OrderTerms { kind, time_in_force, minimum, shown, label, session, .. } = *event else {
        unreachable!("the caller has looked")
    };
    let asked = placed(command);
    let terms = (asked.kind, asked.time_in_force, asked.minimum, asked.shown, asked.label, asked.session);
    assert_eq!((kind, time_in_force, minimum, shown, label, session), terms, "what it says");
}

/// What both sides of a trade have in common.
struct Trade {
    instrument: InstrumentId,
    trade: TradeId,
    price: Price,
    lots: Lots,
}

/// A trade with its two parts, which follow it: the maker's, then the taker's.
fn traded(names: &Names, event: &Event, events: &mut Iter<'_, Event>) -> Happened {
    let Event::Traded { instrument, trade, price, lots, maker, taker, .. } = *event else {
        unreachable!("the caller has looked")
    };
    let both = Trade { instrument, trade, price, lots };
    let maker_leaves = part(&both, names.find(maker), (Liquidity::Maker, events.next()));
    let taker_leaves = part(&both, names.find(taker), (Liquidity::Taker, events.next()));
    let (maker, taker) = (names.number(maker), names.number(taker));
    Happened::Traded { maker, taker, price, lots, maker_leaves, taker_leaves }
}

/// Lots that one side has left.
fn part(both: &Trade, open: &Open, (role, event): (Liquidity, Option<&Event>)) -> Lots {
    let Some(&Event::OrderExecuted {
        account,
        order,
        instrument,
        trade,
        liquidity,
        price,
        lots,
        leaves,
        fee,
        ..
    }) = event
    else {
        panic!("both parts of a trade follow it, and not {event:?}")
    };
    assert_eq!((account, order, liquidity), (open.account, open.id, role), "whose part it is");
    assert_eq!((instrument, trade), (both.instrument, both.trade), "part of which trade");
    assert_eq!((price, lots), (both.price, both.lots), "what was traded");
    assert!(fee.is_zero(), "nothing is charged here");
    leaves
}

fn changed(names: &Names, event: &Event) -> Happened {
    let number = |order: OrderId, account: AccountId| {
        let open = names.find(order);
        assert_eq!(open.account, account, "whose {order} is");
        open.number
    };
    match *event {
        Event::OrderRested { order, leaves, shown } => {
            Happened::Rested { order: names.number(order), leaves, shown }
        }
        Event::OrderReduced { account, order, by, leaves, shown, reason, .. } => {
            Happened::Reduced { order: number(order, account), by, leaves, shown, reason }
        }
        Event::OrderAmended { account, order, limit, lots, leaves, shown, kept, .. } => {
            Happened::Amended { order: number(order, account), limit, lots, leaves, shown, kept }
        }
        Event::OrderCanceled { account, order, leaves, reason, .. } => {
            Happened::Canceled { order: number(order, account), leaves, reason }
        }
        _ => panic!("orders do not make {event:?}"),
    }
}
