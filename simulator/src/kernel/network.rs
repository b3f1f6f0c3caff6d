//! Network: what becomes of a message between a client and the exchange.

use crate::kernel::agenda::Nanos;
use crate::kernel::choices::{Chooser, Source};
use crate::kernel::fault::Rates;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ToExchange,
    ToClient,
}

/// When a message arrives: not at all, once or twice.
pub(super) type Arrivals = [Option<Nanos>; 2];

/// Between the clients and the exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    source: Source,
    rates: Rates,
    /// Whether every message arrives once, after the same time.
    calm: bool,
}

/// How long a message takes where nothing goes wrong, in nanoseconds.
const DELAY: Nanos = 50_000;

impl Network {
    pub(super) fn new(source: Source, rates: Rates, calm: bool) -> Network {
        Network { source, rates, calm }
    }

    /// From now on nothing is lost.
    pub(super) fn calm_down(&mut self) {
        self.calm = true;
    }

    /// What becomes of a message about an act that was sent so often before.
    pub(super) fn send(&self, now: Nanos, (act, attempt, direction): (u64, u32, Direction)) -> Arrivals {
        if self.calm {
            return [Some(now + DELAY), None];
        }
        let way = u64::from(direction == Direction::ToClient);
        let mut choices = self.source.stream(Chooser::Network, act << 16 | u64::from(attempt) << 1 | way);
        let Rates { lost, doubled, late, .. } = self.rates;
        if choices.happens(lost) {
            return [None, None];
        }
        let delay = if choices.happens(late) { 100_000_000 } else { 4 * DELAY };
        let first = now + choices.between(DELAY / 4, delay);
        let again = choices.happens(doubled).then(|| first + choices.below(20_000_000));
        [Some(first), again]
    }
}
