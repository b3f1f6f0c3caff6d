//! Nonces: which signed requests over HTTP were taken already, so that none is taken twice.
//!
//! They are kept in memory for as long as their time is near enough. What was signed before this process began is refused,
//! because nobody knows what was taken then.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use engine::ids::PublicKey;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::signature::SKEW_NS_MAX;
use protocol::time::Time;

use crate::config::{NONCES_MAX, RETRY_AFTER_MS};

/// A request that was taken: when it was signed, by whom, and under which nonce.
type Taken = (u64, PublicKey, Box<str>);

/// Requests that were taken.
#[derive(Debug)]
pub(in crate::gateway) struct Nonces {
    begun: Time,
    taken: Mutex<BTreeSet<Taken>>,
}

impl Nonces {
    /// None so far; nothing from before `begun` is taken.
    pub(in crate::gateway) fn new(begun: Time) -> Nonces {
        Nonces { begun, taken: Mutex::default() }
    }

    /// Notes a request whose signature is good.
    ///
    /// # Errors
    /// It was taken before, or perhaps was by an earlier process, or there are too many.
    pub(super) fn note(
        &self,
        (ts, key, nonce): (Time, PublicKey, &str),
        now: Time,
    ) -> Result<(), ErrorObject> {
        if ts < self.begun {
            let message = "this was signed before the server started: sign it again";
            let error = ErrorObject::new(ErrorCode::ClockSkew, message).with_field("HB-Ts");
            return Err(error.with_details(serde_json::json!({ "server_time": now })));
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.first().is_some_and(|(ts, ..)| ts.saturating_add(SKEW_NS_MAX) < now.ns()) {
            taken.pop_first();
        }
        if NONCES_MAX <= taken.len() {
            let message = "more signed requests came within a minute than are remembered: try again";
            return Err(ErrorObject::new(ErrorCode::Overloaded, message).with_retry_after_ms(RETRY_AFTER_MS));
        }
        if taken.insert((ts.ns(), key, nonce.into())) {
            return Ok(());
        }
        let message = "this request was sent before: sign each with a nonce of its own";
        Err(ErrorObject::new(ErrorCode::NonceUsed, message).with_field("HB-Nonce"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "0123456789abcdef";

    fn at(seconds: u64) -> Time {
        Time::from_ns(1_795_356_000_000_000_000 + seconds * 1_000_000_000)
    }

    #[test]
    fn a_request_is_taken_once() {
        let nonces = Nonces::new(at(0));
        let (key, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let code = |taken: Result<(), ErrorObject>| taken.map_err(|error| error.code);
        assert_eq!(code(nonces.note((at(5), key, NONCE), at(5))), Ok(()));
        assert_eq!(code(nonces.note((at(5), key, NONCE), at(35))), Err(ErrorCode::NonceUsed));
        assert_eq!(code(nonces.note((at(5), other, NONCE), at(5))), Ok(()));
        assert_eq!(code(nonces.note((at(6), key, NONCE), at(6))), Ok(()), "its time is signed too");
        assert_eq!(
            code(nonces.note((Time::from_ns(at(0).ns() - 1), key, NONCE), at(1))),
            Err(ErrorCode::ClockSkew)
        );
    }

    #[test]
    fn what_is_too_old_to_come_again_is_forgotten_and_there_is_a_bound() {
        let nonces = Nonces::new(at(0));
        let key = PublicKey([1; 32]);
        for number in 0..NONCES_MAX {
            let nonce = format!("nonce-{number:010}");
            assert!(nonces.note((at(1), key, &nonce), at(1)).is_ok());
        }
        let full = nonces.note((at(2), key, NONCE), at(31)).map_err(|error| error.code);
        assert_eq!(full, Err(ErrorCode::Overloaded));
        assert!(nonces.note((at(2), key, NONCE), at(32)).is_ok());
        assert_eq!(nonces.taken.lock().map(|taken| taken.len()).ok(), Some(1));
    }
}
