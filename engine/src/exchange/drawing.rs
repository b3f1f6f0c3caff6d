//! Drawing of the exchange: behind the gate, obligations meet claims.

use crate::delivery::Delivery;
use crate::delivery::drawing::Drawing;
use crate::delivery::slot::{Evidence, Party, SLOTS, Slot};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{InstrumentId, index};
use crate::reject::RejectReason;
use crate::timers::Timer;

impl Exchange {
    /// Lays out an instrument's obligations and claims; they are paired in portions, by ticks.
    pub(super) fn draw(&mut self, instrument: InstrumentId, seed: u64) -> Result<(), RejectReason> {
        if self.next_draw() != Some(instrument) {
            return Err(RejectReason::DrawUnexpected);
        }
        self.undrawn.pop_front();
        let (mut owed, mut held) = (Vec::new(), Vec::new());
        for row in self.ledger.positions.of(instrument) {
            let obligations = self.ledger.obligations.of(row.obligations);
            owed.extend(obligations.map(|obligation| (row.account, *obligation)));
            if 0 < row.claims() {
                held.push((row.account, row.claims()));
            }
        }
        self.drawing = Some(Drawing::new((instrument, self.deliveries.next()), seed, owed, held));
        self.timers.set(self.last.time, Timer::Draw(instrument));
        self.events.push(Event::DrawBegun { instrument, seed });
        Ok(())
    }

    /// Pairs a portion. Returns whether any are left.
    pub(super) fn pair_some(&mut self, steps: &mut u32) -> bool {
        let mut drawing = self.drawing.take().expect("whoever pairs has drawn");
        while 0 < *steps
            && let Some(overlap) = drawing.pair()
        {
            *steps -= 1;
            let group = |account| self.ledger.accounts.group(account);
            let (provider, holder, lots) = (overlap.provider, overlap.holder, overlap.lots);
            let own = group(provider) == group(holder);
            let (instrument, price) = (drawing.instrument, overlap.obligation.price);
            let fee = overlap.obligation.fee;
            let row = self.ledger.positions.find(provider, instrument).expect("who owes has a position");
            let maintained = self.ledger.positions.at(row).maintained;
            let delivery = self.deliveries.add(Delivery {
                instrument,
                provider,
                holder,
                price,
                lots,
                fee,
                own,
                maintained,
                acknowledged: false,
                slots: [Slot::WAITING; SLOTS],
                evidence: [Evidence::default(); SLOTS],
            });
            self.lock_stake(provider, instrument, self.instruments[index(instrument.0)].delivery);
            self.events.push(Event::DeliveryDrawn {
                delivery,
                instrument,
                provider,
                holder,
                price,
                lots,
                own,
            });
            for party in Party::BOTH {
                let account = self.deliveries.at(delivery).account(party);
                let xseq = self.xseq(account);
                self.events.push(Event::DeliveryTold { account, xseq, delivery });
            }
        }
        if !drawing.is_done() {
            self.drawing = Some(drawing);
            return true;
        }
        *steps = steps.saturating_sub(1);
        self.begin_deliveries(drawing.instrument, drawing.first);
        false
    }
}
