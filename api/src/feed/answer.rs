//! Answers: what the publisher says to questions, all from durable state.

use engine::instrument::Phase;
use engine::view::View;
use protocol::error_code::ErrorCode;
use protocol::query::InstrumentsResult;
use protocol::reply::Answer;
use protocol::request::Request;

use crate::convert::symbol;
use crate::feed::channels::Scene;
use crate::feed::channels::instruments;
use crate::feed::stream::Listener;
use crate::feed::{Feed, desk, dry_run, look};
use crate::origin::Pending;
use crate::question::{AccountBy, Gauges, Known, Question, Reader};

impl Feed {
    pub(super) fn answer_question(&mut self, question: Question, view: &View) {
        match question {
            Question::Leave { session } => self.leave(session),
            Question::Act { session, outbox, key, answer } => {
                let known = view.key(key.first_bytes()).is_some_and(|view| view.key == key);
                if known {
                    self.streams.act(key, &Listener { session, outbox });
                }
                let _ = answer.send(known);
            }
            Question::Account { by, answer } => {
                // Whoever asked may have gone.
                let _ = answer.send(known(view, by));
            }
            Question::Instrument { symbol: text, answer } => {
                let _ = answer.send(symbol::instrument(view, &text, ErrorCode::UnknownSymbol));
            }
            Question::Market { name, answer } => {
                let _ = answer.send(symbol::market(view, &name));
            }
            Question::Try { pending, order } => {
                let outcome = dry_run::outcome(view, &order);
                pending.answer(outcome);
            }
            Question::Open { account, order, answer } => {
                let _ = answer.send(desk::open(view, account, order));
            }
            Question::Limits { account, answer } => {
                let _ = answer.send(desk::bounds(view, account));
            }
            Question::Delivery { delivery, answer } => {
                let _ = answer.send(desk::facts(view, delivery));
            }
            Question::Earlier { delivery, answer } => {
                let _ = answer.send(desk::earlier(view, delivery));
            }
            Question::Seat { account, of, answer } => {
                let _ = answer.send(view.seats(account).any(|seat| seat == of));
            }
            Question::Shown { answer } => {
                let _ = answer.send(desk::shown(view));
            }
            Question::GateAhead { instrument, answer } => {
                let _ = answer
                    .send(view.instrument(instrument).is_some_and(|listed| listed.phase <= Phase::Open));
            }
            Question::Modes { answer } => {
                let _ = answer.send(desk::modes(view));
            }
            Question::Gauges { answer } => {
                let _ = answer.send(self.gauges(view));
            }
            Question::Pattern { pattern, answer } => {
                let _ = answer.send(symbol::pattern(view, &pattern));
            }
            // Nobody is left to hear the answer.
            Question::Request { pending, .. } if pending.waiting.outbox().ending().is_some() => {}
            Question::Request { pending, reader, request } => {
                self.answer_request((*pending, reader), *request, view);
            }
        }
    }

    fn gauges(&self, view: &View) -> Gauges {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Gauges {
            seq: view.stamp().sequence.0,
            accounts: wide(view.accounts()),
            windows: wide(view.current_instruments().count()),
            streams: wide(self.streams.count()),
            supply: view.supply().micro(),
            fees: view.fees().micro(),
        }
    }

    fn answer_request(
        &mut self,
        (pending, reader): (Pending, Option<Reader>),
        request: Request,
        view: &View,
    ) {
        match request {
            Request::Subscribe(params) => {
                let account = reader.map(|reader| reader.account);
                self.subscribe((pending, account), &params, view);
            }
            Request::Unsubscribe(params) => {
                let outcome = self.unsubscribe(pending.session, params.streams);
                pending.answer(outcome);
            }
            Request::Resync(params) => self.resync(pending, params.stream, view),
            Request::Instruments => {
                let as_of_seq = view.stamp().sequence.0;
                let (bytes, listed) = instruments::listed(view);
                pending.answer_later(bytes, move || {
                    Answer::Instruments(InstrumentsResult { instruments: listed(), as_of_seq })
                });
            }
            Request::Book(_) | Request::Trades(_) | Request::Ticker(_) | Request::Candles(_) => {
                look::answer(pending, &request, Scene { view, tape: &self.tape, now: self.now });
            }
            request => {
                let outcome = desk::answer(view, reader, &request);
                pending.answer(outcome);
            }
        }
    }
}

fn known(view: &View, by: AccountBy) -> Option<Known> {
    let (account, key) = match by {
        AccountBy::Name(name) => (view.named(name)?, None),
        AccountBy::Key(first) => {
            let key = view.key(first)?;
            (key.grant.account, Some((key.key, key.grant)))
        }
    };
    let found = view.account(account)?;
    Some(Known { account, name: found.name, xseq: found.xseq.0, key })
}
