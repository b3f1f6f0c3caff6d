//! Custody: whether the evidence in a data folder is whole, and has what the journal names of slots under way.

use std::path::Path;

use api::clearing::named;
use attestation::key::PublicKey;
use engine::delivery::slot::SlotNumber;
use engine::exchange::Exchange;
use engine::ids::DeliveryId;
use persistence::data::EVIDENCE;
use persistence::data_error::{DataError, DataRefusal};
use persistence::evidence::ShelfGlance;
use settlement::custody::{self, Loss, Named};

/// What was found of the evidence.
pub(crate) struct Looked {
    /// Pieces that are kept.
    pub(crate) kept: u64,
    /// What is wrong, and what to do.
    pub(crate) fault: Option<String>,
}

/// Looks at the evidence in the data folder `data`, whose journal comes to `exchange`.
pub(crate) fn look(data: &Path, exchange: &Exchange) -> Looked {
    let unreadable = |refusal| {
        let error = DataError { path: data.to_owned(), refusal };
        Looked { kept: 0, fault: Some(error.to_string()) }
    };
    let glance = match ShelfGlance::at(&data.join(EVIDENCE)) {
        Ok(glance) => glance,
        Err(refusal) => return unreadable(refusal),
    };
    let owner = glance.as_ref().map(|glance| PublicKey::from_bytes(&glance.owner));
    let (mut faults, mut kept) = (Vec::new(), 0);
    let of_slot = |(delivery, slot, _): &(DeliveryId, SlotNumber, Named), loss: &Loss| {
        format!("of delivery {} slot {}, {loss}", delivery.0, slot.number())
    };
    match (&glance, owner) {
        (Some(glance), Some(Some(owner))) => {
            let seen = glance.see(&mut |place, bytes| {
                faults.extend(custody::fault(place, bytes, &owner).map(|loss| loss.to_string()));
            });
            match seen {
                Ok(seen) => kept = seen,
                Err(refusal) => return unreadable(refusal),
            }
            for slot in under_way(exchange) {
                match custody::receipt(glance, (slot.0.0, slot.1.number()), (slot.2, &owner)) {
                    Ok(Ok(_)) => {}
                    Ok(Err(loss)) => faults.push(of_slot(&slot, &loss)),
                    Err(error) => faults.push(error.to_string()),
                }
            }
        }
        (Some(_), _) => return unreadable(DataRefusal::EvidenceForeign),
        // Nothing was asked for yet, or all of it is lost.
        (None, _) => faults.extend(under_way(exchange).map(|slot| of_slot(&slot, &Loss::Absent))),
    }
    let fault = faults.first().map(|first| {
        let more = match faults.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!(
            "the journal is sound, but the evidence is not: {first}{more}. Stop the exchange and put the folder evidence back, of a \
             copy or a backup; else slots whose evidence is lost are ruled inconclusive at the next start, which pays nobody and \
             blames nobody"
        )
    });
    Looked { kept, fault }
}

/// Slots whose evidence somebody still has to see, and what the journal names of them.
fn under_way(exchange: &Exchange) -> impl Iterator<Item = (DeliveryId, SlotNumber, Named)> {
    exchange.deliveries().all().flat_map(|(number, delivery)| {
        SlotNumber::all().filter_map(move |slot| {
            let found = delivery.slot(slot);
            named(found.state).filter(|_| !found.ruled).map(|named| (number, slot, named))
        })
    })
}
