//! Symbol: the text that names an instrument, `H100SXM.US-E.FIRM.2026-11-23T14Z`.
//!
//! class . zone . tier . start of the delivery window in UTC (`T1405Z` where windows are shorter than an hour).

use std::fmt;

use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::stamp::Time;

/// An upper-case name of at most `N` of `[A-Z0-9-]`, padded with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<const N: usize>([u8; N]);

/// The exact good: GPU, memory, form factor, such as `H100SXM`.
pub type ClassName = Name<12>;
/// A delivery zone, such as `US-E`.
pub type ZoneName = Name<8>;

impl<const N: usize> Name<N> {
    /// Returns `None` unless `text` is 1 to `N` of `[A-Z0-9-]`.
    pub fn new(text: &str) -> Option<Name<N>> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Name::from_bytes(bytes)
    }

    /// Returns `None` unless `bytes` are such a name padded with zeros.
    pub fn from_bytes(bytes: [u8; N]) -> Option<Name<N>> {
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(N);
        let (text, padding) = bytes.split_at(length);
        let known = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-';
        (0 < length && text.iter().all(known) && padding.iter().all(|byte| *byte == 0)).then_some(Name(bytes))
    }

    /// The name padded with zeros.
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Display for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take_while(|byte| **byte != 0).try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// How firmly capacity is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Delivered or compensated.
    Firm,
    /// Interruptible: the seller may reclaim with notice, and what is not served is not paid.
    Interruptible,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Firm => "FIRM",
            Tier::Interruptible => "INT",
        })
    }
}

/// What a symbol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    /// The good.
    pub class: ClassName,
    /// Where.
    pub zone: ZoneName,
    /// How firmly.
    pub tier: Tier,
    /// Start of the delivery window: a whole minute.
    pub start: Time,
    /// Whether the text names the minute too.
    pub minutes: bool,
}

impl Symbol {
    /// Reads a symbol's text, or returns `None` when it is none.
    pub fn parse(text: &str) -> Option<Symbol> {
        let mut parts = text.splitn(4, '.');
        let class = ClassName::new(parts.next()?)?;
        let zone = ZoneName::new(parts.next()?)?;
        let tier = match parts.next()? {
            "FIRM" => Tier::Firm,
            "INT" => Tier::Interruptible,
            _ => return None,
        };
        let (start, minutes) = window(parts.next()?)?;
        Some(Symbol { class, zone, tier, start, minutes })
    }
}

/// Reads `2026-11-23T14Z` or `2026-11-23T1405Z`.
fn window(text: &str) -> Option<(Time, bool)> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut fields = date.splitn(3, '-');
    let year = number(fields.next()?, 4)?;
    let month = number(fields.next()?, 2)?;
    let day = number(fields.next()?, 2)?;
    let minutes = time.len() == 4;
    let hour = number(time.get(..2)?, 2)?;
    let minute = if minutes { number(time.get(2..)?, 2)? } else { 0 };
    if !minutes && time.len() != 2 || 23 < hour || 59 < minute {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let seconds = (days * 24 + hour) * 3600 + minute * 60;
    // Years beyond 2554 are dates, but no times: they do not fit in nanoseconds.
    Some((Time(seconds.checked_mul(Time::SECOND)?), minutes))
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days since 1970 of a date from then on; `None` when there is no such date. Method: Howard Hinnant, "chrono-compatible
/// low-level date algorithms", with years that begin in March.
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

/// The date that is `days` after 1970-01-01, as year, month and day. Method as in [`days_from_civil`].
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.start.0 / Time::SECOND;
        let (year, month, day) = civil_from_days(seconds / 86_400);
        let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
        write!(f, "{}.{}.{}.{year:04}-{month:02}-{day:02}T{hour:02}", self.class, self.zone, self.tier)?;
        if self.minutes { write!(f, "{minute:02}Z") } else { write!(f, "Z") }
    }
}

choices!(Tier { 0 => Firm, 1 => Interruptible });

impl<const N: usize> Image for Name<N> {
    fn put(&self, to: &mut ImageWriter<'_>) {
        self.0.put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Name<N>> {
        let broken = from.fault("a class or zone is 1 or more known characters, padded with zeros");
        Name::from_bytes(from.array()?).ok_or(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_its_text() {
        for text in [
            "H100SXM.US-E.FIRM.2026-11-23T14Z",
            "A100-80G.EU-W.INT.2028-02-29T00Z",
            "B200.AP-1.FIRM.2026-12-31T2359Z",
            "X.Y.INT.1970-01-01T00Z",
            "X.Y.INT.2000-03-01T0000Z",
        ] {
            assert_eq!(Symbol::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_window_is_utc() {
        let symbol = Symbol::parse("H100SXM.US-E.FIRM.2026-11-23T14Z").unwrap();
        assert_eq!(symbol.start, Time::from_seconds(1_795_442_400));
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "H100SXM",
            "h100sxm.US-E.FIRM.2026-11-23T14Z",
            "H100SXM.US-E.SOFT.2026-11-23T14Z",
            "H100SXM.US-E.FIRM.2026-11-31T14Z",
            "H100SXM.US-E.FIRM.2027-02-29T14Z",
            "H100SXM.US-E.FIRM.2026-11-23T24Z",
            "H100SXM.US-E.FIRM.2026-11-23T140Z",
            "H100SXM.US-E.FIRM.2026-11-23T1460Z",
            "H100SXM.US-E.FIRM.2026-11-23T14",
            "TOOLONGACLASSNAME.US-E.FIRM.2026-11-23T14Z",
            "H100SXM.US-E.FIRM.2026-11-23T14Z.X",
            "H100SXM.US-E.FIRM.9999-01-01T00Z",
            "H100SXM.US-E.FIRM.0000-01-01T00Z",
        ] {
            assert_eq!(Symbol::parse(text), None, "{text}");
        }
    }
}
