//! Node: the exchange as a library.
//!
//! Commands enter a bounded ring; the core applies them in batches; the journal makes each batch durable; the publisher
//! folds what is durable into its view and tells it. Beside them a keeper marks how far the journal reaches. [`pipeline`] shows every thread and who waits for whom.

pub mod batch;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod fatal;
pub mod inlet;
pub mod latest;
mod meeting;
pub mod outlet;
pub mod pipeline;
pub mod ready;
pub mod ring;
pub mod stage;
mod sync;
mod threads;
