//! Clearing: what assigns work and keeps evidence, shared by all sessions.

use std::fmt;
use std::sync::Arc;

use attestation::receipt::Receipt;
use engine::delivery::outcome::Outcome;
use engine::delivery::slot::SlotState;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use settlement::assigned::Assigned;
use settlement::custody::{self, Loss, Named};
use settlement::job::Job;
use settlement::office::Office;
use settlement::refusal::Refusal;
use settlement::shelf::{Place, Shelf, ShelfError};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;

/// Deliveries whose evidence grows at the same time without waiting for each other.
const LOCKS: usize = 64;

/// The office and the shelf.
pub struct Clearing {
    office: Office,
    shelf: Arc<dyn Shelf>,
    /// The evidence of one delivery grows by one message at a time.
    locks: [Mutex<()>; LOCKS],
}

impl Clearing {
    /// With this office, keeping what is shown on this shelf.
    pub fn new(office: Office, shelf: Arc<dyn Shelf>) -> Clearing {
        Clearing { office, shelf, locks: std::array::from_fn(|_| Mutex::new(())) }
    }

    pub(crate) fn office(&self) -> &Office {
        &self.office
    }

    /// Waits until the evidence of a delivery is this caller's alone.
    pub(crate) async fn hold(&self, delivery: u32) -> MutexGuard<'_, ()> {
        let place = usize::try_from(delivery).unwrap_or_default() % LOCKS;
        self.locks[place].lock().await
    }

    pub(crate) async fn keep(&self, place: Place, bytes: Vec<u8>) -> Result<(), ErrorObject> {
        let shelf = Arc::clone(&self.shelf);
        blocking(move || shelf.put(place, &bytes)).await?.map_err(failed)
    }

    /// What is kept in this place. What is damaged is not there.
    async fn find(&self, place: Place) -> Result<Option<Vec<u8>>, ErrorObject> {
        let shelf = Arc::clone(&self.shelf);
        match blocking(move || shelf.get(place)).await? {
            Err(ShelfError { damaged: true, .. }) => Ok(None),
            found => found.map_err(failed),
        }
    }

    /// What a slot asks for, and by what it is judged.
    pub(crate) async fn assigned(&self, delivery: u32, slot: u8) -> Result<Option<Assigned>, ErrorObject> {
        let found = self.find(Place::Assignment { delivery, slot }).await?;
        Ok(found.and_then(|bytes| Assigned::decode(&bytes).ok()))
    }

    pub(crate) async fn keep_assigned(
        &self,
        (delivery, slot): (u32, u8),
        assigned: &Assigned,
    ) -> Result<(), ErrorObject> {
        self.keep(Place::Assignment { delivery, slot }, assigned.encode()).await
    }

    pub(crate) async fn receipt(&self, delivery: u32, slot: u8) -> Result<Option<Receipt>, ErrorObject> {
        let found = self.find(Place::Receipt { delivery, slot }).await?;
        Ok(found.and_then(|bytes| Receipt::decode(&bytes).ok()))
    }

    /// The receipt of a slot of which the journal names this; or why there is none.
    pub(crate) async fn custody(
        &self,
        of: (u32, u8),
        named: Named,
    ) -> Result<Result<Receipt, Loss>, ErrorObject> {
        let (shelf, exchange) = (Arc::clone(&self.shelf), self.office.calibration().exchange);
        blocking(move || custody::receipt(&*shelf, of, (named, &exchange))).await?.map_err(failed)
    }

    pub(crate) async fn keep_receipt(
        &self,
        (delivery, slot): (u32, u8),
        receipt: &Receipt,
    ) -> Result<(), ErrorObject> {
        self.keep(Place::Receipt { delivery, slot }, receipt.encode()).await
    }

    /// A part of a slot's answers: how many parts there are, and the part.
    pub(crate) async fn outputs(
        &self,
        (delivery, slot, part): (u32, u8, u8),
    ) -> Result<Option<(u8, Vec<u8>)>, ErrorObject> {
        let found = self.find(Place::Outputs { delivery, slot, part }).await?;
        Ok(found.and_then(|bytes| bytes.split_first().map(|(parts, data)| (*parts, data.to_vec()))))
    }

    /// Whether all parts of a slot's answers are kept.
    pub(crate) async fn has_outputs(&self, delivery: u32, slot: u8) -> Result<bool, ErrorObject> {
        let Some((parts, _)) = self.outputs((delivery, slot, 0)).await? else { return Ok(false) };
        for part in 1..parts {
            if self.outputs((delivery, slot, part)).await?.is_none_or(|(told, _)| told != parts) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) async fn job(&self, account: u32, instrument: u32) -> Result<Option<Job>, ErrorObject> {
        let found = self.find(Place::Job { account, instrument }).await?;
        Ok(found.and_then(|bytes| Job::decode(&bytes).ok()))
    }
}

impl fmt::Debug for Clearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clearing").field("office", &self.office).finish_non_exhaustive()
    }
}

/// What the journal names of a slot that stands there and whose evidence somebody still has to see; `None` of others.
pub const fn named(state: SlotState) -> Option<Named> {
    match state {
        SlotState::Opened | SlotState::Flagged => Some(Named::Openings),
        // Of one that nobody audited openings may be missing, for nobody may have asked for them. The provider is to blame for one
        // that was not opened, unless it was the exchange who lost it.
        SlotState::Committed | SlotState::Unaudited | SlotState::Decided(Outcome::Unopened) => {
            Some(Named::Commitment)
        }
        SlotState::Waiting | SlotState::Assigned | SlotState::Decided(_) | SlotState::Final(_) => None,
    }
}

/// Does what hashes or waits for the disk where nobody else waits behind it.
pub(crate) async fn blocking<T: Send + 'static>(
    task: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorObject> {
    spawn_blocking(task).await.map_err(failed)
}

/// Evidence that is not taken, as whoever showed it is told.
pub(crate) fn refused(refusal: Refusal) -> ErrorObject {
    let message = refusal.to_string();
    match refusal {
        Refusal::JobTooLarge { field, .. } => {
            ErrorObject::new(ErrorCode::JobTooLarge, message).with_field(field)
        }
        Refusal::Malformed(malformed) => {
            ErrorObject::new(ErrorCode::EvidenceRefused, message).with_field(malformed.object)
        }
        Refusal::Failed { check, .. } => {
            let details = serde_json::json!({ "check": check.name() });
            ErrorObject::new(ErrorCode::EvidenceRefused, message).with_details(details)
        }
        _ => ErrorObject::new(ErrorCode::EvidenceRefused, message),
    }
}

fn failed(error: impl fmt::Display) -> ErrorObject {
    ErrorObject::new(ErrorCode::Internal, error.to_string())
}
