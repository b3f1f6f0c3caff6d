//! Speed: how often a stream tells what has changed. Depth: how many levels of a book it tells.

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::excerpt;

/// How often a stream is told at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speed {
    /// At every command that changed something.
    Raw,
    /// Every 10 ms.
    Ms10,
    /// Every 100 ms.
    Ms100,
    /// Every second.
    S1,
}

impl Speed {
    /// All of them, the fastest first.
    pub const ALL: [Speed; 4] = [Speed::Raw, Speed::Ms10, Speed::Ms100, Speed::S1];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Speed::Raw => "raw",
            Speed::Ms10 => "10ms",
            Speed::Ms100 => "100ms",
            Speed::S1 => "1s",
        }
    }

    /// The speed of this name, or `BAD_SPEED`.
    pub fn parse(name: &str) -> Result<Speed, ErrorObject> {
        Speed::ALL.into_iter().find(|speed| speed.name() == name).ok_or_else(|| {
            let names = Speed::ALL.map(Speed::name).join(", ");
            let message = format!("{:?} is none of {names}", excerpt(name));
            ErrorObject::new(ErrorCode::BadSpeed, message).with_field("speed")
        })
    }

    /// The least time between two messages, in milliseconds; none for `raw`.
    pub fn milliseconds(self) -> Option<u64> {
        match self {
            Speed::Raw => None,
            Speed::Ms10 => Some(10),
            Speed::Ms100 => Some(100),
            Speed::S1 => Some(1_000),
        }
    }
}

/// Levels of each side that a book can be told to; 0 is all.
pub const DEPTHS: [u32; 6] = [0, 1, 10, 25, 100, 500];

/// The depth of this many levels, `None` for all, or `BAD_DEPTH`.
pub fn depth(levels: u32) -> Result<Option<u16>, ErrorObject> {
    if DEPTHS.contains(&levels) {
        return Ok(u16::try_from(levels).ok().filter(|levels| *levels != 0));
    }
    let message = format!("{levels} is none of 0 (all levels), 1, 10, 25, 100, 500");
    let enough = DEPTHS.into_iter().filter(|depth| levels < *depth).min().unwrap_or(0);
    let error = ErrorObject::new(ErrorCode::BadDepth, message).with_field("depth");
    Err(error.with_suggestion(format!("use {enough}")))
}

/// How long candles are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// A minute.
    M1,
    /// Five minutes.
    M5,
    /// An hour.
    H1,
    /// A day in UTC.
    D1,
}

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Interval; 4] = [Interval::M1, Interval::M5, Interval::H1, Interval::D1];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Interval::M1 => "1m",
            Interval::M5 => "5m",
            Interval::H1 => "1h",
            Interval::D1 => "1d",
        }
    }

    /// The interval of this name, or `BAD_VALUE`.
    pub fn parse(name: &str) -> Result<Interval, ErrorObject> {
        Interval::ALL.into_iter().find(|interval| interval.name() == name).ok_or_else(|| {
            let names = Interval::ALL.map(Interval::name).join(", ");
            let message = format!("{:?} is none of {names}", excerpt(name));
            ErrorObject::new(ErrorCode::BadValue, message).with_field("interval")
        })
    }

    /// Its length in seconds.
    pub fn seconds(self) -> u64 {
        match self {
            Interval::M1 => 60,
            Interval::M5 => 300,
            Interval::H1 => 3_600,
            Interval::D1 => 86_400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        assert!(Speed::ALL.into_iter().all(|speed| Speed::parse(speed.name()) == Ok(speed)));
        assert!(Interval::ALL.into_iter().all(|interval| Interval::parse(interval.name()) == Ok(interval)));
        assert_eq!(Speed::parse("5ms").unwrap_err().code, ErrorCode::BadSpeed);
        assert_eq!(Interval::parse("2m").unwrap_err().code, ErrorCode::BadValue);
    }

    #[test]
    fn a_depth_that_is_not_served_suggests_the_next() {
        assert_eq!(depth(0), Ok(None));
        assert_eq!(depth(500), Ok(Some(500)));
        let suggested = |levels| depth(levels).unwrap_err().suggestion;
        assert_eq!(suggested(20).as_deref(), Some("use 25"));
        assert_eq!(suggested(1_000).as_deref(), Some("use 0"));
    }
}
