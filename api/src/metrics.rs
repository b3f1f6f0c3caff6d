//! Metrics: what the gateway counts, for whoever watches the exchange.
//!
//! Counters are plain atomics: nobody waits for them. The bounds of a histogram double.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::error_code::{CODES, ErrorCode};

/// The first bound of a histogram, in nanoseconds, as a power of two: about 16 microseconds.
const FIRST_BOUND: u32 = 14;
/// How many bounds there are: the last is about 17 seconds.
const BOUNDS: usize = 21;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What the gateway has done so far.
#[derive(Debug)]
pub struct Metrics {
    /// Websockets that were opened.
    pub(crate) opened: AtomicU64,
    /// HTTP requests that came.
    pub(crate) http: AtomicU64,
    /// Requests that were received.
    pub(crate) requests: AtomicU64,
    /// Requests that were refused, by the place of their code among [`CODES`].
    refusals: Box<[AtomicU64]>,
    /// Websockets that were ended from here, by the place of the error's code.
    endings: Box<[AtomicU64]>,
    /// From the receipt of a request to its answer.
    answers: Histogram,
}

/// How many durations lie between bounds that double.
#[derive(Debug, Default)]
struct Histogram {
    /// Those that lie below a bound and not below the one before; behind the last all others.
    counts: [AtomicU64; BOUNDS + 1],
    nanos: AtomicU64,
}

impl Histogram {
    fn note(&self, nanos: u64) {
        let place = u64::BITS - (nanos >> FIRST_BOUND).leading_zeros();
        let place = usize::try_from(place).unwrap_or(BOUNDS).min(BOUNDS);
        count(&self.counts[place]);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    fn write(&self, page: &mut Page, (name, what): (&str, &str)) {
        page.metric(name, "histogram", what);
        let mut below = 0;
        for (place, count) in (0_u32..).zip(&self.counts) {
            below += count.load(Ordering::Relaxed);
            match usize::try_from(place).is_ok_and(|place| place < BOUNDS) {
                true => {
                    let bound = seconds(1 << (FIRST_BOUND + place));
                    page.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {below}"));
                }
                false => page.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {below}")),
            }
        }
        page.line(format_args!("{name}_sum {}", seconds(self.nanos.load(Ordering::Relaxed))));
        page.line(format_args!("{name}_count {below}"));
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            opened: AtomicU64::new(0),
            http: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            refusals: by_code(),
            endings: by_code(),
            answers: Histogram::default(),
        }
    }
}

impl Metrics {
    /// Counts a refusal.
    pub(crate) fn refused(&self, code: &ErrorCode) {
        count_code(&self.refusals, code);
    }

    /// Counts a websocket that is ended for a reason.
    pub(crate) fn ended(&self, code: &ErrorCode) {
        count_code(&self.endings, code);
    }

    /// Notes how long a request waited for its answer, in nanoseconds.
    pub(crate) fn answered(&self, nanos: u64) {
        self.answers.note(nanos);
    }

    /// Writes all of it.
    pub(crate) fn write(&self, page: &mut Page) {
        let told = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.number(
            ("hourbook_websockets_opened_total", "counter"),
            told(&self.opened),
            "Websockets that were opened.",
        );
        page.number(
            ("hourbook_http_requests_total", "counter"),
            told(&self.http),
            "HTTP requests that came.",
        );
        page.number(
            ("hourbook_requests_total", "counter"),
            told(&self.requests),
            "Methods that were asked for.",
        );
        for (name, what, counted) in [
            ("hourbook_refusals_total", "What was refused, by the error's code.", &self.refusals),
            (
                "hourbook_websockets_ended_total",
                "Websockets that the exchange has ended, by the error's code.",
                &self.endings,
            ),
        ] {
            page.metric(name, "counter", what);
            for (code, counted) in CODES.iter().zip(counted) {
                if 0 < told(counted) {
                    page.line(format_args!("{name}{{code=\"{code}\"}} {}", told(counted)));
                }
            }
        }
        let what = "From the receipt of a request to its answer; of a command, until it is durable.";
        self.answers.write(page, ("hourbook_answer_seconds", what));
    }
}

/// A counter for each code.
fn by_code() -> Box<[AtomicU64]> {
    CODES.iter().map(|_| AtomicU64::new(0)).collect()
}

fn count_code(counters: &[AtomicU64], code: &ErrorCode) {
    if let Some(place) = CODES.iter().position(|known| known == code) {
        count(&counters[place]);
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Nanoseconds as seconds.
fn seconds(nanos: u64) -> String {
    format!("{}.{:09}", nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND)
}

/// Text in the form that Prometheus reads.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Begins a metric: what it is, and whether it is a `counter`, a `gauge` or a `histogram`.
    pub(crate) fn metric(&mut self, name: &str, kind: &str, what: &str) {
        self.line(format_args!("# HELP {name} {what}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// A metric that is one number.
    pub(crate) fn number(&mut self, (name, kind): (&str, &str), value: u64, what: &str) {
        self.metric(name, kind, what);
        self.line(format_args!("{name} {value}"));
    }

    /// One line.
    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("text takes whatever is written");
    }

    /// All of it.
    pub(crate) fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_between_bounds_that_double() {
        let metrics = Metrics::default();
        for nanos in [0, (1 << FIRST_BOUND) - 1, 1 << FIRST_BOUND, 40_000, u64::from(u32::MAX) * 100] {
            metrics.answered(nanos);
        }
        let mut page = Page::default();
        metrics.write(&mut page);
        let text = page.text();
        for line in [
            "hourbook_answer_seconds_bucket{le=\"0.000016384\"} 2",
            "hourbook_answer_seconds_bucket{le=\"0.000032768\"} 3",
            "hourbook_answer_seconds_bucket{le=\"0.000065536\"} 4",
            "hourbook_answer_seconds_bucket{le=\"17.179869184\"} 4",
            "hourbook_answer_seconds_bucket{le=\"+Inf\"} 5",
            "hourbook_answer_seconds_count 5",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}:\n{text}");
        }
    }
}
