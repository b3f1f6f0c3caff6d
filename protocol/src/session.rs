//! Session: who a connection acts for, and whether it is alive.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::time::Time;

/// Params of `login`: how a connection proves its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LoginFields", into = "LoginFields")]
pub enum Login {
    /// A development server believes `dev:<account>`.
    Token {
        /// The token.
        token: String,
    },
    /// A signature over the connection's challenge.
    Key {
        /// Which registered key signed.
        key_id: String,
        /// When it was signed.
        ts: Time,
        /// The Ed25519 signature in base64.
        sig: String,
    },
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See orders, fills and balances.
    Read,
    /// Add, amend and reduce orders.
    Trade,
    /// Cancel orders.
    Cancel,
    /// Register capacity.
    Provide,
    /// Open accounts, register keys, deposit, add markets, set modes and limits.
    Admin,
    /// A scope that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Result of `login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginResult {
    /// The account's name.
    pub account: String,
    /// What the key may do.
    pub scopes: Vec<Scope>,
    /// The account's last private sequence.
    pub xseq: u64,
}

/// Params and result of `ping`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// Comes back as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo: Option<String>,
}

/// The strict reading of `ping`: its result may grow, its params may not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PingFields {
    echo: Option<String>,
}

impl From<PingFields> for Ping {
    fn from(fields: PingFields) -> Ping {
        Ping { echo: fields.echo }
    }
}

/// Params of the methods that take none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoFields {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sig: Option<String>,
}

const TOKEN_PREFIX: &str = "dev:";

impl Login {
    /// The login of `account` on a development server.
    pub fn dev(account: &str) -> Login {
        Login::Token { token: format!("{TOKEN_PREFIX}{account}") }
    }

    /// The account that a development token names; `None` if the token has another form.
    pub fn dev_account(token: &str) -> Option<&str> {
        token.strip_prefix(TOKEN_PREFIX)
    }
}

impl TryFrom<LoginFields> for Login {
    type Error = ErrorObject;

    fn try_from(fields: LoginFields) -> Result<Login, ErrorObject> {
        match fields {
            LoginFields { token: Some(token), key_id: None, ts: None, sig: None } => {
                Ok(Login::Token { token })
            }
            LoginFields { token: Some(_), .. } => {
                Err(ErrorObject::new(ErrorCode::BadValue, "a login has a token or a signature, not both")
                    .with_field("token"))
            }
            LoginFields { key_id: Some(key_id), ts: Some(ts), sig: Some(sig), .. } => {
                Ok(Login::Key { key_id, ts, sig })
            }
            LoginFields { key_id, ts, .. } => {
                let missing = if key_id.is_none() {
                    "key_id"
                } else if ts.is_none() {
                    "ts"
                } else {
                    "sig"
                };
                Err(ErrorObject::new(ErrorCode::MissingField, "a login has key_id, ts and sig")
                    .with_field(missing))
            }
        }
    }
}

impl From<Login> for LoginFields {
    fn from(login: Login) -> LoginFields {
        match login {
            Login::Token { token } => LoginFields { token: Some(token), key_id: None, ts: None, sig: None },
            Login::Key { key_id, ts, sig } => {
                LoginFields { token: None, key_id: Some(key_id), ts: Some(ts), sig: Some(sig) }
            }
        }
    }
}
