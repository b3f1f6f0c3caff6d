//! State: what a stream remembers of what its listeners have.

use crate::feed::channels::{Scene, bbo, book, candles, provider, queue};
use crate::feed::topic::{Aspect, Topic};

/// What a stream remembers of what its listeners have.
#[derive(Debug)]
pub(in crate::feed) enum State {
    /// Nothing.
    Plain,
    /// Levels.
    Book(book::BookState),
    /// The best prices.
    Bbo(bbo::BboState),
    /// Every order.
    Queue(queue::QueueState),
    /// The last candle.
    Candles(candles::CandleState),
    /// A provider's standing.
    Provider(provider::ProviderState),
}

impl State {
    /// What a new stream of a topic remembers. `oids` counts the names that orders were given in public.
    pub(in crate::feed) fn new(topic: Topic, scene: Scene<'_>, oids: &mut u64) -> State {
        match topic {
            Topic::Of(instrument, Aspect::Book(levels, _)) => {
                State::Book(book::BookState::new(levels, instrument, scene.view))
            }
            Topic::Of(instrument, Aspect::Bbo(_)) => State::Bbo(bbo::BboState::new(instrument, scene.view)),
            Topic::Of(instrument, Aspect::Queue) => {
                State::Queue(queue::QueueState::new(instrument, scene.view, oids))
            }
            Topic::Of(_, Aspect::Candles(..)) | Topic::Front(..) => {
                State::Candles(candles::CandleState::new(topic, scene.tape))
            }
            Topic::Provider(account) => State::Provider(provider::ProviderState::new(account, scene.view)),
            _ => State::Plain,
        }
    }
}
