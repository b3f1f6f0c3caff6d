//! Config: every bound of the pipeline, with its unit.

use std::time::Duration;

/// Commands that may wait for the core. More is answered with Busy.
pub const INLET_COMMANDS_MAX: usize = 16_384;
/// Commands in one batch: one journal record.
pub const BATCH_COMMANDS_MAX: usize = 1_024;
/// Open orders for which room is made at the start; more make their own.
pub const ORDERS_ROOM: u32 = 1 << 16;
/// Client order ids for which room is made at the start, 56 bytes each; more make their own.
pub const IDS_ROOM: u32 = 1 << 20;
/// Batches that go round between core, journal and publisher. When all are downstream, the core waits.
pub const BATCHES: usize = 16;
/// More batches that go from the publisher to the history and back. When all are there, the publisher waits, then the core
/// does, and then producers are told Busy.
pub const HISTORY_BATCHES_MAX: usize = 128;
/// How long the history sleeps between two looks at what was told, while there is something.
pub const HISTORY_INTERVAL: Duration = Duration::from_millis(1);
/// Looks after which the history writes what it has gathered, though there is still more.
pub const HISTORY_LOOKS: u32 = 16;
/// How long the publisher waits before it looks again whether the history has gone on.
pub const HISTORY_PAUSE: Duration = Duration::from_micros(200);
/// Events for which a batch has room before it grows.
pub const BATCH_EVENTS: usize = 4_096;
/// Questions that may wait for the publisher. More is answered with Busy.
pub const QUESTIONS_MAX: usize = 4_096;
/// Questions answered before the publisher looks for durable batches again.
pub const QUESTIONS_STEP_MAX: usize = 256;
/// From one mark of the journal to the next, while there are new commands.
pub const MARK_INTERVAL: Duration = Duration::from_millis(10);
/// From one look at the disk to the next, while there is too little room on it.
pub const ROOM_INTERVAL: Duration = Duration::from_secs(1);

const _: () = assert!(BATCH_COMMANDS_MAX <= 1_024, "a journal record holds at most 1,024 commands");
