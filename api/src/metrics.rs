//! Metrics: what the gateway counts, for whoever watches the exchange.
//!
//! Counters are plain atomics: nobody waits for them. A histogram's bounds double.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::error_code::{CODES, ErrorCode};

/// What the gateway has done so far.
#[derive(Debug)]
pub struct Metrics {
    /// Websockets that were opened.
    pub(crate) opened: AtomicU64,
    /// Requests that were received.
    pub(crate) requests: AtomicU64,
    /// Requests that were refused, by the place of their code among [`CODES`].
    refusals: Box<[AtomicU64]>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            opened: AtomicU64::new(0),
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
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
