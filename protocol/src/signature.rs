//! Signature: the login and the requests that a key signs.
//!
//! Each kind of text begins with a word of its own, so that a signature of one is worth nothing as another. The text
//! binds it to one connection, or over HTTP to a nonce, so that it is worth nothing a second time. What is signed is the
//! bytes that are sent, as they are sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

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

/// What a request over websocket signs, when it moves credit or changes keys.
#[derive(Clone, Copy, Debug)]
pub struct RequestText<'a> {
    /// `conn_id` of the hello.
    pub conn_id: &'a str,
    /// `challenge` of the hello.
    pub challenge: &'a str,
    /// When it is signed.
    pub ts: Time,
    /// The method.
    pub method: &'a str,
    /// The text of `params` as it is sent, from brace to brace.
    pub params: &'a str,
}

/// What a request over HTTP signs.
#[derive(Clone, Copy, Debug)]
pub struct HttpText<'a> {
    /// When it is signed.
    pub ts: Time,
    /// 16 to 64 characters that this key has not used before.
    pub nonce: &'a str,
    /// `GET` or `POST`.
    pub verb: &'a str,
    /// The path, with what follows a question mark.
    pub path: &'a str,
    /// The body as it is sent.
    pub body: &'a [u8],
}

/// What a new key signs to take an old one's place.
#[derive(Clone, Copy, Debug)]
pub struct RotationText<'a> {
    /// The id of the key that it replaces.
    pub key_id: &'a str,
}

/// Text that a key signs.
pub trait Signed {
    /// All of it.
    fn text(&self) -> String;

    /// What it is, for an error.
    const WHAT: &'static str;

    /// Signs with the 32 secret bytes of an Ed25519 key; base64.
    fn sign(&self, secret: &[u8; 32]) -> String {
        let signature = SigningKey::from_bytes(secret).sign(self.text().as_bytes());
        BASE64.encode(signature.to_bytes())
    }

    /// Refuses with `BAD_SIGNATURE` unless `key` signed this text.
    fn verify(&self, key: &PublicKey, sig: &str) -> Result<(), ErrorObject> {
        let Some(signature) = BASE64.decode(sig).ok().and_then(|bytes| Signature::from_slice(&bytes).ok())
        else {
            let message = "a signature is 64 bytes in base64";
            return Err(ErrorObject::new(ErrorCode::BadSignature, message).with_field("sig"));
        };
        key.0.verify_strict(self.text().as_bytes(), &signature).map_err(|_| {
            let message = format!("the key did not sign {}", Self::WHAT);
            ErrorObject::new(ErrorCode::BadSignature, message).with_field("sig")
        })
    }
}

impl Signed for LoginText<'_> {
    const WHAT: &'static str = "this connection's conn_id, challenge and ts";

    fn text(&self) -> String {
        format!("hourbook-login-v1\n{}\n{}\n{}", self.conn_id, self.challenge, self.ts)
    }
}

impl Signed for RequestText<'_> {
    const WHAT: &'static str =
        "this connection's conn_id and challenge, ts, the method and the params as they were sent";

    fn text(&self) -> String {
        let RequestText { conn_id, challenge, ts, method, params } = *self;
        let digest = sha256(params.as_bytes());
        format!("hourbook-request-v1\n{conn_id}\n{challenge}\n{ts}\n{method}\n{digest}")
    }
}

impl Signed for HttpText<'_> {
    const WHAT: &'static str = "HB-Ts, HB-Nonce, the verb, the path and the body as they were sent";

    fn text(&self) -> String {
        let HttpText { ts, nonce, verb, path, body } = *self;
        let digest = sha256(body);
        format!("hourbook-http-v1\n{ts}\n{nonce}\n{verb}\n{path}\n{digest}")
    }
}

impl Signed for RotationText<'_> {
    const WHAT: &'static str = "the id of the key that it replaces";

    fn text(&self) -> String {
        format!("hourbook-rotate-v1\n{}", self.key_id)
    }
}

/// The hash of these bytes, in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Refuses with `CLOCK_SKEW` if a signed time is too far from `now`.
pub fn check_skew(ts: Time, now: Time) -> Result<(), ErrorObject> {
    if ts.ns().abs_diff(now.ns()) <= SKEW_NS_MAX {
        return Ok(());
    }
    let skew_ms = (i128::from(ts.ns()) - i128::from(now.ns())) / 1_000_000;
    let skew_ms = i64::try_from(skew_ms).expect("a difference of 64 bits in ms fits 64 bits");
    let message = format!("the signed time is {skew_ms} ms off the server's; 30000 are allowed");
    Err(ErrorObject::new(ErrorCode::ClockSkew, message)
        .with_field("ts")
        .with_details(serde_json::json!({ "server_time": now, "skew_ms": skew_ms })))
}

/// A registered key. It is on the curve and not of small order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

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
    use super::{HttpText, LoginText, PublicKey, RequestText, RotationText, SKEW_NS_MAX, Signed, check_skew};
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
        assert_eq!(check_skew(TEXT.ts, now), Ok(()));
        let late = Time::from_ns(now.ns() + 1);
        let error = check_skew(TEXT.ts, late).unwrap_err();
        assert_eq!(error.code, ErrorCode::ClockSkew);
        let details = serde_json::json!({ "server_time": "1795356030123456790", "skew_ms": -30_000 });
        assert_eq!(error.details.as_deref(), Some(&details));
    }
    #[test]
    fn each_kind_of_text_is_signed_apart() {
        let params = r#"{"to":"bob","amount":"5","reference":"rent"}"#;
        let LoginText { conn_id, challenge, ts } = TEXT;
        let request = RequestText { conn_id, challenge, ts, method: "transfer", params };
        assert_eq!(
            request.text().lines().last(),
            Some("8a727422446a8a436758ea58efc28da3a01514f59d0d2b19b58894f621256cfb")
        );
        let nonce = "0123456789abcdef";
        let path = "/rpc/v1/transfer";
        let http = HttpText { ts, nonce, verb: "POST", path, body: params.as_bytes() };
        let rotation = RotationText { key_id: "k_03a107bff3ce10be" };
        let key = PublicKey::of_secret(&secret());
        let signatures = [request.sign(&secret()), http.sign(&secret()), rotation.sign(&secret())];
        assert_eq!(request.verify(&key, &signatures[0]), Ok(()));
        assert_eq!(http.verify(&key, &signatures[1]), Ok(()));
        assert_eq!(rotation.verify(&key, &signatures[2]), Ok(()));
        let other = RequestText { params: r#"{"to":"bob","amount":"6","reference":"rent"}"#, ..request };
        let errors = [
            other.verify(&key, &signatures[0]),
            RequestText { method: "redeem", ..request }.verify(&key, &signatures[0]),
            HttpText { nonce: "0123456789abcdee", ..http }.verify(&key, &signatures[1]),
            HttpText { verb: "GET", ..http }.verify(&key, &signatures[1]),
            HttpText { path: "/rpc/v1/redeem", ..http }.verify(&key, &signatures[1]),
            HttpText { body: b"{}", ..http }.verify(&key, &signatures[1]),
            RotationText { key_id: "k_03a107bff3ce10bf" }.verify(&key, &signatures[2]),
            rotation.verify(&key, &signatures[0]),
        ];
        for error in errors {
            assert_eq!(error.unwrap_err().code, ErrorCode::BadSignature);
        }
    }
}
