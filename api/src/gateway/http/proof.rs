//! Proof: for whom a request over HTTP acts: it is signed by itself.

use engine::account::KeyGrant;
use engine::ids::{PublicKey as EngineKey, Scopes};
use engine::key::KeyBounds;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::signature::{HttpText, Signed, check_skew};
use protocol::time::Time;

use crate::gateway::http::head::{Head, Refusal, Verb};
use crate::gateway::session::Session;

/// The headers of a signature; in lower case, as heads have them.
const HEADERS: [(&str, &str); 4] =
    [("hb-key", "HB-Key"), ("hb-ts", "HB-Ts"), ("hb-nonce", "HB-Nonce"), ("hb-sig", "HB-Sig")];
/// The header of a development server's token.
const TOKEN: &str = "hb-token";
/// Characters of a nonce.
const NONCE: std::ops::RangeInclusive<usize> = 16..=64;

impl Session {
    /// Finds out for whom a request acts: nobody, where it says nothing of that.
    ///
    /// # Errors
    /// It says so and does not prove it, or proves it again.
    pub(super) async fn identify(&mut self, head: &Head, body: &[u8]) -> Result<(), ErrorObject> {
        self.actor = None;
        let header = |name| head.header(name).map_err(|Refusal { error, .. }| error);
        if let Some(token) = header(TOKEN)? {
            let known = self.by_token(token).await.map_err(|error| error.with_field("HB-Token"))?;
            let (account, scopes, bounds) = (known.account, Scopes::ALL, KeyBounds::NONE);
            return self.act(&known, (None, KeyGrant { account, scopes, bounds }), false);
        }
        let mut given = [None; HEADERS.len()];
        for (place, (name, _)) in given.iter_mut().zip(HEADERS) {
            *place = header(name)?;
        }
        if given.iter().all(Option::is_none) {
            return Ok(());
        }
        let missing = given.iter().zip(HEADERS).find(|(value, _)| value.is_none());
        if let Some((_, (_, name))) = missing {
            let message = "a signed request has the headers HB-Key, HB-Ts, HB-Nonce and HB-Sig";
            return Err(ErrorObject::new(ErrorCode::MissingField, message).with_field(name));
        }
        self.by_headers((head, body), given.map(Option::unwrap_or_default)).await
    }

    async fn by_headers(
        &mut self,
        (head, body): (&Head, &[u8]),
        [key_id, ts, nonce, sig]: [&str; 4],
    ) -> Result<(), ErrorObject> {
        let ts = Time::parse(ts).ok_or_else(|| {
            let message = "a time is 19 digits, nanoseconds since 1970";
            ErrorObject::new(ErrorCode::BadValue, message).with_field("HB-Ts")
        })?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(NONCE.contains(&nonce.len()) && nonce.bytes().all(plain)) {
            let message = "a nonce is 16 to 64 letters, digits, - and _";
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("HB-Nonce"));
        }
        check_skew(ts, self.gateway.settings.now()).map_err(|error| error.with_field("HB-Ts"))?;
        let (known, key, grant) =
            self.registered(key_id).await.map_err(|error| error.with_field("HB-Key"))?;
        let verb = if head.verb == Verb::Post { "POST" } else { "GET" };
        let text = HttpText { ts, nonce, verb, path: &head.target, body };
        text.verify(&key, sig).map_err(|error| error.with_field("HB-Sig"))?;
        self.check_bounds(&grant.bounds).map_err(|error| error.with_field("HB-Key"))?;
        let key = EngineKey(key.to_bytes());
        self.gateway.nonces.note((ts, key, nonce), self.gateway.settings.now())?;
        self.act(&known, (Some(key), grant), false)
    }
}
