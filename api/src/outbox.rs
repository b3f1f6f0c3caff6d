//! Outbox: what waits to be written to one client.
//!
//! The publisher and the session put text in, the connection's writer takes it out. It is bounded in bytes: when the
//! client is slower than what it asked for, the outbox ends and with it the connection, so nobody else waits.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use crossbeam::queue::SegQueue;
use futures_util::task::AtomicWaker;
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::config::{OUTBOX_BYTES_MAX, REQUESTS_WAITING_MAX};

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The code of the close frame.
    pub close: CloseCode,
    /// What is told before it; nothing when the client asked for the end.
    pub error: Option<(ErrorCode, String)>,
}

/// Text that waits for one client.
#[derive(Debug, Default)]
pub struct Outbox {
    texts: SegQueue<Utf8Bytes>,
    bytes: AtomicUsize,
    writer: AtomicWaker,
    /// Requests that wait for their outcome.
    waiting: AtomicUsize,
    reader: AtomicWaker,
    ending: OnceLock<Ending>,
    ended: Notify,
}

impl Outbox {
    /// Adds a frame's text. Does nothing after the end.
    pub fn push(&self, text: Utf8Bytes) {
        if self.ending.get().is_some() {
            return;
        }
        let waiting = self.bytes.fetch_add(text.len(), Ordering::SeqCst);
        // What counts is what waited before: one large message is no sign of a slow client.
        if OUTBOX_BYTES_MAX < waiting {
            let message = format!(
                "{OUTBOX_BYTES_MAX} bytes wait for you and you do not read them: read faster or subscribe to less"
            );
            self.end(Ending {
                close: CloseCode::SLOW_CONSUMER,
                error: Some((ErrorCode::SlowConsumer, message)),
            });
            return;
        }
        self.texts.push(text);
        self.writer.wake();
    }

    /// Ends the connection after what was put in before. The first reason counts.
    pub fn end(&self, ending: Ending) {
        if self.ending.set(ending).is_ok() {
            self.ended.notify_one();
            self.writer.wake();
        }
    }

    /// Takes the oldest text.
    pub fn pop(&self) -> Option<Utf8Bytes> {
        let text = self.texts.pop()?;
        self.bytes.fetch_sub(text.len(), Ordering::SeqCst);
        Some(text)
    }

    /// Why the connection ends, once it does.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.get()
    }

    /// Waits until there is text or the end. For one writer.
    pub async fn ready(&self) {
        poll_fn(|context| {
            self.writer.register(context.waker());
            if self.texts.is_empty() && self.ending.get().is_none() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Waits until another request may wait for its outcome, and counts it. For one reader.
    pub async fn admit(self: &Arc<Outbox>) -> Waiting {
        poll_fn(|context| {
            self.reader.register(context.waker());
            let room = self.waiting.load(Ordering::SeqCst) < REQUESTS_WAITING_MAX;
            if room { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting { outbox: Arc::clone(self) }
    }

    /// Waits for the end. For one waiter.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }
}

/// A request that waits for its outcome, for as long as this lives.
#[derive(Debug)]
pub struct Waiting {
    outbox: Arc<Outbox>,
}

impl Waiting {
    /// Where the outcome goes.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.outbox.waiting.fetch_sub(1, Ordering::SeqCst);
        self.outbox.reader.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_does_not_read_is_cut_off_and_others_are_not() {
        let (slow, other) = (Outbox::default(), Outbox::default());
        let text = Utf8Bytes::from("x".repeat(OUTBOX_BYTES_MAX / 4));
        for _ in 0..6 {
            slow.push(text.clone());
        }
        other.push(text.clone());
        assert_eq!(slow.ending().map(|ending| ending.close), Some(CloseCode::SLOW_CONSUMER));
        assert_eq!(other.ending(), None);
        assert_eq!(other.pop(), Some(text));
    }
}
