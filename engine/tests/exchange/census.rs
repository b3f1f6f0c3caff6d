//! Census: what happened in all cases together. Acts that no longer lead somewhere make a test fail.

use std::collections::BTreeMap;

use engine::ending::{Ended, FirstOutcome};
use engine::event::Event;
use engine::reject::RejectReason;

/// Every kind of event that can be foretold, and ways in which events of one kind differ.
const WAYS: [&str; 54] = [
    "AccountLimitsSet",
    "AccountOpened",
    "CancelAfterFired",
    "CancelAfterSet",
    "CapacitySet",
    "DeliveryDrawn",
    "DeliveryDrawn within a group",
    "Deposited",
    "DrawBegun",
    "Founded",
    "InstrumentClosed",
    "InstrumentDelivering",
    "InstrumentListed",
    "InstrumentOpened",
    "InstrumentSettled",
    "KeyConfined",
    "KeyRegistered",
    "KeyRevoked",
    "Killed",
    "LockSet",
    "MarketAdded",
    "MarketLimitsSet",
    "ModeSet",
    "OrderAccepted",
    "OrderAmended and kept",
    "OrderAmended and moved",
    "OrderCanceled All",
    "OrderCanceled DeadMan",
    "OrderCanceled Expired",
    "OrderCanceled Gate",
    "OrderCanceled Immediate",
    "OrderCanceled Kill",
    "OrderCanceled PriceBand",
    "OrderCanceled SelfTrade",
    "OrderCanceled Session",
    "OrderCanceled User",
    "OrderExecuted",
    "OrderReduced SelfTrade",
    "OrderReduced User",
    "OrderRepeated Canceled",
    "OrderRepeated Filled",
    "OrderRepeated Open",
    "OrderRepeated Rejected",
    "OrderRepeated Renamed",
    "OrderRested",
    "OrderTerms",
    "PaymentRepeated",
    "RedemptionBegun",
    "RedemptionEnded paid",
    "RedemptionEnded returned",
    "ReferencePublished None",
    "ReferencePublished Some",
    "Traded",
    "Transferred",
];

/// The reasons that no act leads to, and why.
const REASONS_BEYOND: [(RejectReason, &str); 3] = [
    (RejectReason::VenueFull, "takes thousands of markets or millions of orders; see corners.rs"),
    (RejectReason::BatchInvalid, "a batch's; see batches.rs"),
    (RejectReason::BatchRefused, "a batch's; see batches.rs"),
];

/// What happened, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    commands: u64,
    refused: u64,
    ways: BTreeMap<String, u64>,
    reasons: BTreeMap<RejectReason, u64>,
}

impl Census {
    /// Counts a command and what was told.
    pub(crate) fn count(&mut self, told: &[Event]) {
        self.commands += 1;
        if let [Event::Rejected { reason }] = told {
            self.refused += 1;
            *self.reasons.entry(*reason).or_default() += 1;
            return;
        }
        self.hear(told);
    }

    /// Counts what was told.
    pub(crate) fn hear(&mut self, told: &[Event]) {
        for event in told {
            let way = way(event);
            assert!(WAYS.contains(&way.as_str()), "`{way}` stands in the census's list");
            *self.ways.entry(way).or_default() += 1;
        }
    }

    /// How many commands there were.
    pub(crate) fn commands(&self) -> u64 {
        self.commands
    }

    /// Adds what happened elsewhere.
    pub(crate) fn add(&mut self, other: &Census) {
        self.commands += other.commands;
        self.refused += other.refused;
        for (way, count) in &other.ways {
            *self.ways.entry(way.clone()).or_default() += count;
        }
        for (reason, count) in &other.reasons {
            *self.reasons.entry(*reason).or_default() += count;
        }
    }

    /// Panics unless these happened.
    pub(crate) fn assert_seen(&self, ways: &[&str]) {
        let unseen: Vec<&&str> = ways.iter().filter(|way| !self.ways.contains_key(**way)).collect();
        assert!(unseen.is_empty(), "what never happened: {unseen:?}");
    }

    /// Panics unless everything happened, but for what takes other acts, and a tenth of what was asked for was refused.
    pub(crate) fn assert_complete(&self, beyond: &[&str]) {
        let ways: Vec<&str> = WAYS.into_iter().filter(|way| !beyond.contains(way)).collect();
        self.assert_seen(&ways);
        for reason in RejectReason::ALL {
            let beyond = REASONS_BEYOND.iter().any(|(other, _)| other == reason);
            assert_eq!(self.reasons.contains_key(reason), !beyond, "whether acts lead to {reason:?}");
        }
        assert!(self.commands <= self.refused * 10, "a tenth of what was asked for was refused");
    }
}

/// The name of an event's kind, with what sets it apart from others of its kind.
fn way(event: &Event) -> String {
    let text = format!("{event:?}");
    let kind = text.split(' ').next().unwrap_or_default().to_string();
    match *event {
        Event::OrderCanceled { reason, .. } => format!("{kind} {reason:?}"),
        Event::RedemptionEnded { paid, .. } => format!("{kind} {}", ["returned", "paid"][usize::from(paid)]),
        Event::OrderReduced { reason, .. } => format!("{kind} {reason:?}"),
        Event::OrderAmended { kept: true, .. } => format!("{kind} and kept"),
        Event::OrderAmended { kept: false, .. } => format!("{kind} and moved"),
        Event::DeliveryDrawn { own: true, .. } => format!("{kind} within a group"),
        Event::ReferencePublished { rate: Some(_), .. } => format!("{kind} Some"),
        Event::ReferencePublished { rate: None, .. } => format!("{kind} None"),
        Event::OrderRepeated { outcome, .. } => {
            let became = match outcome {
                FirstOutcome::Rejected(_) => "Rejected",
                FirstOutcome::Open => "Open",
                FirstOutcome::Ended(Ended::Filled) => "Filled",
                FirstOutcome::Ended(Ended::Canceled(_)) => "Canceled",
                FirstOutcome::Ended(Ended::Renamed) => "Renamed",
            };
            format!("{kind} {became}")
        }
        _ => kind,
    }
}
