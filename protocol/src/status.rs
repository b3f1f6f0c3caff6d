//! Status: what the server says of itself, before anything else and before a close.

use serde::{Deserialize, Serialize};

use crate::close::CloseCode;
use crate::error_code::ErrorCode;
use crate::time::Time;
use crate::venue::Rates;

/// The version of this protocol, in `Hello::api`.
pub const API: &str = "hourbook.v1";

/// Where the websocket is.
pub const PATH: &str = "/ws/v1";

/// Where a server in the mode `dev` sends back what comes, for those who try out a websocket library.
pub const ECHO_PATH: &str = "/ws/echo";

/// The websocket subprotocol.
pub const SUBPROTOCOL: &str = "hourbook.json.v1";

/// Bytes in the longest message that the server reads.
pub const MESSAGE_BYTES_MAX: usize = 65_536;

/// A message of the channel `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Status {
    /// The first message of each connection.
    Hello {
        /// Whom the client talks to.
        data: Hello,
    },
    /// How the exchange is, or is about to be.
    Update {
        /// All that is to be said.
        data: Condition,
    },
    /// A pattern does not follow a market that it matches.
    LeftOut {
        /// Which, and why.
        data: LeftOut,
    },
    /// The last message before the server closes.
    Error {
        /// Why it closes.
        data: Closing,
    },
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Whom the client talks to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The connection's name, part of what a login signs.
    pub conn_id: String,
    /// Changes only if sequences do not continue.
    pub epoch: String,
    /// The server's name and version.
    pub server: String,
    /// The protocol.
    pub api: String,
    /// Whether logins are signed.
    pub mode: Mode,
    /// Whether the exchange takes orders.
    pub system: System,
    /// The server's time.
    pub time: Time,
    /// Random text, part of what a login signs.
    pub challenge: String,
    /// How much a connection may ask for.
    pub limits: Limits,
    /// The server pings this often.
    pub ping_ms: u32,
}

/// Whether logins are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By a registered key.
    Live,
    /// A token will do, on this machine.
    Dev,
    /// A mode that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Whether the exchange takes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// It does.
    Online,
    /// It is about to restart.
    Draining,
    /// A state that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// How the exchange is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Whether the exchange takes orders.
    pub system: System,
    /// Works that are planned or under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Maintenance>,
    /// What clients should know in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// Works that are planned or under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Its name, the same in every message about it.
    pub id: String,
    /// How near it is.
    pub stage: Stage,
    /// When it begins or began.
    pub from: Time,
    /// When it should be over, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
    /// What does not work meanwhile: `trading`, `data`.
    pub affects: Vec<String>,
    /// What a client should do: `connect_again`, `cancel_open_orders`.
    pub action: String,
}

/// How near works are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Their time is known.
    Planned,
    /// They begin within minutes.
    Imminent,
    /// They have begun.
    Started,
    /// A stage that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// What clients should know in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its name.
    pub id: String,
    /// When it takes effect.
    pub from: Time,
    /// One sentence.
    pub text: String,
}

/// How much a connection may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes in the longest message that the server reads.
    pub max_message: u64,
    /// Streams of one connection.
    pub max_subs: u64,
    /// Bytes that may wait for a slow client before it is closed.
    pub queue_bytes: u64,
    /// How often something may be asked for.
    #[serde(default, skip_serializing_if = "Rates::is_unlimited")]
    pub rates: Rates,
}

/// A market that a pattern matches and does not follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The pattern's number.
    pub stream: u64,
    /// What of the market the pattern asks for.
    pub channel: String,
    /// The market.
    pub symbol: String,
    /// `TOO_MANY_SUBS`.
    pub code: ErrorCode,
    /// One sentence.
    pub message: String,
}

/// Why the server closes, since many libraries hide the close frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// What went wrong.
    pub code: ErrorCode,
    /// One sentence.
    pub message: String,
    /// The code of the close frame.
    pub close: CloseCode,
}
