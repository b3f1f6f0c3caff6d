//! Private: what happens to one account, told to those who act for it, before anyone else hears of it.

use std::collections::HashMap;

use engine::ids::{AccountId, InstrumentId};
use engine::view::View;
use journal::history::delivery::DeliveryChange;
use journal::history::{PrivateEvent, What};
use protocol::channel::Channel;
use protocol::delivery::Deliveries;
use protocol::execution::{
    Account, Executions, OrdersImage, Positions, PositionsImage, PrivateSnapshot, PrivateUpdate, Resumed,
};
use protocol::time::Time;
use protocol::update::Update;
use tokio_tungstenite::tungstenite::Bytes;

use crate::convert::{account, delivery, order, symbol};
use crate::feed::moments::is_on;
use crate::feed::stream::Stream;
use crate::feed::streams::Streams;
use crate::feed::topic::Topic;
use crate::frame;

/// About how many bytes a private event is as text.
const MOMENT_BYTES: usize = 420;

/// Tells what happened on every channel that tells it, if anybody listens.
pub(in crate::feed) fn tell(moment: &PrivateEvent, view: &View, streams: &mut Streams) {
    let owner = moment.account;
    for topic in Topic::private(owner) {
        if is_on(moment, topic.channel()) {
            streams.tell_now(topic, (moment.xseq.0, moment.stamp.time), |stream| {
                let link = (stream.number, stream.last);
                update(topic.channel(), link, moment, &|instrument| symbol::text(view, instrument))
            });
        }
    }
}

/// What a client is told of a moment on a channel that tells it: `stream` numbers the stream, `last` the message before.
fn update(
    channel: Channel,
    (stream, prev_xseq): (u64, u64),
    moment: &PrivateEvent,
    symbol: &dyn Fn(InstrumentId) -> String,
) -> Update {
    let (xseq, ts) = (moment.xseq.0, Time::from_ns(moment.stamp.time.0));
    match (channel, &moment.what) {
        (_, What::Order { change, order }) => {
            let data = order::execution(moment.stamp, change, (order, symbol(order.instrument)));
            let update = PrivateUpdate { stream, xseq, prev_xseq, ts, data };
            Update::Executions(Executions::Update(Box::new(update)))
        }
        (Channel::Positions, what) => {
            let data = PositionsImage { positions: account::change(what, symbol).positions };
            Update::Positions(Positions::Update(PrivateUpdate { stream, xseq, prev_xseq, ts, data }))
        }
        (_, What::Delivery(change)) => {
            let data = delivery::change(change, symbol);
            Update::Deliveries(Deliveries::Update(PrivateUpdate { stream, xseq, prev_xseq, ts, data }))
        }
        (_, what) => {
            let data = account::change(what, symbol);
            Update::Account(Account::Update(PrivateUpdate { stream, xseq, prev_xseq, ts, data }))
        }
    }
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
        Topic::Positions(owner) => {
            let positions = account::image(view, view.account(owner)?).positions;
            let data = PositionsImage { positions };
            Some(Update::Positions(Positions::Snapshot(PrivateSnapshot { stream: number, xseq, ts, data })))
        }
        Topic::Deliveries(owner) => {
            let data = delivery::image(view, owner);
            Some(Update::Deliveries(Deliveries::Snapshot(PrivateSnapshot { stream: number, xseq, ts, data })))
        }
        _ => None,
    }
}

/// Where the chain of an account's streams begins.
pub(in crate::feed) fn begin(owner: AccountId, view: &View) -> u64 {
    view.account(owner).expect("a session's account exists").xseq.0
}

/// A portion of what somebody missed, to be written when its turn has come.
pub(in crate::feed) struct Portion {
    channel: Channel,
    stream: u64,
    /// The message before the first.
    prev_xseq: u64,
    moments: Vec<PrivateEvent>,
    symbols: HashMap<InstrumentId, String>,
    /// The message that ends the replay: the stream's last one, and when that was.
    end: Option<(u64, Time)>,
}

impl Portion {
    /// A portion of `stream`, behind the message `prev_xseq`.
    pub(in crate::feed) fn new(
        stream: &Stream,
        prev_xseq: u64,
        (moments, view): (Vec<PrivateEvent>, &View),
    ) -> Portion {
        let instruments = moments.iter().filter_map(instrument);
        let symbols = instruments.map(|instrument| (instrument, symbol::text(view, instrument))).collect();
        let (channel, stream) = (stream.topic.channel(), stream.number);
        Portion { channel, stream, prev_xseq, moments, symbols, end: None }
    }

    /// It is the last: from now on the stream tells.
    pub(in crate::feed) fn ends_at(self, stream: &Stream) -> Portion {
        Portion { end: Some((stream.last, Time::from_ns(stream.ts.0))), ..self }
    }

    /// The message behind it.
    pub(in crate::feed) fn last(&self) -> u64 {
        self.moments.last().map_or(self.prev_xseq, |moment| moment.xseq.0)
    }

    /// Whether it has no message.
    pub(in crate::feed) fn is_empty(&self) -> bool {
        self.moments.is_empty() && self.end.is_none()
    }

    /// About how many bytes it is.
    pub(in crate::feed) fn bytes(&self) -> usize {
        MOMENT_BYTES * (self.moments.len() + usize::from(self.end.is_some()))
    }

    /// Its frames.
    pub(in crate::feed) fn write(self) -> Bytes {
        let mut frames = Vec::with_capacity(self.bytes());
        let mut prev_xseq = self.prev_xseq;
        let symbol = |instrument: InstrumentId| self.symbols.get(&instrument).cloned().unwrap_or_default();
        for moment in &self.moments {
            let update = update(self.channel, (self.stream, prev_xseq), moment, &symbol);
            frame::append_text(&mut frames, &update.encode());
            prev_xseq = moment.xseq.0;
        }
        if let Some((xseq, ts)) = self.end {
            let resumed = Resumed { stream: self.stream, xseq, prev_xseq, ts };
            let update = match self.channel {
                Channel::Executions => Update::Executions(Executions::Resumed(resumed)),
                Channel::Positions => Update::Positions(Positions::Resumed(resumed)),
                Channel::Deliveries => Update::Deliveries(Deliveries::Resumed(resumed)),
                _ => Update::Account(Account::Resumed(resumed)),
            };
            frame::append_text(&mut frames, &update.encode());
        }
        Bytes::from(frames)
    }
}

fn instrument(moment: &PrivateEvent) -> Option<InstrumentId> {
    match moment.what {
        What::Order { order, .. } => Some(order.instrument),
        What::Position { instrument, .. } => Some(instrument),
        What::Delivery(DeliveryChange::MaintenanceAnnounced(instrument)) => Some(instrument),
        _ => None,
    }
}
