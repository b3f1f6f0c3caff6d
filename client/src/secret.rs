//! Secret: the half of a key that never leaves its owner.

use std::fmt;

use protocol::signature::PublicKey;

/// The 32 secret bytes of an Ed25519 key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new secret from the machine's random source.
    pub fn random() -> Result<Secret, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Secret(bytes))
    }

    /// The secret of these bytes; any bytes will do.
    pub const fn from_bytes(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }

    /// The bytes, to sign with.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The half that everyone may know.
    pub fn public(&self) -> PublicKey {
        PublicKey::of_secret(&self.0)
    }
}

impl fmt::Debug for Secret {
    /// Shows the public half: what is printed is kept somewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.public().id())
    }
}
