//! Keys of a session: registered and revoked by operators, and replaced by who has them.

use engine::command::Command;
use engine::ids::PublicKey as EngineKey;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::key::{KeyBounds, RotateKey};
use protocol::operator::{RegisterKey, RevokeKey};
use protocol::signature::{PublicKey, RotationText, Signed};

use crate::convert::{account, key};
use crate::gateway::session::Session;

impl Session {
    pub(super) async fn register_key(&self, params: &RegisterKey) -> Result<Command, ErrorObject> {
        let RegisterKey { account, key, scopes, expires, addresses, order_notional } = params;
        let account = self.account(account, "account").await?;
        let key = EngineKey(PublicKey::parse(key, "key")?.to_bytes());
        let addresses = addresses.clone().unwrap_or_default();
        let bounds = KeyBounds { expires: *expires, addresses, order_notional: order_notional.clone() };
        let bounds = key::bounds_asked(&bounds)?;
        Ok(Command::RegisterKey { account, key, scopes: account::scopes_asked(scopes)?, bounds })
    }

    pub(super) async fn revoke_key(&self, params: &RevokeKey) -> Result<Command, ErrorObject> {
        let (_, key, _) = self.registered(&params.key_id).await?;
        Ok(Command::RevokeKey { key: EngineKey(key.to_bytes()) })
    }

    /// Another key in the place of the one that this connection logged in with.
    pub(super) fn rotate_key(&self, params: &RotateKey) -> Result<Command, ErrorObject> {
        let own = self.actor.as_ref().and_then(|actor| actor.key).ok_or_else(|| {
            let message = "only a key is replaced by another: log in with the one that is to go";
            ErrorObject::new(ErrorCode::AuthRequired, message)
        })?;
        let by = PublicKey::parse(&params.key, "key")?;
        let old = PublicKey::from_bytes(&own.0).expect("a key that logged in is a key");
        let text = RotationText { key_id: &old.id() };
        text.verify(&by, &params.proof).map_err(|error| error.with_field("proof"))?;
        Ok(Command::ReplaceKey { key: own, by: EngineKey(by.to_bytes()) })
    }
}
