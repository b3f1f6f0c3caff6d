//! Session: who a connection acts for, and whether it is alive.

use serde::{Deserialize, Serialize};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::time::Time;

/// Params of `login`: how a connection proves its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LoginFields", into = "LoginFields")]
pub struct Login {
    /// What proves it.
    pub proof: LoginProof,
    /// Whether every reply tells what is left of the account's budgets.
    pub rl: bool,
}

/// What proves for whom a connection acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginProof {
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

/// The signature of a request that moves credit or changes keys, beside its params.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestProof {
    /// When it was signed.
    pub ts: Time,
    /// The Ed25519 signature in base64, by the key that the connection logged in with.
    pub sig: String,
}

impl From<LoginProof> for Login {
    fn from(proof: LoginProof) -> Login {
        Login { proof, rl: false }
    }
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
    /// See what other accounts have and do.
    Audit,
    /// Send credit to other accounts, and ask for it to be paid out.
    Transfer,
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
    /// When the key ends, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_expires: Option<Time>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    rl: Option<bool>,
}

const TOKEN_PREFIX: &str = "dev:";

impl Login {
    /// The login of `account` on a development server.
    pub fn dev(account: &str) -> Login {
        LoginProof::Token { token: format!("{TOKEN_PREFIX}{account}") }.into()
    }

    /// The account that a development token names; `None` if the token has another form.
    pub fn dev_account(token: &str) -> Option<&str> {
        token.strip_prefix(TOKEN_PREFIX)
    }
}

impl TryFrom<LoginFields> for Login {
    type Error = ErrorObject;

    fn try_from(fields: LoginFields) -> Result<Login, ErrorObject> {
        let rl = fields.rl.unwrap_or(false);
        let proof = match fields {
            LoginFields { token: Some(token), key_id: None, ts: None, sig: None, .. } => {
                LoginProof::Token { token }
            }
            LoginFields { token: Some(_), .. } => {
                let message = "a login has a token or a signature, not both";
                return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("token"));
            }
            LoginFields { key_id: Some(key_id), ts: Some(ts), sig: Some(sig), .. } => {
                LoginProof::Key { key_id, ts, sig }
            }
            LoginFields { key_id, ts, .. } => {
                let missing = if key_id.is_none() {
                    "key_id"
                } else if ts.is_none() {
                    "ts"
                } else {
                    "sig"
                };
                let message = "a login has key_id, ts and sig";
                return Err(ErrorObject::new(ErrorCode::MissingField, message).with_field(missing));
            }
        };
        Ok(Login { proof, rl })
    }
}

impl From<Login> for LoginFields {
    fn from(Login { proof, rl }: Login) -> LoginFields {
        let rl = rl.then_some(true);
        match proof {
            LoginProof::Token { token } => {
                LoginFields { token: Some(token), key_id: None, ts: None, sig: None, rl }
            }
            LoginProof::Key { key_id, ts, sig } => {
                LoginFields { token: None, key_id: Some(key_id), ts: Some(ts), sig: Some(sig), rl }
            }
        }
    }
}
