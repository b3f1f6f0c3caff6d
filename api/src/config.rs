//! Config: every bound of the gateway, with its unit.

use std::time::Duration;

/// Connections at one time. More are closed at once.
pub const CONNECTIONS_MAX: usize = 10_000;
/// How long a client may take for the websocket handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Streams of one connection.
pub const STREAMS_MAX: usize = 4_096;
/// Streams that one request may subscribe to.
pub const SUBSCRIPTIONS_MAX: usize = 128;
/// Requests of one connection that may wait for their outcome. Reading goes on when one is answered, so that nobody
/// takes all the room there is.
pub const REQUESTS_WAITING_MAX: usize = 1_024;
/// Bytes that may wait for one client. A slower client is cut off.
pub const OUTBOX_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How often the server pings. A client from which nothing came in twice that time is gone.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);
/// How long a closing connection may take to write what is left.
pub const CLOSE_GRACE: Duration = Duration::from_secs(2);
/// Malformed requests in a row before the connection is closed.
pub const FAULTS_MAX: u32 = 64;
/// Symbols whose instruments a session remembers.
pub const SYMBOLS_MAX: usize = 4_096;
/// What the server suggests before a refused request is tried again, in milliseconds.
pub const RETRY_AFTER_MS: u32 = 50;
/// The same while the disk is nearly full.
pub const RETRY_WHEN_FULL_MS: u32 = 5_000;
