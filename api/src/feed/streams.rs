//! Streams: who is subscribed to what, and where each stream's chain of sequences stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use engine::ids::PublicKey;
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use protocol::update::Update;
use tokio_tungstenite::tungstenite::Bytes;

use crate::frame;
use crate::feed::topic::Topic;
use crate::outbox::{Ending, Outbox};

/// A connection that receives a stream.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    /// The connection's number.
    pub(super) session: u64,
    /// Where its text goes.
    pub(super) outbox: Arc<Outbox>,
}

/// What the next message of a stream has to say of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// The stream's number.
    pub(super) stream: u64,
    /// Its own sequence.
    pub(super) seq: u64,
    /// That of the message before it.
    pub(super) previous: u64,
}

#[derive(Debug)]
struct Stream {
    number: u64,
    /// Sequence of the last message, or of the first listener's snapshot.
    last: u64,
    listeners: Vec<Listener>,
    /// Frames to be handed out together.
    pending: Vec<u8>,
}

/// Every stream that anyone ever asked for.
#[derive(Debug, Default)]
pub(super) struct Streams {
    streams: BTreeMap<Topic, Stream>,
    topics: Vec<Topic>,
    ready: Vec<Topic>,
    sessions: HashMap<u64, BTreeSet<Topic>>,
    /// Connections that act with a key.
    actors: HashMap<PublicKey, Vec<Listener>>,
    keys: HashMap<u64, PublicKey>,
}

impl Streams {
    /// Encodes a message once and gives it to everyone who listens; does nothing when nobody does.
    pub(super) fn tell(&mut self, topic: Topic, seq: u64, write: impl FnOnce(Message) -> Option<Update>) {
        let Some(stream) = self.streams.get_mut(&topic).filter(|stream| !stream.listeners.is_empty()) else {
            return;
        };
        let message = Message { stream: stream.number, seq, previous: stream.last };
        let Some(update) = write(message) else { return };
        stream.last = seq;
        if stream.pending.is_empty() {
            self.ready.push(topic);
        }
        frame::append_text(&mut stream.pending, &update.encode());
    }

    /// Hands out what was told.
    pub(super) fn flush(&mut self) {
        for topic in self.ready.drain(..) {
            let Some(stream) = self.streams.get_mut(&topic) else { continue };
            let frames = Bytes::from(std::mem::take(&mut stream.pending));
            for listener in &stream.listeners {
                listener.outbox.push(frames.clone());
            }
        }
    }

    /// Adds a listener, once. `now` is where the stream's chain begins when nobody listened before. Returns the stream's
    /// number and the sequence as of which its snapshot is: nothing of this topic has changed since.
    pub(super) fn join(&mut self, topic: Topic, now: u64, listener: &Listener) -> (u64, u64) {
        let next = u64::try_from(self.topics.len()).expect("streams are counted in 64 bits") + 1;
        let topics = &mut self.topics;
        let stream = self.streams.entry(topic).or_insert_with(|| {
            topics.push(topic);
            Stream { number: next, last: now, listeners: Vec::new(), pending: Vec::new() }
        });
        if stream.listeners.is_empty() {
            stream.last = now;
        }
        if self.sessions.entry(listener.session).or_default().insert(topic) {
            stream.listeners.push(listener.clone());
        }
        (stream.number, stream.last)
    }

    /// How many streams a connection has.
    pub(super) fn joined(&self, session: u64) -> usize {
        self.sessions.get(&session).map_or(0, BTreeSet::len)
    }

    /// Whether a connection has the stream of this topic.
    pub(super) fn has(&self, session: u64, topic: Topic) -> bool {
        self.sessions.get(&session).is_some_and(|topics| topics.contains(&topic))
    }

    /// Whether a connection has the stream of this number.
    pub(super) fn is_joined(&self, session: u64, number: u64) -> bool {
        self.topic(number).is_some_and(|topic| self.has(session, topic))
    }

    /// Takes a connection off a stream, if it is on.
    pub(super) fn part(&mut self, session: u64, number: u64) {
        let Some(topic) = self.topic(number) else { return };
        if self.sessions.get_mut(&session).is_some_and(|topics| topics.remove(&topic)) {
            self.drop_listener(topic, session);
        }
    }

    fn topic(&self, number: u64) -> Option<Topic> {
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        place.and_then(|place| self.topics.get(place)).copied()
    }

    /// Notes that a connection acts with a key.
    pub(super) fn act(&mut self, key: PublicKey, actor: Listener) {
        self.keys.insert(actor.session, key);
        self.actors.entry(key).or_default().push(actor);
    }

    /// Ends every connection that acts with a key, and its streams.
    pub(super) fn revoke(&mut self, key: &PublicKey) {
        for actor in self.actors.remove(key).unwrap_or_default() {
            let message = "the key that you logged in with has been revoked".to_owned();
            let error = Some((ErrorCode::KeyUnknown, message));
            actor.outbox.end(Ending { close: CloseCode::POLICY, error });
            self.leave(actor.session);
        }
    }

    /// Takes a connection off everything.
    pub(super) fn leave(&mut self, session: u64) {
        if let Some(key) = self.keys.remove(&session)
            && let Some(actors) = self.actors.get_mut(&key)
        {
            actors.retain(|actor| actor.session != session);
            if actors.is_empty() {
                self.actors.remove(&key);
            }
        }
        for topic in self.sessions.remove(&session).unwrap_or_default() {
            self.drop_listener(topic, session);
        }
    }

    fn drop_listener(&mut self, topic: Topic, session: u64) {
        let stream = self.streams.get_mut(&topic).expect("whoever listens has a stream");
        stream.listeners.retain(|listener| listener.session != session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update() -> Option<Update> {
        Some(Update::Unknown)
    }

    #[test]
    fn a_later_listener_joins_the_same_chain() {
        let mut streams = Streams::default();
        let [early, late] = [1, 2].map(|session| Listener { session, outbox: Arc::default() });
        let mut chain = Vec::new();
        assert_eq!(streams.join(Topic::AllTrades, 10, &early), (1, 10));
        for seq in [12, 15] {
            streams.tell(Topic::AllTrades, seq, |message| {
                chain.push((message.previous, message.seq));
                update()
            });
        }
        assert_eq!(streams.join(Topic::AllTrades, 17, &late), (1, 15));
        assert_eq!(chain, [(10, 12), (12, 15)]);
        assert!(early.outbox.pop().is_some() && late.outbox.pop().is_none());
    }

    #[test]
    fn who_left_hears_nothing() {
        let mut streams = Streams::default();
        let listener = Listener { session: 1, outbox: Arc::default() };
        streams.join(Topic::AllTrades, 1, &listener);
        streams.join(Topic::Instruments, 1, &listener);
        streams.join(Topic::Instruments, 1, &listener);
        assert_eq!(streams.joined(1), 2);
        streams.part(1, 1);
        assert!(!streams.is_joined(1, 1) && streams.is_joined(1, 2) && !streams.is_joined(1, 9));
        streams.leave(1);
        streams.tell(Topic::Instruments, 2, |_| panic!("nobody listens"));
        assert!(listener.outbox.pop().is_none());
    }
}
