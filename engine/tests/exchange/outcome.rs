//! Outcome: what must hold of a command's own events, and what the view keeps of them.

use std::collections::BTreeMap;

use engine::event::{Event, PrivateSequence};
use engine::ids::AccountId;
use engine::stamp::Time;
use engine::units::Price;
use engine::view::View;

use crate::model::Model;
use crate::model::told::{place, plain};
use crate::stage::{KEYS, key};

/// Panics unless every private stream goes on where it stopped, without a gap.
pub(crate) fn assert_streams(before: &View, events: &[Event]) {
    let mut last: BTreeMap<AccountId, PrivateSequence> = BTreeMap::new();
    for (account, xseq) in events.iter().filter_map(place) {
        let known = || before.account(account).map_or(PrivateSequence(0), |view| view.xseq);
        let last = last.entry(account).or_insert_with(known);
        assert_eq!(xseq.0, last.0 + 1, "the stream of {account:?} has no gap");
        *last = xseq;
    }
}

/// Panics unless sums are told once, after all else.
pub(crate) fn assert_told_once(events: &[Event]) {
    let sums = events.iter().skip_while(|event| plain(event).is_some());
    let mut told = Vec::new();
    for event in sums {
        let what = match *event {
            Event::PositionChanged { account, instrument, .. } => (Some(account), Some(instrument)),
            Event::BalanceChanged { account, .. } => (Some(account), None),
            Event::FeesChanged { .. } => (None, None),
            _ => panic!("sums come last: {event:?}"),
        };
        assert!(!told.contains(&what), "sums are told once: {event:?}");
        told.push(what);
    }
}

/// Panics unless the view keeps every execution among its account's fills, and counts it for its order.
pub(crate) fn assert_fills(view: &View, events: &[Event]) {
    for event in events {
        let Event::OrderExecuted {
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
        } = *event
        else {
            continue;
        };
        let fills = &view.account(account).expect("every account was told").fills;
        let fill = fills.iter().rev().find(|fill| fill.xseq == xseq).expect("a fill is kept");
        assert_eq!(fill.stamp, view.stamp());
        assert_eq!(
            (fill.order, fill.instrument, fill.trade, fill.liquidity),
            (order, instrument, trade, liquidity)
        );
        assert_eq!((fill.price, fill.lots, fill.fee), (price, lots, fee));
        let told = view.order(order).expect("an order that the command touched is known");
        assert_eq!((fill.side, fill.client), (told.side, told.client));
        assert!(told.leaves <= leaves && lots <= told.filled, "later fills only add");
        assert!(told.average().is_some(), "it has traded");
    }
}

/// Panics unless the view says what only the model keeps.
pub(crate) fn assert_view(view: &View, model: &Model) {
    for open in &model.orders {
        let told = view.order(open.order).expect("an open order is known");
        assert_eq!((told.minimum, told.client), (open.minimum, open.client), "{:?}", open.order);
        assert_eq!(
            (u64::from(told.filled.count()), told.limit),
            (open.filled, Price::new(open.limit).expect("it is a price"))
        );
    }
    for (told, class) in view.classes().iter().zip(&model.classes) {
        assert_eq!(told.end, class.end.map(Time), "the last period of {}", told.name);
    }
    for (account, owner) in (0..).map(AccountId).zip(&model.owners) {
        let told = view.account(account).expect("every account was told").cancel_after;
        assert_eq!(told, owner.cancel_after.map(Time), "dead man's timer of {}", owner.name);
    }
    for key in (0..KEYS).map(key) {
        let told = view.key(key.first_bytes()).filter(|told| told.key == key);
        let told = told.map(|told| told.grant);
        assert_eq!(told, model.keys.get(&key).copied(), "what {key:?} may do");
    }
    assert_eq!(view.accounts(), model.owners.len());
}
