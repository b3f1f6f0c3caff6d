//! Config: bounds so small that every order can be tried.

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
