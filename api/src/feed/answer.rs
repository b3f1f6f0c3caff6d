//! Answers: what the publisher says to questions, all from durable state.

use engine::ids::{AccountId, InstrumentId};
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::query::{
    BalancesResult, FILLS_DEFAULT, FILLS_MAX, FillsResult, InstrumentsResult, OpenOrdersResult,
};
use protocol::reply::Answer;
use protocol::request::Request;

use crate::convert::{account, order, symbol};
use crate::feed::Feed;
use crate::feed::channels::instruments;
use crate::feed::stream::Listener;
use crate::origin::Pending;
use crate::question::{AccountBy, Known, Question};

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

    fn answer_request(
        &mut self,
        (pending, reader): (Pending, Option<AccountId>),
        request: Request,
        view: &View,
    ) {
        match request {
            Request::Subscribe(params) => self.subscribe((pending, reader), &params, view),
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
            request => {
                let outcome = query(view, reader, &request);
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
            (key.grant.account, Some((key.key, key.grant.scopes)))
        }
    };
    let found = view.account(account)?;
    Some(Known { account, name: found.name, xseq: found.xseq.0, key })
}

fn query(view: &View, reader: Option<AccountId>, request: &Request) -> Result<Answer, ErrorObject> {
    let reader = reader.and_then(|account| Some((account, view.account(account)?)));
    match (request, reader) {
        (Request::Balances, Some((_, owner))) => {
            let image = account::image(view, owner);
            let as_of_xseq = owner.xseq.0;
            let (balances, positions) = (image.balances, image.positions);
            Ok(Answer::Balances(BalancesResult { balances, positions, as_of_xseq }))
        }
        (Request::OpenOrders(params), Some((account, owner))) => {
            let only = params.symbol.as_deref();
            let only =
                only.map(|text| symbol::instrument(view, text, ErrorCode::UnknownSymbol)).transpose()?;
            let chosen = |of: InstrumentId| only.is_none_or(|only| only == of);
            let open = view.orders_of(account).filter(|open| chosen(open.instrument));
            let orders = open.map(|open| order::wire(view, open)).collect();
            Ok(Answer::OpenOrders(OpenOrdersResult { orders, as_of_xseq: owner.xseq.0 }))
        }
        (Request::Fills(params), Some((_, owner))) => {
            let limit = params.limit.unwrap_or(FILLS_DEFAULT);
            if FILLS_MAX < limit {
                let message = format!("the exchange keeps the last {FILLS_MAX} fills of an account");
                return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("limit"));
            }
            let newest = owner.fills.iter().rev().zip(0..limit);
            let fills = newest.map(|(fill, _)| order::fill(view, fill)).collect();
            Ok(Answer::Fills(FillsResult { fills, as_of_xseq: owner.xseq.0 }))
        }
        _ => Err(ErrorObject::new(ErrorCode::AuthRequired, "login first")),
    }
}
