//! Provider: what an account has at stake, how its work ended so far, and what it owes next.
//!
//! Not everything of it is numbered by the account's private sequence, so it is told as public streams are: a snapshot, and
//! then what has changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::delivery::run::Deadline;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId};
use engine::provider::Score;
use engine::units::Amount;
use engine::view::View;
use engine::view::accounts::{AccountView, PositionView};
use engine::view::deliveries::DeliveryView;
use protocol::provider::{ProviderImage, ProviderWindow, SlotDue, Step};
use protocol::time::Time;
use protocol::written::Data;

use crate::convert::account::amount;
use crate::convert::{delivery, order, symbol};
use crate::feed::image::Image;

/// About how many bytes a window or a slot is as text.
const ROW_BYTES: usize = 90;

/// A slot of one delivery.
type SlotOf = (DeliveryId, SlotNumber);

/// What the listeners of one provider were told.
#[derive(Debug)]
pub(in crate::feed) struct ProviderState {
    staked: Amount,
    rate_ppm: u32,
    score: Score,
    windows: BTreeSet<InstrumentId>,
    due: BTreeSet<SlotOf>,
}

impl ProviderState {
    /// What they are told first.
    pub(super) fn new(account: AccountId, view: &View) -> ProviderState {
        let owner = owner(account, view);
        ProviderState {
            staked: owner.staked,
            rate_ppm: owner.rate_ppm,
            score: owner.score,
            windows: windows(owner).map(|(instrument, _)| instrument).collect(),
            due: due(account, view).map(|(of, _)| of).collect(),
        }
    }

    /// What a command has changed, if it changed anything that they are told.
    pub(in crate::feed) fn change(
        &mut self,
        account: AccountId,
        events: &[Event],
        view: &View,
    ) -> Option<ProviderImage> {
        let owner = owner(account, view);
        let mut told = ProviderImage {
            staked: changed(&mut self.staked, owner.staked).map(amount),
            audit_rate_ppm: changed(&mut self.rate_ppm, owner.rate_ppm),
            score: changed(&mut self.score, owner.score).map(score),
            ..ProviderImage::default()
        };
        for instrument in changed_windows(account, events) {
            match owner.positions.get(&instrument) {
                Some(position) => {
                    self.windows.insert(instrument);
                    told.windows.push(window(view, (instrument, position)));
                }
                None if self.windows.remove(&instrument) => {
                    told.settled.push(symbol::text(view, instrument));
                }
                None => {}
            }
        }
        for of in changed_slots(account, events) {
            let found = view.delivery(of.0).filter(|delivery| delivery.provider == account);
            match found.and_then(|delivery| owed(view, of, delivery)) {
                Some(due) => {
                    self.due.insert(of);
                    told.due.push(due);
                }
                None if self.due.remove(&of) => told.done.push(delivery::name(of.0, of.1)),
                None => {}
            }
        }
        (told != ProviderImage::default()).then_some(told)
    }
}

/// The accounts of which a command may have changed what `provider` tells; none of them if it may be any.
pub(in crate::feed) fn concerned(events: &[Event]) -> Option<BTreeSet<AccountId>> {
    let mut accounts = BTreeSet::new();
    for event in events {
        match *event {
            Event::InstrumentSettled { .. } => return None,
            Event::CapacitySet { account, .. }
            | Event::MaintenanceAnnounced { account, .. }
            | Event::SlotChanged { account, .. }
            | Event::AuditRateChanged { account, .. }
            | Event::StakeChanged { account, .. } => drop(accounts.insert(account)),
            _ => {}
        }
    }
    Some(accounts)
}

/// All of a provider's standing.
pub(super) fn image(account: AccountId, view: &View) -> Arc<Image> {
    let owner = owner(account, view);
    let image = ProviderImage {
        staked: Some(amount(owner.staked)),
        audit_rate_ppm: Some(owner.rate_ppm),
        score: Some(score(owner.score)),
        windows: windows(owner).map(|row| window(view, row)).collect(),
        due: due(account, view).map(|(_, due)| due).collect(),
        ..ProviderImage::default()
    };
    let bytes = (1 + image.windows.len() + image.due.len()) * ROW_BYTES;
    Image::new(bytes, move || Data::of(&image))
}

fn owner(account: AccountId, view: &View) -> &AccountView {
    view.account(account).expect("a session's account exists")
}

/// The new value, if it is another one than was told.
fn changed<T: Copy + PartialEq>(told: &mut T, now: T) -> Option<T> {
    (std::mem::replace(told, now) != now).then_some(now)
}

fn score(Score { delivered, failed }: Score) -> protocol::provider::Score {
    protocol::provider::Score { delivered, failed }
}

/// Windows that an account registered something for.
fn windows(owner: &AccountView) -> impl Iterator<Item = (InstrumentId, &PositionView)> {
    let registered = |position: &PositionView| !position.capacity.is_zero() || position.maintained;
    let rows = owner.positions.iter().filter(move |(_, position)| registered(position));
    rows.map(|(instrument, position)| (*instrument, position))
}

fn window(view: &View, (instrument, position): (InstrumentId, &PositionView)) -> ProviderWindow {
    ProviderWindow {
        symbol: symbol::text(view, instrument),
        capacity: order::quantity(position.capacity),
        maintenance: position.maintained,
    }
}

/// Windows that changed for an account, or for everyone, each once.
fn changed_windows(of: AccountId, events: &[Event]) -> BTreeSet<InstrumentId> {
    let changed = events.iter().filter_map(|event| match *event {
        Event::CapacitySet { account, instrument, .. }
        | Event::MaintenanceAnnounced { account, instrument, .. } => (account == of).then_some(instrument),
        Event::InstrumentSettled { instrument } => Some(instrument),
        _ => None,
    });
    changed.collect()
}

/// Slots that an account was told of, each once.
fn changed_slots(of: AccountId, events: &[Event]) -> BTreeSet<SlotOf> {
    let changed = events.iter().filter_map(|event| match *event {
        Event::SlotChanged { account, delivery, slot, .. } => (account == of).then_some((delivery, slot)),
        _ => None,
    });
    changed.collect()
}

/// Slots of which an account owes the next step.
fn due(account: AccountId, view: &View) -> impl Iterator<Item = (SlotOf, SlotDue)> {
    let own = view.deliveries_of(account).filter(move |(_, delivery)| delivery.provider == account);
    own.flat_map(move |(number, delivery)| {
        let slots = SlotNumber::all().map(move |slot| (number, slot));
        slots.filter_map(move |of| Some((of, owed(view, of, delivery)?)))
    })
}

/// What its provider owes next of a slot.
fn owed(view: &View, of: SlotOf, held: &DeliveryView) -> Option<SlotDue> {
    let (step, deadline) = match held.slots[usize::from(of.1.number())].state {
        SlotState::Assigned => (Step::Commit, Deadline::Commitment),
        SlotState::Committed => (Step::Open, Deadline::Opening),
        SlotState::Flagged => (Step::OpenRest, Deadline::Dispute),
        _ => return None,
    };
    let listed = view.instrument(held.instrument).expect("what is delivered was listed");
    let slot_nanos = view.market(listed.market).expect("what was listed has a market").spec.slot_nanos();
    let by = deadline.of(of.1, (listed.start, slot_nanos), &listed.delivery);
    Some(SlotDue { slot: delivery::name(of.0, of.1), step, by: Time::from_ns(by.0) })
}
