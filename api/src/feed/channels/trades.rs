//! Trades: what a command has traded, without its parties.

use engine::event::Event;
use engine::ids::InstrumentId;
use engine::stamp::Stamp;
use engine::view::View;
use protocol::time::Time;
use protocol::trades::{Trade, Trades, TradesUpdate};
use protocol::update::Update;

use crate::convert::{order, symbol};
use crate::feed::channels::Link;
use crate::feed::tape::Print;

/// What a command has traded in one instrument: that of its order, or one of several where it is a batch.
pub(in crate::feed) fn update(
    link: Link,
    instrument: InstrumentId,
    (stamp, events): (Stamp, &[Event]),
    view: &View,
) -> Update {
    Update::Trades(Trades::Update(TradesUpdate {
        stream: link.stream,
        symbol: symbol::text(view, instrument),
        seq: link.seq,
        prev_seq: link.prev_seq,
        data: events.iter().filter_map(|event| trade(stamp, (instrument, event))).collect(),
    }))
}

/// A trade that is remembered.
pub(in crate::feed) fn printed(print: &Print) -> Trade {
    let &Print { trade, price, lots, taker_side, time } = print;
    Trade {
        id: trade.0,
        price: order::price_text(price),
        qty: order::quantity(lots),
        taker_side: order::side(taker_side),
        ts: Time::from_ns(time.0),
    }
}

/// The trade that an event tells of, if it is one of this instrument.
fn trade(stamp: Stamp, (of, event): (InstrumentId, &Event)) -> Option<Trade> {
    let Event::Traded { instrument, trade, price, lots, taker_side, .. } = *event else { return None };
    if instrument != of {
        return None;
    }
    Some(printed(&Print { trade, price, lots, taker_side, time: stamp.time }))
}
