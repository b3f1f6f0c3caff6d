//! Delivering: what providers, auditors and takers do in processes of their own, each a client like any other.

pub(crate) mod answer;
pub(crate) mod computing;
pub(crate) mod entry;
pub(crate) mod examiner;
pub(crate) mod halves;
pub(crate) mod line;
pub(crate) mod log;
pub(crate) mod offers;
pub(crate) mod outputs;
pub(crate) mod stop;
pub(crate) mod worker;

use std::time::Duration;

use client::error::ClientError;
use protocol::delivery::{Deliveries, Delivery, DeliveryEvent, Role, SlotName, SlotState};
use protocol::update::Update;
use tokio::time::sleep;

use crate::delivering::log::Log;
use crate::delivering::stop::Stop;
use crate::failure::Failure;
use crate::interrupts::Interrupts;

/// How long to wait before an exchange that went away is asked again.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// Slots that a message of `deliveries` says are to be worked on, as a provider.
pub(crate) fn work_of(update: &Update) -> Vec<SlotName> {
    let is_work =
        |state: SlotState| matches!(state, SlotState::Assigned | SlotState::Committed | SlotState::Flagged);
    match update {
        Update::Deliveries(Deliveries::Snapshot(snapshot)) => {
            let own = snapshot.data.deliveries.iter().filter(|delivery| delivery.role == Role::Provider);
            own.flat_map(|delivery| slots(delivery, is_work)).collect()
        }
        // Only a provider finds its own assignment behind it.
        Update::Deliveries(Deliveries::Update(update)) => match &update.data {
            // What was committed to by this connection it opens itself.
            DeliveryEvent::Slot { slot, status }
                if is_work(status.state) && status.state != SlotState::Committed =>
            {
                vec![*slot]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Slots that a message of `deliveries` says have come to this, as the holder: those of a snapshot, or the one that has gone on. A slot that
/// both sides are told of is also said to its provider, who finds nothing of its own behind it.
pub(crate) fn come_to(update: &Update, is_it: impl Fn(SlotState) -> bool) -> Vec<SlotName> {
    match update {
        Update::Deliveries(Deliveries::Snapshot(snapshot)) => {
            let held = snapshot.data.deliveries.iter().filter(|delivery| delivery.role == Role::Holder);
            held.flat_map(|delivery| slots(delivery, &is_it)).collect()
        }
        Update::Deliveries(Deliveries::Update(update)) => match &update.data {
            DeliveryEvent::Slot { slot, status } if is_it(status.state) => vec![*slot],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The slots of a delivery whose state is one of these.
fn slots(delivery: &Delivery, is_it: impl Fn(SlotState) -> bool) -> impl Iterator<Item = SlotName> {
    let numbered = (0..).zip(&delivery.slots).filter(move |(_, slot)| is_it(slot.state));
    numbered.map(|(slot, _)| SlotName { delivery: delivery.delivery, slot })
}

/// Deliveries of which a message of `deliveries` says that their provider is to say that it knows of them.
pub(crate) fn drawn_of(update: &Update) -> Vec<u32> {
    match update {
        Update::Deliveries(Deliveries::Snapshot(snapshot)) => {
            let own = snapshot.data.deliveries.iter().filter(|delivery| delivery.role == Role::Provider);
            own.filter(|delivery| !delivery.acknowledged).map(|delivery| delivery.delivery).collect()
        }
        Update::Deliveries(Deliveries::Update(update)) => match update.data {
            DeliveryEvent::Drawn { delivery } => vec![delivery],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Slots that a message of `deliveries` says are to be audited.
pub(crate) fn audits_of(update: &Update) -> Vec<SlotName> {
    match update {
        Update::Deliveries(Deliveries::Snapshot(snapshot)) => snapshot.data.audits.clone(),
        Update::Deliveries(Deliveries::Update(update)) => match &update.data {
            DeliveryEvent::Audit { slot } => vec![*slot],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Does something over connections until it is done, which may be never, or interrupted, which gives `None`: one that is lost is made
/// again, a refusal that would come again is the end.
pub(crate) async fn keep_on<T>(
    interrupts: &mut Interrupts,
    log: &Log,
    mut session: impl AsyncFnMut() -> Result<T, Stop>,
) -> Result<Option<T>, Failure> {
    loop {
        let ended = tokio::select! {
            () = interrupts.come() => return Ok(None),
            ended = session() => ended,
        };
        match ended {
            Err(Stop::Failed(failure)) => return Err(failure),
            Err(Stop::Client(ClientError::Refused(error))) if !error.retryable => {
                return Err(ClientError::Refused(error).into());
            }
            Err(Stop::Client(lost)) => log.remark(&format!("{lost}; trying again")),
            Ok(done) => return Ok(Some(done)),
        }
        tokio::select! {
            () = interrupts.come() => return Ok(None),
            () = sleep(PAUSE) => {}
        }
    }
}
