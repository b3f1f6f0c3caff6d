//! Tee: evidence of trusted hardware, bound to a provider's key and a challenge.
//!
//! It lowers the rate of audits and the stake, and never replaces audits. Clocks, certificates and lists of measurements are
//! arguments: nothing is fetched here.

pub mod nvidia;
pub mod tdx;

use std::error::Error;
use std::fmt;

use crate::digest::Digest;
use crate::domain::Domain;
use crate::key::PublicKey;

/// What evidence must be about: this provider, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The provider.
    pub provider: PublicKey,
    /// Drawn by whoever asks; never used before.
    pub nonce: [u8; 32],
    /// When it is checked, in seconds since 1970 UTC.
    pub now_s: u64,
}

/// Software that trusted hardware may have measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measurements<'a> {
    /// Those that are known to be good.
    pub known: &'a [Digest],
    /// Those that no longer are, known or not.
    pub revoked: &'a [Digest],
}

/// Why evidence was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not what it should be: says what and how.
    Unreadable(String),
    /// A signature or a certificate does not hold: says which.
    Untrusted(String),
    /// It, or what vouches for it, was good until a time that has passed.
    Expired,
    /// It, or what vouches for it, is only good from a time to come.
    NotYetValid,
    /// It is about another provider's key.
    WrongKey,
    /// It answers another challenge.
    WrongNonce,
    /// It measured software that nobody knows.
    UnknownMeasurement(Digest),
    /// It measured software that is no longer trusted.
    RevokedMeasurement(Digest),
    /// The hardware is not up to date: its status.
    Status(String),
}

impl Challenge {
    /// The hash of the provider's key: what evidence says of it.
    pub fn key_hash(&self) -> Digest {
        Digest::of(Domain::TEE, &[self.provider.bytes()])
    }

    /// One hash of key and nonce, for evidence that has room for 32 bytes only.
    pub fn bound_nonce(&self) -> Digest {
        Digest::of(Domain::TEE, &[self.provider.bytes(), &self.nonce])
    }
}

impl Measurements<'_> {
    fn check(&self, measured: Digest) -> Result<(), Refusal> {
        if self.revoked.contains(&measured) {
            Err(Refusal::RevokedMeasurement(measured))
        } else if self.known.contains(&measured) {
            Ok(())
        } else {
            Err(Refusal::UnknownMeasurement(measured))
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unreadable(why) => write!(f, "unreadable: {why}"),
            Refusal::Untrusted(why) => write!(f, "untrusted: {why}"),
            Refusal::Expired => f.write_str("expired: ask for fresh evidence and collateral"),
            Refusal::NotYetValid => f.write_str("not yet valid: compare the clocks"),
            Refusal::WrongKey => f.write_str("wrong key: it is about another provider"),
            Refusal::WrongNonce => f.write_str("wrong nonce: it answers another challenge"),
            Refusal::UnknownMeasurement(digest) => write!(f, "unknown measurement {digest}"),
            Refusal::RevokedMeasurement(digest) => write!(f, "revoked measurement {digest}"),
            Refusal::Status(status) => write!(f, "status {status}: the hardware is not up to date"),
        }
    }
}

impl Error for Refusal {}
