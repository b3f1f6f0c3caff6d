//! Core stage: the one writer. Stamps commands, puts ticks before them, applies them.

use engine::command::Stamped;
use engine::exchange::Exchange;
use engine::outcome::OutcomeHash;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use journal::outcome;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::inlet::Inbound;
use crate::ring::Ring;

/// The exchange and what its commands come to.
pub struct CoreStage<C> {
    exchange: Exchange,
    sequencer: Sequencer,
    outcome: OutcomeHash,
    clock: C,
}

impl<C: Clock> CoreStage<C> {
    /// Goes on with a recovered exchange.
    pub fn new(exchange: Exchange, outcome: OutcomeHash, clock: C) -> CoreStage<C> {
        let sequencer = Sequencer::resume(exchange.last());
        CoreStage { exchange, sequencer, outcome, clock }
    }

    /// Fills an empty batch with due ticks and with what waits in the inlet.
    pub fn step<T>(&mut self, inlet: &Ring<Inbound<T>>, batch: &mut Batch<T>) {
        while !batch.is_full() {
            let now = self.clock.now();
            if let Some(tick) = self.sequencer.tick(now, &self.exchange) {
                self.apply(None, tick, batch);
                continue;
            }
            let Some(Inbound { origin, command }) = inlet.pop() else { break };
            let stamped = self.sequencer.stamp(now, command);
            self.apply(Some(origin), stamped, batch);
        }
        batch.outcome = self.outcome;
    }

    fn apply<T>(&mut self, origin: Option<T>, stamped: Stamped, batch: &mut Batch<T>) {
        self.exchange.apply(&stamped, batch.events());
        let events = batch.close(origin, stamped);
        outcome::fold(&mut self.outcome, stamped.stamp.sequence, events);
    }

    /// How many nanoseconds until the next timer falls due; `None` when none is set.
    pub fn idle_nanos(&self) -> Option<u64> {
        let Time(now) = self.clock.now();
        self.exchange.next_due().map(|Time(due)| due.saturating_sub(now))
    }

    /// The exchange, when the stage is done.
    pub fn into_exchange(self) -> Exchange {
        self.exchange
    }
}
