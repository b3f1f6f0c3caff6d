//! Custody: whether the shelf still has what the journal names of a slot.

use std::fmt;

use attestation::assign::Assign;
use attestation::key::PublicKey;
use attestation::receipt::Receipt;
use attestation::verdict::Stage;

use crate::assigned::Assigned;
use crate::case;
use crate::job::Job;
use crate::shelf::{Place, Shelf, ShelfError};

/// What the journal says was shown of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A commitment.
    Commitment,
    /// A commitment, and openings of its whole sample.
    Openings,
}

/// Why what was shown of a slot cannot be shown again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing is there.
    Absent,
    /// Its bytes are not what was kept.
    Damaged(String),
    /// It is of another exchange, or of another slot.
    Foreign,
    /// Openings are missing.
    Short,
}

/// The receipt of a slot, of which the journal names this, as the exchange with this key keeps it; or why there is none.
///
/// # Errors
/// When the machine fails, so that nobody knows.
pub fn receipt(
    shelf: &dyn Shelf,
    (delivery, slot): (u32, u8),
    (named, exchange): (Named, &PublicKey),
) -> Result<Result<Receipt, Loss>, ShelfError> {
    let bytes = match shelf.get(Place::Receipt { delivery, slot }) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Err(Loss::Absent)),
        Err(ShelfError { damaged: true, cause }) => return Ok(Err(Loss::Damaged(cause))),
        Err(error) => return Err(error),
    };
    let receipt = match Receipt::decode(&bytes) {
        Ok(receipt) => receipt,
        Err(malformed) => return Ok(Err(Loss::Damaged(malformed.to_string()))),
    };
    if !is_of(&receipt.assign, (delivery, slot), exchange) {
        return Ok(Err(Loss::Foreign));
    }
    let is_short = named == Named::Openings
        && (receipt.secrets.exchange.is_none() || case::closed(&receipt, Stage::Sample) != 0);
    Ok(if is_short { Err(Loss::Short) } else { Ok(receipt) })
}

/// What is wrong with something that is kept, by the bytes of its place; `None` when nothing is.
pub fn fault(place: &[u8], bytes: &[u8], exchange: &PublicKey) -> Option<Loss> {
    let Some(place) = Place::of_bytes(place) else { return Some(Loss::Foreign) };
    let (assign, of) = match place {
        Place::Assignment { delivery, slot } => {
            (Assigned::decode(bytes).map(|assigned| assigned.assign), (delivery, slot))
        }
        Place::Receipt { delivery, slot } => {
            (Receipt::decode(bytes).map(|receipt| receipt.assign), (delivery, slot))
        }
        Place::Job { .. } => return Job::decode(bytes).err().map(|error| Loss::Damaged(error.to_string())),
        // Only the taker can read them.
        Place::Outputs { .. } => return None,
    };
    match assign {
        Ok(assign) if is_of(&assign, of, exchange) => None,
        Ok(_) => Some(Loss::Foreign),
        Err(malformed) => Some(Loss::Damaged(malformed.to_string())),
    }
}

fn is_of(assign: &Assign, (delivery, slot): (u32, u8), exchange: &PublicKey) -> bool {
    let batch = assign.batch;
    let here = (batch.delivery, batch.slot) == (delivery.into(), slot.into());
    here && assign.exchange == *exchange && assign.is_signed()
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Absent => write!(f, "it is missing"),
            Loss::Damaged(cause) => write!(f, "it is damaged: {cause}"),
            Loss::Foreign => write!(f, "it is of another exchange or slot"),
            Loss::Short => write!(f, "openings are missing"),
        }
    }
}
