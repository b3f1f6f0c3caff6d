//! Streams: every stream that somebody listens to, and every connection that listens to any.
//!
//! A stream lives while it has listeners, and its number is never used again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use engine::event::PrivateSequence;
use engine::ids::{AccountId, PublicKey};
use engine::stamp::{Stamp, Time};
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use protocol::update::Update;

use crate::feed::channels::state::State;
use crate::feed::pace::Key;
use crate::feed::stream::{Behind, Listener, Stream, Subscriber};
use crate::feed::topic::{Aspect, Subject, Topic};
use crate::frame;
use crate::outbox::{Ending, Outbox};

/// Why a connection has a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons {
    /// It asked for it by itself.
    pub(super) asked: bool,
    /// Numbers of its patterns that it has it by.
    pub(super) patterns: BTreeSet<u64>,
}

/// A connection that listens to something or acts with a key.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) outbox: Arc<Outbox>,
    pub(super) streams: BTreeMap<Key, Reasons>,
    /// Numbers of its patterns.
    pub(super) patterns: BTreeSet<u64>,
    key: Option<PublicKey>,
}

/// Every stream and every connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    table: Vec<Option<Box<Stream>>>,
    free: Vec<Key>,
    /// Numbers given, to streams and patterns.
    numbers: u64,
    by_number: HashMap<u64, Key>,
    by_topic: HashMap<Topic, Key>,
    by_subject: HashMap<Subject, Vec<Key>>,
    connections: HashMap<u64, Connection>,
    /// Connections that act with a key.
    actors: HashMap<PublicKey, BTreeSet<u64>>,
    /// Streams with something to hand out.
    ready: Vec<Key>,
    /// Who needs a snapshot, and of which stream.
    behind: BTreeSet<(u64, Key)>,
}

impl Streams {
    /// A number that nothing had before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// How many streams there are.
    pub(super) fn count(&self) -> usize {
        self.by_topic.len()
    }

    /// The stream of a topic, if anybody listens to it.
    pub(super) fn of_topic(&self, topic: Topic) -> Option<Key> {
        self.by_topic.get(&topic).copied()
    }

    /// The stream of a number.
    pub(super) fn of_number(&self, number: u64) -> Option<Key> {
        self.by_number.get(&number).copied()
    }

    /// Streams about something.
    pub(super) fn about(&self, subject: Subject) -> Vec<Key> {
        self.by_subject.get(&subject).cloned().unwrap_or_default()
    }

    /// A stream; its place may have been given to another since.
    pub(super) fn get(&self, key: Key) -> Option<&Stream> {
        self.table.get(key)?.as_deref()
    }

    /// A stream that exists.
    pub(super) fn at(&mut self, key: Key) -> &mut Stream {
        self.table[key].as_deref_mut().expect("a stream lives while it has listeners")
    }

    /// Opens the stream of a topic that has none.
    pub(super) fn open(&mut self, topic: Topic, stamp: Stamp, state: State) -> Key {
        let number = self.number();
        let stream = Some(Box::new(Stream::new(number, topic, stamp, state)));
        let key = match self.free.pop() {
            Some(key) => {
                self.table[key] = stream;
                key
            }
            None => {
                self.table.push(stream);
                self.table.len() - 1
            }
        };
        self.by_number.insert(number, key);
        self.by_topic.insert(topic, key);
        if topic.subject() != Subject::Apart {
            self.by_subject.entry(topic.subject()).or_default().push(key);
        }
        key
    }

    /// A connection, noted if it was not.
    pub(super) fn connection(&mut self, listener: &Listener) -> &mut Connection {
        self.connections.entry(listener.session).or_insert_with(|| Connection {
            outbox: Arc::clone(&listener.outbox),
            streams: BTreeMap::new(),
            patterns: BTreeSet::new(),
            key: None,
        })
    }

    /// A connection that was noted.
    pub(super) fn connected(&self, session: u64) -> Option<&Connection> {
        self.connections.get(&session)
    }

    /// Every connection.
    pub(super) fn connections(&self) -> impl Iterator<Item = (u64, &Connection)> {
        self.connections.iter().map(|(session, connection)| (*session, connection))
    }

    /// Adds a listener, once. `behind` says that it needs a snapshot first. Returns whether it was added.
    pub(super) fn join(&mut self, key: Key, listener: &Listener, behind: Option<Behind>) -> bool {
        let connection = self.connection(listener);
        let mut is_new = false;
        connection.streams.entry(key).or_insert_with(|| {
            is_new = true;
            Reasons::default()
        });
        if is_new {
            if behind.is_some() {
                self.behind.insert((listener.session, key));
            }
            self.at(key).subscribers.push(Subscriber { listener: listener.clone(), behind });
        }
        is_new
    }

    /// Why a connection that has a stream has it.
    pub(super) fn reasons(&mut self, session: u64, key: Key) -> &mut Reasons {
        let connection = self.connections.get_mut(&session).expect("whoever has a stream is noted");
        connection.streams.get_mut(&key).expect("it has the stream")
    }

    /// Takes a connection off a stream that it has.
    pub(super) fn part(&mut self, session: u64, key: Key) {
        if let Some(connection) = self.connections.get_mut(&session)
            && connection.streams.remove(&key).is_some()
        {
            self.drop_subscriber(session, key);
        }
    }

    /// The connection needs a snapshot of a stream that it has.
    pub(super) fn renew(&mut self, session: u64, key: Key) {
        let stream = self.at(key);
        let last = stream.last;
        if let Some(subscriber) = stream.find(session) {
            subscriber.behind.get_or_insert(Behind { last: Some(last), left_out: 0, replays: None });
            self.behind.insert((session, key));
        }
    }

    /// The connection is told what it has missed of a private stream since `after`.
    pub(super) fn replay(&mut self, session: u64, key: Key, after: PrivateSequence) {
        if let Some(subscriber) = self.at(key).find(session) {
            subscriber.behind = Some(Behind { last: Some(after.0), left_out: 0, replays: Some(after) });
            self.behind.insert((session, key));
        }
    }

    /// Ends a stream, whoever listens.
    pub(super) fn close(&mut self, key: Key) {
        let sessions: Vec<u64> = self.at(key).subscribers.iter().map(|one| one.listener.session).collect();
        sessions.into_iter().for_each(|session| self.part(session, key));
    }

    fn drop_subscriber(&mut self, session: u64, key: Key) {
        self.behind.remove(&(session, key));
        let stream = self.at(key);
        stream.subscribers.retain(|subscriber| subscriber.listener.session != session);
        if !stream.subscribers.is_empty() {
            return;
        }
        let (number, topic) = (stream.number, stream.topic);
        self.table[key] = None;
        self.free.push(key);
        self.by_number.remove(&number);
        self.by_topic.remove(&topic);
        if let Some(keys) = self.by_subject.get_mut(&topic.subject()) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.by_subject.remove(&topic.subject());
            }
        }
    }

    /// Adds a message to what a stream hands out.
    pub(super) fn tell(&mut self, key: Key, stamp: Stamp, update: &Update) {
        if self.at(key).add(&update.encode(), stamp) {
            self.ready.push(key);
        }
    }

    /// Notes that a stream has something to hand out.
    pub(super) fn is_ready(&mut self, key: Key) {
        self.ready.push(key);
    }

    /// Tells a message of a private stream at once, if anybody listens.
    pub(super) fn tell_now(
        &mut self,
        topic: Topic,
        stamp: (u64, Time),
        write: impl FnOnce(&Stream) -> Update,
    ) {
        let Some(key) = self.of_topic(topic) else { return };
        let stream = self.at(key);
        let update = write(stream);
        (stream.last, stream.ts, stream.told) = (stamp.0, stamp.1, stamp.1);
        let frames = frame::text(&update.encode());
        // Whoever is told what it missed has this told in its turn.
        for subscriber in stream.subscribers.iter().filter(|subscriber| subscriber.behind.is_none()) {
            subscriber.listener.outbox.push(frames.clone());
        }
    }

    /// Hands out what all streams have.
    pub(super) fn flush(&mut self, now: Time) {
        for key in std::mem::take(&mut self.ready) {
            // The last listener may have left since.
            let Some(stream) = self.table[key].as_deref_mut() else { continue };
            let late = stream.hand_out(now);
            self.behind.extend(late.into_iter().map(|session| (session, key)));
        }
    }

    /// Whether a connection needs a snapshot of a stream.
    pub(super) fn is_behind(&self, session: u64, key: Key) -> bool {
        self.behind.contains(&(session, key))
    }

    /// Whether nobody needs a snapshot.
    pub(super) fn behind_is_empty(&self) -> bool {
        self.behind.is_empty()
    }

    /// The first from here on who needs a snapshot.
    pub(super) fn behind_from(&self, from: (u64, Key)) -> Option<(u64, Key)> {
        self.behind.range(from..).next().copied()
    }

    /// A connection has all of a stream now.
    pub(super) fn caught_up(&mut self, session: u64, key: Key) {
        self.behind.remove(&(session, key));
        if let Some(subscriber) = self.at(key).find(session) {
            subscriber.behind = None;
        }
    }

    /// Takes a pattern off a connection. Returns the streams that it has by nothing else.
    pub(super) fn end_pattern(&mut self, session: u64, number: u64) -> Vec<Key> {
        let Some(connection) = self.connections.get_mut(&session) else { return Vec::new() };
        connection.patterns.remove(&number);
        let streams = connection.streams.iter_mut();
        let by_it = streams.filter_map(|(key, reasons)| {
            let was = reasons.patterns.remove(&number);
            (was && !reasons.asked && reasons.patterns.is_empty()).then_some(*key)
        });
        by_it.collect()
    }

    /// Every stream of a ticker.
    pub(super) fn tickers(&self) -> Vec<(Key, Topic)> {
        let tickers =
            self.by_topic.iter().filter(|(topic, _)| matches!(topic, Topic::Of(_, Aspect::Ticker(_))));
        tickers.map(|(topic, key)| (*key, *topic)).collect()
    }

    /// Every provider that somebody follows.
    pub(super) fn providers(&self) -> BTreeSet<AccountId> {
        let followed = self.by_topic.keys().filter_map(|topic| match topic {
            Topic::Provider(account) => Some(*account),
            _ => None,
        });
        followed.collect()
    }

    /// Notes that a connection acts with a key.
    pub(super) fn act(&mut self, key: PublicKey, actor: &Listener) {
        self.connection(actor).key = Some(key);
        self.actors.entry(key).or_default().insert(actor.session);
    }

    /// Ends every connection that acts with a key, and its streams.
    pub(super) fn revoke(&mut self, key: &PublicKey) -> Vec<u64> {
        let sessions: Vec<u64> = self.actors.remove(key).unwrap_or_default().into_iter().collect();
        for session in &sessions {
            if let Some(connection) = self.connections.get(session) {
                let message = "the key that you logged in with has been revoked".to_owned();
                let error = Some((ErrorCode::KeyUnknown, message));
                connection.outbox.end(Ending { close: CloseCode::POLICY, error });
            }
        }
        sessions
    }

    /// Takes a connection off everything. Returns its patterns.
    pub(super) fn leave(&mut self, session: u64) -> BTreeSet<u64> {
        let Some(connection) = self.connections.remove(&session) else { return BTreeSet::new() };
        if let Some(key) = connection.key
            && let Some(actors) = self.actors.get_mut(&key)
        {
            actors.remove(&session);
            if actors.is_empty() {
                self.actors.remove(&key);
            }
        }
        connection.streams.keys().for_each(|key| self.drop_subscriber(session, *key));
        connection.patterns
    }
}
