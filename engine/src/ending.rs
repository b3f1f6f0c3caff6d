//! Ending: how an order ended, and what became of the id that a client gave it.

use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{CHOICE, Image, Taken};
use crate::reject::RejectReason;

/// Why an order ended without being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CancelReason {
    /// Its owner asked.
    User = 1,
    /// Its owner cancelled many.
    All = 2,
    /// It was immediate.
    Immediate = 3,
    /// It met an order of its own group.
    SelfTrade = 4,
    /// The gate closed.
    Gate = 5,
    /// The date it was good till has come.
    Expired = 6,
    /// Its session ended.
    Session = 7,
    /// Its owner's dead man's timer fired.
    DeadMan = 8,
    /// The operator's kill switch.
    Kill = 9,
    /// The next order in turn rests outside the dynamic price band.
    PriceBand = 10,
    /// It has met as many orders as one command may.
    Sweep = 11,
}

impl CancelReason {
    /// The reason's number.
    #[allow(clippy::as_conversions, reason = "the enum's own numbers")]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// All lots traded.
    Filled,
    /// It was cancelled.
    Canceled(CancelReason),
    /// It lives on under another client order id.
    Renamed,
}

impl Ended {
    /// The end's number: 0 filled, 255 renamed, else the reason of the cancellation.
    pub const fn number(self) -> u8 {
        match self {
            Ended::Filled => 0,
            Ended::Canceled(reason) => reason.number(),
            Ended::Renamed => u8::MAX,
        }
    }
}

/// What became of the first use of a client order id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstOutcome {
    /// Refused, for this reason.
    Rejected(RejectReason),
    /// The order is open.
    Open,
    /// The order has ended.
    Ended(Ended),
}

choices!(CancelReason {
    1 => User, 2 => All, 3 => Immediate, 4 => SelfTrade, 5 => Gate, 6 => Expired,
    7 => Session, 8 => DeadMan, 9 => Kill, 10 => PriceBand, 11 => Sweep,
});

impl Image for Ended {
    fn put(&self, to: &mut ImageWriter<'_>) {
        match self {
            Ended::Filled => 0_u8.put(to),
            Ended::Canceled(reason) => (1_u8, *reason).put(to),
            Ended::Renamed => 2_u8.put(to),
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Ended> {
        let broken = from.fault(CHOICE);
        match u8::take(from)? {
            0 => Ok(Ended::Filled),
            1 => CancelReason::take(from).map(Ended::Canceled),
            2 => Ok(Ended::Renamed),
            _ => Err(broken),
        }
    }
}

impl Image for FirstOutcome {
    fn put(&self, to: &mut ImageWriter<'_>) {
        match self {
            FirstOutcome::Rejected(reason) => (0_u8, *reason).put(to),
            FirstOutcome::Open => 1_u8.put(to),
            FirstOutcome::Ended(ended) => (2_u8, *ended).put(to),
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<FirstOutcome> {
        let broken = from.fault(CHOICE);
        match u8::take(from)? {
            0 => RejectReason::take(from).map(FirstOutcome::Rejected),
            1 => Ok(FirstOutcome::Open),
            2 => Ended::take(from).map(FirstOutcome::Ended),
            _ => Err(broken),
        }
    }
}
