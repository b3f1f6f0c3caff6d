//! Public: what a durable command is to everyone, and to which streams.

use std::collections::BTreeSet;

use engine::event::Event;
use engine::ids::{ClassId, InstrumentId};
use engine::instrument::Phase;
use engine::order::Side;
use engine::stamp::Stamp;
use engine::view::View;
use engine::view::depth::Depth;
use protocol::error_code::ErrorCode;
use protocol::queue::QueueEvent;
use protocol::status::{LeftOut, Status};
use protocol::update::Update;

use crate::config::{LATE_MS, ROUND_STREAMS_MAX, STREAMS_MAX};
use crate::convert::{instrument, symbol};
use crate::feed::channels::state::State;
use crate::feed::channels::{Link, Scene, checkpoint, emit, fixings, instruments, put_off, queue, trades};
use crate::feed::level_move::{LevelMove, moves};
use crate::feed::pace::Key;
use crate::feed::stream::Listener;
use crate::feed::tape::{Fix, Printed, class_of, day, hour};
use crate::feed::topic::{Aspect, Subject, Topic};
use crate::feed::{Feed, MS};

impl Feed {
    /// Tells a command to the streams about what it has changed.
    pub(super) fn tell_public(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        for printed in self.tape.fold(stamp, events, view) {
            self.tell_trades(printed, (stamp, events), view);
        }
        let moves = moves(view);
        for moved in &moves {
            self.history.note(stamp.sequence.0, moved);
        }
        for moves in moves.chunk_by(|one, other| one.instrument == other.instrument) {
            self.tell_book(stamp, moves, view);
        }
        self.tell_queues(stamp, events, view);
        self.tell_fixings(stamp, events, view);
        self.tell_settlements(stamp, events, view);
        self.tell_providers(stamp, events, view);
        self.tell_listings(stamp, events, view);
    }

    fn tell_trades(&mut self, printed: Printed, told: (Stamp, &[Event]), view: &View) {
        let Printed { instrument, front } = printed;
        let stamp = told.0;
        let of_all = self.streams.of_topic(Topic::AllTrades);
        for key in self.streams.about(Subject::Instrument(instrument)).into_iter().chain(of_all) {
            match self.streams.at(key).topic {
                Topic::Of(_, Aspect::Trades) | Topic::AllTrades => {
                    let link = Link::single(self.streams.at(key), stamp);
                    self.streams.tell(key, stamp, &trades::update(link, instrument, told, view));
                }
                Topic::Of(_, Aspect::Ticker(_) | Aspect::Candles(..)) => {
                    self.change(key, stamp, view);
                }
                _ => {}
            }
        }
        if let Some(class) = front {
            for key in self.streams.about(Subject::Class(class)) {
                self.change(key, stamp, view);
            }
        }
    }

    /// Tells what has changed in one book.
    fn tell_book(&mut self, stamp: Stamp, moves: &[LevelMove], view: &View) {
        let instrument = moves[0].instrument;
        let depth = view.depth(instrument).expect("changes are of listed instruments");
        let market = view.instrument(instrument).expect("changes are of listed instruments").market;
        let best = reaches_best(moves, depth);
        for key in self.streams.about(Subject::Instrument(instrument)) {
            let stream = self.streams.at(key);
            match stream.topic {
                Topic::Of(_, Aspect::Book(..)) => {
                    if let State::Book(state) = &mut stream.state {
                        state.note(moves);
                    }
                    self.change(key, stamp, view);
                }
                Topic::Of(_, Aspect::Bbo(_)) if best => self.change(key, stamp, view),
                _ => {}
            }
        }
        if best {
            for key in self.streams.about(Subject::Market(market)) {
                self.change(key, stamp, view);
            }
        }
    }

    /// A stream that can be merged has something to tell: at once, or at its pace. What comes late is told at the
    /// shortest pace, so that an exchange that is behind has less to do.
    fn change(&mut self, key: Key, stamp: Stamp, view: &View) {
        let Some(speed) = self.streams.at(key).topic.speed() else { return };
        let late = stamp.time.after(LATE_MS * MS) < self.now;
        let reason = put_off(speed, late);
        let first = self.streams.at(key).put_off(stamp, reason.unwrap_or_default());
        if reason.is_none() {
            self.emit(key, view);
        } else if first {
            self.paces.wait(key, speed, self.now);
        }
    }

    /// Tells what a stream has put off, if it still exists and has anything.
    pub(super) fn emit(&mut self, key: Key, view: &View) {
        if self.streams.get(key).is_none() {
            return;
        }
        let scene = Scene { view, tape: &self.tape, now: self.now };
        let stream = self.streams.at(key);
        if emit(stream, scene) {
            self.streams.is_ready(key);
        }
        let State::Book(state) = &mut self.streams.at(key).state else { return };
        if state.needs_checkpoint() {
            self.check(key, view);
        } else if state.awaits_checkpoint() {
            self.checkpoints.wait(key, self.now);
        }
    }

    /// Adds a checkpoint to a book's stream, if it still exists and has told anything since the last.
    pub(super) fn check(&mut self, key: Key, view: &View) {
        let Some(Topic::Of(instrument, Aspect::Book(..))) = self.streams.get(key).map(|stream| stream.topic)
        else {
            return;
        };
        if checkpoint(self.streams.at(key), instrument, view) {
            self.streams.is_ready(key);
        }
    }

    /// Tells what happened to each order of the books that are followed order by order.
    fn tell_queues(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        let mut told: Vec<(Key, InstrumentId, Vec<QueueEvent>)> = Vec::new();
        for event in events {
            let Some(order) = queue::order_of(event, view) else { continue };
            let topic = Topic::Of(order.instrument, Aspect::Queue);
            let Some(key) = self.streams.of_topic(topic) else { continue };
            let State::Queue(state) = &mut self.streams.at(key).state else { continue };
            let Some(event) = state.event(event, order, &mut self.oids) else { continue };
            match told.iter_mut().find(|(other, ..)| *other == key) {
                Some((.., events)) => events.push(event),
                None => told.push((key, order.instrument, vec![event])),
            }
        }
        for (key, instrument, data) in told {
            let link = Link::single(self.streams.at(key), stamp);
            self.streams.tell(key, stamp, &queue::update(link, instrument, data, view));
        }
    }

    /// Tells reference rates, and the tickers that show them.
    fn tell_fixings(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        let published = events.iter().filter_map(|event| match event {
            Event::ReferencePublished { class, .. } => self.tape.fix(*class).copied(),
            _ => None,
        });
        let fixes: Vec<Fix> = published.collect();
        if fixes.is_empty() {
            return;
        }
        let classes = fixes.iter().map(|fix| Some(fix.class));
        let topics: Vec<Topic> = classes.chain([None]).map(Topic::Fixings).collect();
        for topic in topics {
            let (Some(key), Topic::Fixings(only)) = (self.streams.of_topic(topic), topic) else { continue };
            let wanted = fixes.iter().filter(|fix| only.is_none_or(|only| only == fix.class));
            let link = Link::single(self.streams.at(key), stamp);
            let update = fixings::update(link, &wanted.copied().collect::<Vec<Fix>>(), view);
            self.streams.tell(key, stamp, &update);
        }
        let changed: BTreeSet<ClassId> = fixes.iter().map(|fix| fix.class).collect();
        for (key, topic) in self.streams.tickers() {
            if let Topic::Of(instrument, Aspect::Ticker(_)) = topic
                && changed.contains(&class_of(view, instrument))
            {
                self.change(key, stamp, view);
            }
        }
    }

    /// In another hour the last day is another one: tickers that have a day are told anew. While anybody listens the feed
    /// is looked after often enough, because of its heartbeats.
    pub(super) fn roll_day(&mut self, view: &View) {
        let before = std::mem::replace(&mut self.hour, hour(self.now));
        if before == self.hour {
            return;
        }
        for (key, topic) in self.streams.tickers() {
            let Topic::Of(instrument, _) = topic else { continue };
            let has_day = self
                .tape
                .market(instrument)
                .is_some_and(|market| day(&market.bars, before).1.next().is_some());
            if has_day {
                self.change(key, view.stamp(), view);
            }
        }
    }

    /// Tells markets that look different, lets patterns join what is new, and ends the streams of what is over.
    fn tell_listings(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        for event in events {
            match *event {
                Event::MarketAdded { market, .. } => self.patterns.add_market(market, view),
                Event::InstrumentListed { instrument, .. } => self.join_listed(instrument, view),
                Event::InstrumentSettled { instrument } => {
                    self.history.forget(instrument);
                    let over = self.streams.about(Subject::Instrument(instrument));
                    self.streams.flush(self.now);
                    over.into_iter().for_each(|key| self.streams.close(key));
                }
                _ => {}
            }
        }
        let Some(key) = self.streams.of_topic(Topic::Instruments) else { return };
        let changed: BTreeSet<InstrumentId> =
            events.iter().flat_map(|event| instrument::changed(view, event)).collect();
        if changed.is_empty() {
            return;
        }
        let stream = self.streams.at(key);
        let head = Link::single(stream, stamp).head(("instruments", "update"), None);
        if stream.add_later(head, instruments::changed(&changed, view), stamp) {
            self.streams.is_ready(key);
        }
    }

    /// Lets the patterns that match a new instrument join it.
    fn join_listed(&mut self, instrument: InstrumentId, view: &View) {
        for (number, follower) in self.patterns.of_instrument(instrument, view) {
            self.follow((number, &follower.listener), Topic::Of(instrument, follower.aspect), view);
        }
    }

    /// Lets patterns join what was listed when they began; so many in one round.
    pub(super) fn join_matching(&mut self, view: &View) {
        for _ in 0..ROUND_STREAMS_MAX {
            let Some((number, follower, topic)) = self.patterns.next_to_join() else { return };
            self.follow((number, &follower.listener), topic, view);
        }
    }

    /// Joins a stream by a pattern. A connection that has as many streams as it may goes without, and is told.
    fn follow(&mut self, (number, listener): (u64, &Listener), topic: Topic, view: &View) {
        if topic_is_over(topic, view) {
            return;
        }
        let has = self.streams.of_topic(topic).is_some_and(|key| self.has(listener.session, key));
        let lacking = if has {
            None
        } else if STREAMS_MAX <= self.joined(listener.session) {
            Some(format!("a connection has at most {STREAMS_MAX} streams"))
        } else if self.has_room(topic) {
            None
        } else {
            Some("the exchange has as many streams as it may".to_owned())
        };
        if let Some(lacking) = lacking {
            return tell_left_out((number, listener), topic, (lacking, view));
        }
        let (key, _) = self.join(listener, topic, view);
        self.streams.reasons(listener.session, key).patterns.insert(number);
    }
}

/// Tells a connection that its pattern does not follow a market that it matches.
fn tell_left_out((stream, listener): (u64, &Listener), topic: Topic, (lacking, view): (String, &View)) {
    let Topic::Of(instrument, _) = topic else { return };
    let message = format!("{lacking}: unsubscribe from some, and then subscribe to this one");
    let data = LeftOut {
        stream,
        channel: topic.channel().name().to_owned(),
        symbol: symbol::text(view, instrument),
        code: ErrorCode::TooManySubs,
        message,
    };
    listener.outbox.push_text(&Update::Status(Box::new(Status::LeftOut { data })).encode());
}

fn topic_is_over(topic: Topic, view: &View) -> bool {
    match topic {
        Topic::Of(instrument, _) => {
            view.instrument(instrument).is_none_or(|listed| listed.phase == Phase::Settled)
        }
        _ => false,
    }
}

/// Whether changed levels are, or were, at the best price of a side.
fn reaches_best(moves: &[LevelMove], depth: &Depth) -> bool {
    moves.iter().any(|moved| {
        let best = depth.levels(moved.side).next();
        best.is_none_or(|(best, _)| match moved.side {
            Side::Bid => best <= moved.price,
            Side::Ask => moved.price <= best,
        })
    })
}
