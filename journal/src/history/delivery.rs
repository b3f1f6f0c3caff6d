//! Delivery change: what an account is told of deliveries in which it has a part, and its bytes in the history.

use engine::delivery::outcome::Outcome;
use engine::delivery::slot::{Party, SlotNumber, SlotState};
use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, DeliveryId, InstrumentId};
use engine::units::Amount;

use crate::decode::value::{account, amount, choice, delivery, instrument, one_of, option, slot};
use crate::fault::{RecordFault, Rule};
use crate::reader::Reader;
use crate::writer::Writer;

/// What happened to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryChange {
    /// Maintenance of a window was announced.
    MaintenanceAnnounced(InstrumentId),
    /// It was drawn, and the account has a part in it.
    Told(DeliveryId),
    /// The provider knows of it.
    Acknowledged(DeliveryId),
    /// A slot's work stands elsewhere now.
    Slot(DeliveryId, SlotNumber, SlotState),
    /// The account is drawn to audit a slot.
    AuditorDrawn(DeliveryId, SlotNumber),
    /// A party disputes a slot.
    Disputed(DeliveryId, SlotNumber, Party),
    /// A party's dispute is over.
    DisputeClosed {
        /// The slot.
        slot: (DeliveryId, SlotNumber),
        /// Whose dispute.
        by: Party,
        /// What was held for it.
        deposit: Amount,
        /// Whether that is burned.
        lost: bool,
    },
    /// A slot's money has moved.
    Paid {
        /// The slot.
        slot: (DeliveryId, SlotNumber),
        /// How it ended.
        outcome: Outcome,
        /// What this side received.
        received: Amount,
        /// The fee it paid.
        fee: Amount,
    },
    /// What the account has at stake after this.
    Staked(Amount),
    /// The account lost a part of its stake.
    Slashed {
        /// For which slot.
        slot: (DeliveryId, SlotNumber),
        /// The auditor who flagged it, where one did.
        finder: Option<AccountId>,
        /// What the holder got.
        holder: Amount,
        /// What the auditor got.
        auditor: Amount,
        /// What was burned.
        burned: Amount,
    },
}

impl DeliveryChange {
    /// What an event says of a delivery, if it says that to somebody.
    pub(super) fn of(event: &Event) -> Option<(AccountId, PrivateSequence, DeliveryChange)> {
        Some(match *event {
            Event::MaintenanceAnnounced { account, xseq, instrument } => {
                (account, xseq, DeliveryChange::MaintenanceAnnounced(instrument))
            }
            Event::DeliveryTold { account, xseq, delivery } => {
                (account, xseq, DeliveryChange::Told(delivery))
            }
            Event::DeliveryAcknowledged { account, xseq, delivery } => {
                (account, xseq, DeliveryChange::Acknowledged(delivery))
            }
            Event::SlotChanged { account, xseq, delivery, slot, state } => {
                (account, xseq, DeliveryChange::Slot(delivery, slot, state))
            }
            Event::AuditorDrawn { account, xseq, delivery, slot } => {
                (account, xseq, DeliveryChange::AuditorDrawn(delivery, slot))
            }
            Event::SlotDisputed { account, xseq, delivery, slot, by } => {
                (account, xseq, DeliveryChange::Disputed(delivery, slot, by))
            }
            Event::DisputeClosed { account, xseq, delivery, slot, by, deposit, lost } => {
                let slot = (delivery, slot);
                (account, xseq, DeliveryChange::DisputeClosed { slot, by, deposit, lost })
            }
            Event::SlotPaid { account, xseq, delivery, slot, outcome, received, fee } => {
                let slot = (delivery, slot);
                (account, xseq, DeliveryChange::Paid { slot, outcome, received, fee })
            }
            Event::StakeChanged { account, xseq, staked } => (account, xseq, DeliveryChange::Staked(staked)),
            Event::Slashed { account, xseq, delivery, slot, finder, holder, auditor, burned } => {
                let slot = (delivery, slot);
                (account, xseq, DeliveryChange::Slashed { slot, finder, holder, auditor, burned })
            }
            _ => return None,
        })
    }

    /// Appends its kind and its fields.
    pub(super) fn put(self, to: Writer<'_>) -> Writer<'_> {
        match self {
            DeliveryChange::MaintenanceAnnounced(instrument) => to.byte(12).instrument(instrument),
            DeliveryChange::Told(delivery) => to.byte(13).word(delivery.0),
            DeliveryChange::Acknowledged(delivery) => to.byte(14).word(delivery.0),
            DeliveryChange::Slot(delivery, slot, state) => {
                let (number, outcome) = state.numbers();
                slot_of(to.byte(15), (delivery, slot)).byte(number).byte(outcome)
            }
            DeliveryChange::AuditorDrawn(delivery, slot) => slot_of(to.byte(16), (delivery, slot)),
            DeliveryChange::Disputed(delivery, slot, by) => {
                slot_of(to.byte(17), (delivery, slot)).choice(by == Party::Holder)
            }
            DeliveryChange::DisputeClosed { slot, by, deposit, lost } => {
                slot_of(to.byte(18), slot).choice(by == Party::Holder).amount(deposit).choice(lost)
            }
            DeliveryChange::Paid { slot, outcome, received, fee } => {
                slot_of(to.byte(19), slot).byte(outcome.number()).amount(received).amount(fee)
            }
            DeliveryChange::Staked(staked) => to.byte(20).amount(staked),
            DeliveryChange::Slashed { slot, finder, holder, auditor, burned } => {
                let to = slot_of(to.byte(21), slot).option(finder, Writer::account);
                to.amount(holder).amount(auditor).amount(burned)
            }
        }
    }

    /// The change of that kind, whose fields come next; `unknown` when there is no such kind.
    pub(super) fn take(
        from: &mut Reader<'_>,
        kind: u8,
        unknown: RecordFault,
    ) -> Result<DeliveryChange, RecordFault> {
        let parties = [Party::Provider, Party::Holder];
        Ok(match kind {
            12 => DeliveryChange::MaintenanceAnnounced(instrument(from)?),
            13 => DeliveryChange::Told(delivery(from)?),
            14 => DeliveryChange::Acknowledged(delivery(from)?),
            15 => DeliveryChange::Slot(delivery(from)?, slot(from)?, state(from)?),
            16 => DeliveryChange::AuditorDrawn(delivery(from)?, slot(from)?),
            17 => DeliveryChange::Disputed(delivery(from)?, slot(from)?, one_of(from, parties)?),
            18 => DeliveryChange::DisputeClosed {
                slot: (delivery(from)?, slot(from)?),
                by: one_of(from, parties)?,
                deposit: amount(from)?,
                lost: choice(from)?,
            },
            19 => DeliveryChange::Paid {
                slot: (delivery(from)?, slot(from)?),
                outcome: from.checked(Rule::Choice, |from| from.byte().map(outcome))?,
                received: amount(from)?,
                fee: amount(from)?,
            },
            20 => DeliveryChange::Staked(amount(from)?),
            21 => DeliveryChange::Slashed {
                slot: (delivery(from)?, slot(from)?),
                finder: option(from, account)?,
                holder: amount(from)?,
                auditor: amount(from)?,
                burned: amount(from)?,
            },
            _ => return Err(unknown),
        })
    }
}

fn slot_of(to: Writer<'_>, (delivery, slot): (DeliveryId, SlotNumber)) -> Writer<'_> {
    to.word(delivery.0).byte(slot.number())
}

fn outcome(number: u8) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.number() == number)
}

fn state(from: &mut Reader<'_>) -> Result<SlotState, RecordFault> {
    let states = [
        SlotState::Waiting,
        SlotState::Assigned,
        SlotState::Committed,
        SlotState::Opened,
        SlotState::Flagged,
        SlotState::Unaudited,
    ];
    let ended = Outcome::ALL.into_iter().flat_map(|end| [SlotState::Decided(end), SlotState::Final(end)]);
    from.checked(Rule::Choice, |from| {
        let numbers = (from.byte()?, from.byte()?);
        Ok(states.into_iter().chain(ended).find(|state| state.numbers() == numbers))
    })
}
