//! Slot: a twelfth of a delivery window, and how far the work for it has come.

use crate::delivery::outcome::Outcome;
use crate::ids::AccountId;
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{CHOICE, Image, Taken, take_array};

/// How many slots a delivery window has.
pub const SLOTS: usize = 12;

/// A slot's number, from 0 to 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNumber(u8);

impl SlotNumber {
    /// The first slot of a window.
    pub const FIRST: SlotNumber = SlotNumber(0);
    /// The last one.
    pub const LAST: SlotNumber = SlotNumber(11);

    /// Returns `None` from 12 on.
    pub fn new(number: u64) -> Option<SlotNumber> {
        let slot = SlotNumber(u8::try_from(number).ok()?);
        (slot <= SlotNumber::LAST).then_some(slot)
    }

    /// The plain number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The slot after it, if there is one.
    pub fn next(self) -> Option<SlotNumber> {
        (self < SlotNumber::LAST).then_some(SlotNumber(self.0 + 1))
    }

    /// Every slot, in order.
    pub fn all() -> impl Iterator<Item = SlotNumber> {
        (SlotNumber::FIRST.0..=SlotNumber::LAST.0).map(SlotNumber)
    }
}

/// Where the work of a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotState {
    /// The slot has not begun.
    Waiting,
    /// Its work may be done: the batch is given out.
    Assigned,
    /// The provider has committed, in time, to what was computed.
    Committed,
    /// What the sample asks for has been opened: auditors look at it.
    Opened,
    /// An auditor found it wrong, or auditors disagree: the arbiter decides.
    Flagged,
    /// It was opened, and no auditor answered in time: the arbiter decides.
    Unaudited,
    /// How it ends is known, and can still be disputed.
    Decided(Outcome),
    /// The money has moved.
    Final(Outcome),
}

impl SlotState {
    /// The state's number and, once there is one, its outcome's (0 before).
    pub const fn numbers(self) -> (u8, u8) {
        match self {
            SlotState::Waiting => (0, 0),
            SlotState::Assigned => (1, 0),
            SlotState::Committed => (2, 0),
            SlotState::Opened => (3, 0),
            SlotState::Flagged => (4, 0),
            SlotState::Unaudited => (5, 0),
            SlotState::Decided(outcome) => (6, outcome.number()),
            SlotState::Final(outcome) => (7, outcome.number()),
        }
    }

    /// Whether the money has moved.
    pub const fn is_final(self) -> bool {
        matches!(self, SlotState::Final(_))
    }
}

/// Which side of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Who delivers.
    Provider,
    /// Whom it is delivered to.
    Holder,
}

impl Party {
    /// Both.
    pub const BOTH: [Party; 2] = [Party::Provider, Party::Holder];
}

/// Whether a party disputes a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dispute {
    /// It has not.
    #[default]
    None,
    /// It does, and its deposit is held.
    Open,
    /// It did.
    Closed,
}

impl Dispute {
    /// The number: 0, 1 or 2.
    pub const fn number(self) -> u8 {
        match self {
            Dispute::None => 0,
            Dispute::Open => 1,
            Dispute::Closed => 2,
        }
    }
}

/// What speaks for and against the work of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What the sample asked for was opened.
    pub opened: bool,
    /// The fewest sequences that an auditor says it audited.
    pub sequences: u32,
    /// The auditor who flagged it first.
    pub flagged_by: Option<AccountId>,
    /// The arbiter confirmed the flag.
    pub confirmed: bool,
}

fields!(Evidence { opened, sequences, flagged_by, confirmed });

/// One slot of one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Where its work stands.
    pub state: SlotState,
    /// Whether the arbiter has ruled: then nobody disputes any more.
    pub ruled: bool,
    /// The provider's dispute and the holder's.
    pub disputes: [Dispute; 2],
}

impl Slot {
    /// A slot that has not begun.
    pub(crate) const WAITING: Slot =
        Slot { state: SlotState::Waiting, ruled: false, disputes: [Dispute::None; 2] };

    /// The party's dispute.
    pub const fn dispute(&self, party: Party) -> Dispute {
        match party {
            Party::Provider => self.disputes[0],
            Party::Holder => self.disputes[1],
        }
    }

    pub(crate) const fn dispute_mut(&mut self, party: Party) -> &mut Dispute {
        match party {
            Party::Provider => &mut self.disputes[0],
            Party::Holder => &mut self.disputes[1],
        }
    }

    /// Whether it waits for the arbiter: auditors left it open, or it is disputed.
    pub fn is_case(&self) -> bool {
        matches!(self.state, SlotState::Flagged | SlotState::Unaudited) || self.is_disputed()
    }

    /// Whether anybody disputes it and waits for the arbiter.
    pub fn is_disputed(&self) -> bool {
        self.disputes.contains(&Dispute::Open)
    }
}

checked!(SlotNumber as u8, "a window has twelve slots"; SlotNumber::number, |number: u8| SlotNumber::new(number.into()));
choices!(Dispute { 0 => None, 1 => Open, 2 => Closed });

impl Image for SlotState {
    fn put(&self, to: &mut ImageWriter<'_>) {
        self.numbers().put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<SlotState> {
        let broken = from.fault(CHOICE);
        let numbers = <(u8, u8)>::take(from)?;
        let outcome = Outcome::ALL.into_iter().find(|choice| choice.number() == numbers.1);
        Ok(match (numbers, outcome) {
            ((0, 0), None) => SlotState::Waiting,
            ((1, 0), None) => SlotState::Assigned,
            ((2, 0), None) => SlotState::Committed,
            ((3, 0), None) => SlotState::Opened,
            ((4, 0), None) => SlotState::Flagged,
            ((5, 0), None) => SlotState::Unaudited,
            ((6, _), Some(outcome)) => SlotState::Decided(outcome),
            ((7, _), Some(outcome)) => SlotState::Final(outcome),
            _ => return Err(broken),
        })
    }
}

impl Image for Slot {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let Slot { state, ruled, disputes: [provider, holder] } = self;
        state.put(to);
        ruled.put(to);
        (*provider, *holder).put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Slot> {
        let (state, ruled) = (Image::take(from)?, Image::take(from)?);
        Ok(Slot { state, ruled, disputes: take_array(from)? })
    }
}
