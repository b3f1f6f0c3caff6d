//! Sync: everything in which the node's threads meet. The test of every order in which they may meet puts its own here.

use std::thread::Builder;

pub(crate) use crossbeam::queue::ArrayQueue;
pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use std::sync::mpsc::channel;
pub(crate) use std::thread::{JoinHandle, Thread, current, park, park_timeout, sleep};

/// Starts a thread of this name.
pub(crate) fn spawn<R: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    Builder::new().name(name.into()).spawn(run).expect("the machine has room for a thread")
}
