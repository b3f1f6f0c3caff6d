//! Config: bounds so small that every order can be tried.

use std::time::Duration;

/// Commands that may wait for the core.
pub const INLET_COMMANDS_MAX: usize = 4;
/// Commands in one batch.
pub const BATCH_COMMANDS_MAX: usize = 1;
/// Batches that go round.
pub const BATCHES: usize = 2;
/// Events for which a batch has room before it grows.
pub const BATCH_EVENTS: usize = 4;
/// Questions that may wait for the publisher.
pub const QUESTIONS_MAX: usize = 1;
/// Questions answered before the publisher looks for durable batches again.
pub const QUESTIONS_STEP_MAX: usize = 1;
/// Open orders for which room is made at the start.
pub const ORDERS_ROOM: u32 = 1;
/// Client order ids for which room is made at the start.
pub const IDS_ROOM: u32 = 1;
/// More batches that go from the publisher to the history and back.
pub const HISTORY_BATCHES_MAX: usize = 1;
/// How long the history sleeps between two looks. Nobody knows here how long that is.
pub const HISTORY_INTERVAL: Duration = Duration::from_millis(1);
/// Looks after which the history writes what it has gathered.
pub const HISTORY_LOOKS: u32 = 2;
/// How long the publisher waits before it looks again whether the history has gone on.
pub const HISTORY_PAUSE: Duration = Duration::from_micros(200);
/// From one mark of the journal to the next.
pub const MARK_INTERVAL: Duration = Duration::from_millis(10);
/// From one look at the disk to the next.
pub const ROOM_INTERVAL: Duration = Duration::from_secs(1);
