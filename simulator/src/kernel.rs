//! Kernel: a whole exchange in a world of its own, in which one number says everything that happens.
//!
//! The node's own stages and rings run under a virtual clock, on a disk that forgets and a network that loses, with
//! clients that ask again and operators that change their minds. [`trial::Trial`] is one run of it.

mod agenda;
mod auditor;
mod choices;
mod client;
mod clock;
pub mod disk;
mod evidence;
mod fault;
mod foretelling;
pub mod kept;
mod machine;
mod network;
mod news;
mod request;
pub mod shrink;
pub mod soak;
pub mod trial;
mod witness;
mod workload;
mod world;
