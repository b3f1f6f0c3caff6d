//! Metrics: what the gateway counts, for whoever watches the exchange.
//!
//! Counters are plain atomics: nobody waits for them. A histogram's bounds double.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::error_code::{CODES, ErrorCode};

/// What the gateway has done so far.
#[derive(Debug)]
pub struct Metrics {
    /// Websockets that were opened.
    pub(crate) opened: AtomicU64,
    /// HTTP requests that were answered.
    pub(crate) http: AtomicU64,
    /// Requests that were received.
    pub(crate) requests: AtomicU64,
    /// Requests that were refused, by the place of their code among [`CODES`].
    refusals: Box<[AtomicU64]>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            opened: AtomicU64::new(0),
            http: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            refusals: CODES.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Metrics {
    /// Counts a refusal.
    pub(crate) fn refused(&self, code: &ErrorCode) {
        if let Some(place) = CODES.iter().position(|known| known == code) {
            count(&self.refusals[place]);
        }
    }

    /// The codes of refusals, each with how many there were; those that there were none of are left out.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&'static ErrorCode, u64)> {
        let counted = CODES.iter().zip(&self.refusals);
        counted.map(|(code, count)| (code, count.load(Ordering::Relaxed))).filter(|(_, count)| 0 < *count)
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
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
