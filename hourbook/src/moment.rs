//! Moment: a time as people write it, in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::time::Time;

const DAY_SECONDS: u64 = 86_400;

/// Such as `2026-11-23 14:00:00.317`.
pub(crate) fn date_time(time: Time) -> String {
    let millis = time.ns() / 1_000_000 % 1_000;
    format!("{}.{millis:03}", to_second(time))
}

/// Such as `2026-11-23 14:00:00`.
pub(crate) fn to_second(time: Time) -> String {
    let seconds = time.ns() / 1_000_000_000;
    let (year, month, day) = date(seconds / DAY_SECONDS);
    let (hour, minute, second) = clock(seconds % DAY_SECONDS);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Such as `2026-11-23T14:00:00.317Z`.
pub(crate) fn iso(time: Time) -> String {
    date_time(time).replace(' ', "T") + "Z"
}

/// Such as `14:00:00.317Z`.
pub(crate) fn time_of_day(time: Time) -> String {
    let text = iso(time);
    text.split_once('T').map_or(text.clone(), |(_, time)| time.to_owned())
}

/// This machine's time.
pub(crate) fn now() -> Time {
    from_now(Duration::ZERO)
}

/// The time so long from now.
pub(crate) fn from_now(duration: Duration) -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ns(u64::try_from(since.saturating_add(duration).as_nanos()).unwrap_or(u64::MAX))
}

fn clock(second: u64) -> (u64, u64, u64) {
    (second / 3_600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from 1970. Years begin in March here, so that the leap day comes last.
fn date(days: u64) -> (u64, u64, u64) {
    // 0000-03-01 is 719,468 days before 1970-01-01; 400 years have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use protocol::time::Time;

    use super::{date_time, iso, time_of_day};

    #[test]
    fn moment_is_utc() {
        let cases = [
            (0, "1970-01-01 00:00:00.000"),
            (1_795_442_400_000_000_000, "2026-11-23 14:00:00.000"),
            (1_795_356_000_317_900_000, "2026-11-22 14:00:00.317"),
            (951_782_400_000_000_000, "2000-02-29 00:00:00.000"),
            (951_868_800_000_000_000, "2000-03-01 00:00:00.000"),
            (4_107_542_399_999_999_999, "2100-02-28 23:59:59.999"),
            (4_107_542_400_000_000_000, "2100-03-01 00:00:00.000"),
            (u64::MAX, "2554-07-21 23:34:33.709"),
        ];
        for (ns, text) in cases {
            assert_eq!(date_time(Time::from_ns(ns)), text);
        }
        let time = Time::from_ns(1_795_356_000_317_900_000);
        assert_eq!(
            (iso(time).as_str(), time_of_day(time).as_str()),
            ("2026-11-22T14:00:00.317Z", "14:00:00.317Z")
        );
    }
}
