//! Delivering: what providers, auditors and takers do in processes of their own, each a client like any other.

pub(crate) mod computing;
pub(crate) mod examiner;
pub(crate) mod offers;
pub(crate) mod outputs;
pub(crate) mod worker;

use std::convert::Infallible;
use std::time::Duration;

use client::error::ClientError;
use protocol::delivery::{Deliveries, DeliveryEvent, Role, SlotName, SlotState};
use protocol::update::Update;
use tokio::time::sleep;

use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::screen::Screen;

/// How long to wait before an exchange that went away is asked again.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// Slots that a message of `deliveries` says are to be worked on, as a provider.
pub(crate) fn work_of(update: &Update) -> Vec<SlotName> {
    let is_work = |state: SlotState| matches!(state, SlotState::Assigned | SlotState::Committed);
    match update {
        Update::Deliveries(Deliveries::Snapshot(snapshot)) => {
            let own = snapshot.data.deliveries.iter().filter(|delivery| delivery.role == Role::Provider);
            let slots = own.flat_map(|delivery| {
                let numbered = (0..).zip(&delivery.slots).filter(|(_, slot)| is_work(slot.state));
                numbered.map(|(slot, _)| SlotName { delivery: delivery.delivery, slot })
            });
            slots.collect()
        }
        // Only a provider finds its own assignment behind it.
        Update::Deliveries(Deliveries::Update(update)) => match &update.data {
            DeliveryEvent::Slot { slot, status } if status.state == SlotState::Assigned => vec![*slot],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
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

/// Does over connections what never ends by itself, until it is interrupted: one that is lost is made again, a refusal is the end.
pub(crate) async fn keep_on(
    interrupts: &mut Interrupts,
    screen: &Screen,
    mut session: impl AsyncFnMut() -> Result<Infallible, ClientError>,
) -> Result<(), Failure> {
    loop {
        let ended = tokio::select! {
            () = interrupts.come() => return Ok(()),
            ended = session() => ended,
        };
        match ended {
            Err(refused @ ClientError::Refused(_)) => return Err(refused.into()),
            Err(lost) => screen.remark(&format!("{lost}; trying again")),
            Ok(never) => match never {},
        }
        tokio::select! {
            () = interrupts.come() => return Ok(()),
            () = sleep(PAUSE) => {}
        }
    }
}
