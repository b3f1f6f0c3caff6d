//! Config: every bound of the pipeline, with its unit.

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
/// Events for which a batch has room before it grows.
pub const BATCH_EVENTS: usize = 4_096;
/// Questions that may wait for the publisher. More is answered with Busy.
pub const QUESTIONS_MAX: usize = 4_096;
/// Questions answered before the publisher looks for durable batches again.
pub const QUESTIONS_STEP_MAX: usize = 256;

const _: () = assert!(BATCH_COMMANDS_MAX <= 1_024, "a journal record holds at most 1,024 commands");
