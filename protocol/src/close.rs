//! Close: why the server ended a connection, as the number in the close frame.

use serde::{Deserialize, Serialize};

/// A websocket close code. Clients meet codes they do not know, so the set is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The client asked for it.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// The server restarts; connect again.
    pub const RESTART: CloseCode = CloseCode(1001);
    /// Something that is never allowed, such as a binary frame.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// A message longer than the limit.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// Too many malformed messages.
    pub const PROTOCOL_ERRORS: CloseCode = CloseCode(4002);
    /// The client read too slowly for what it subscribed to.
    pub const SLOW_CONSUMER: CloseCode = CloseCode(4008);
    /// The client went on asking far more often than it may.
    pub const RATE_ABUSE: CloseCode = CloseCode(4029);
    /// What the client missed is not kept any more.
    pub const CONTINUITY_LOST: CloseCode = CloseCode(4100);
}
