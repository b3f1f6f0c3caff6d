//! Config: every bound of the gateway, with its unit.

use std::time::Duration;

/// Connections at one time. More are closed at once.
pub const CONNECTIONS_MAX: usize = 10_000;
/// How long a client may take for the websocket handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client may take for a request over HTTP, once it has begun one, and as long again for its body; and how long
/// to read an answer.
pub const HTTP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection over HTTP may rest between requests.
pub const HTTP_IDLE: Duration = Duration::from_secs(60);
/// Signed requests over HTTP that are remembered, so that none is taken twice: those of the last minute.
pub const NONCES_MAX: usize = 1 << 18;
/// Bytes read from a connection at a time: a connection keeps so much for as long as it lasts.
pub const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Streams of one connection.
pub const STREAMS_MAX: usize = 4_096;
/// Streams of the whole venue, each with what its listeners have.
pub const STREAMS_VENUE_MAX: usize = 65_536;
/// Patterns of one connection, and of the whole venue.
pub const PATTERNS_MAX: usize = 64;
/// Every new market is compared with each of them.
pub const PATTERNS_VENUE_MAX: usize = 16_384;
/// Patterns of one connection whose streams are still being joined.
pub const PATTERNS_JOINING_MAX: usize = 4;
/// Streams that one request may subscribe to.
pub const SUBSCRIPTIONS_MAX: usize = 128;
/// Patterns among them: each is compared with every listed window.
pub const SUBSCRIPTION_PATTERNS_MAX: usize = 4;
/// Streams that patterns join, and snapshots that are begun, in one round of the publisher. The rest waits for the next,
/// behind what has become durable meanwhile.
pub const ROUND_STREAMS_MAX: usize = 128;
/// Changes that one request may look back at to resume books. Beyond them, snapshots are cheaper.
pub const RESUME_CHANGES_MAX: usize = 16_384;
/// Changes of books that are kept for those who come back, of all markets together: 48 bytes each.
pub const HISTORY_CHANGES_MAX: usize = 1 << 19;
/// Updates of one market's book that are looked back at.
pub const HISTORY_UPDATES_MAX: usize = 8_192;
/// Private events that are kept for those who come back, of all accounts together: about 350 bytes each.
pub const MOMENTS_MAX: usize = 1 << 17;
/// Private events that one who comes back is told at a time, before others have their turn.
pub const REPLAY_MOMENTS_MAX: usize = 2_048;
/// Portions of so many that are read from the history at a time, for all who come back.
pub const ARCHIVE_READS_MAX: usize = 4;
/// How often those who are told what they missed are looked after, in milliseconds: they read fast, and have far to go.
pub const REPLAY_LOOK_MS: u64 = 1;
/// Levels of a book that one message tells. When more have changed, the whole book is told.
pub const TOUCHED_MAX: usize = 4_096;
/// Messages of a book after which all its levels are proven by a checksum, and milliseconds after which they are anyway.
pub const CHECKPOINT_UPDATES: u32 = 1_000;
/// See [`CHECKPOINT_UPDATES`].
pub const CHECKPOINT_MS: u64 = 10_000;
/// Candles of each length that are kept, of each market that has traded: 56 bytes each.
pub const CANDLES_MAX: usize = 60;
/// Streams of a connection that one heartbeat names.
pub const HEARTBEAT_STREAMS_MAX: usize = 256;
/// Requests of one connection that may wait for their outcome. Reading goes on when one is answered, so that nobody
/// takes all the room there is.
pub const REQUESTS_WAITING_MAX: usize = 1_024;
/// Bytes that may wait for one client. A slower client is cut off.
pub const OUTBOX_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes that may wait for a client before streams that can be told anew leave it out.
pub const STATE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes down to which it has to read before it is told anew.
pub const STATE_BYTES_LOW: usize = 64 * 1024;
/// How often those who were left out are looked after, in milliseconds.
pub const BEHIND_MS: u64 = 10;
/// What becomes durable so many milliseconds after it was sequenced is late: raw streams merge it.
pub const LATE_MS: u64 = 250;
/// How often the server pings, unless it is said.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);
/// After so many intervals in which nothing came, not even the answer to a ping, a client is gone.
pub const SILENT_PINGS_MAX: u32 = 2;
/// How long a closing connection may take to write what is left, unless it is said.
pub const CLOSE_GRACE: Duration = Duration::from_secs(2);
/// Malformed requests in a row before the connection is closed.
pub const FAULTS_MAX: u32 = 64;
/// Symbols whose instruments a session remembers.
pub const SYMBOLS_MAX: usize = 4_096;
/// What the server suggests before a refused request is tried again, in milliseconds.
pub const RETRY_AFTER_MS: u32 = 50;
/// The same while the disk is nearly full.
pub const RETRY_WHEN_FULL_MS: u32 = 5_000;
