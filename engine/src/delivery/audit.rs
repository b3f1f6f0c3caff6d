//! Audit: who looks at an opened slot, and what they found.

use std::collections::BTreeMap;

use crate::delivery::run::DeliveryTerms;
use crate::delivery::slot::SlotNumber;
use crate::ids::{AccountId, DeliveryId};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken, take_array};

/// What an auditor found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// What was opened is what the model computes.
    Clean,
    /// It is not.
    Flagged,
}

impl Verdict {
    /// The verdict's number: 0 clean, 1 flagged.
    pub const fn number(self) -> u8 {
        match self {
            Verdict::Clean => 0,
            Verdict::Flagged => 1,
        }
    }
}

const AUDITORS: usize = 3;
const _: () = assert!(DeliveryTerms::AUDITORS_MAX == 3);

/// The auditors of one slot, in the order in which they were drawn, and their verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    seats: [Option<(AccountId, Option<Verdict>)>; AUDITORS],
}

impl Audit {
    /// An audit by these.
    pub(crate) fn by(auditors: impl Iterator<Item = AccountId>) -> Audit {
        let mut audit = Audit::default();
        for (seat, auditor) in audit.seats.iter_mut().zip(auditors) {
            *seat = Some((auditor, None));
        }
        audit
    }

    /// Auditors and verdicts.
    pub fn seats(&self) -> impl Iterator<Item = (AccountId, Option<Verdict>)> {
        self.seats.into_iter().flatten()
    }

    /// Enters a verdict. Returns whether the auditor was drawn and had not answered.
    pub(crate) fn answer(&mut self, auditor: AccountId, verdict: Verdict) -> bool {
        for (drawn, answer) in self.seats.iter_mut().flatten() {
            if *drawn == auditor && answer.is_none() {
                *answer = Some(verdict);
                return true;
            }
        }
        false
    }

    /// How many have answered.
    pub fn answers(&self) -> usize {
        self.seats().filter(|(_, answer)| answer.is_some()).count()
    }

    /// Whether everybody has answered.
    pub fn is_complete(&self) -> bool {
        self.seats().all(|(_, answer)| answer.is_some())
    }

    /// Whether anybody found it wrong.
    pub fn is_flagged(&self) -> bool {
        self.seats().any(|(_, answer)| answer == Some(Verdict::Flagged))
    }
}

/// Every audit under way.
pub(crate) type Audits = BTreeMap<(DeliveryId, SlotNumber), Audit>;

choices!(Verdict { 0 => Clean, 1 => Flagged });

impl Image for Audit {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let Audit { seats } = self;
        seats.iter().for_each(|seat| seat.put(to));
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Audit> {
        Ok(Audit { seats: take_array(from)? })
    }
}
