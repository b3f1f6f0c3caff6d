//! Reply: an answer over HTTP, as it goes into the socket.

use protocol::error::ErrorObject;
use protocol::error_code::{Category, ErrorCode};
use protocol::reply::Reply;

use crate::gateway::http::head::Refusal;
use crate::origin::now;

const JSON: &str = "application/json";
const MS_PER_S: u32 = 1_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];

/// An answer.
#[derive(Debug)]
pub(super) struct Answered {
    status: u16,
    content_type: &'static str,
    body: String,
    /// When to try again, in milliseconds.
    retry_after_ms: Option<u32>,
    /// What may be done with the path, where something else was.
    allow: Option<&'static str>,
}

impl Answered {
    /// A page of plain text.
    pub(super) fn page(status: u16, content_type: &'static str, body: String) -> Answered {
        Answered { status, content_type, body, retry_after_ms: None, allow: None }
    }

    /// What came of a method.
    pub(super) fn reply(reply: &Reply) -> Answered {
        let error = reply.outcome.as_ref().err();
        let status = error.map_or(200, |error| status(&error.code));
        let retry_after_ms = error.and_then(|error| error.retry_after_ms);
        Answered { retry_after_ms, ..Answered::page(status, JSON, reply.encode()) }
    }

    /// A refusal of what did not become a method.
    pub(super) fn refusal(refusal: Refusal) -> Answered {
        let Refusal { status, error } = refusal;
        let (t_in, retry_after_ms) = (now(), error.retry_after_ms);
        let reply = Reply { method: None, req_id: None, outcome: Err(error), t_in, t_out: now(), rl: None };
        Answered { retry_after_ms, ..Answered::page(status, JSON, reply.encode()) }
    }

    /// A refusal of what may not be done with a path.
    pub(super) fn not_allowed(allow: &'static str) -> Answered {
        let message = format!("this path takes {allow}");
        let refusal = Refusal { status: 405, error: ErrorObject::new(ErrorCode::UnknownMethod, message) };
        Answered { allow: Some(allow), ..Answered::refusal(refusal) }
    }

    /// The bytes; without the body where only the head was asked for.
    pub(super) fn bytes(&self, goes_on: bool, head_only: bool) -> Vec<u8> {
        let Answered { status, content_type, body, retry_after_ms, allow } = self;
        let mut text = format!("HTTP/1.1 {status} {}\r\ncontent-type: {content_type}\r\n", reason(*status));
        text += &format!("content-length: {}\r\ncache-control: no-store\r\n", body.len());
        text += &format!("date: {}\r\n", date(now().ns() / NANOS_PER_SECOND));
        if let Some(ms) = retry_after_ms {
            text += &format!("retry-after: {}\r\n", ms.div_ceil(MS_PER_S));
        }
        if let Some(allow) = allow {
            text += &format!("allow: {allow}\r\n");
        }
        text += if goes_on { "\r\n" } else { "connection: close\r\n\r\n" };
        if !head_only {
            text += body;
        }
        text.into_bytes()
    }
}

/// The status that goes with a code.
pub(super) fn status(code: &ErrorCode) -> u16 {
    use ErrorCode as E;
    match code {
        E::TooLarge => 413,
        E::UnknownMethod | E::NoMatch | E::UnknownSymbol | E::UnknownMarket | E::UnknownOrder => 404,
        E::AccountUnknown | E::RedemptionUnknown => 404,
        E::ScopeMissing | E::IpNotAllowed | E::AdminListener | E::AccountLocked => 403,
        E::ClOrdIdConflict | E::AmendRace | E::AccountExists | E::KeyExists | E::MarketExists => 409,
        E::ReferenceConsumed => 409,
        E::Internal => 500,
        code => match code.category() {
            Category::Protocol | Category::Subscription => 400,
            Category::Auth => 401,
            Category::Rate => 429,
            Category::Server => 503,
            Category::Order | Category::Risk | Category::Account | Category::Unknown => 422,
        },
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        _ => "Service Unavailable",
    }
}

/// A time in seconds since 1970 as HTTP writes it (RFC 9110, section 5.6.7). Years begin in March here, so that a leap day is
/// the last of its year (Hinnant, "chrono-compatible low-level date algorithms").
fn date(seconds: u64) -> String {
    let (days, second) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    // 1970 began 719,468 days after March of year 0; 400 years have 146,097 days.
    let (era, day) = ((days + 719_468) / 146_097, (days + 719_468) % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of = |names: &[&'static str], place: u64| {
        names[usize::try_from(place).expect("it is small") % names.len()]
    };
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        of(&WEEKDAYS, days % 7),
        day - (153 * month + 2) / 5 + 1,
        of(&MONTHS, month),
        400 * era + year + u64::from(10 <= month),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_has_them() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_795_356_000, "Sun, 22 Nov 2026 14:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn a_status_follows_from_the_code() {
        use protocol::error_code::CODES;

        for code in CODES {
            let status = status(code);
            assert!(
                (400..600).contains(&status) && reason(status) != "Service Unavailable" || status == 503,
                "{code}"
            );
        }
        assert_eq!(
            [ErrorCode::BadType, ErrorCode::NonceUsed, ErrorCode::RateLimited].map(|code| status(&code)),
            [400, 401, 429]
        );
    }
}
