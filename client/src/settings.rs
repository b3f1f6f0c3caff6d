//! Settings: the bounds of a connection.

use std::time::Duration;

/// Requests that may wait for their reply at the same time.
pub const REQUESTS_MAX: usize = 4_096;

/// Items that one request may subscribe to, and patterns among them.
pub(crate) const ITEMS_MAX: usize = 128;
pub(crate) const PATTERNS_MAX: usize = 4;

/// Bytes in the longest message that is read; a whole book is one message.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// How long each side may take to say goodbye.
pub(crate) const GOODBYE: Duration = Duration::from_secs(1);

/// How patient a connection is, and how much it keeps for a program that reads late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long connecting may take, and any one reply.
    pub timeout: Duration,
    /// Updates that may wait to be read. When there are so many the socket is not read either, replies neither, until the
    /// program takes one.
    pub updates_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { timeout: Duration::from_secs(10), updates_max: 16_384 }
    }
}
