//! Told: events as far as they can be foretold: without the numbers of private streams, and without the sums that follow
//! a command, which `counts.rs` compares.

use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, OrderId};

/// The event without its private number; `None` for sums.
pub(crate) fn plain(event: &Event) -> Option<Event> {
    let mut plain = *event;
    match &mut plain {
        Event::PositionChanged { .. } | Event::BalanceChanged { .. } | Event::FeesChanged { .. } => {
            return None;
        }
        Event::MaintenanceAnnounced { xseq, .. }
        | Event::DeliveryTold { xseq, .. }
        | Event::DeliveryAcknowledged { xseq, .. }
        | Event::SlotChanged { xseq, .. }
        | Event::AuditorDrawn { xseq, .. }
        | Event::SlotDisputed { xseq, .. }
        | Event::DisputeClosed { xseq, .. }
        | Event::SlotPaid { xseq, .. }
        | Event::StakeChanged { xseq, .. }
        | Event::Slashed { xseq, .. }
        | Event::CancelAfterSet { xseq, .. }
        | Event::CancelAfterFired { xseq, .. }
        | Event::RedemptionBegun { xseq, .. }
        | Event::RedemptionEnded { xseq, .. }
        | Event::OrderAccepted { xseq, .. }
        | Event::OrderExecuted { xseq, .. }
        | Event::OrderReduced { xseq, .. }
        | Event::OrderAmended { xseq, .. }
        | Event::OrderCanceled { xseq, .. } => *xseq = PrivateSequence(0),
        Event::Rejected { .. }
        | Event::Founded { .. }
        | Event::AccountOpened { .. }
        | Event::KeyRegistered { .. }
        | Event::KeyConfined { .. }
        | Event::BatchStep { .. }
        | Event::BatchRefused { .. }
        | Event::Transferred { .. }
        | Event::PaymentRepeated { .. }
        | Event::KeyRevoked { .. }
        | Event::Deposited { .. }
        | Event::MarketAdded { .. }
        | Event::InstrumentListed { .. }
        | Event::InstrumentOpened { .. }
        | Event::InstrumentClosed { .. }
        | Event::DrawBegun { .. }
        | Event::DeliveryDrawn { .. }
        | Event::InstrumentDelivering { .. }
        | Event::InstrumentSettled { .. }
        | Event::ReferencePublished { .. }
        | Event::CapacitySet { .. }
        | Event::ModeSet { .. }
        | Event::MarketLimitsSet { .. }
        | Event::AccountLimitsSet { .. }
        | Event::LockSet { .. }
        | Event::Killed { .. }
        | Event::DeliveryTermsSet { .. }
        | Event::AuditorSet { .. }
        | Event::SlotCommitted { .. }
        | Event::AuditorsDrawn { .. }
        | Event::SlotOpened { .. }
        | Event::SlotJudged { .. }
        | Event::SlotRuled { .. }
        | Event::AuditRateChanged { .. }
        | Event::OrderTerms { .. }
        | Event::OrderRepeated { .. }
        | Event::Traded { .. }
        | Event::OrderRested { .. } => {}
    }
    Some(plain)
}

/// The names of the orders that were taken, in turn.
pub(crate) fn names(events: &[Event]) -> Vec<OrderId> {
    let taken = events.iter().filter_map(|event| match event {
        Event::OrderAccepted { order, .. } => Some(*order),
        _ => None,
    });
    taken.collect()
}

/// Whose private stream an event belongs to, and its number there.
pub(crate) fn place(event: &Event) -> Option<(AccountId, PrivateSequence)> {
    match *event {
        Event::MaintenanceAnnounced { account, xseq, .. }
        | Event::DeliveryTold { account, xseq, .. }
        | Event::DeliveryAcknowledged { account, xseq, .. }
        | Event::SlotChanged { account, xseq, .. }
        | Event::AuditorDrawn { account, xseq, .. }
        | Event::SlotDisputed { account, xseq, .. }
        | Event::DisputeClosed { account, xseq, .. }
        | Event::SlotPaid { account, xseq, .. }
        | Event::StakeChanged { account, xseq, .. }
        | Event::Slashed { account, xseq, .. }
        | Event::CancelAfterSet { account, xseq, .. }
        | Event::CancelAfterFired { account, xseq }
        | Event::RedemptionBegun { account, xseq, .. }
        | Event::RedemptionEnded { account, xseq, .. }
        | Event::OrderAccepted { account, xseq, .. }
        | Event::OrderExecuted { account, xseq, .. }
        | Event::OrderReduced { account, xseq, .. }
        | Event::OrderAmended { account, xseq, .. }
        | Event::OrderCanceled { account, xseq, .. }
        | Event::PositionChanged { account, xseq, .. }
        | Event::BalanceChanged { account, xseq, .. } => Some((account, xseq)),
        _ => None,
    }
}

/// Whose private stream an event belongs to.
pub(crate) fn owner(event: &Event) -> Option<AccountId> {
    place(event).map(|(account, _)| account)
}
