//! Stages: what each thread of the node does, one step at a time. The simulator calls the same steps in its own order.

pub mod core;
pub mod history;
pub mod journal;
pub mod keep;
pub mod publish;
