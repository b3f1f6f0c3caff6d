//! Happened: what an operation did to the reference book.

use crate::ending::CancelReason;
use crate::event::ReduceReason;
use crate::order::Side;
use crate::units::{Lots, Price};

/// One thing that an operation did. Orders go by the caller's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named after their types' documentation")]
pub enum Happened {
    /// An order was taken, with all its lots still open. A limit that slid is told as it stands then.
    Accepted { order: u64, side: Side, immediate: bool, limit: Price, lots: Lots },
    /// Two orders traded; this is what they have left.
    Traded { maker: u64, taker: u64, price: Price, lots: Lots, maker_leaves: Lots, taker_leaves: Lots },
    /// What is left of an order joined the end of the queue at its limit, and shows so much.
    Rested { order: u64, leaves: Lots, shown: Lots },
    /// An order got smaller and kept its place. One that is coming in shows nothing yet.
    Reduced { order: u64, by: Lots, leaves: Lots, shown: Lots, reason: ReduceReason },
    /// An order was changed. When it did not keep its place, it shows nothing until it rests again.
    Amended { order: u64, limit: Price, lots: Lots, leaves: Lots, shown: Lots, kept: bool },
    /// An order ended with lots unfilled.
    Canceled { order: u64, leaves: Lots, reason: CancelReason },
}

impl Happened {
    /// Lots that traded.
    pub fn traded(&self) -> Lots {
        match *self {
            Happened::Traded { lots, .. } => lots,
            Happened::Accepted { .. }
            | Happened::Rested { .. }
            | Happened::Reduced { .. }
            | Happened::Amended { .. }
            | Happened::Canceled { .. } => Lots::ZERO,
        }
    }
}
