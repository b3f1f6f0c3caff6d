//! Channels: what each kind of stream remembers, and how its messages are made.

pub(super) mod bbo;
pub(super) mod book;
pub(super) mod candles;
pub(super) mod fixings;
pub(super) mod instruments;
pub(super) mod private;
pub(super) mod provider;
pub(super) mod queue;
pub(super) mod settlements;
pub(super) mod state;
pub(super) mod ticker;
pub(super) mod trades;

use std::sync::Arc;

use engine::ids::InstrumentId;
use engine::stamp::{self, Stamp};
use engine::view::View;
use protocol::public::{Conflated, ConflationReason, PublicUpdate};
use protocol::speed::Speed;
use protocol::time::Time;
use protocol::update::Update;
use protocol::written::Head;

use crate::convert::symbol;
use crate::feed::channels::state::State;
use crate::feed::image::Image;
use crate::feed::stream::{Behind, Stream, Untold};
use crate::feed::tape::Tape;
use crate::feed::topic::{Aspect, Topic};

/// What messages are made from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) view: &'a View,
    pub(super) tape: &'a Tape,
    /// The clock, when the stage last looked.
    pub(super) now: stamp::Time,
}

/// What a message says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) stream: u64,
    pub(super) seq: u64,
    pub(super) prev_seq: u64,
    pub(super) ts: Time,
    pub(super) conflated: Option<Conflated>,
}

/// What a stream tells.
#[derive(Debug)]
pub(super) enum Told {
    /// Nothing: what its listeners have has not changed.
    Nothing,
    /// A message.
    Update(Box<Update>),
    /// The whole, as a message of its own.
    Whole(Arc<Image>),
}

impl Link {
    /// The link of a stream's next message.
    pub(super) fn new(stream: &Stream, untold: &Untold) -> Link {
        let Untold { stamp, changes, reason } = *untold;
        let conflated = (1 < changes).then_some(Conflated { n: changes, reason });
        let (seq, ts) = (stamp.sequence.0, Time::from_ns(stamp.time.0));
        Link { stream: stream.number, seq, prev_seq: stream.last, ts, conflated }
    }

    /// The link of a message for one command.
    pub(super) fn single(stream: &Stream, stamp: Stamp) -> Link {
        Link::new(stream, &Untold { stamp, changes: 1, reason: ConflationReason::Speed })
    }

    /// The message.
    pub(super) fn update<D>(self, symbol: Option<String>, data: D) -> PublicUpdate<D> {
        let Link { stream, seq, prev_seq, ts, conflated } = self;
        PublicUpdate { stream, symbol, seq, prev_seq, ts, conflated, data }
    }

    /// What stands before data that is written later.
    pub(super) fn head(self, (channel, kind): (&'static str, &'static str), symbol: Option<String>) -> Head {
        let Link { stream, seq, prev_seq, ts, conflated } = self;
        let prev_seq = Some(prev_seq);
        Head { channel, kind, stream, symbol, seq, prev_seq, ts, conflated }
    }
}

/// Tells what a stream has put off. Returns whether it is the first that the stream hands out next.
pub(super) fn emit(stream: &mut Stream, scene: Scene<'_>) -> bool {
    let Some(untold) = stream.untold.take() else { return false };
    let link = Link::new(stream, &untold);
    let told = match (stream.topic, &mut stream.state) {
        (Topic::Of(instrument, Aspect::Book(..)), State::Book(state)) => {
            state.tell(link, instrument, scene.view)
        }
        (Topic::Of(instrument, Aspect::Bbo(_)), State::Bbo(state)) => {
            state.tell(link, instrument, scene.view)
        }
        (Topic::Strip(market, _), _) => Told::Whole(bbo::strip(market, scene.view)),
        (Topic::Of(instrument, Aspect::Ticker(_)), _) => ticker::tell(link, instrument, scene),
        (topic, State::Candles(state)) => state.tell(link, topic, scene),
        _ => unreachable!("only streams that merge put anything off"),
    };
    match told {
        Told::Nothing => false,
        Told::Update(update) => stream.add(&update.encode(), untold.stamp),
        Told::Whole(image) => {
            let kind = (stream.topic.channel().name(), "snapshot");
            let head = link.head(kind, symbol_of(stream.topic, scene.view));
            stream.add_later(head, image, untold.stamp)
        }
    }
}

/// Adds a checksum of all that the listeners of a book have, if anything was told since the last one. Returns whether it is the
/// first that the stream hands out next.
pub(super) fn checkpoint(stream: &mut Stream, instrument: InstrumentId, view: &View) -> bool {
    let State::Book(state) = &mut stream.state else { return false };
    // What the book is now is not what they have where anything was put off.
    if !state.begins_checkpoint() || stream.untold.is_some() {
        return false;
    }
    let image = state.checkpoint(instrument, view);
    let head = Head {
        channel: "book",
        kind: "checkpoint",
        stream: stream.number,
        symbol: Some(symbol::text(view, instrument)),
        seq: stream.last,
        prev_seq: None,
        ts: Time::from_ns(stream.ts.0),
        conflated: None,
    };
    stream.add_beside(head, image)
}

/// The snapshot of a stream as of its last message, shared by those who need it at the same time.
pub(super) fn image(stream: &mut Stream, scene: Scene<'_>) -> Arc<Image> {
    if let Some(image) = stream.image.upgrade() {
        return image;
    }
    let image = match (stream.topic, &stream.state) {
        (Topic::Of(instrument, Aspect::Book(levels, _)), _) => book::image(levels, instrument, scene.view),
        (Topic::Of(instrument, Aspect::Bbo(_)), _) => bbo::image(instrument, scene.view),
        (Topic::Strip(market, _), _) => bbo::strip(market, scene.view),
        (Topic::Of(instrument, Aspect::Queue), State::Queue(state)) => state.image(instrument, scene.view),
        (Topic::Of(instrument, Aspect::Ticker(_)), _) => ticker::image(instrument, scene),
        (topic, State::Candles(_)) => candles::image(topic, scene.tape),
        (Topic::Fixings(class), _) => fixings::image(class, scene),
        (Topic::Instruments, _) => instruments::image(scene.view),
        (Topic::Settlements(class), _) => settlements::image(class, scene.view),
        (Topic::Provider(account), _) => provider::image(account, scene.view),
        _ => unreachable!("the others begin without a snapshot, or with one of their own"),
    };
    stream.image = Arc::downgrade(&image);
    image
}

/// Gives one listener the snapshot that it needs, and all that follows from then on.
pub(super) fn catch_up(stream: &mut Stream, session: u64, scene: Scene<'_>) {
    let last = stream.last;
    let Some(subscriber) = stream.find(session) else { return };
    let Some(behind) = subscriber.behind.take() else { return };
    let outbox = Arc::clone(&subscriber.listener.outbox);
    // Who was asked to wait and missed nothing needs nothing, unless it asked for it.
    let behind = Behind { left_out: if behind.last == Some(last) { 0 } else { behind.left_out }, ..behind };
    let symbol = symbol_of(stream.topic, scene.view);
    let head = stream.head(symbol, behind);
    image(stream, scene).send(head, &outbox);
}

/// What a stream's messages name: a symbol, a market's name or a class's.
pub(super) fn symbol_of(topic: Topic, view: &View) -> Option<String> {
    match topic {
        // Each line of a quote names its market.
        Topic::Of(_, Aspect::Bbo(_)) => None,
        Topic::Strip(market, _) => view.market(market).map(|market| market.spec.name()),
        Topic::Of(instrument, _) => Some(symbol::text(view, instrument)),
        Topic::Front(class, ..) => {
            let place = engine::ids::index(class.0);
            view.classes().get(place).map(|class| class.name.to_string())
        }
        _ => None,
    }
}

/// Whether a stream tells a change later rather than at once, and why: it is paced, or the exchange is behind.
pub(super) fn put_off(speed: Speed, late: bool) -> Option<ConflationReason> {
    match (speed, late) {
        (Speed::Raw, false) => None,
        (Speed::Raw, true) => Some(ConflationReason::ServerLoad),
        _ => Some(ConflationReason::Speed),
    }
}

/// The instrument's book, which a listed instrument has.
fn depth(view: &View, instrument: InstrumentId) -> &engine::view::depth::Depth {
    view.depth(instrument).expect("every listed instrument has a book")
}
