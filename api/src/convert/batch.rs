//! Batches on the wire: what came of each change.

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::stamp::Stamp;
use engine::view::View;
use protocol::batch::OpAnswer;
use protocol::reply::Answer;

use crate::convert::{command, reject};
use crate::group::{OpOutcome, Whole};

/// The answer to a change as a batch has it.
pub fn change(answer: Answer) -> OpAnswer {
    match answer {
        Answer::AddOrder(order) | Answer::AmendOrder(order) => OpAnswer::Order(Box::new(order)),
        Answer::OrderChange(change) => OpAnswer::Change(change),
        _ => unreachable!("a batch has changes of orders only"),
    }
}

/// Tells what came of an atomic batch.
pub fn tell(whole: &Whole, (stamp, events): (Stamp, &[Event]), view: &View) {
    if let [Event::BatchRefused { op, reason }] = *events {
        let (place, command) = whole.changes[usize::from(op).min(whole.changes.len() - 1)];
        let error = reject::alone(reason, &Stamped { stamp, command }, view);
        return whole.group.refuse(place, error);
    }
    for ((place, command), events) in whole.changes.iter().zip(steps(events)) {
        whole.group.tell(*place, outcome(&Stamped { stamp, command: *command }, events, view));
    }
}

/// The events of each change.
fn steps(events: &[Event]) -> impl Iterator<Item = &[Event]> {
    events.split(|event| matches!(event, Event::BatchStep { .. })).skip(1)
}

fn outcome(stamped: &Stamped, events: &[Event], view: &View) -> OpOutcome {
    match (stamped.command, events.iter().any(is_order)) {
        // Sent again: it was carried out the first time.
        (Command::CancelOrder { .. }, false) => Err(reject::canceled_before()),
        _ => {
            // Sums that follow the last change are not its own.
            let end = events.iter().rposition(is_order).map_or(0, |last| last + 1);
            command::outcome(stamped, &events[..end], view).map(change)
        }
    }
}

fn is_order(event: &Event) -> bool {
    !matches!(event, Event::PositionChanged { .. } | Event::BalanceChanged { .. } | Event::FeesChanged { .. })
}
