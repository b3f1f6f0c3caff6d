//! Draw of the model: obligations and claims along one line of lots.

use engine::delivery::slot::{Dispute, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId, index};
use engine::index::mix64;
use engine::instrument::Phase;

use crate::model::deliveries::{Twelfth, Work, agenda};
use crate::model::orders::UNNUMBERED;
use crate::model::{Model, Owed, lots, price};

/// What a draw will come to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    instrument: InstrumentId,
    deliveries: Vec<Work>,
}

impl Line {
    pub(super) fn instrument(&self) -> InstrumentId {
        self.instrument
    }
}

/// Puts lots one after another; returns where each part begins and ends.
fn laid<T>(parts: impl Iterator<Item = (T, u64)>) -> Vec<(T, u64, u64)> {
    let mut end = 0;
    let place = |(part, lots): (T, u64)| {
        end += lots;
        (part, end - lots, end)
    };
    parts.map(place).collect()
}

impl Model {
    /// Obligations in order of issue and holders in order of `mix64(seed, account)`, ties by account, are laid along one
    /// line of lots; each overlap is one delivery.
    pub(super) fn draw(&mut self, instrument: InstrumentId, seed: u64) {
        self.undrawn.pop_front();
        let of_window = self.holdings.iter().filter(|((_, other), _)| *other == instrument);
        let (mut owed, mut held) = (Vec::new(), Vec::new());
        for ((account, _), holding) in of_window {
            owed.extend(holding.owed.iter().map(|owed| (*account, *owed)));
            held.extend((0 < holding.claims).then_some((*account, holding.claims)));
        }
        owed.sort_by_key(|(_, owed)| owed.issue);
        held.sort_by_key(|(account, _)| (mix64(seed, account.0.into()), account.0));
        let owed = laid(owed.into_iter().map(|owed| (owed, owed.1.lots)));
        let held = laid(held.into_iter());
        assert_eq!(owed.last().map(|last| last.2), held.last().map(|last| last.2), "claims are obligations");
        let mut deliveries = Vec::new();
        for (owed, from, to) in &owed {
            for (holder, first, last) in &held {
                let (begin, end) = (from.max(first), to.min(last));
                if begin < end {
                    deliveries.push(self.delivery(instrument, (*owed, *holder), end - begin));
                }
            }
        }
        self.drawing = Some((self.now, Line { instrument, deliveries }));
        self.tell(Event::DrawBegun { instrument, seed });
    }

    fn delivery(
        &self,
        instrument: InstrumentId,
        ((provider, owed), holder): ((AccountId, Owed), AccountId),
        count: u64,
    ) -> Work {
        let group = |account: AccountId| self.owners[index(account.0)].group;
        let maintained = self.holdings[&(provider, instrument)].maintained;
        let twelfth = Twelfth {
            state: SlotState::Waiting,
            ruled: false,
            disputes: [Dispute::None; 2],
            opened: false,
            sequences: 0,
            flagged_by: None,
            confirmed: false,
            audit: None,
        };
        Work {
            instrument,
            provider,
            holder,
            price: owed.price,
            lots: count,
            ppm: owed.ppm,
            own: group(provider) == group(holder),
            maintained,
            acknowledged: false,
            slots: vec![twelfth; 12],
        }
    }

    /// All overlaps become deliveries.
    pub(super) fn deliver(&mut self) {
        let (_, Line { instrument, deliveries }) = self.drawing.take().expect("a draw goes on");
        let count = u32::try_from(deliveries.len()).expect("few deliveries");
        for drawn in deliveries {
            let delivery = DeliveryId(self.drawn);
            self.drawn += 1;
            let Work { provider, holder, own, .. } = drawn;
            self.lock_stake(provider, instrument, self.window(instrument).terms);
            let (price, lots) = (price(drawn.price), lots(drawn.lots));
            self.tell(Event::DeliveryDrawn { delivery, instrument, provider, holder, price, lots, own });
            self.deliveries.insert(delivery, drawn);
            let xseq = UNNUMBERED;
            self.tell_both(delivery, |account, _| Event::DeliveryTold { account, xseq, delivery });
        }
        let slot_nanos = u64::from(self.market(instrument).spec.window_seconds) * 1_000_000_000 / 12;
        let window = &mut self.windows[index(instrument.0)];
        window.phase = Phase::Delivering;
        window.agenda = agenda(window.start, slot_nanos, window.terms);
        self.tell(Event::InstrumentDelivering { instrument, deliveries: count });
    }
}
