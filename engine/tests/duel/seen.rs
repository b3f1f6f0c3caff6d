//! Seen: how often what was told, so that a test can say that it was not about nothing.

use std::collections::BTreeMap;

use engine::book::reference::Told;
use engine::book::reference::happened::Happened;
use engine::ending::CancelReason;
use engine::event::ReduceReason;
use engine::reject::RejectReason;

/// Counts of what happened and of what was refused.
#[derive(Default)]
pub(crate) struct Seen {
    happened: BTreeMap<&'static str, u64>,
    refused: BTreeMap<RejectReason, u64>,
}

impl Seen {
    pub(crate) fn count(&mut self, told: &Told) {
        match told {
            Ok(happened) => {
                for happened in happened {
                    *self.happened.entry(kind(happened)).or_default() += 1;
                }
            }
            Err(reason) => *self.refused.entry(*reason).or_default() += 1,
        }
    }

    /// Panics unless everything that random orders can do was done at least so often.
    pub(crate) fn assert_everything(&self, times: u64) {
        const HAPPENED: [&str; 10] = [
            "accepted",
            "traded",
            "rested",
            "reduced",
            "reduced, own",
            "amended in place",
            "amended out of place",
            "canceled",
            "canceled, immediate",
            "canceled, own",
        ];
        const REFUSED: [RejectReason; 8] = [
            RejectReason::OrderUnknown,
            RejectReason::LotsZero,
            RejectReason::OrderTerms,
            RejectReason::ReduceTooLarge,
            RejectReason::AmendRace,
            RejectReason::PostOnlyWouldCross,
            RejectReason::FillOrKill,
            RejectReason::MinimumNotMet,
        ];
        for kind in HAPPENED {
            let count = self.happened.get(kind).copied().unwrap_or_default();
            assert!(times <= count, "{kind} only {count} times");
        }
        for reason in REFUSED {
            let count = self.refused.get(&reason).copied().unwrap_or_default();
            assert!(times <= count, "{reason:?} only {count} times");
        }
    }
}

/// Under what it is counted.
fn kind(happened: &Happened) -> &'static str {
    match happened {
        Happened::Accepted { .. } => "accepted",
        Happened::Traded { .. } => "traded",
        Happened::Rested { .. } => "rested",
        Happened::Reduced { reason: ReduceReason::User, .. } => "reduced",
        Happened::Reduced { reason: ReduceReason::SelfTrade, .. } => "reduced, own",
        Happened::Amended { kept: true, .. } => "amended in place",
        Happened::Amended { kept: false, .. } => "amended out of place",
        Happened::Canceled { reason, .. } => match reason {
            CancelReason::User => "canceled",
            CancelReason::Immediate => "canceled, immediate",
            CancelReason::SelfTrade => "canceled, own",
            CancelReason::Sweep => "canceled, sweep",
            CancelReason::All
            | CancelReason::Gate
            | CancelReason::Expired
            | CancelReason::Session
            | CancelReason::DeadMan
            | CancelReason::Kill
            | CancelReason::PriceBand => unreachable!("the reference cancels for no such reason"),
        },
    }
}
