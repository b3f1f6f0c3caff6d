//! Feed: the publisher's end of the gateway. Tells clients what is durable and answers what they ask.
//!
//! Each stream has one number for all who subscribe to it, so each message is encoded once. Of one command, private
//! events are queued first, then the reply, then public messages.

mod answer;
mod streams;
mod topic;

use std::collections::BTreeSet;

use engine::event::Event;
use engine::ids::InstrumentId;
use engine::order::Side;
use engine::stamp::Stamp;
use engine::units::{Price, Volume};
use engine::view::View;
use engine::view::depth::Depth;
use engine::view::orders::OrderView;
use node::batch::Told;
use node::outlet::Outlet;
use protocol::book::{Book, BookData, BookUpdate, Level};
use protocol::checksum;
use protocol::decimal::{self, Scale};
use protocol::execution::{Account, Executions, PrivateUpdate};
use protocol::time::Time;
use protocol::trades::{Trade, Trades, TradesUpdate};
use protocol::update::{Instruments, InstrumentsUpdate, Update};

use crate::convert::{account, command, instrument, order, symbol};
use crate::feed::streams::{Message, Streams};
use crate::feed::topic::Topic;
use crate::origin::Origin;
use crate::question::Question;

/// Who listens to what. Lives on the publisher's thread.
#[derive(Debug, Default)]
pub struct Feed {
    streams: Streams,
    /// The order that the last event accepted.
    accepted: Option<Accepted>,
}

/// An order as it was accepted, which its owner is not told of yet.
#[derive(Debug)]
struct Accepted {
    xseq: u64,
    stamp: Stamp,
    order: OrderView,
}

impl Outlet for Feed {
    type Origin = Origin;
    type Question = Question;

    fn tell_event(&mut self, stamp: Stamp, event: &Event, view: &View) {
        if let Event::KeyRevoked { key, .. } = event {
            self.streams.revoke(key);
        }
        self.tell_accepted(event, view);
        self.tell_execution(stamp, event, view);
        self.tell_account(stamp, event, view);
    }

    fn tell(&mut self, told: Told<'_, Origin>, view: &View) {
        assert!(self.accepted.is_none(), "an order that is accepted trades, rests or ends");
        let outcome = told.origin.as_ref().map(|_| command::outcome(&told.stamped, told.events, view));
        match (told.origin, outcome) {
            (Some(Origin::Reply(pending)), Some(outcome)) => pending.answer(outcome),
            (Some(Origin::Inform(answer)), Some(outcome)) => {
                // Whoever asked may have gone.
                let _ = answer.send(outcome.map(|_| told.stamped.stamp.sequence));
            }
            _ => {}
        }
        let stamp = told.stamped.stamp;
        self.tell_trades(stamp, told.events, view);
        self.tell_books(stamp, view);
        self.tell_instruments(stamp, told.events, view);
    }

    fn flush(&mut self, _now: engine::stamp::Time, _view: &View) {
        self.streams.flush();
    }

    fn answer(&mut self, question: Question, view: &View) {
        self.streams.flush();
        answer::answer(&mut self.streams, question, view);
    }
}

impl Feed {
    /// Tells an order that was accepted. What else it said comes with the very next event, so it waits for that.
    fn tell_accepted(&mut self, event: &Event, view: &View) {
        let Some(Accepted { xseq, stamp, order }) = self.accepted.take() else { return };
        let order = match event {
            Event::OrderTerms { .. } => view.order(order.order).copied().unwrap_or(order),
            _ => order,
        };
        self.streams.tell(Topic::Executions(order.account), xseq, |message: Message| {
            let data = order::accepted(view, stamp, &order);
            Some(Update::Executions(Executions::Update(Box::new(private(message, stamp, data)))))
        });
    }

    fn tell_execution(&mut self, stamp: Stamp, event: &Event, view: &View) {
        let (account, xseq) = match *event {
            Event::OrderAccepted { xseq, order, .. } => {
                let order = *view.order(order).expect("events name orders that the view knows");
                self.accepted = Some(Accepted { xseq: xseq.0, stamp, order });
                return;
            }
            Event::OrderExecuted { account, xseq, .. }
            | Event::OrderReduced { account, xseq, .. }
            | Event::OrderAmended { account, xseq, .. }
            | Event::OrderCanceled { account, xseq, .. } => (account, xseq),
            _ => return,
        };
        self.streams.tell(Topic::Executions(account), xseq.0, |message: Message| {
            let data = order::execution(view, stamp, event)?;
            Some(Update::Executions(Executions::Update(Box::new(private(message, stamp, data)))))
        });
    }

    fn tell_account(&mut self, stamp: Stamp, event: &Event, view: &View) {
        let (Event::PositionChanged { account, xseq, .. }
        | Event::BalanceChanged { account, xseq, .. }
        | Event::CancelAfterSet { account, xseq, .. }
        | Event::CancelAfterFired { account, xseq }) = *event
        else {
            return;
        };
        self.streams.tell(Topic::Account(account), xseq.0, |message: Message| {
            let data = account::change(view, event)?;
            Some(Update::Account(Account::Update(private(message, stamp, data))))
        });
    }

    /// All trades of a command are of one instrument: that of its order.
    fn tell_trades(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        let traded = events.iter().find_map(|event| match event {
            Event::Traded { instrument, .. } => Some(*instrument),
            _ => None,
        });
        let Some(traded) = traded else { return };
        for topic in [Topic::Trades(traded), Topic::AllTrades] {
            self.streams.tell(topic, stamp.sequence.0, |message: Message| {
                Some(Update::Trades(Trades::Update(TradesUpdate {
                    stream: message.stream,
                    symbol: symbol::text(view, traded),
                    seq: message.seq,
                    data: events.iter().filter_map(|event| trade(stamp, event)).collect(),
                })))
            });
        }
    }

    fn tell_books(&mut self, stamp: Stamp, view: &View) {
        let mut changed: Vec<(InstrumentId, Side, Price)> =
            view.changes().iter().map(|change| (change.instrument, change.side, change.price)).collect();
        changed.sort_unstable();
        changed.dedup();
        for levels in changed.chunk_by(|one, other| one.0 == other.0) {
            let book = levels[0].0;
            let depth = view.depth(book).expect("changes are of listed instruments");
            self.streams.tell(Topic::Book(book), stamp.sequence.0, |message: Message| {
                let side = |wanted: Side| {
                    let of_side = levels.iter().filter(move |(_, side, _)| *side == wanted);
                    of_side.map(move |(_, side, price)| level(*price, depth.at(*side, *price)))
                };
                let data = BookData {
                    asks: side(Side::Ask).collect(),
                    bids: side(Side::Bid).rev().collect(),
                    crc: crc(depth),
                };
                Some(Update::Book(Book::Update(BookUpdate {
                    stream: message.stream,
                    symbol: symbol::text(view, book),
                    seq: message.seq,
                    prev_seq: message.previous,
                    ts: time(stamp),
                    data,
                })))
            });
        }
    }

    fn tell_instruments(&mut self, stamp: Stamp, events: &[Event], view: &View) {
        let changed: BTreeSet<InstrumentId> =
            events.iter().flat_map(|event| instrument::changed(view, event)).collect();
        if changed.is_empty() {
            return;
        }
        self.streams.tell(Topic::Instruments, stamp.sequence.0, |message: Message| {
            let listed = changed.iter().filter_map(|changed| view.instrument(*changed));
            Some(Update::Instruments(Instruments::Update(InstrumentsUpdate {
                stream: message.stream,
                seq: message.seq,
                prev_seq: message.previous,
                ts: time(stamp),
                data: listed.map(|listed| instrument::wire(view, listed)).collect(),
            })))
        });
    }
}

fn private<T>(message: Message, stamp: Stamp, data: T) -> PrivateUpdate<T> {
    let Message { stream, seq, previous } = message;
    PrivateUpdate { stream, xseq: seq, prev_xseq: previous, ts: time(stamp), data }
}

fn trade(stamp: Stamp, event: &Event) -> Option<Trade> {
    let Event::Traded { trade, price, lots, taker_side, .. } = *event else { return None };
    Some(Trade {
        id: trade.0,
        price: order::price_text(price),
        qty: order::quantity(lots),
        taker_side: order::side(taker_side),
        ts: time(stamp),
    })
}

fn time(stamp: Stamp) -> Time {
    Time::from_ns(stamp.time.0)
}

fn level(price: Price, lots: Volume) -> Level {
    Level { price: order::price_text(price), qty: decimal::print(lots.count(), Scale::Quantity) }
}

fn crc(depth: &Depth) -> u32 {
    let plain = |(price, lots): (Price, Volume)| (u64::from(price.ticks()), lots.count());
    checksum::book(depth.asks().map(plain), depth.bids().map(plain))
}
