//! Outcomes of commands on the wire: what the reply to each method says.

use engine::command::Command;
use engine::command::Stamped;
use engine::event::{Event, PrivateSequence};
use engine::ids::OrderId;
use engine::view::View;
use protocol::add_order::AddOrderResult;
use protocol::cancel::{CancelAllResult, OrderChange};
use protocol::error::ErrorObject;
use protocol::operator::Accepted;
use protocol::reply::Answer;

use crate::convert::{order, reject};

/// The outcome of a durable command, as its sender is told.
pub fn outcome(stamped: &Stamped, events: &[Event], view: &View) -> Result<Answer, ErrorObject> {
    if let Some(error) = reject::of(events, &stamped.command, view) {
        return Err(error);
    }
    let engine_seq = stamped.stamp.sequence.0;
    Ok(match stamped.command {
        Command::PlaceOrder(_) => added(engine_seq, events, view),
        Command::CancelOrder { .. } | Command::ReduceOrder { .. } => changed(engine_seq, events, view),
        Command::CancelAll { .. } => canceled(engine_seq, events),
        Command::Tick
        | Command::Found { .. }
        | Command::OpenAccount { .. }
        | Command::RegisterKey { .. }
        | Command::RevokeKey { .. }
        | Command::Deposit { .. }
        | Command::AddMarket(_)
        | Command::SetCapacity { .. } => Answer::Accepted(Accepted { engine_seq }),
    })
}

fn added(engine_seq: u64, events: &[Event], view: &View) -> Answer {
    let accepted = events.iter().find_map(|event| match event {
        Event::OrderAccepted { order, xseq, .. } => Some((*order, *xseq)),
        _ => None,
    });
    let (id, xseq) = accepted.expect("an order that is not rejected is accepted");
    let known = view.order(id).expect("events name orders that the view knows");
    Answer::AddOrder(AddOrderResult {
        order_id: id.to_string(),
        cl_ord_id: known.client.map(|client| client.to_string()),
        status: order::status(known),
        cum_qty: order::quantity(known.filled),
        leaves_qty: order::quantity(known.leaves),
        avg_price: known.average().map(order::price_text),
        engine_seq,
        xseq: xseq.0,
    })
}

fn changed(engine_seq: u64, events: &[Event], view: &View) -> Answer {
    let (id, xseq) = events.iter().find_map(change).expect("what is not rejected has changed an order");
    let known = view.order(id).expect("events name orders that the view knows");
    Answer::OrderChange(OrderChange {
        order_id: id.to_string(),
        status: order::status(known),
        cum_qty: order::quantity(known.filled),
        leaves_qty: order::quantity(known.leaves),
        engine_seq,
        xseq: xseq.0,
    })
}

fn canceled(engine_seq: u64, events: &[Event]) -> Answer {
    let changes = || events.iter().filter_map(change);
    Answer::CancelAll(CancelAllResult {
        canceled: changes().map(|(order, _)| order.to_string()).collect(),
        engine_seq,
        xseq: changes().next_back().map(|(_, xseq)| xseq.0),
    })
}

fn change(event: &Event) -> Option<(OrderId, PrivateSequence)> {
    match event {
        Event::OrderCanceled { order, xseq, .. } | Event::OrderReduced { order, xseq, .. } => {
            Some((*order, *xseq))
        }
        _ => None,
    }
}
