//! Stream: one topic, the chain of its messages, and who listens.
//!
//! Invariant: a listener that is not behind has every message up to `last`, when what waits has been handed out.

use std::sync::{Arc, Weak};

use engine::event::PrivateSequence;
use engine::stamp::{Stamp, Time};
use protocol::public::{Conflated, ConflationReason};
use protocol::written::Head;
use tokio_tungstenite::tungstenite::Bytes;

use crate::config::STATE_BYTES_MAX;
use crate::feed::channels::state::State;
use crate::feed::image::Image;
use crate::feed::topic::Topic;
use crate::frame;
use crate::outbox::Outbox;

/// A connection that receives a stream.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    /// The connection's number.
    pub(super) session: u64,
    /// Where its frames go.
    pub(super) outbox: Arc<Outbox>,
}

/// A listener of a stream, and how it stands.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) listener: Listener,
    /// It is told nothing until it has a snapshot.
    pub(super) behind: Option<Behind>,
}

/// What a listener has that needs a snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Behind {
    /// The last message that it was told, if it was told any.
    pub(super) last: Option<u64>,
    /// Messages since then that it was not told.
    pub(super) left_out: u64,
    /// It is told every private event after this one, each by itself.
    pub(super) replays: Option<PrivateSequence>,
}

/// A change that has not been told yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untold {
    /// Of the last of them.
    pub(super) stamp: Stamp,
    /// How many changes there are.
    pub(super) changes: u64,
    /// Why they wait.
    pub(super) reason: ConflationReason,
}

/// What waits to be handed out.
#[derive(Debug)]
enum Part {
    Frames(Vec<u8>),
    Later(Head, Arc<Image>),
}

/// One topic and who listens.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) number: u64,
    pub(super) topic: Topic,
    /// Sequence of the last message; before the first, that as of which the stream was opened.
    pub(super) last: u64,
    /// When the engine sequenced that.
    pub(super) ts: Time,
    /// When the last message was told, by the clock of the stage.
    pub(super) told: Time,
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) untold: Option<Untold>,
    pub(super) state: State,
    /// The snapshot as of `last`, while any client waits for it.
    pub(super) image: Weak<Image>,
    parts: Vec<Part>,
    /// Messages among the parts, and the one before them.
    messages: u64,
    before: u64,
}

impl Stream {
    /// A stream that begins as of a command.
    pub(super) fn new(number: u64, topic: Topic, stamp: Stamp, state: State) -> Stream {
        let last = stamp.sequence.0;
        Stream {
            number,
            topic,
            last,
            ts: stamp.time,
            told: Time(0),
            subscribers: Vec::new(),
            untold: None,
            state,
            image: Weak::new(),
            parts: Vec::new(),
            messages: 0,
            before: last,
        }
    }

    /// Notes a change that is to be told later. Returns whether it is the first.
    pub(super) fn put_off(&mut self, stamp: Stamp, reason: ConflationReason) -> bool {
        match &mut self.untold {
            Some(untold) => {
                untold.stamp = stamp;
                untold.changes += 1;
                false
            }
            none => {
                *none = Some(Untold { stamp, changes: 1, reason });
                true
            }
        }
    }

    /// Adds a message to what waits. Returns whether it is the first.
    pub(super) fn add(&mut self, text: &str, stamp: Stamp) -> bool {
        let first = self.link(stamp);
        match self.parts.last_mut() {
            Some(Part::Frames(frames)) => frame::append_text(frames, text),
            _ => {
                let mut frames = Vec::new();
                frame::append_text(&mut frames, text);
                self.parts.push(Part::Frames(frames));
            }
        }
        first
    }

    /// Adds a large message to what waits. Returns whether it is the first.
    pub(super) fn add_later(&mut self, head: Head, image: Arc<Image>, stamp: Stamp) -> bool {
        let first = self.link(stamp);
        self.parts.push(Part::Later(head, image));
        first
    }

    /// Adds a large message that is no link of the chain. Returns whether it is the first.
    pub(super) fn add_beside(&mut self, head: Head, image: Arc<Image>) -> bool {
        let first = self.parts.is_empty();
        if first {
            self.before = self.last;
        }
        self.parts.push(Part::Later(head, image));
        first
    }

    fn link(&mut self, stamp: Stamp) -> bool {
        let first = self.parts.is_empty();
        if first {
            self.before = self.last;
        }
        self.messages += 1;
        (self.last, self.ts) = (stamp.sequence.0, stamp.time);
        self.image = Weak::new();
        first
    }

    /// Hands out what waits. Those who do not read fast enough are left out, if the stream can be told anew. Returns the
    /// connections that are behind from now on.
    pub(super) fn hand_out(&mut self, now: Time) -> Vec<u64> {
        self.told = now;
        let (messages, before) = (std::mem::take(&mut self.messages), self.before);
        let parts: Vec<Ready> = self.parts.drain(..).map(Ready::from).collect();
        let merges = self.topic.speed().is_some();
        let mut late = Vec::new();
        for Subscriber { listener, behind } in &mut self.subscribers {
            if let Some(behind) = behind {
                behind.left_out += messages;
                continue;
            }
            if merges && STATE_BYTES_MAX < listener.outbox.bytes() {
                *behind = Some(Behind { last: Some(before), left_out: messages, replays: None });
                late.push(listener.session);
                continue;
            }
            for part in &parts {
                part.send(&listener.outbox);
            }
        }
        late
    }

    /// What a snapshot for one client begins with.
    pub(super) fn head(&self, symbol: Option<String>, behind: Behind) -> Head {
        let reason = ConflationReason::SlowClient;
        Head {
            channel: self.topic.channel().name(),
            kind: "snapshot",
            stream: self.number,
            symbol,
            seq: self.last,
            prev_seq: behind.last,
            ts: protocol::time::Time::from_ns(self.ts.0),
            conflated: (behind.last.is_some() && 0 < behind.left_out)
                .then_some(Conflated { n: behind.left_out, reason }),
        }
    }

    pub(super) fn find(&mut self, session: u64) -> Option<&mut Subscriber> {
        self.subscribers.iter_mut().find(|subscriber| subscriber.listener.session == session)
    }
}

/// A part as every listener gets it.
enum Ready {
    Frames(Bytes),
    Later(Head, Arc<Image>),
}

impl From<Part> for Ready {
    fn from(part: Part) -> Ready {
        match part {
            Part::Frames(frames) => Ready::Frames(Bytes::from(frames)),
            Part::Later(head, image) => Ready::Later(head, image),
        }
    }
}

impl Ready {
    fn send(&self, outbox: &Outbox) {
        match self {
            Ready::Frames(frames) => outbox.push(frames.clone()),
            Ready::Later(head, image) => Arc::clone(image).send(head.clone(), outbox),
        }
    }
}
