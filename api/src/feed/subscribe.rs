//! Subscribe: connections begin and end streams.

use std::sync::Arc;

use engine::ids::AccountId;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::reply::Answer;
use protocol::subscription::{
    Joined, ResumeMode, Resync, Subscribe, SubscribeResult, Subscription, SubscriptionAnswer,
    UnsubscribeResult,
};
use protocol::update::Update;

use crate::config::{
    PATTERNS_JOINING_MAX, PATTERNS_MAX, PATTERNS_VENUE_MAX, RESUME_CHANGES_MAX, STREAMS_MAX,
    STREAMS_VENUE_MAX, SUBSCRIPTION_PATTERNS_MAX, SUBSCRIPTIONS_MAX,
};
use crate::feed::Feed;
use crate::feed::channels::state::State;
use crate::feed::channels::{Scene, private};
use crate::feed::pace::Key;
use crate::feed::patterns::Follower;
use crate::feed::resume;
use crate::feed::stream::{Behind, Listener};
use crate::feed::topic::{Asked, Aspect, Topic};
use crate::origin::Pending;

/// What a request to subscribe may still do, and what it tells behind its reply.
struct Request<'a> {
    listener: &'a Listener,
    view: &'a View,
    /// Changes that may still be looked at to resume books.
    patience: usize,
    patterns: usize,
    behind_reply: Vec<Update>,
}

impl Feed {
    pub(super) fn subscribe(
        &mut self,
        (pending, reader): (Pending, Option<AccountId>),
        params: &Subscribe,
        view: &View,
    ) {
        let listener = Listener { session: pending.session, outbox: Arc::clone(pending.waiting.outbox()) };
        if SUBSCRIPTIONS_MAX < params.subs.len() {
            let message =
                format!("one request subscribes to at most {SUBSCRIPTIONS_MAX} streams: send several");
            return pending.answer(Err(too_many(message).with_field("subs")));
        }
        let mut request = Request {
            listener: &listener,
            view,
            patience: RESUME_CHANGES_MAX,
            patterns: 0,
            behind_reply: Vec::new(),
        };
        let items = (0..).zip(&params.subs);
        let subs = items.map(|(i, item)| {
            let asked = Topic::asked(item, reader, view);
            SubscriptionAnswer { i, outcome: asked.and_then(|asked| self.begin(asked, item, &mut request)) }
        });
        let subs = subs.collect();
        pending.answer(Ok(Answer::Subscribe(SubscribeResult { subs })));
        for update in request.behind_reply {
            listener.outbox.push_text(&update.encode());
        }
    }

    fn begin(
        &mut self,
        asked: Asked,
        item: &Subscription,
        request: &mut Request<'_>,
    ) -> Result<Joined, ErrorObject> {
        match asked {
            Asked::One(topic) => self.begin_one(topic, item, request),
            Asked::Matching(pattern, aspect) => {
                let (listener, view) = (request.listener.clone(), request.view);
                let text = item.symbol.as_deref().unwrap_or_default();
                self.check_patterns(request)?;
                let found = pattern.found(view);
                if found.is_empty() {
                    return Err(pattern.no_match(view, text));
                }
                let new = found.iter().filter(|instrument| {
                    let key = self.streams.of_topic(Topic::Of(**instrument, aspect));
                    !key.is_some_and(|key| self.has(listener.session, key))
                });
                if STREAMS_MAX < self.joined(listener.session) + new.count() {
                    let message = format!(
                        "{text} matches {} markets, and a connection has at most {STREAMS_MAX} streams: match fewer",
                        found.len()
                    );
                    return Err(too_many(message).with_field("symbol"));
                }
                let number = self.streams.number();
                self.streams.connection(&listener).patterns.insert(number);
                let matched = u32::try_from(found.len()).ok();
                self.patterns.begin((number, Follower { listener, pattern, aspect }), found, view);
                Ok(Joined { stream: number, seq: None, matched, mode: None })
            }
        }
    }

    /// Each pattern is work for every market that is listed, so there are only so many.
    fn check_patterns(&self, request: &mut Request<'_>) -> Result<(), ErrorObject> {
        request.patterns += 1;
        if SUBSCRIPTION_PATTERNS_MAX < request.patterns {
            let message =
                format!("one request has at most {SUBSCRIPTION_PATTERNS_MAX} patterns: send several");
            return Err(too_many(message).with_field("symbol"));
        }
        let session = request.listener.session;
        let own = self.streams.connected(session).map_or(0, |connection| connection.patterns.len());
        if PATTERNS_MAX <= own || PATTERNS_VENUE_MAX <= self.patterns.count() {
            let message =
                format!("a connection has at most {PATTERNS_MAX} patterns: unsubscribe from some first");
            return Err(too_many(message).with_field("symbol"));
        }
        if PATTERNS_JOINING_MAX <= self.patterns.joining(session) {
            let message = "the streams of earlier patterns are still being joined: try again in a moment";
            return Err(ErrorObject::new(ErrorCode::Overloaded, message)
                .with_retry_after_ms(crate::config::RETRY_AFTER_MS));
        }
        Ok(())
    }

    fn begin_one(
        &mut self,
        topic: Topic,
        item: &Subscription,
        request: &mut Request<'_>,
    ) -> Result<Joined, ErrorObject> {
        let (listener, view) = (request.listener, request.view);
        let has = self.streams.of_topic(topic).is_some_and(|key| self.has(listener.session, key));
        if !has && STREAMS_MAX <= self.joined(listener.session) {
            let message =
                format!("a connection has at most {STREAMS_MAX} streams: unsubscribe from some first");
            return Err(too_many(message));
        }
        if !has && !self.has_room(topic) {
            let message =
                "the exchange has as many streams as it may: subscribe to what others watch, or later";
            return Err(too_many(message.to_owned()));
        }
        let replays = match (&item.resume, topic.owner()) {
            (Some(asked), Some(owner)) => Some(self.replayed(owner, asked, view)?),
            _ => None,
        };
        let (key, is_new) = self.join(listener, topic, view);
        self.streams.reasons(listener.session, key).asked = true;
        let mut mode = replays.map(|_| ResumeMode::Replay);
        if let (Some(asked), Topic::Of(instrument, Aspect::Book(levels, _))) = (&item.resume, topic) {
            let told = (asked, &self.history, &mut request.patience);
            let stream = self.streams.get(key).expect("it was joined just now");
            let delta = resume::delta((stream, levels), instrument, told, view).filter(|_| is_new);
            mode = Some(if delta.is_some() { ResumeMode::Delta } else { ResumeMode::Snapshot });
            if let Some(delta) = delta {
                self.streams.caught_up(listener.session, key);
                request.behind_reply.push(delta);
            }
        }
        if let Some(after) = replays {
            self.streams.replay(listener.session, key, after);
        } else if topic.owner().is_some() {
            self.streams.caught_up(listener.session, key);
        } else if !is_new && topic.has_image() {
            self.streams.renew(listener.session, key);
        }
        let stream = self.streams.get(key).expect("it was joined just now");
        if replays.is_none() {
            request.behind_reply.extend(private::snapshot(stream, view));
        }
        let seq = (!topic.has_snapshot()).then_some(stream.last);
        Ok(Joined { stream: stream.number, seq, matched: None, mode })
    }

    /// Puts a connection on the stream of a topic; says whether it was not on it before.
    pub(super) fn join(&mut self, listener: &Listener, topic: Topic, view: &View) -> (Key, bool) {
        let key = self.streams.of_topic(topic).unwrap_or_else(|| self.open(topic, view));
        let behind = topic.has_image().then(Behind::default);
        (key, self.streams.join(key, listener, behind))
    }

    fn open(&mut self, topic: Topic, view: &View) -> Key {
        let state = State::new(topic, Scene { view, tape: &self.tape, now: self.now }, &mut self.oids);
        let key = self.streams.open(topic, view.stamp(), state);
        if let Some(owner) = topic.owner() {
            self.streams.at(key).last = private::begin(owner, view);
        }
        key
    }

    /// Whether a topic has a stream, or there is room for another.
    pub(super) fn has_room(&self, topic: Topic) -> bool {
        self.streams.of_topic(topic).is_some() || self.streams.count() < STREAMS_VENUE_MAX
    }

    pub(super) fn joined(&self, session: u64) -> usize {
        self.streams.connected(session).map_or(0, |connection| connection.streams.len())
    }

    pub(super) fn has(&self, session: u64, key: Key) -> bool {
        self.streams.connected(session).is_some_and(|connection| connection.streams.contains_key(&key))
    }

    /// The stream of a number that a connection has.
    fn own(&self, session: u64, number: u64) -> Option<Key> {
        self.streams.of_number(number).filter(|key| self.has(session, *key))
    }

    /// All or none: a stream that the connection does not have is an error, and nothing has changed.
    pub(super) fn unsubscribe(&mut self, session: u64, numbers: Vec<u64>) -> Result<Answer, ErrorObject> {
        let patterns = self.streams.connected(session).map(|connection| &connection.patterns);
        for (place, number) in numbers.iter().enumerate() {
            let is_pattern = patterns.is_some_and(|patterns| patterns.contains(number));
            if !is_pattern && self.own(session, *number).is_none() {
                return Err(not_subscribed(*number).with_field(format!("streams[{place}]")));
            }
        }
        for number in &numbers {
            match self.own(session, *number) {
                Some(key) => self.streams.part(session, key),
                None => self.end_pattern(session, *number),
            }
        }
        Ok(Answer::Unsubscribe(UnsubscribeResult { streams: numbers }))
    }

    /// Ends a pattern and the streams that the connection has by nothing else.
    fn end_pattern(&mut self, session: u64, number: u64) {
        self.patterns.end(number);
        for key in self.streams.end_pattern(session, number) {
            self.streams.part(session, key);
        }
    }

    /// Gives a connection the snapshot of a stream again, behind the reply.
    pub(super) fn resync(&mut self, pending: Pending, number: u64, view: &View) {
        let Some(key) = self.own(pending.session, number) else {
            return pending.answer(Err(not_subscribed(number).with_field("stream")));
        };
        let stream = self.streams.get(key).expect("the connection has it");
        if !stream.topic.has_snapshot() {
            let message = "trades have no snapshot: their ids say which are missing";
            return pending.answer(Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("stream")));
        }
        let outbox = Arc::clone(pending.waiting.outbox());
        let session = pending.session;
        pending.answer(Ok(Answer::Resync(Resync { stream: number })));
        match private::snapshot(stream, view) {
            Some(snapshot) => {
                outbox.push_text(&snapshot.encode());
                self.streams.caught_up(session, key);
            }
            None => self.streams.renew(session, key),
        }
    }
}

fn too_many(message: String) -> ErrorObject {
    ErrorObject::new(ErrorCode::TooManySubs, message)
}

fn not_subscribed(number: u64) -> ErrorObject {
    ErrorObject::new(ErrorCode::NotSubscribed, format!("this connection has no stream {number}"))
}
