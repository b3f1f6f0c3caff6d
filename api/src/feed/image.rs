//! Image: something large as it is now, whose text is written once, later, by whoever sends it first.
//!
//! The publisher only copies numbers. Text for a whole book takes a hundred times as long, and is the business of the
//! connections that asked for it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use protocol::written::{Data, Head};

use crate::outbox::Outbox;

/// Data of a message, shared by all to whom it is sent.
pub(super) struct Image {
    /// About how long its text is.
    bytes: usize,
    write: Box<dyn Fn() -> Data + Send + Sync>,
    data: OnceLock<Data>,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes)
    }
}

impl Image {
    /// An image whose text will have about so many bytes.
    pub(super) fn new(bytes: usize, write: impl Fn() -> Data + Send + Sync + 'static) -> Arc<Image> {
        Arc::new(Image { bytes, write: Box::new(write), data: OnceLock::new() })
    }

    /// Puts the message into an outbox, to be written when its turn has come.
    pub(super) fn send(self: Arc<Image>, head: Head, outbox: &Outbox) {
        outbox.push_later(self.bytes, move || head.encode(self.data.get_or_init(|| (self.write)())));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use protocol::public::{Conflated, ConflationReason};
    use protocol::time::Time;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn text_is_written_once_and_only_when_it_is_sent() {
        static WRITTEN: AtomicU32 = AtomicU32::new(0);
        let image = Image::new(100, || {
            WRITTEN.fetch_add(1, Ordering::SeqCst);
            Data::of(&json!({"crc": 7}))
        });
        let conflated = Some(Conflated { n: 3, reason: ConflationReason::SlowClient });
        let head = |prev_seq| {
            let (symbol, ts) = (Some("X".to_owned()), Time::from_ns(5));
            let (channel, kind) = ("book", "snapshot");
            Head { channel, kind, stream: 1, symbol, seq: 9, prev_seq, ts, conflated }
        };
        let outbox = Outbox::default();
        Arc::clone(&image).send(head(None), &outbox);
        image.send(head(Some(4)), &outbox);
        assert_eq!((WRITTEN.load(Ordering::SeqCst), outbox.bytes()), (0, 200));
        for prev_seq in [None, Some(4)] {
            let frames = outbox.pop().unwrap().into_frames();
            // Behind the frame's header of four bytes.
            let told: Value = serde_json::from_slice(&frames[4..]).unwrap();
            assert_eq!(told["prev_seq"].as_u64(), prev_seq);
            assert_eq!(told["data"], json!({"crc": 7}));
            assert_eq!(told["conflated"], json!({"n": 3, "reason": "slow_client"}));
        }
        assert_eq!(WRITTEN.load(Ordering::SeqCst), 1);
    }
}
