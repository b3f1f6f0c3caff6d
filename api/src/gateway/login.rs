//! Login: proves for whom a connection acts.

use engine::command::Command;
use engine::ids::{PublicKey as EngineKey, Scopes};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::session::{Login, LoginResult};
use protocol::signature::{LoginText, PublicKey};
use protocol::time::Time;

use crate::convert::{account, entry};
use crate::gateway::session::{Actor, Session};
use crate::origin::now;
use crate::question::{AccountBy, Known, Question};

impl Session {
    pub(super) async fn login(&mut self, login: &Login) -> Result<LoginResult, ErrorObject> {
        if self.actor.is_some() {
            let message =
                "this connection acts for an account already: open another connection for another account";
            return Err(ErrorObject::new(ErrorCode::AlreadyLoggedIn, message));
        }
        let (known, scopes) = match login {
            Login::Token { token } => (self.by_token(token).await?, Scopes::ALL),
            Login::Key { key_id, ts, sig } => self.by_key(key_id, *ts, sig).await?,
        };
        self.actor = Some(Actor { account: known.account, scopes });
        let scopes = account::scopes(scopes);
        Ok(LoginResult { account: known.name.to_string(), scopes, xseq: known.xseq })
    }

    /// On a development server a name is enough, on this machine; the account is opened when there is none.
    async fn by_token(&self, token: &str) -> Result<Known, ErrorObject> {
        let refused = |message: &str| ErrorObject::new(ErrorCode::BadSignature, message).with_field("token");
        if !self.gateway.dev {
            return Err(refused("tokens are for development servers: sign with a key"));
        }
        if !self.loopback {
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

    async fn by_key(&self, key_id: &str, ts: Time, sig: &str) -> Result<(Known, Scopes), ErrorObject> {
        let text = LoginText { conn_id: &self.conn_id, challenge: &self.challenge, ts };
        text.check_skew(now())?;
        let unknown = || {
            let message = "no key has this id, or it was revoked";
            ErrorObject::new(ErrorCode::KeyUnknown, message).with_field("key_id")
        };
        let first = first_bytes(key_id).ok_or_else(unknown)?;
        let known = self.known(AccountBy::Key(first)).await?.ok_or_else(unknown)?;
        let (key, scopes) = known.key.ok_or_else(unknown)?;
        let key = PublicKey::from_bytes(&key.0).ok_or_else(unknown)?;
        text.verify(&key, sig)?;
        let (session, outbox, key) = (self.number(), self.outbox(), EngineKey(key.to_bytes()));
        // From here on a revocation ends this connection; one that came first is noticed now.
        let acts = self.gateway.consult(|answer| Question::Act { session, outbox, key, answer }).await?;
        if acts { Ok((known, scopes)) } else { Err(unknown()) }
    }

    /// What the publisher knows of an account.
    pub(super) async fn known(&self, by: AccountBy) -> Result<Option<Known>, ErrorObject> {
        self.gateway.consult(|answer| Question::Account { by, answer }).await
    }
}

/// The first eight bytes of a key from its id, `k_` and 16 hexadecimal digits.
pub(super) fn first_bytes(key_id: &str) -> Option<[u8; 8]> {
    let hex = key_id.strip_prefix("k_").filter(|hex| hex.len() == 16)?;
    u64::from_str_radix(hex, 16).ok().map(u64::to_be_bytes)
}
