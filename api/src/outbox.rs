//! Outbox: what waits to be written to one client.
//!
//! The publisher and the session put frames in, the connection's writer takes them out. It is bounded in bytes: when
//! the client is slower than what it asked for, the feed first tells it less, and whoever cannot be told less is cut
//! off, so nobody else waits.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use crossbeam::queue::SegQueue;
use futures_util::task::AtomicWaker;
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Bytes;

use crate::config::{OUTBOX_BYTES_MAX, REQUESTS_WAITING_MAX};
use crate::frame;

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The code of the close frame.
    pub close: CloseCode,
    /// What is told before it; nothing when the client asked for the end.
    pub error: Option<(ErrorCode, String)>,
}

/// What waits in an outbox.
pub enum Parcel {
    /// Frames, as they go into the socket.
    Frames(Bytes),
    /// What is large and written only when its turn has come, by the one who sends it.
    Later(Later),
}

/// What is to be written later, and about how long it will be.
pub struct Later {
    bytes: usize,
    write: Box<dyn FnOnce() -> Bytes + Send>,
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes())
    }
}

impl Parcel {
    fn bytes(&self) -> usize {
        match self {
            Parcel::Frames(frames) => frames.len(),
            Parcel::Later(later) => later.bytes,
        }
    }

    /// The frames.
    pub fn into_frames(self) -> Bytes {
        match self {
            Parcel::Frames(frames) => frames,
            Parcel::Later(later) => (later.write)(),
        }
    }
}

/// Frames that wait for one client.
#[derive(Debug, Default)]
pub struct Outbox {
    parcels: SegQueue<Parcel>,
    bytes: AtomicUsize,
    writer: AtomicWaker,
    /// Requests that wait for their outcome.
    waiting: AtomicUsize,
    reader: AtomicWaker,
    ending: OnceLock<Ending>,
    ended: Notify,
}

impl Outbox {
    /// Adds a message. Does nothing after the end.
    pub fn push_text(&self, text: &str) {
        self.push(frame::text(text));
    }

    /// Adds whole frames. Does nothing after the end.
    pub fn push(&self, frames: Bytes) {
        self.put(Parcel::Frames(frames));
    }

    /// Adds a message of about so many bytes that is written when its turn has come. Does nothing after the end.
    pub fn push_later(&self, bytes: usize, write: impl FnOnce() -> String + Send + 'static) {
        self.push_frames_later(bytes, move || frame::text(&write()));
    }

    /// The same with one message or many, as frames.
    pub fn push_frames_later(&self, bytes: usize, write: impl FnOnce() -> Bytes + Send + 'static) {
        self.put(Parcel::Later(Later { bytes, write: Box::new(write) }));
    }

    fn put(&self, parcel: Parcel) {
        if self.ending.get().is_some() {
            return;
        }
        let waiting = self.bytes.fetch_add(parcel.bytes(), Ordering::SeqCst);
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
        self.parcels.push(parcel);
        self.writer.wake();
    }

    /// Ends the connection after what was put in before. The first reason counts.
    pub fn end(&self, ending: Ending) {
        if self.ending.set(ending).is_ok() {
            self.ended.notify_one();
            self.writer.wake();
        }
    }

    /// Takes the oldest parcel.
    pub fn pop(&self) -> Option<Parcel> {
        let parcel = self.parcels.pop()?;
        self.bytes.fetch_sub(parcel.bytes(), Ordering::SeqCst);
        Some(parcel)
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Why the connection ends, once it does.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.get()
    }

    /// Waits until there is a parcel or the end. For one writer.
    pub async fn ready(&self) {
        poll_fn(|context| {
            self.writer.register(context.waker());
            if self.parcels.is_empty() && self.ending.get().is_none() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
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
        let frames = Bytes::from("x".repeat(OUTBOX_BYTES_MAX / 4));
        for _ in 0..6 {
            slow.push(frames.clone());
        }
        other.push(frames.clone());
        assert_eq!(slow.ending().map(|ending| ending.close), Some(CloseCode::SLOW_CONSUMER));
        assert_eq!(other.ending(), None);
        assert_eq!(other.pop().map(Parcel::into_frames), Some(frames));
    }

    #[test]
    fn what_is_written_later_counts_before_it_is_written() {
        let outbox = Outbox::default();
        outbox.push_later(1_000, || "late".to_owned());
        assert_eq!(outbox.bytes(), 1_000);
        assert_eq!(outbox.pop().map(Parcel::into_frames), Some(frame::text("late")));
        assert_eq!(outbox.bytes(), 0);
    }
}
