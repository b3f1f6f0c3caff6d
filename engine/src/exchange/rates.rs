//! Rates of the exchange: what counts toward a class's reference rate, and when that is published.

use crate::book::Maker;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::clearing::Taker;
use crate::ids::{ClassId, index};
use crate::order::Side;
use crate::reference_rate::{Rate, Sample};
use crate::stamp::Time;
use crate::symbol::Tier;
use crate::units::Lots;

/// Only trades for windows that start within so many of them count.
const WINDOWS_AHEAD: u64 = 24;

impl Exchange {
    /// Records a trade, if it counts: firm, near, and between different groups.
    #[inline]
    pub(super) fn sample(&mut self, taker: &Taker, maker: &Maker, lots: Lots) {
        let instrument = &self.instruments[index(taker.instrument.0)];
        let spec = &self.markets[index(instrument.market.0)].spec;
        let now = self.last.time;
        let class = self.classes.at_mut(instrument.class);
        let near = instrument.start <= now.after(class.period_nanos() * WINDOWS_AHEAD);
        let group = |account| self.ledger.accounts.group(account);
        let (taking, making) = (group(taker.account), group(maker.account));
        if spec.tier != Tier::Firm || !near || taking == making {
            return;
        }
        let (buyer, seller) = match taker.side {
            Side::Bid => (taking, making),
            Side::Ask => (making, taking),
        };
        let partition = class.partition(now);
        class.samples.record(partition, Sample { price: maker.price, lots, buyer, seller });
    }

    /// Publishes the reference rate of the period that has ended. When more have ended while nobody looked, it also
    /// publishes the last one's, in which nothing was traded. Returns when the next one ends.
    pub(super) fn publish_reference(&mut self, class: ClassId) -> Time {
        let state = self.classes.at_mut(class);
        let nanos = state.period_nanos();
        let first = state.period.after(nanos);
        let last = Time(self.last.time.0 / nanos * nanos).max(first);
        state.period = last;
        self.publish(class, first);
        if first < last {
            self.publish(class, last);
        }
        last.after(nanos)
    }

    /// Publishes what was traded in the period that ended at `end`, and begins to sample another.
    fn publish(&mut self, class: ClassId, end: Time) {
        let state = self.classes.at_mut(class);
        let Rate { price: rate, partitions, groups, lots } = state.samples.rate();
        state.samples.clear();
        state.reference = rate;
        self.events.push(Event::ReferencePublished { class, end, rate, partitions, groups, lots });
    }
}
