//! Kinds: the names of all that can happen, so that a scenario shows each.

use engine::event::Event;

macro_rules! kinds {
    ($($name:ident)+) => {
        /// Every kind of event.
        pub(crate) const KINDS: &[&str] = &[$(stringify!($name),)+];

        /// What kind of event it is.
        pub(crate) fn kind(event: &Event) -> &'static str {
            match event {
                $(Event::$name { .. } => stringify!($name),)+
            }
        }
    };
}

kinds! {
    Rejected Founded AccountOpened KeyRegistered KeyConfined KeyRevoked Deposited Transferred RedemptionBegun
    RedemptionEnded PaymentRepeated MarketAdded InstrumentListed InstrumentOpened
    InstrumentClosed DrawBegun DeliveryDrawn InstrumentDelivering InstrumentSettled ReferencePublished CapacitySet ModeSet
    MarketLimitsSet AccountLimitsSet LockSet Killed CancelAfterSet CancelAfterFired OrderAccepted OrderTerms OrderRepeated BatchStep BatchRefused
    Traded OrderExecuted OrderRested OrderReduced OrderAmended OrderCanceled PositionChanged BalanceChanged FeesChanged
    DeliveryTermsSet AuditorSet MaintenanceAnnounced DeliveryTold DeliveryAcknowledged SlotChanged SlotCommitted AuditorsDrawn
    AuditorDrawn SlotOpened SlotJudged SlotDisputed DisputeClosed SlotRuled SlotPaid StakeChanged Slashed AuditRateChanged
}
