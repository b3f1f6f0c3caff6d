//! Delivery: lots of one obligation that are owed to one holder, twelfth by twelfth.
//!
//! Deliveries are drawn behind the gate ([`drawing`]). Each slot of each then goes its way ([`slot`]) by commands and by
//! the deadlines of its window ([`run`]), and ends once, with an outcome that says whose the money is ([`outcome`],
//! [`shares`]).

pub mod audit;
pub mod command;
pub mod drawing;
pub mod outcome;
pub mod run;
pub mod shares;
pub mod slot;

use std::collections::{BTreeMap, VecDeque};

use crate::delivery::audit::{Audit, Audits};
use crate::delivery::outcome::Outcome;
use crate::delivery::run::Run;
use crate::delivery::shares::{Basis, Shares};
use crate::delivery::slot::{Evidence, Party, SLOTS, Slot, SlotNumber, SlotState};
use crate::ids::{AccountId, DeliveryId, InstrumentId, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken, take_array};
use crate::units::{Lots, Ppm, Price};

/// Lots of one obligation that are owed to one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Of what.
    pub instrument: InstrumentId,
    /// Who delivers.
    pub provider: AccountId,
    /// To whom.
    pub holder: AccountId,
    /// What the obligation's buyer paid per lot: the escrow.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// The rate charged on each release of escrow to the provider.
    pub fee: Ppm,
    /// Both are of one group: no score, no clean count, no reward.
    pub own: bool,
    /// The provider announced maintenance in time.
    pub maintained: bool,
    /// The provider has said that it knows of it.
    pub acknowledged: bool,
    /// Its twelfths.
    pub slots: [Slot; SLOTS],
    /// Of each of them.
    pub evidence: [Evidence; SLOTS],
}

impl Delivery {
    /// A slot of it.
    pub fn slot(&self, slot: SlotNumber) -> &Slot {
        &self.slots[usize::from(slot.number())]
    }

    pub(crate) fn slot_mut(&mut self, slot: SlotNumber) -> &mut Slot {
        &mut self.slots[usize::from(slot.number())]
    }

    /// What speaks for and against a slot of it.
    pub fn evidence(&self, slot: SlotNumber) -> Evidence {
        self.evidence[usize::from(slot.number())]
    }

    /// Whether every slot of which a flag was confirmed ends as that says.
    fn is_rejected_where_confirmed(&self) -> bool {
        let rejected = [SlotState::Decided(Outcome::Rejected), SlotState::Final(Outcome::Rejected)];
        let mut slots = self.slots.iter().zip(self.evidence);
        slots.all(|(slot, evidence)| !evidence.confirmed || rejected.contains(&slot.state))
    }

    pub(crate) fn evidence_mut(&mut self, slot: SlotNumber) -> &mut Evidence {
        &mut self.evidence[usize::from(slot.number())]
    }

    /// The account of one side.
    pub const fn account(&self, party: Party) -> AccountId {
        match party {
            Party::Provider => self.provider,
            Party::Holder => self.holder,
        }
    }

    /// Which side an account is on, if on any.
    pub fn party(&self, account: AccountId) -> Option<Party> {
        Party::BOTH.into_iter().find(|party| self.account(*party) == account)
    }

    /// What it is worth in its window.
    pub fn shares(&self, run: &Run) -> Shares {
        let &Delivery { price, lots, maintained, .. } = self;
        let &Run { bond, reference, .. } = run;
        Shares::of(&Basis { price, lots, bond, reference, maintained })
    }
}

/// Every delivery whose window is not settled, by number. Those of one instrument follow one another.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    /// How many were forgotten: the number of the first that is left.
    forgotten: u32,
    drawn: VecDeque<Delivery>,
    runs: BTreeMap<InstrumentId, Run>,
    /// Commitments that auditors look at.
    pub(crate) audits: Audits,
}

impl Deliveries {
    /// Adds one.
    pub(crate) fn add(&mut self, delivery: Delivery) -> DeliveryId {
        let number = self.next();
        self.drawn.push_back(delivery);
        number
    }

    /// The number of the next one.
    pub fn next(&self) -> DeliveryId {
        DeliveryId(self.forgotten + position(self.drawn.len()))
    }

    /// A delivery, if there is one of that number whose window is not settled.
    pub fn find(&self, delivery: DeliveryId) -> Option<&Delivery> {
        let found = self.drawn.get(index(delivery.0.checked_sub(self.forgotten)?))?;
        // Those in front of it may still be under way when its own window is settled.
        self.runs.contains_key(&found.instrument).then_some(found)
    }

    /// A delivery that there is.
    pub(crate) fn at(&self, delivery: DeliveryId) -> &Delivery {
        &self.drawn[index(delivery.0 - self.forgotten)]
    }

    pub(crate) fn at_mut(&mut self, delivery: DeliveryId) -> &mut Delivery {
        &mut self.drawn[index(delivery.0 - self.forgotten)]
    }

    /// The deliveries of a window that is under way.
    pub fn of(&self, instrument: InstrumentId) -> impl Iterator<Item = (DeliveryId, &Delivery)> {
        let numbers = self.runs.get(&instrument).into_iter().flat_map(Run::deliveries);
        numbers.map(|number| (number, self.at(number)))
    }

    /// Who looks at a slot, while somebody does.
    pub fn audit(&self, delivery: DeliveryId, slot: SlotNumber) -> Option<&Audit> {
        self.audits.get(&(delivery, slot))
    }

    /// All that are not forgotten.
    pub fn all(&self) -> impl Iterator<Item = (DeliveryId, &Delivery)> {
        let number = |place| DeliveryId(self.forgotten + position(place));
        self.drawn.iter().enumerate().map(move |(place, delivery)| (number(place), delivery))
    }

    /// Begins a window whose deliveries are all drawn.
    pub(crate) fn begin(&mut self, instrument: InstrumentId, run: Run) {
        let earlier = self.runs.insert(instrument, run);
        assert!(earlier.is_none(), "a window is delivered once");
    }

    /// The way of a window's deliveries, while they are under way.
    pub fn run(&self, instrument: InstrumentId) -> Option<&Run> {
        self.runs.get(&instrument)
    }

    /// Every window under way, in order of listing.
    pub fn runs(&self) -> impl Iterator<Item = (InstrumentId, &Run)> {
        self.runs.iter().map(|(instrument, run)| (*instrument, run))
    }

    /// Whether the deliveries of a run are all there, and it has passed no more than there is.
    fn holds(&self, run: &Run) -> bool {
        let end = run.first.0.checked_add(run.count);
        let there = self.forgotten <= run.first.0 && end.is_some_and(|end| DeliveryId(end) <= self.next());
        there && run.is_whole()
    }

    pub(crate) fn run_mut(&mut self, instrument: InstrumentId) -> &mut Run {
        self.runs.get_mut(&instrument).expect("a window under way has a run")
    }

    /// Forgets a window whose slots are all final.
    pub(crate) fn end(&mut self, instrument: InstrumentId) {
        self.runs.remove(&instrument);
        while let Some(first) = self.drawn.front()
            && !self.runs.contains_key(&first.instrument)
        {
            self.drawn.pop_front();
            self.forgotten += 1;
        }
    }
}

impl Image for Delivery {
    fn put(&self, to: &mut ImageWriter<'_>) {
        #[rustfmt::skip]
        let Delivery {
            instrument, provider, holder, price, lots, fee, own, maintained, acknowledged, slots, evidence,
        } = self;
        instrument.put(to);
        (*provider, *holder).put(to);
        (*price, *lots).put(to);
        fee.put(to);
        [own, maintained, acknowledged].into_iter().for_each(|said| said.put(to));
        slots.iter().for_each(|slot| slot.put(to));
        evidence.iter().for_each(|evidence| evidence.put(to));
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Delivery> {
        Ok(Delivery {
            instrument: Image::take(from)?,
            provider: Image::take(from)?,
            holder: Image::take(from)?,
            price: Image::take(from)?,
            lots: Image::take(from)?,
            fee: Image::take(from)?,
            own: Image::take(from)?,
            maintained: Image::take(from)?,
            acknowledged: Image::take(from)?,
            slots: take_array(from)?,
            evidence: take_array(from)?,
        })
    }
}

impl Image for Deliveries {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let Deliveries { forgotten, drawn, runs, audits } = self;
        forgotten.put(to);
        drawn.put(to);
        runs.put(to);
        audits.put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Deliveries> {
        let (forgotten, drawn) = (u32::take(from)?, VecDeque::take(from)?);
        let numbered = forgotten.checked_add(position(drawn.len())).is_some();
        from.check(numbered, "deliveries are numbered from 0 to 2^32 - 1")?;
        let rejected = drawn.iter().all(Delivery::is_rejected_where_confirmed);
        from.check(rejected, "a flag that was confirmed ends the slot rejected")?;
        let (runs, audits) = (Image::take(from)?, Image::take(from)?);
        let deliveries = Deliveries { forgotten, drawn, runs, audits };
        let runs = deliveries.runs.values().all(|run| deliveries.holds(run));
        from.check(
            runs,
            "the deliveries of a window under way are there, and have not passed more than there is",
        )?;
        let audits = deliveries.audits.keys().all(|(delivery, _)| deliveries.find(*delivery).is_some());
        from.check(audits, "what is audited is a delivery under way")?;
        Ok(deliveries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::slot::SlotState;

    /// The rule that an image breaks of one delivery whose first slot ends so, where a flag was confirmed.
    fn broken(state: SlotState) -> Option<&'static str> {
        let price = Price::new(7).unwrap();
        let (instrument, lots, fee) = (InstrumentId(0), Lots::new(1).unwrap(), Ppm::new(0).unwrap());
        let (provider, holder) = (AccountId(1), AccountId(2));
        let mut delivery = Delivery {
            instrument,
            provider,
            holder,
            price,
            lots,
            fee,
            own: false,
            maintained: false,
            acknowledged: true,
            slots: [Slot::WAITING; SLOTS],
            evidence: [Evidence::default(); SLOTS],
        };
        delivery.slot_mut(SlotNumber::FIRST).state = state;
        delivery.evidence_mut(SlotNumber::FIRST).confirmed = true;
        let deliveries = Deliveries { drawn: VecDeque::from([delivery]), ..Deliveries::default() };
        let mut bytes = Vec::new();
        let mut sink = |block: &[u8]| bytes.extend_from_slice(block);
        let mut to = ImageWriter::new(&mut sink);
        deliveries.put(&mut to);
        to.finish();
        let (length, mut rest) = (u64::try_from(bytes.len()).unwrap(), bytes.as_slice());
        let mut source = |block: &mut Vec<u8>| block.extend_from_slice(std::mem::take(&mut rest));
        let taken: Taken<Deliveries> = Image::take(&mut ImageReader::new(length, &mut source));
        taken.err().map(|fault| fault.rule)
    }

    #[test]
    fn only_rejected_slots_have_a_flag_that_was_confirmed() {
        let rule = Some("a flag that was confirmed ends the slot rejected");
        assert_eq!(broken(SlotState::Flagged), rule);
        assert_eq!(broken(SlotState::Final(Outcome::Accepted)), rule);
        assert_eq!(broken(SlotState::Final(Outcome::Rejected)), None);
        assert_eq!(broken(SlotState::Decided(Outcome::Rejected)), None);
    }
}
