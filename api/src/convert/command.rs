//! Outcomes of commands on the wire: what the reply to each method says.

use engine::command::{Command, Stamped};
use engine::ending::{Ended, FirstOutcome};
use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, OrderId};
use engine::reject::RejectReason;
use engine::units::Lots;
use engine::view::View;
use protocol::cancel::{CancelAllAfterResult, CancelAllResult, OrderChange};
use protocol::error::ErrorObject;
use protocol::operator::Accepted;
use protocol::order::CancelReason;
use protocol::order::{OrderOutcome, OrderStatus};
use protocol::payment::{PaymentResult, PaymentState};
use protocol::reply::Answer;
use protocol::time::Time;

use crate::convert::{account, order, reject};

/// The outcome of a durable command, as its sender is told.
pub fn outcome(stamped: &Stamped, events: &[Event], view: &View) -> Result<Answer, ErrorObject> {
    if let Some(error) = reject::of(events, stamped, view) {
        return Err(error);
    }
    let engine_seq = stamped.stamp.sequence.0;
    Ok(match stamped.command {
        Command::PlaceOrder(_) => Answer::AddOrder(placed(stamped, events, view)?),
        Command::AmendOrder(_) => Answer::AmendOrder(placed(stamped, events, view)?),
        Command::CancelOrder { .. } | Command::ReduceOrder { .. } => changed(engine_seq, events, view),
        Command::CancelAll { .. } => canceled(engine_seq, events),
        Command::CancelAfter { .. } => timed(engine_seq, events),
        Command::Transfer { .. } | Command::Redeem { .. } => paid(engine_seq, events),
        Command::ReplaceKey { .. } | Command::EndRedemption { .. } => {
            Answer::Accepted(Accepted { engine_seq })
        }
        Command::Tick
        | Command::Found { .. }
        | Command::Batch { .. }
        | Command::OpenAccount { .. }
        | Command::RegisterKey { .. }
        | Command::RevokeKey { .. }
        | Command::Deposit { .. }
        | Command::AddMarket(_)
        | Command::SetCapacity { .. }
        | Command::EndSession { .. }
        | Command::SetMode { .. }
        | Command::SetMarketLimits { .. }
        | Command::SetAccountLimits { .. }
        | Command::SetLock { .. }
        | Command::Kill { .. }
        | Command::Draw { .. }
        | Command::Delivery(_) => Answer::Accepted(Accepted { engine_seq }),
    })
}

/// An order that was entered or amended: what it is now, or what became of the first use of its id.
fn placed(stamped: &Stamped, events: &[Event], view: &View) -> Result<OrderOutcome, ErrorObject> {
    let engine_seq = stamped.stamp.sequence.0;
    if let [Event::OrderRepeated { account, order, client, outcome, filled, leaves }] = *events {
        let (status, reason) = first(outcome, filled).map_err(|why| reject::again(why, &stamped.command))?;
        let owner = view.account(account).expect("events name accounts that the view knows");
        return Ok(OrderOutcome {
            order_id: order.expect("what was not refused is an order").to_string(),
            cl_ord_id: Some(client.to_string()),
            status,
            reason,
            cum_qty: order::quantity(filled),
            leaves_qty: order::quantity(leaves),
            avg_price: None,
            priority_kept: None,
            duplicate: true,
            engine_seq,
            xseq: owner.xseq.0,
        });
    }
    let (account, id, xseq, priority_kept) =
        events.iter().find_map(placing).expect("what is not refused is accepted or amended");
    let known = view.order_of(account, id).expect("events name orders that the view knows");
    Ok(OrderOutcome {
        order_id: id.to_string(),
        cl_ord_id: known.client.map(|client| client.to_string()),
        status: order::status(known),
        reason: order::canceled(known),
        cum_qty: order::quantity(known.filled),
        leaves_qty: order::quantity(known.leaves),
        avg_price: known.average().map(order::price_text),
        priority_kept,
        duplicate: false,
        engine_seq,
        xseq: xseq.0,
    })
}

/// The event that an order was accepted or amended by, and whether it kept its place then.
fn placing(event: &Event) -> Option<(AccountId, OrderId, PrivateSequence, Option<bool>)> {
    match *event {
        Event::OrderAccepted { account, order, xseq, .. } => Some((account, order, xseq, None)),
        Event::OrderAmended { account, order, xseq, kept, .. } => Some((account, order, xseq, Some(kept))),
        _ => None,
    }
}

/// The first outcome of a client order id, and why it was canceled, if it was.
fn first(outcome: FirstOutcome, filled: Lots) -> Result<(OrderStatus, Option<CancelReason>), RejectReason> {
    match outcome {
        FirstOutcome::Rejected(reason) => Err(reason),
        FirstOutcome::Open => Ok((order::open_status(filled), None)),
        FirstOutcome::Ended(Ended::Filled) => Ok((OrderStatus::Filled, None)),
        FirstOutcome::Ended(Ended::Canceled(reason)) => {
            Ok((OrderStatus::Canceled, Some(order::cancel_reason(reason))))
        }
        FirstOutcome::Ended(Ended::Renamed) => Ok((OrderStatus::Renamed, None)),
    }
}

fn changed(engine_seq: u64, events: &[Event], view: &View) -> Answer {
    let (account, id, xseq) =
        events.iter().find_map(change).expect("what is not rejected has changed an order");
    let known = view.order_of(account, id).expect("events name orders that the view knows");
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
        canceled: changes().map(|(_, order, _)| order.to_string()).collect(),
        engine_seq,
        xseq: changes().next_back().map(|(.., xseq)| xseq.0),
    })
}

fn timed(engine_seq: u64, events: &[Event]) -> Answer {
    let set = events.iter().find_map(|event| match event {
        Event::CancelAfterSet { xseq, due, .. } => Some((*xseq, *due)),
        _ => None,
    });
    let (xseq, due) = set.expect("a timer that is not rejected is set or withdrawn");
    let due = due.map(|due| Time::from_ns(due.0));
    Answer::CancelAllAfter(CancelAllAfterResult { due, engine_seq, xseq: xseq.0 })
}

fn paid(engine_seq: u64, events: &[Event]) -> Answer {
    let told = events.iter().find_map(|event| match event {
        Event::Transferred { .. } => Some((PaymentState::Sent, false)),
        Event::RedemptionBegun { .. } => Some((PaymentState::Waiting, false)),
        Event::PaymentRepeated { state, .. } => Some((account::payment_state(*state), true)),
        _ => None,
    });
    let (state, duplicate) = told.expect("a payment that is not refused is made or told again");
    Answer::Payment(PaymentResult { state, duplicate, engine_seq })
}

fn change(event: &Event) -> Option<(AccountId, OrderId, PrivateSequence)> {
    match event {
        Event::OrderCanceled { account, order, xseq, .. }
        | Event::OrderReduced { account, order, xseq, .. } => Some((*account, *order, *xseq)),
        _ => None,
    }
}
