//! Feed: the publisher's end of the gateway. Tells clients what is durable and answers what they ask.
//!
//! ```text
//!   command -> private events, reply                               -> outboxes, at once
//!           -> streams about what has changed: told now, or put off to their pace
//!   flush   -> paces that are due -> each stream's frames, in one piece -> outboxes of all who listen
//!           -> snapshots for those who begin or are behind, as numbers   -> written by whoever sends them
//! ```
//!
//! Each stream has one number for all who listen to it, so each message is encoded once. The publisher's work for one
//! listener is to put one piece into its outbox. Of one command, private events are queued first, then the reply; what
//! is public is handed out after the whole round.

mod answer;
mod archive;
mod channels;
mod delivering;
mod desk;
mod dry_run;
mod heartbeat;
mod history;
mod image;
mod level_move;
mod look;
mod moments;
mod pace;
mod pattern;
mod patterns;
mod public;
mod resume;
mod stream;
mod streams;
mod subscribe;
mod tape;
mod topic;
mod window;

use std::sync::Arc;

use engine::event::Event;
use engine::stamp::{Stamp, Time};
use engine::view::View;
use journal::history::PrivateEvent;
use journal::history::reader::HistoryReader;
use node::batch::Told;
use node::outlet::Outlet;

use crate::config::{
    BEHIND_MS, CHECKPOINT_MS, REPLAY_LOOK_MS, ROUND_STREAMS_MAX, STATE_BYTES_LOW, STATE_BYTES_MAX,
};
use crate::convert::{batch, command};
use crate::feed::archive::Archive;
use crate::feed::channels::private;
use crate::feed::channels::{Scene, catch_up};
use crate::feed::heartbeat::Heart;
use crate::feed::history::History;
use crate::feed::level_move::moves;
use crate::feed::moments::{Moments, completed, moment};
use crate::feed::pace::{Key, Pace, Paces};
use crate::feed::patterns::Patterns;
use crate::feed::stream::Behind;
use crate::feed::streams::Streams;
use crate::feed::tape::Tape;
use crate::origin::Origin;
use crate::question::Question;

/// Nanoseconds in a millisecond.
const MS: u64 = Time::SECOND / 1_000;

/// Who listens to what. Lives on the publisher's thread.
#[derive(Debug)]
pub struct Feed {
    streams: Streams,
    patterns: Patterns,
    paces: Paces,
    checkpoints: Pace,
    heart: Heart,
    tape: Tape,
    history: History,
    moments: Moments,
    /// What came before those, if there is a history.
    archive: Option<Archive>,
    /// The order that the last event accepted, which its owner is not told of yet: what else it said comes with the very
    /// next event.
    accepted: Option<PrivateEvent>,
    /// The clock, when the stage last looked.
    now: Time,
    /// The hour as of which tickers tell their day.
    hour: Time,
    /// Names that orders were given in public.
    oids: u64,
    /// Who is looked after next, of those who need a snapshot.
    next_behind: (u64, Key),
    /// Whether anybody was among them in the last round who is told what it missed.
    is_replaying: bool,
}

impl Default for Feed {
    fn default() -> Feed {
        Feed {
            streams: Streams::default(),
            patterns: Patterns::default(),
            paces: Paces::default(),
            checkpoints: Pace::new(CHECKPOINT_MS),
            heart: Heart::default(),
            tape: Tape::default(),
            history: History::default(),
            moments: Moments::default(),
            archive: None,
            accepted: None,
            now: Time(0),
            hour: Time(0),
            oids: 0,
            next_behind: (0, 0),
            is_replaying: false,
        }
    }
}

impl Outlet for Feed {
    type Origin = Origin;
    type Question = Question;

    fn begin(&mut self, now: Time) {
        self.now = now;
    }

    fn tell_event(&mut self, stamp: Stamp, event: &Event, view: &View) {
        if let Some(accepted) = self.accepted.take() {
            self.tell_moment(completed(accepted, event, view), view);
        }
        match moment(stamp, event, view) {
            Some(moment) if matches!(event, Event::OrderAccepted { .. }) => self.accepted = Some(moment),
            Some(moment) => self.tell_moment(moment, view),
            None => {}
        }
    }

    fn tell(&mut self, told: Told<'_, Origin>, view: &View) {
        assert!(self.accepted.is_none(), "an order that is accepted trades, rests or ends");
        let stamp = told.stamped.stamp;
        let outcome = || command::outcome(&told.stamped, told.events, view);
        match told.origin {
            None => {}
            Some(Origin::Reply(pending)) => pending.answer(outcome()),
            // Whoever asked may have gone.
            Some(Origin::Inform(answer)) => drop(answer.send(outcome().map(|_| stamp.sequence))),
            Some(Origin::Part(part)) => part.tell(outcome().map(batch::change)),
            Some(Origin::Whole(whole)) => batch::tell(&whole, (stamp, told.events), view),
        }
        for event in told.events {
            if let Event::KeyRevoked { key, .. } = event {
                // After the reply: a key may be replaced by who acts with it.
                self.streams.revoke(key).into_iter().for_each(|session| self.leave(session));
            }
        }
        self.tell_public(stamp, told.events, view);
    }

    fn answer(&mut self, question: Question, view: &View) {
        // Whoever joins now has none of what waits.
        self.streams.flush(self.now);
        self.answer_question(question, view);
    }

    fn flush(&mut self, now: Time, view: &View) {
        self.now = now;
        self.roll_day(view);
        for key in self.paces.take(now) {
            self.emit(key, view);
        }
        for key in self.checkpoints.take(now) {
            self.check(key, view);
        }
        self.streams.flush(now);
        self.join_matching(view);
        self.catch_up(view);
        self.heart.beat(now, &mut self.streams);
    }

    fn due(&self) -> Option<Time> {
        let look = if self.is_replaying { REPLAY_LOOK_MS } else { BEHIND_MS };
        let behind = (!self.streams.behind_is_empty()).then(|| self.now.after(look * MS));
        let joining = self.patterns.is_joining().then_some(self.now);
        let dues = [self.paces.due(), self.checkpoints.due(), self.heart.due(), behind, joining];
        dues.into_iter().flatten().min()
    }
}

impl Feed {
    /// The same, which asks a history for what happened to accounts before what it keeps itself. It is read on threads of
    /// the runtime that this is called in.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn with_history(self, history: Arc<dyn HistoryReader>) -> Feed {
        Feed { archive: Some(Archive::new(history)), ..self }
    }

    /// Learns from a command that was read back what has traded, and what books were.
    pub fn recover(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        self.tape.fold(stamp, events, view);
        for moved in moves(view) {
            self.history.note(stamp.sequence.0, &moved);
        }
        for event in events {
            if let Event::InstrumentSettled { instrument } = event {
                self.history.forget(*instrument);
            }
        }
    }

    /// Tells what happened to an account, and remembers it.
    fn tell_moment(&mut self, moment: PrivateEvent, view: &View) {
        private::tell(&moment, view, &mut self.streams);
        self.moments.note(moment);
    }

    /// Gives snapshots to those who need one and can take it, and what they missed to those who came back; to so many in one
    /// round.
    fn catch_up(&mut self, view: &View) {
        self.tell_read(view);
        self.is_replaying = false;
        let mut wrapped = false;
        for _ in 0..ROUND_STREAMS_MAX {
            let Some((session, key)) = self.streams.behind_from(self.next_behind) else {
                self.next_behind = (0, 0);
                if std::mem::replace(&mut wrapped, true) {
                    return;
                }
                continue;
            };
            self.next_behind = (session, key + 1);
            let stream = self.streams.at(key);
            let is_clean = stream.untold.is_none();
            let Some(subscriber) = stream.find(session) else { continue };
            let replays = subscriber.behind.and_then(|behind| behind.replays);
            self.is_replaying |= replays.is_some();
            let begins = matches!(subscriber.behind, Some(Behind { last: None, .. }));
            let low = if begins { STATE_BYTES_MAX } else { STATE_BYTES_LOW };
            if low < subscriber.listener.outbox.bytes() {
                // It has to read first; the others have their turn.
                self.next_behind = (session + 1, 0);
            } else if let Some(after) = replays {
                self.replay((session, key), after, view);
            } else if is_clean {
                catch_up(stream, session, Scene { view, tape: &self.tape, now: self.now });
                self.streams.caught_up(session, key);
            }
        }
    }

    /// Takes a connection off everything.
    fn leave(&mut self, session: u64) {
        for number in self.streams.leave(session) {
            self.patterns.end(number);
        }
    }
}
