//! Login: proves for whom a connection acts.

use engine::account::KeyGrant;
use engine::command::Command;
use engine::ids::{PublicKey as EngineKey, Scopes};
use engine::key::KeyBounds;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::session::{Login, LoginProof, LoginResult};
use protocol::signature::{LoginText, PublicKey, Signed, check_skew};
use protocol::time::Time;

use crate::config::RETRY_AFTER_MS;
use crate::convert::{account, entry, key};
use crate::gateway::session::{Actor, Session};
use crate::question::{AccountBy, Known, Question};

impl Session {
    pub(super) async fn login(&mut self, login: &Login) -> Result<LoginResult, ErrorObject> {
        if self.actor.is_some() {
            let message =
                "this connection acts for an account already: open another connection for another account";
            return Err(ErrorObject::new(ErrorCode::AlreadyLoggedIn, message));
        }
        let (known, grant) = match &login.proof {
            LoginProof::Token { token } => {
                let known = self.by_token(token).await?;
                let (account, scopes, bounds) = (known.account, Scopes::ALL, KeyBounds::NONE);
                (known, (None, KeyGrant { account, scopes, bounds }))
            }
            LoginProof::Key { key_id, ts, sig } => self.by_key(key_id, *ts, sig).await?,
        };
        self.act(&known, grant, login.rl)?;
        let KeyGrant { scopes, bounds, .. } = grant.1;
        let key_expires = (bounds.expires < KeyBounds::NONE.expires).then(|| Time::from_ns(bounds.expires.0));
        let (account, scopes) = (known.name.to_string(), account::scopes(scopes));
        Ok(LoginResult { account, scopes, xseq: known.xseq, key_expires })
    }

    /// From now on the connection acts for an account.
    pub(super) fn act(
        &mut self,
        known: &Known,
        (key, grant): (Option<EngineKey>, KeyGrant),
        tells_left: bool,
    ) -> Result<(), ErrorObject> {
        let limits = &self.gateway.settings.limits;
        let most = limits.key_connections.filter(|_| !self.is_http);
        let counted = key.map(|key| self.gateway.registry.key(key, most).ok_or_else(|| crowded(most)));
        let KeyGrant { account, scopes, bounds } = grant;
        self.actor = Some(Actor {
            account,
            scopes,
            key,
            bounds,
            rates: limits.of_account(&known.name.to_string()),
            budgets: self.gateway.registry.account(account, self.gateway.settings.now().ns()),
            tells_left,
            _counted: counted.transpose()?,
        });
        Ok(())
    }

    /// On a development server a name is enough, on this machine; the account is opened when there is none.
    pub(super) async fn by_token(&self, token: &str) -> Result<Known, ErrorObject> {
        let refused = |message: &str| ErrorObject::new(ErrorCode::BadSignature, message).with_field("token");
        if !self.gateway.settings.dev {
            return Err(refused("tokens are for development servers: sign with a key"));
        }
        if !self.address.is_loopback() {
            return Err(refused("tokens are believed on the server's own machine only: sign with a key"));
        }
        let name = Login::dev_account(token).ok_or_else(|| refused("a token is dev:<account>"))?;
        let name = entry::label(name, "token")?;
        if let Some(known) = self.known(AccountBy::Name(name)).await? {
            return Ok(known);
        }
        let opened = self.gateway.command(Command::OpenAccount { name, provider: true, joins: None }).await;
        match opened {
            // Two connections may open the same account at once.
            Err(error) if error.code != ErrorCode::AccountExists => Err(error),
            _ => self
                .known(AccountBy::Name(name))
                .await?
                .ok_or_else(|| refused("the account could not be opened")),
        }
    }

    async fn by_key(
        &self,
        key_id: &str,
        ts: Time,
        sig: &str,
    ) -> Result<(Known, (Option<EngineKey>, KeyGrant)), ErrorObject> {
        check_skew(ts, self.gateway.settings.now())?;
        let (known, key, grant) = self.registered(key_id).await?;
        let text = LoginText { conn_id: &self.conn_id, challenge: &self.challenge, ts };
        text.verify(&key, sig)?;
        self.check_bounds(&grant.bounds)?;
        let (session, outbox, key) = (self.number(), self.outbox(), EngineKey(key.to_bytes()));
        // From here on a revocation ends this connection; one that came first is noticed now.
        let acts = self.gateway.consult(|answer| Question::Act { session, outbox, key, answer }).await?;
        if acts { Ok((known, (Some(key), grant))) } else { Err(unknown_key()) }
    }

    /// The key of this id, for whom it acts, and what it may do.
    pub(super) async fn registered(&self, key_id: &str) -> Result<(Known, PublicKey, KeyGrant), ErrorObject> {
        let first = first_bytes(key_id).ok_or_else(unknown_key)?;
        let known = self.known(AccountBy::Key(first)).await?.ok_or_else(unknown_key)?;
        let (key, grant) = known.key.ok_or_else(unknown_key)?;
        let key = PublicKey::from_bytes(&key.0).ok_or_else(unknown_key)?;
        Ok((known, key, grant))
    }

    /// Whether a key may act from here, now.
    pub(super) fn check_bounds(&self, bounds: &KeyBounds) -> Result<(), ErrorObject> {
        if bounds.expires.0 < self.gateway.settings.now().ns() {
            let message = "the time of this key is over: use another";
            return Err(ErrorObject::new(ErrorCode::KeyExpired, message).with_field("key_id"));
        }
        if !bounds.networks.admit(key::address(self.address)) {
            let message = format!("this key may not act from {}: use one of its addresses", self.address);
            return Err(ErrorObject::new(ErrorCode::IpNotAllowed, message).with_field("key_id"));
        }
        Ok(())
    }

    /// What the publisher knows of an account.
    pub(super) async fn known(&self, by: AccountBy) -> Result<Option<Known>, ErrorObject> {
        self.gateway.consult(|answer| Question::Account { by, answer }).await
    }
}

fn unknown_key() -> ErrorObject {
    let message = "no key has this id, or it was revoked";
    ErrorObject::new(ErrorCode::KeyUnknown, message).with_field("key_id")
}

fn crowded(most: Option<u32>) -> ErrorObject {
    let most = most.unwrap_or(u32::MAX);
    let message = format!("this key has {most} connections, as many as it may: close one first");
    ErrorObject::new(ErrorCode::TooManyConnections, message)
        .with_field("key_id")
        .with_retry_after_ms(RETRY_AFTER_MS)
}

/// The first eight bytes of a key from its id, `k_` and 16 hexadecimal digits.
pub(super) fn first_bytes(key_id: &str) -> Option<[u8; 8]> {
    let hex = key_id.strip_prefix("k_").filter(|hex| hex.len() == 16)?;
    u64::from_str_radix(hex, 16).ok().map(u64::to_be_bytes)
}
