//! Signature: the login that a key signs.
//!
//! The text binds the signature to one connection, so it is worth nothing on another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::time::Time;

/// How far the signed time may be from the server's.
pub const SKEW_NS_MAX: u64 = 30_000_000_000;

/// What a login signs.
#[derive(Clone, Copy, Debug)]
pub struct LoginText<'a> {
    /// `conn_id` of the hello.
    pub conn_id: &'a str,
    /// `challenge` of the hello.
    pub challenge: &'a str,
    /// When it is signed.
    pub ts: Time,
}

/// A registered key. It is on the curve and not of small order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl LoginText<'_> {
    /// Signs with the 32 secret bytes of an Ed25519 key; base64, as `sig` has it.
    pub fn sign(&self, secret: &[u8; 32]) -> String {
        let signature = SigningKey::from_bytes(secret).sign(self.text().as_bytes());
        BASE64.encode(signature.to_bytes())
    }

    /// Refuses with `BAD_SIGNATURE` unless `key` signed this text.
    pub fn verify(&self, key: &PublicKey, sig: &str) -> Result<(), ErrorObject> {
        let Some(signature) = BASE64.decode(sig).ok().and_then(|bytes| Signature::from_slice(&bytes).ok())
        else {
            let message = "a signature is 64 bytes in base64";
            return Err(ErrorObject::new(ErrorCode::BadSignature, message).with_field("sig"));
        };
        key.0.verify_strict(self.text().as_bytes(), &signature).map_err(|_| {
            let message = "the key did not sign this connection's conn_id, challenge and ts";
            ErrorObject::new(ErrorCode::BadSignature, message).with_field("sig")
        })
    }

    /// Refuses with `CLOCK_SKEW` if the signed time is too far from `now`.
    pub fn check_skew(&self, now: Time) -> Result<(), ErrorObject> {
        if self.ts.ns().abs_diff(now.ns()) <= SKEW_NS_MAX {
            return Ok(());
        }
        let skew_ms = (i128::from(self.ts.ns()) - i128::from(now.ns())) / 1_000_000;
        let skew_ms = i64::try_from(skew_ms).expect("a difference of 64 bits in ms fits 64 bits");
        let message = format!("the signed time is {skew_ms} ms off the server's; 30000 are allowed");
        Err(ErrorObject::new(ErrorCode::ClockSkew, message)
            .with_field("ts")
            .with_details(serde_json::json!({ "server_time": now, "skew_ms": skew_ms })))
    }

    fn text(&self) -> String {
        format!("hourbook-login-v1\n{}\n{}\n{}", self.conn_id, self.challenge, self.ts)
    }
}

impl PublicKey {
    /// The public half of a secret key.
    pub fn of_secret(secret: &[u8; 32]) -> PublicKey {
        PublicKey(SigningKey::from_bytes(secret).verifying_key())
    }

    /// The key of these bytes; `None` if they are no point or one that anyone could sign for.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<PublicKey> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(PublicKey)
    }

    /// Reads the base64 of `register_key`; `field` is named in the `BAD_VALUE` otherwise.
    pub fn parse(text: &str, field: &str) -> Result<PublicKey, ErrorObject> {
        let bytes: Option<[u8; 32]> = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.and_then(|bytes| PublicKey::from_bytes(&bytes)).ok_or_else(|| {
            let message = "an Ed25519 public key is 32 bytes in base64";
            ErrorObject::new(ErrorCode::BadValue, message).with_field(field)
        })
    }

    /// The key's 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The base64 of `register_key`.
    pub fn text(&self) -> String {
        BASE64.encode(self.0.as_bytes())
    }

    /// The key's name in a login: `k_` and its first 8 bytes in hex.
    pub fn id(&self) -> String {
        let first = self.0.as_bytes().iter().take(8);
        first.fold(String::from("k_"), |id, byte| id + &format!("{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginText, PublicKey, SKEW_NS_MAX};
    use crate::error_code::ErrorCode;
    use crate::time::Time;

    const TEXT: LoginText<'_> = LoginText {
        conn_id: "c-7f3a91",
        challenge: "q0F5yQ3Jb1mX9p2VtYw8Zg",
        ts: Time::from_ns(1_795_356_000_123_456_789),
    };
    const SIG: &str =
        "JZqP40Ud31IcOtCYRCeasdDJwwzFEaVJCUo01HXvmHp+xqsdRcO9St4IyWJIow+NnMDIIYaSwQrsCGcOB9pLAg==";

    fn secret() -> [u8; 32] {
        std::array::from_fn(|index| u8::try_from(index).unwrap())
    }

    #[test]
    fn signature_matches_the_published_vector() {
        let key = PublicKey::of_secret(&secret());
        assert_eq!(key.text(), "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
        assert_eq!(key.id(), "k_03a107bff3ce10be");
        assert_eq!(TEXT.sign(&secret()), SIG);
        assert_eq!(TEXT.verify(&key, SIG), Ok(()));
        assert_eq!(PublicKey::parse(&key.text(), "key"), Ok(key));
        assert_eq!(PublicKey::from_bytes(&key.to_bytes()), Some(key));
    }

    #[test]
    fn signature_of_anything_else_is_refused() {
        let key = PublicKey::of_secret(&secret());
        let other_key = PublicKey::of_secret(&[7; 32]);
        let flipped = SIG.replacen('J', "K", 1);
        let cases = [
            (LoginText { conn_id: "c-7f3a92", ..TEXT }, &key, SIG),
            (LoginText { challenge: "q0F5yQ3Jb1mX9p2VtYw8Zh", ..TEXT }, &key, SIG),
            (LoginText { ts: Time::from_ns(1_795_356_000_123_456_788), ..TEXT }, &key, SIG),
            (TEXT, &other_key, SIG),
            (TEXT, &key, flipped.as_str()),
            (TEXT, &key, ""),
            (TEXT, &key, "not base64"),
            (TEXT, &key, "AAAA"),
        ];
        for (text, key, sig) in cases {
            assert_eq!(text.verify(key, sig).unwrap_err().code, ErrorCode::BadSignature, "{text:?} {sig}");
        }
    }

    #[test]
    fn public_key_that_anyone_can_sign_for_is_refused() {
        let small_order = PublicKey::parse("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "key");
        let error = small_order.unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (ErrorCode::BadValue, Some("key")));
    }

    #[test]
    fn skew_is_measured() {
        let now = Time::from_ns(TEXT.ts.ns() + SKEW_NS_MAX);
        assert_eq!(TEXT.check_skew(now), Ok(()));
        let late = Time::from_ns(now.ns() + 1);
        let error = TEXT.check_skew(late).unwrap_err();
        assert_eq!(error.code, ErrorCode::ClockSkew);
        let details = serde_json::json!({ "server_time": "1795356030123456790", "skew_ms": -30_000 });
        assert_eq!(error.details.as_deref(), Some(&details));
    }
}
