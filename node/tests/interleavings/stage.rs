//! Stages: the crate's own.

#[path = "../../src/stage/core.rs"]
pub mod core;
#[path = "../../src/stage/history.rs"]
pub mod history;
#[path = "../../src/stage/journal.rs"]
pub mod journal;
#[path = "../../src/stage/keep.rs"]
pub mod keep;
#[path = "../../src/stage/publish.rs"]
pub mod publish;
