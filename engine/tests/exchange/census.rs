//! Census: what happened in all cases together. Acts that no longer lead somewhere make a test fail.

use std::collections::BTreeMap;

use engine::ending::{Ended, FirstOutcome};
use engine::event::Event;
use engine::reject::RejectReason;

/// Every kind of event that can be foretold, and ways in which events of one kind differ.
const WAYS: [&str; 86] = [
    "AccountLimitsSet",
    "AccountOpened",
    "AuditRateChanged",
    "AuditorDrawn",
    "AuditorSet",
    "AuditorsDrawn",
    "CancelAfterFired",
    "CancelAfterSet",
    "CapacitySet",
    "DeliveryAcknowledged",
    "DeliveryDrawn",
    "DeliveryDrawn within a group",
    "DeliveryTermsSet",
    "DeliveryTold",
    "Deposited",
    "DisputeClosed",
    "DisputeClosed and lost",
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
    "MaintenanceAnnounced",
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
    "SlotChanged Assigned",
    "SlotChanged Committed",
    "SlotChanged Decided",
    "SlotChanged Final",
    "SlotChanged Flagged",
    "SlotChanged Opened",
    "SlotChanged Unaudited",
    "SlotCommitted",
    "SlotDisputed",
    "SlotJudged",
    "SlotOpened",
    "SlotPaid Accepted",
    "SlotPaid BuyerFault",
    "SlotPaid Inconclusive",
    "SlotPaid Missed",
    "SlotPaid Network",
    "SlotPaid Reclaimed",
    "SlotPaid Rejected",
    "SlotPaid Unopened",
    "SlotRuled",
    "Slashed",
    "StakeChanged",
    "Traded",
    "Transferred",
];

/// The reasons that no act leads to, and why.
const REASONS_BEYOND: [(RejectReason, &str); 3] = [
    (RejectReason::VenueFull, "takes thousands of markets or millions of orders; see corners.rs"),
    (RejectReason::BatchInvalid, "a batch's; see batches.rs"),
    (RejectReason::BatchRefused, "a batch's; see batches.rs"),
];

/// Numbers of the reasons that concern deliveries begin here.
const DELIVERIES_FROM: u16 = 60;

/// Whether it happens to deliveries, once they are drawn.
fn is_delivered(way: &str) -> bool {
    let drawn = way.starts_with("DeliveryDrawn");
    !drawn
        && ["Auditor", "Delivery", "Dispute", "Maintenance", "Slot", "Slashed", "Stake"]
            .iter()
            .any(|kind| way.starts_with(kind))
}

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
        self.assert_whole(|way| !is_delivered(way) && !beyond.contains(&way), |code| code < DELIVERIES_FROM);
    }

    /// Panics unless everything happened that can happen to a delivery, and a tenth of what was asked for was refused.
    pub(crate) fn assert_delivered(&self) {
        self.assert_whole(is_delivered, |code| DELIVERIES_FROM <= code);
    }

    fn assert_whole(&self, ways: impl Fn(&str) -> bool, codes: impl Fn(u16) -> bool) {
        self.assert_seen(&WAYS.into_iter().filter(|way| ways(way)).collect::<Vec<_>>());
        for reason in RejectReason::ALL.iter().filter(|reason| codes(reason.code())) {
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
        Event::DisputeClosed { lost: true, .. } => format!("{kind} and lost"),
        Event::SlotPaid { outcome, .. } => format!("{kind} {outcome:?}"),
        Event::SlotChanged { state, .. } => {
            let state = format!("{state:?}");
            format!("{kind} {}", state.split('(').next().unwrap_or_default())
        }
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
