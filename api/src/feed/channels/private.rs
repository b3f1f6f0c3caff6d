//! Private: what happens to one account, told to those who act for it, before anyone else hears of it.

use engine::event::Event;
use engine::ids::AccountId;
use engine::stamp::Stamp;
use engine::view::View;
use engine::view::orders::OrderView;
use protocol::execution::{Account, Executions, OrdersImage, PrivateSnapshot, PrivateUpdate};
use protocol::time::Time;
use protocol::update::Update;

use crate::convert::{account, order};
use crate::feed::stream::Stream;
use crate::feed::streams::Streams;
use crate::feed::topic::Topic;

/// An order as it was accepted, which its owner is not told of yet: what else it said comes with the very next event.
#[derive(Debug)]
pub(in crate::feed) struct Accepted {
    pub(in crate::feed) xseq: u64,
    stamp: Stamp,
    order: OrderView,
}

impl Accepted {
    /// Tells it, now that the next event has come.
    pub(in crate::feed) fn tell(self, event: &Event, view: &View, streams: &mut Streams) {
        let Accepted { xseq, stamp, order } = self;
        let order = match event {
            Event::OrderTerms { .. } => view.order(order.order).copied().unwrap_or(order),
            _ => order,
        };
        streams.tell_now(Topic::Executions(order.account), (xseq, stamp.time), |stream| {
            let update = private(stream, (xseq, stamp), order::accepted(view, stamp, &order));
            Some(Update::Executions(Executions::Update(Box::new(update))))
        });
    }
}

/// Tells what happened to an order. Returns it when it was accepted, to be told with the next event.
pub(in crate::feed) fn tell_execution(
    stamp: Stamp,
    event: &Event,
    view: &View,
    streams: &mut Streams,
) -> Option<Accepted> {
    let (account, xseq) = match *event {
        Event::OrderAccepted { xseq, order, .. } => {
            let order = *view.order(order).expect("events name orders that the view knows");
            return Some(Accepted { xseq: xseq.0, stamp, order });
        }
        Event::OrderExecuted { account, xseq, .. }
        | Event::OrderReduced { account, xseq, .. }
        | Event::OrderAmended { account, xseq, .. }
        | Event::OrderCanceled { account, xseq, .. } => (account, xseq.0),
        _ => return None,
    };
    streams.tell_now(Topic::Executions(account), (xseq, stamp.time), |stream| {
        let update = private(stream, (xseq, stamp), order::execution(view, stamp, event)?);
        Some(Update::Executions(Executions::Update(Box::new(update))))
    });
    None
}

/// Tells what happened to balances, positions and timer.
pub(in crate::feed) fn tell_account(stamp: Stamp, event: &Event, view: &View, streams: &mut Streams) {
    let (Event::PositionChanged { account, xseq, .. }
    | Event::BalanceChanged { account, xseq, .. }
    | Event::CancelAfterSet { account, xseq, .. }
    | Event::CancelAfterFired { account, xseq }) = *event
    else {
        return;
    };
    streams.tell_now(Topic::Account(account), (xseq.0, stamp.time), |stream| {
        let update = private(stream, (xseq.0, stamp), account::change(view, event)?);
        Some(Update::Account(Account::Update(update)))
    });
}

/// What a private stream begins with, as of its last message.
pub(in crate::feed) fn snapshot(stream: &Stream, view: &View) -> Option<Update> {
    let (number, xseq, ts) = (stream.number, stream.last, Time::from_ns(view.stamp().time.0));
    match stream.topic {
        Topic::Executions(owner) => {
            let orders = view.orders_of(owner).map(|open| order::wire(view, open)).collect();
            let data = OrdersImage { orders };
            Some(Update::Executions(Executions::Snapshot(PrivateSnapshot { stream: number, xseq, ts, data })))
        }
        Topic::Account(owner) => {
            let data = account::image(view, view.account(owner)?);
            Some(Update::Account(Account::Snapshot(PrivateSnapshot { stream: number, xseq, ts, data })))
        }
        _ => None,
    }
}

/// Where the chain of an account's streams begins.
pub(in crate::feed) fn begin(owner: AccountId, view: &View) -> u64 {
    view.account(owner).expect("a session's account exists").xseq.0
}

fn private<T>(stream: &Stream, (xseq, stamp): (u64, Stamp), data: T) -> PrivateUpdate<T> {
    let ts = Time::from_ns(stamp.time.0);
    PrivateUpdate { stream: stream.number, xseq, prev_xseq: stream.last, ts, data }
}
