//! Stages: the crate's own.

#[path = "../../src/stage/core.rs"]
pub mod core;
#[path = "../../src/stage/journal.rs"]
pub mod journal;
#[path = "../../src/stage/publish.rs"]
pub mod publish;
