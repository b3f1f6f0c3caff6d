//! Key: Ed25519 keys and what they sign.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

/// Who signs: a key on the curve and not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// What signs. Shows nothing of itself.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

/// 64 bytes that may or may not be a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl PublicKey {
    /// The key of these bytes; `None` if they are no point or one that anyone could sign for.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<PublicKey> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(PublicKey)
    }

    /// The key's 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The same key for agreement, as X25519 knows it: what is sealed to it, its owner opens.
    pub fn agreement(&self) -> [u8; 32] {
        self.0.to_montgomery().to_bytes()
    }

    /// Whether the owner of this key signed `bytes`: RFC 8032 without its leniencies.
    pub fn has_signed(&self, bytes: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(bytes, &signature).is_ok()
    }
}

impl SecretKey {
    /// The key of these 32 secret bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> SecretKey {
        SecretKey(SigningKey::from_bytes(bytes))
    }

    /// What everybody may know of it.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The secret half of [`PublicKey::agreement`].
    pub fn agreement(&self) -> [u8; 32] {
        self.0.to_scalar_bytes()
    }

    /// Signs bytes, which begin with their domain word.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(bytes).to_bytes())
    }
}

impl Signature {
    /// What stands in an object that nobody has signed yet.
    pub const NONE: Signature = Signature([0; 64]);
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
