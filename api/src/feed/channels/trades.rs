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

/// All trades of a command are of one instrument: that of its order.
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
        data: events.iter().filter_map(|event| trade(stamp, event)).collect(),
    }))
}

fn trade(stamp: Stamp, event: &Event) -> Option<Trade> {
    let Event::Traded { trade, price, lots, taker_side, .. } = *event else { return None };
    Some(Trade {
        id: trade.0,
        price: order::price_text(price),
        qty: order::quantity(lots),
        taker_side: order::side(taker_side),
        ts: Time::from_ns(stamp.time.0),
    })
}
