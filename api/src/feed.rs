//! Feed: the publisher's end of the gateway. Tells clients what is durable and answers what they ask.
//!
//! Each stream has one number for all who subscribe to it, so each message is encoded once. Of one command, private
//! events are queued first, then the reply, then public messages.

mod answer;
mod streams;
mod topic;

use engine::event::Event;
use engine::ids::InstrumentId;
use engine::order::Side;
use engine::stamp::Stamp;
use engine::units::{Price, Volume};
use engine::view::View;
use engine::view::depth::Depth;
use node::batch::Told;
use node::outlet::Outlet;
use protocol::book::{Book, BookData, BookUpdate, Level};
use protocol::checksum;
use protocol::decimal::{self, Scale};
use protocol::execution::{Account, AccountImage, Executions, PrivateUpdate};
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
}

impl Outlet for Feed {
    type Origin = Origin;
    type Question = Question;

    fn tell_event(&mut self, stamp: Stamp, event: &Event, view: &View) {
        if let Event::KeyRevoked { key, .. } = event {
            self.streams.revoke(key);
        }
        self.tell_execution(stamp, event, view);
        self.tell_account(stamp, event, view);
    }

    fn tell(&mut self, told: Told<'_, Origin>, view: &View) {
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

    fn answer(&mut self, question: Question, view: &View) {
        answer::answer(&mut self.streams, question, view);
    }
}

impl Feed {
    fn tell_execution(&mut self, stamp: Stamp, event: &Event, view: &View) {
        let (Event::OrderAccepted { account, xseq, .. }
        | Event::OrderExecuted { account, xseq, .. }
        | Event::OrderReduced { account, xseq, .. }
        | Event::OrderCanceled { account, xseq, .. }) = *event
        else {
            return;
        };
        self.streams.tell(Topic::Executions(account), xseq.0, |message: Message| {
            let data = order::execution(view, stamp, event)?;
            Some(Update::Executions(Executions::Update(Box::new(private(message, stamp, data)))))
        });
    }

    fn tell_account(&mut self, stamp: Stamp, event: &Event, view: &View) {
        let (owner, xseq) = match *event {
            Event::PositionChanged { account, xseq, .. } | Event::BalanceChanged { account, xseq, .. } => {
                (account, xseq)
            }
            _ => return,
        };
        self.streams.tell(Topic::Account(owner), xseq.0, |message: Message| {
            let known = view.account(owner)?;
            let data = match *event {
                Event::PositionChanged { instrument, .. } => {
                    let row = known.positions.get(&instrument)?;
                    let positions = vec![account::position(view, instrument, row)];
                    AccountImage { positions, ..AccountImage::default() }
                }
                _ => {
                    let balances = vec![account::balance(&known.balance)];
                    AccountImage { balances, ..AccountImage::default() }
                }
            };
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
        let changed = |event: &Event| match event {
            Event::InstrumentListed { instrument, .. } | Event::InstrumentClosed { instrument } => {
                Some(*instrument)
            }
            _ => None,
        };
        if !events.iter().any(|event| changed(event).is_some()) {
            return;
        }
        self.streams.tell(Topic::Instruments, stamp.sequence.0, |message: Message| {
            let listed = events.iter().filter_map(changed).filter_map(|changed| view.instrument(changed));
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
