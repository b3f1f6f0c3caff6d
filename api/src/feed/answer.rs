//! Answers: what the publisher says to questions, all from durable state.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::ids::{AccountId, InstrumentId};
use engine::view::View;
use protocol::book::{Book, BookData, BookSnapshot};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::execution::{Account, Executions, OrdersImage, PrivateSnapshot};
use protocol::instrument::Instrument;
use protocol::query::{
    BalancesResult, FILLS_DEFAULT, FILLS_MAX, FillsResult, InstrumentsResult, OpenOrdersResult,
};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::subscription::{
    Subscribe, SubscribeResult, Subscription, SubscriptionAnswer, UnsubscribeResult,
};
use protocol::update::{Instruments, InstrumentsSnapshot, Update};

use crate::config::{STREAMS_MAX, SUBSCRIPTIONS_MAX};
use crate::convert::{account, instrument, order, symbol};
use crate::feed::streams::{Listener, Streams};
use crate::feed::topic::Topic;
use crate::feed::{crc, level, time};
use crate::origin::Pending;
use crate::question::{AccountBy, Known, Question};

pub(super) fn answer(streams: &mut Streams, question: Question, view: &View) {
    match question {
        Question::Leave { session } => streams.leave(session),
        Question::Act { session, outbox, key, answer } => {
            let known = view.key(key.first_bytes()).is_some_and(|view| view.key == key);
            if known {
                streams.act(key, Listener { session, outbox });
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
        Question::Request { pending, reader, request } => match *request {
            Request::Subscribe(params) => subscribe(streams, (*pending, reader), &params, view),
            Request::Unsubscribe(params) => {
                let outcome = unsubscribe(streams, pending.session, params.streams);
                pending.answer(outcome);
            }
            request => {
                let outcome = query(view, reader, &request);
                pending.answer(outcome);
            }
        },
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

fn subscribe(
    streams: &mut Streams,
    (pending, reader): (Pending, Option<AccountId>),
    params: &Subscribe,
    view: &View,
) {
    let listener = Listener { session: pending.session, outbox: Arc::clone(pending.waiting.outbox()) };
    if SUBSCRIPTIONS_MAX < params.subs.len() {
        let message = format!("one request subscribes to at most {SUBSCRIPTIONS_MAX} streams: send several");
        let error = ErrorObject::new(ErrorCode::TooManySubs, message).with_field("subs");
        return pending.answer(Err(error));
    }
    let mut answers = Vec::with_capacity(params.subs.len());
    let mut begun = BTreeMap::new();
    for (i, item) in (0..).zip(&params.subs) {
        let outcome = join(streams, &listener, (item, reader), view).map(|(topic, stream, last)| {
            begun.insert(stream, (topic, last));
            stream
        });
        answers.push(SubscriptionAnswer { i, outcome });
    }
    pending.answer(Ok(Answer::Subscribe(SubscribeResult { subs: answers })));
    for (stream, (topic, last)) in begun {
        if listener.outbox.ending().is_some() {
            return;
        }
        if let Some(snapshot) = snapshot(view, topic, (stream, last)) {
            listener.outbox.push_text(&snapshot.encode());
        }
    }
}

/// Puts a connection on the stream that an item asks for; returns topic, stream and where its chain stands.
fn join(
    streams: &mut Streams,
    listener: &Listener,
    (item, reader): (&Subscription, Option<AccountId>),
    view: &View,
) -> Result<(Topic, u64, u64), ErrorObject> {
    let topic = Topic::asked(item, reader, view)?;
    if STREAMS_MAX <= streams.joined(listener.session) && !streams.has(listener.session, topic) {
        let message = format!("a connection has at most {STREAMS_MAX} streams: unsubscribe from some first");
        return Err(ErrorObject::new(ErrorCode::TooManySubs, message));
    }
    let now = match topic {
        Topic::Executions(owner) | Topic::Account(owner) => {
            view.account(owner).expect("a session's account exists").xseq.0
        }
        _ => view.stamp().sequence.0,
    };
    let (stream, last) = streams.join(topic, now, listener);
    Ok((topic, stream, last))
}

/// The first message of a stream. As of `last` is as of now: of this topic, nothing has changed since.
fn snapshot(view: &View, topic: Topic, (stream, last): (u64, u64)) -> Option<Update> {
    let ts = time(view.stamp());
    match topic {
        Topic::Trades(_) | Topic::AllTrades => None,
        Topic::Instruments => {
            let data = instruments(view);
            let snapshot = InstrumentsSnapshot { stream, seq: last, ts, data };
            Some(Update::Instruments(Instruments::Snapshot(snapshot)))
        }
        Topic::Book(book) => {
            let depth = view.depth(book)?;
            let data = BookData {
                asks: depth.asks().map(|(price, lots)| level(price, lots)).collect(),
                bids: depth.bids().map(|(price, lots)| level(price, lots)).collect(),
                crc: crc(depth),
            };
            let symbol = symbol::text(view, book);
            Some(Update::Book(Book::Snapshot(BookSnapshot { stream, symbol, seq: last, ts, data })))
        }
        Topic::Executions(owner) => {
            let data =
                OrdersImage { orders: view.orders_of(owner).map(|open| order::wire(view, open)).collect() };
            Some(Update::Executions(Executions::Snapshot(PrivateSnapshot { stream, xseq: last, ts, data })))
        }
        Topic::Account(owner) => {
            let data = account::image(view, view.account(owner)?);
            Some(Update::Account(Account::Snapshot(PrivateSnapshot { stream, xseq: last, ts, data })))
        }
    }
}

/// Every instrument whose gate has not closed.
fn instruments(view: &View) -> Vec<Instrument> {
    view.current_instruments().map(|(_, listed)| instrument::wire(view, listed)).collect()
}

/// All or none: a stream that the connection does not have is an error, and nothing has changed.
fn unsubscribe(streams: &mut Streams, session: u64, numbers: Vec<u64>) -> Result<Answer, ErrorObject> {
    for (place, number) in numbers.iter().enumerate() {
        if !streams.is_joined(session, *number) {
            let message = format!("this connection has no stream {number}");
            let error = ErrorObject::new(ErrorCode::NotSubscribed, message);
            return Err(error.with_field(format!("streams[{place}]")));
        }
    }
    numbers.iter().for_each(|number| streams.part(session, *number));
    Ok(Answer::Unsubscribe(UnsubscribeResult { streams: numbers }))
}

fn query(view: &View, reader: Option<AccountId>, request: &Request) -> Result<Answer, ErrorObject> {
    let reader = reader.and_then(|account| Some((account, view.account(account)?)));
    match (request, reader) {
        (Request::Instruments, _) => {
            let instruments = instruments(view);
            let as_of_seq = view.stamp().sequence.0;
            Ok(Answer::Instruments(InstrumentsResult { instruments, as_of_seq }))
        }
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
