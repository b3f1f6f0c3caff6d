//! Time: nanoseconds since 1970 UTC, on the wire a string of 19 digits.
//!
//! Equal length makes times sort as text, and the first 13 digits are milliseconds.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nanoseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The time `ns` nanoseconds after 1970 began.
    pub const fn from_ns(ns: u64) -> Time {
        Time(ns)
    }

    /// Nanoseconds since 1970.
    pub fn ns(self) -> u64 {
        self.0
    }

    /// Reads the wire text. Fewer than 19 digits are refused: they are seconds or milliseconds by
    /// mistake.
    pub fn parse(text: &str) -> Option<Time> {
        let plain = 19 <= text.len() && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain && text.len() <= 20 { text.parse().ok().map(Time) } else { None }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:019}", self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        deserializer.deserialize_str(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string of 19 digits, nanoseconds since 1970 UTC")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        Time::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn time_has_nineteen_digits() {
        assert_eq!(Time::from_ns(5).to_string(), "0000000000000000005");
        assert_eq!(Time::parse("1795356000123456789"), Some(Time::from_ns(1_795_356_000_123_456_789)));
        assert_eq!(Time::parse(&Time::from_ns(u64::MAX).to_string()), Some(Time::from_ns(u64::MAX)));
        for bad in ["", "1795356000", "1795356000123", "-795356000123456789", "99999999999999999999"] {
            assert_eq!(Time::parse(bad), None, "{bad}");
        }
    }
}
