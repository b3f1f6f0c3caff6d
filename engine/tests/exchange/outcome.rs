//! Outcome: what a command's own events must be, and what the view keeps of them.

use engine::command::Command;
use engine::event::Event;
use engine::reject::RejectReason;
use engine::view::View;

/// Panics unless the command has one outcome: it is refused with that reason and nothing else happens, or what was
/// asked for happens once.
pub(crate) fn assert_outcome(command: &Command, refusal: Option<RejectReason>, events: &[Event]) {
    if let Some(reason) = refusal {
        assert_eq!(events, [Event::Rejected { reason }], "{command:?} is refused");
        return;
    }
    let count = |is: &dyn Fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(count(&|event| matches!(event, Event::Rejected { .. })), 0, "{command:?} happens");
    let accepted = count(&|event| matches!(event, Event::OrderAccepted { .. }));
    let ended = count(&|event| matches!(event, Event::OrderCanceled { .. }));
    let rested = count(&|event| matches!(event, Event::OrderRested { .. }));
    match command {
        Command::PlaceOrder(_) => assert!(accepted == 1 && ended + rested <= 1, "an order has one outcome"),
        Command::CancelOrder { .. } => assert_eq!((accepted, ended), (0, 1), "one order is cancelled"),
        Command::ReduceOrder { .. } => {
            assert_eq!(count(&|event| matches!(event, Event::OrderReduced { .. })), 1, "one is reduced");
            assert_eq!((accepted, ended), (0, 0), "and nothing else happens");
        }
        _ => assert_eq!((accepted, rested), (0, 0), "no order comes from nowhere"),
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
        let average = told.average().expect("it has traded");
        assert!(told.side.accepts(told.limit, average) || average.ticks() + 1 == told.limit.ticks());
    }
}
