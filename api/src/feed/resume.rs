//! Resume: what a client has missed: of a book what has changed since, of a private stream every message.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::event::PrivateSequence;
use engine::ids::{AccountId, InstrumentId};
use engine::order::Side;
use engine::units::Price;
use engine::view::View;
use journal::history::PrivateEvent;
use protocol::close::CloseCode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::subscription::Resume;
use protocol::update::Update;

use crate::config::REPLAY_MOMENTS_MAX;
use crate::convert::symbol;
use crate::feed::Feed;
use crate::feed::archive::{Asked, Unread};
use crate::feed::channels::private::Portion;
use crate::feed::channels::{Link, book};
use crate::feed::history::{History, Levels};
use crate::feed::moments::{TooOld, is_on};
use crate::feed::pace::Key;
use crate::feed::stream::{Behind, Stream};
use crate::feed::window::{Row, difference};
use crate::outbox::Ending;

/// Whether sequences of this epoch are ours.
fn is_epoch(view: &View, epoch: &str) -> bool {
    view.founding().is_some_and(|founding| format!("{:016x}", founding.epoch) == epoch)
}

fn forgotten(TooOld { oldest }: TooOld) -> ErrorObject {
    let message = "what came after that is not kept any more: begin with a snapshot, and ask for fills";
    ErrorObject::new(ErrorCode::SeqTooOld, message)
        .with_field("resume.xseq")
        .with_details(serde_json::json!({ "oldest_xseq": oldest.0 }))
}

impl Feed {
    /// From where on an account is told what it has missed.
    ///
    /// # Errors
    /// `EPOCH_MISMATCH`; `SEQ_TOO_OLD`, with the `oldest_xseq` that can be resumed; `BAD_VALUE` for what has not been.
    pub(super) fn replayed(
        &self,
        owner: AccountId,
        resume: &Resume,
        view: &View,
    ) -> Result<PrivateSequence, ErrorObject> {
        let last = view.account(owner).expect("a session's account exists").xseq;
        let asked = PrivateSequence(resume.xseq.expect("the field was checked"));
        if !is_epoch(view, &resume.epoch) {
            let message = "sequences of another epoch do not continue here: begin with a snapshot";
            return Err(ErrorObject::new(ErrorCode::EpochMismatch, message).with_field("resume.epoch"));
        }
        if last < asked {
            let message = format!("the account's last private event is {}", last.0);
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("resume.xseq"));
        }
        let kept = self.moments.after((owner, last), asked, 0).map(drop);
        let reached = kept.or_else(|too_old| match &self.archive {
            Some(archive) => archive.check(owner, asked),
            None => Err(too_old),
        });
        reached.map(|()| asked).map_err(forgotten)
    }

    /// Gives a connection the next portion of what it has missed after `after`, and with the last one everything that follows.
    /// What is older than what is kept is asked of the history, and given when it was read.
    pub(super) fn replay(&mut self, (session, key): (u64, Key), after: PrivateSequence, view: &View) {
        let stream = self.streams.at(key);
        let Some(owner) = stream.topic.owner() else { return };
        let last = view.account(owner).expect("a session's account exists").xseq;
        let kept = self.moments.after((owner, last), after, REPLAY_MOMENTS_MAX);
        let kept = kept.map(|missed| missed.copied().collect::<Vec<_>>());
        match kept {
            Ok(missed) => self.give((session, key), (after, missed), view),
            Err(too_old) => match &mut self.archive {
                Some(archive) => {
                    archive.ask((session, key), Asked { owner, after, told: view.stamp().sequence, too_old });
                }
                // It reads more slowly than the ring turns.
                None => self.give_up((session, key), forgotten(too_old)),
            },
        }
    }

    /// Gives connections what was read for them since.
    pub(super) fn tell_read(&mut self, view: &View) {
        let Some(archive) = &mut self.archive else { return };
        for ((session, key), Asked { owner, after, .. }, read) in archive.take() {
            // It may have gone meanwhile, or begun something else.
            let stream = self.streams.get(key).filter(|stream| stream.topic.owner() == Some(owner));
            if stream.is_none() || !self.streams.is_behind(session, key) {
                continue;
            }
            let behind = self.streams.at(key).find(session).and_then(|subscriber| subscriber.behind);
            if behind.and_then(|behind| behind.replays) != Some(after) {
                continue;
            }
            match read {
                // The history is not there yet: it is asked again.
                Ok(missed) if missed.is_empty() => {}
                Ok(missed) => self.give((session, key), (after, missed), view),
                Err(Unread::Gone(too_old)) => self.give_up((session, key), forgotten(too_old)),
                Err(Unread::Failed) => {
                    let message = "what you have missed cannot be read: begin with a snapshot";
                    self.give_up((session, key), ErrorObject::new(ErrorCode::Internal, message));
                }
            }
        }
        let streams = &self.streams;
        if let Some(archive) = &mut self.archive {
            archive.go_on(|(session, key)| streams.is_behind(session, key));
        }
    }

    /// Gives a connection what has happened next to its account after `after`.
    fn give(
        &mut self,
        (session, key): (u64, Key),
        (after, missed): (PrivateSequence, Vec<PrivateEvent>),
        view: &View,
    ) {
        let stream = self.streams.at(key);
        let channel = stream.topic.channel();
        let Some(owner) = stream.topic.owner() else { return };
        let Some(subscriber) = stream.find(session) else { return };
        let outbox = Arc::clone(&subscriber.listener.outbox);
        let told = subscriber.behind.and_then(|behind| behind.last).unwrap_or(after.0);
        let reached = missed.last().map_or(after, |moment| moment.xseq);
        let moments = missed.into_iter().filter(|moment| is_on(moment, channel)).collect();
        let mut portion = Portion::new(stream, told, (moments, view));
        if reached == view.account(owner).expect("a session's account exists").xseq {
            portion = portion.ends_at(stream);
            self.streams.caught_up(session, key);
        } else if let Some(subscriber) = stream.find(session) {
            subscriber.behind =
                Some(Behind { last: Some(portion.last()), left_out: 0, replays: Some(reached) });
        }
        // What happened may all be told elsewhere.
        if !portion.is_empty() {
            outbox.push_frames_later(portion.bytes(), move || portion.write());
        }
    }

    /// Ends a connection that cannot be told what it has missed.
    fn give_up(&mut self, (session, key): (u64, Key), ErrorObject { code, message, .. }: ErrorObject) {
        if let Some(subscriber) = self.streams.at(key).find(session) {
            let error = Some((code, message.into_string()));
            subscriber.listener.outbox.end(Ending { close: CloseCode::CONTINUITY_LOST, error });
        }
        self.streams.caught_up(session, key);
    }
}

/// The one message that leads from what the client has to what the others have; `None` when it needs a snapshot.
/// `patience` is how many changes may still be looked at.
pub(super) fn delta(
    (stream, levels): (&Stream, Option<u16>),
    instrument: InstrumentId,
    (resume, history, patience): (&Resume, &History, &mut usize),
    view: &View,
) -> Option<Update> {
    let seq = resume.seq?;
    if !is_epoch(view, &resume.epoch) || stream.last < seq || stream.untold.is_some() {
        return None;
    }
    let then = history.since(instrument, seq, patience)?;
    let depth = view.depth(instrument)?;
    let [asks, bids] = [Side::Ask, Side::Bid].map(|side| match levels {
        None => then
            .iter()
            .filter(|((of, _), _)| *of == side)
            .map(|((_, price), before)| (*price, *before, depth.at(side, *price)))
            .filter(|(_, before, now)| before != now)
            .map(|(price, _, now)| (price, now))
            .collect(),
        Some(levels) => {
            let now: Vec<Row> = depth.levels(side).take(levels.into()).collect();
            difference(side, &best_then(side, levels, &then, depth), &now)
        }
    });
    let link = Link {
        stream: stream.number,
        seq: stream.last,
        prev_seq: seq,
        ts: protocol::time::Time::from_ns(stream.ts.0),
        conflated: None,
    };
    let data = book::data(&asks, &bids, book::crc(depth, levels));
    Some(book::update(link, symbol::text(view, instrument), data))
}

/// The best levels as they were then. Those that have not changed are among the best now, but for as many as have.
fn best_then(side: Side, levels: u16, then: &Levels, depth: &engine::view::depth::Depth) -> Vec<Row> {
    let unchanged = depth.levels(side).take(usize::from(levels) + then.len());
    let mut rows: BTreeMap<Price, engine::units::Volume> = unchanged.collect();
    for ((_, price), before) in then.iter().filter(|((of, _), _)| *of == side) {
        if before.is_zero() {
            rows.remove(price);
        } else {
            rows.insert(*price, *before);
        }
    }
    match side {
        Side::Bid => rows.into_iter().rev().take(levels.into()).collect(),
        Side::Ask => rows.into_iter().take(levels.into()).collect(),
    }
}
