//! Deliveries on the wire: who delivers to whom, where slots stand, and what happens to them.

use attestation::ruling::Ruled;
use engine::delivery::outcome::{Outcome, Ruling};
use engine::delivery::slot::{Party, SlotNumber};
use engine::ids::{AccountId, DeliveryId, InstrumentId};
use engine::view::View;
use engine::view::deliveries::DeliveryView;
use journal::history::delivery::DeliveryChange;
use protocol::delivery::{
    DeliveriesImage, Delivery, DeliveryEvent, Role, SlotName, SlotOutcome, SlotState, SlotStatus,
};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::time::Time;

use crate::convert::account::amount;
use crate::convert::{order, symbol};

/// An account's deliveries of windows that are not settled, and its audits.
pub fn image(view: &View, account: AccountId) -> DeliveriesImage {
    let deliveries =
        view.deliveries_of(account).map(|(number, delivery)| told(view, account, (number, delivery)));
    let audits = view.seats(account).map(|(delivery, slot)| name(delivery, slot));
    let staked = view.account(account).expect("who asks has an account").staked;
    DeliveriesImage { deliveries: deliveries.collect(), audits: audits.collect(), staked: amount(staked) }
}

fn told(view: &View, account: AccountId, (number, delivery): (DeliveryId, &DeliveryView)) -> Delivery {
    let listed = view.instrument(delivery.instrument).expect("what is delivered was listed");
    let market = view.market(listed.market).expect("what was listed has a market");
    let is_provider = delivery.provider == account;
    let other = if is_provider { delivery.holder } else { delivery.provider };
    Delivery {
        delivery: number.0,
        symbol: symbol::text(view, delivery.instrument),
        role: if is_provider { Role::Provider } else { Role::Holder },
        other: view.account(other).expect("both sides have accounts").name.to_string(),
        qty: order::quantity(delivery.lots),
        price: order::price_text(delivery.price),
        own: delivery.own,
        acknowledged: delivery.acknowledged,
        starts: Time::from_ns(listed.start.0),
        slot_ns: market.spec.slot_nanos().to_string(),
        slots: delivery.slots.iter().map(|slot| status(slot.state)).collect(),
    }
}

/// Where a slot stands.
pub fn status(state: engine::delivery::slot::SlotState) -> SlotStatus {
    use engine::delivery::slot::SlotState as Held;
    let (state, outcome) = match state {
        Held::Waiting => (SlotState::Waiting, None),
        Held::Assigned => (SlotState::Assigned, None),
        Held::Committed => (SlotState::Committed, None),
        Held::Opened => (SlotState::Opened, None),
        Held::Flagged => (SlotState::Flagged, None),
        Held::Unaudited => (SlotState::Unaudited, None),
        Held::Decided(outcome) => (SlotState::Decided, Some(outcome)),
        Held::Final(outcome) => (SlotState::Final, Some(outcome)),
    };
    SlotStatus { state, outcome: outcome.map(self::outcome) }
}

/// How a slot ended.
pub fn outcome(outcome: Outcome) -> SlotOutcome {
    match outcome {
        Outcome::Accepted => SlotOutcome::Accepted,
        Outcome::BuyerFault => SlotOutcome::Buyer,
        Outcome::Rejected => SlotOutcome::Rejected,
        Outcome::Missed => SlotOutcome::Missed,
        Outcome::Unopened => SlotOutcome::Unopened,
        Outcome::Network => SlotOutcome::Network,
        Outcome::Inconclusive => SlotOutcome::Inconclusive,
        Outcome::Reclaimed => SlotOutcome::Reclaimed,
    }
}

/// The ruling that leads to this outcome.
///
/// # Errors
/// `BAD_VALUE` for outcomes that no ruling has.
pub fn ruling(asked: SlotOutcome) -> Result<Ruling, ErrorObject> {
    Ruling::ALL.into_iter().find(|ruling| outcome(ruling.outcome()) == asked).ok_or_else(|| {
        let message = "a ruling is accepted, rejected, unopened, buyer, network or inconclusive";
        ErrorObject::new(ErrorCode::BadValue, message).with_field("outcome")
    })
}

/// A ruling as receipts have it.
pub const fn ruled(ruling: Ruling) -> Ruled {
    match ruling.outcome() {
        Outcome::Accepted => Ruled::Accepted,
        Outcome::Rejected | Outcome::Missed => Ruled::Rejected,
        Outcome::Unopened => Ruled::Unopened,
        Outcome::Network => Ruled::Network,
        Outcome::BuyerFault => Ruled::Buyer,
        Outcome::Inconclusive | Outcome::Reclaimed => Ruled::Inconclusive,
    }
}

/// A slot's number.
///
/// # Errors
/// `BAD_VALUE` from 12 on.
pub fn slot(number: u8, field: &str) -> Result<SlotNumber, ErrorObject> {
    SlotNumber::new(number.into()).ok_or_else(|| {
        ErrorObject::new(ErrorCode::BadValue, "a window has the slots 0 to 11").with_field(field)
    })
}

/// A slot as a request names it.
///
/// # Errors
/// `BAD_VALUE` from slot 12 on.
pub fn slot_of((delivery, number): (u32, u8)) -> Result<(DeliveryId, SlotNumber), ErrorObject> {
    Ok((DeliveryId(delivery), slot(number, "slot")?))
}

/// How a slot is named.
pub fn name(delivery: DeliveryId, slot: SlotNumber) -> SlotName {
    SlotName { delivery: delivery.0, slot: slot.number() }
}

fn role(party: Party) -> Role {
    match party {
        Party::Provider => Role::Provider,
        Party::Holder => Role::Holder,
    }
}

/// What an account is told of a change of its deliveries.
pub fn change(change: &DeliveryChange, symbol: &dyn Fn(InstrumentId) -> String) -> DeliveryEvent {
    match *change {
        DeliveryChange::MaintenanceAnnounced(instrument) => {
            DeliveryEvent::Maintenance { symbol: symbol(instrument) }
        }
        DeliveryChange::Told(delivery) => DeliveryEvent::Drawn { delivery: delivery.0 },
        DeliveryChange::Acknowledged(delivery) => DeliveryEvent::Acknowledged { delivery: delivery.0 },
        DeliveryChange::Slot(delivery, slot, state) => {
            DeliveryEvent::Slot { slot: name(delivery, slot), status: status(state) }
        }
        DeliveryChange::AuditorDrawn(delivery, slot) => DeliveryEvent::Audit { slot: name(delivery, slot) },
        DeliveryChange::Disputed(delivery, slot, by) => {
            DeliveryEvent::Disputed { slot: name(delivery, slot), by: role(by) }
        }
        DeliveryChange::DisputeClosed { slot: (delivery, slot), by, deposit, lost } => {
            let (by, deposit) = (role(by), amount(deposit));
            DeliveryEvent::DisputeClosed { slot: name(delivery, slot), by, deposit, lost }
        }
        DeliveryChange::Paid { slot: (delivery, slot), outcome: ended, received, fee } => {
            DeliveryEvent::Paid {
                slot: name(delivery, slot),
                outcome: outcome(ended),
                received: amount(received),
                fee: amount(fee),
            }
        }
        DeliveryChange::Staked(staked) => DeliveryEvent::Stake { staked: amount(staked) },
        DeliveryChange::Slashed { slot: (delivery, slot), holder, auditor, burned, .. } => {
            let (holder, auditor, burned) = (amount(holder), amount(auditor), amount(burned));
            DeliveryEvent::Slashed { slot: name(delivery, slot), holder, auditor, burned }
        }
    }
}
