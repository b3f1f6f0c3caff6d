//! Beacon: the number that says what is audited, which no side could choose.
//!
//! Exchange and taker each commit to a secret before the work begins. Both are shown after the provider has committed. The
//! beacon hashes both and the provider's root: the exchange could not know the root, the provider neither secret.

use crate::digest::Digest;
use crate::domain::Domain;

/// The hash that commits to a secret of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHash(pub Digest);

/// One half of a beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

/// What was shown. Each side may have failed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// `s_x`, the exchange's.
    pub exchange: Option<Secret>,
    /// `s_b`, the taker's.
    pub taker: Option<Secret>,
}

/// What follows from the secrets that were shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beacon {
    /// Both were: the sample is drawn at the agreed rate.
    Whole(Digest),
    /// The taker's is missing: four times the rate, and the taker may not dispute.
    Alone(Digest),
    /// The exchange's is missing, which is the operator's error: everything is audited.
    Missing,
}

impl Secret {
    /// The exchange's secret for a batch. Derived, so a crash loses nothing.
    pub fn of_exchange(node_secret: &[u8; 32], batch: Digest) -> Secret {
        Secret(Digest::of(Domain::NODE_SECRET, &[node_secret, &batch.0]).0)
    }

    /// A taker's secret for the slot that does the `part`th part of its job in a window. Derived, so a taker keeps nothing but its key.
    pub fn of_taker(key_secret: &[u8; 32], symbol: &str, part: u32) -> Secret {
        let parts = [key_secret.as_slice(), &part.to_le_bytes(), symbol.as_bytes()];
        Secret(Digest::of(Domain::TAKER_SECRET, &parts).0)
    }

    /// What commits to it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Digest::of(Domain::SECRET, &[&self.0]))
    }
}

impl Beacon {
    /// The beacon of a batch whose provider committed to `root`. Whether the secrets are those that were committed to is asked
    /// elsewhere.
    pub fn of(secrets: &Secrets, batch: Digest, root: Digest) -> Beacon {
        match (secrets.exchange, secrets.taker) {
            (Some(exchange), Some(taker)) => {
                let parts = [&exchange.0, &taker.0, &batch.0, &root.0];
                Beacon::Whole(Digest::of(Domain::BEACON, &parts.map(|part| part.as_slice())))
            }
            (Some(exchange), None) => {
                let parts = [&exchange.0, &batch.0, &root.0];
                Beacon::Alone(Digest::of(Domain::BEACON_ALONE, &parts.map(|part| part.as_slice())))
            }
            (None, _) => Beacon::Missing,
        }
    }

    /// The hash; [`Digest::NONE`] when there is none.
    pub fn digest(&self) -> Digest {
        match self {
            Beacon::Whole(digest) | Beacon::Alone(digest) => *digest,
            Beacon::Missing => Digest::NONE,
        }
    }
}
