//! News: what everybody knows of the exchange because it was told to all.

use std::collections::{BTreeMap, VecDeque};

use engine::control::{AccountLimits, MarketLimits, ModeScope, TradingMode};
use engine::delivery::slot::{Dispute, Party, SlotNumber, SlotState};
use engine::event::Event;
use engine::ids::{AccountId, DeliveryId, InstrumentId, MarketId};
use engine::label::Label;
use engine::stamp::Time;

use crate::kernel::evidence::SlotOf;

/// Troubles that are remembered.
const TROUBLES_MAX: usize = 16;

/// Redemptions that are remembered.
const REDEMPTIONS_MAX: usize = 64;

/// Something that keeps people from trading until it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Mode(ModeScope),
    Market(MarketId),
    Account(AccountId),
    Locked(AccountId),
}

/// A slot whose money has not moved.
#[derive(Clone, Debug)]
pub(super) struct Underway {
    pub(super) provider: AccountId,
    pub(super) holder: AccountId,
    pub(super) lots: u64,
    pub(super) state: SlotState,
    /// Since when it stands there.
    pub(super) since: Time,
    /// Its auditors were drawn: they are these.
    pub(super) drawn: bool,
    pub(super) auditors: Vec<AccountId>,
    /// Whether the arbiter has ruled.
    pub(super) ruled: bool,
    disputes: [Dispute; 2],
}

impl Underway {
    /// Whether nobody need do anything any more.
    pub(super) fn is_decided(&self) -> bool {
        matches!(self.state, SlotState::Decided(_)) && !self.disputes.contains(&Dispute::Open)
    }
}

/// What everybody knows.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Windows that trade.
    pub(super) open: Vec<InstrumentId>,
    /// What is to be taken back, the oldest first.
    pub(super) troubles: VecDeque<Trouble>,
    /// What waits to be paid out, by whose it is and its reference, the oldest first.
    pub(super) redemptions: VecDeque<(AccountId, Label)>,
    /// Slots whose money has not moved, by delivery.
    pub(super) slots: BTreeMap<SlotOf, Underway>,
}

impl News {
    pub(super) fn hear(&mut self, now: Time, event: &Event) {
        match *event {
            Event::DeliveryDrawn { delivery, provider, holder, lots, .. } => {
                let slot = Underway {
                    provider,
                    holder,
                    lots: lots.count().into(),
                    state: SlotState::Waiting,
                    since: now,
                    drawn: false,
                    auditors: Vec::new(),
                    ruled: false,
                    disputes: [Dispute::None; 2],
                };
                self.slots.extend(SlotNumber::all().map(|number| ((delivery, number), slot.clone())));
            }
            Event::SlotChanged { delivery, slot, state: SlotState::Final(_), .. } => {
                self.slots.remove(&(delivery, slot));
            }
            Event::SlotChanged { delivery, slot, state, .. } => {
                self.about((delivery, slot), |found| (found.state, found.since) = (state, now));
            }
            Event::AuditorsDrawn { delivery, slot, .. } => {
                self.about((delivery, slot), |found| found.drawn = true);
            }
            Event::AuditorDrawn { account, delivery, slot, .. } => {
                self.about((delivery, slot), |found| found.auditors.push(account));
            }
            Event::SlotRuled { delivery, slot, .. } => {
                self.about((delivery, slot), |found| found.ruled = true);
            }
            Event::SlotDisputed { delivery, slot, by, .. } => {
                self.about((delivery, slot), |found| found.disputes[place(by)] = Dispute::Open);
            }
            Event::DisputeClosed { delivery, slot, by, .. } => {
                self.about((delivery, slot), |found| found.disputes[place(by)] = Dispute::Closed);
            }
            Event::InstrumentOpened { instrument, .. } => self.open.push(instrument),
            Event::InstrumentClosed { instrument } => self.open.retain(|open| *open != instrument),
            Event::ModeSet { scope, mode, .. } => self.note(Trouble::Mode(scope), mode != TradingMode::Open),
            Event::MarketLimitsSet { market, limits, .. } => {
                self.note(Trouble::Market(market), limits != MarketLimits::NONE);
            }
            Event::AccountLimitsSet { account, limits, .. } => {
                // Who may have few orders open goes on with them: that stays.
                let open_orders = AccountLimits::NONE.open_orders;
                let others = AccountLimits { open_orders, ..limits };
                self.note(Trouble::Account(account), others != AccountLimits::NONE);
            }
            Event::LockSet { account, locked, .. } => self.note(Trouble::Locked(account), locked),
            Event::RedemptionBegun { account, reference, .. } if self.redemptions.len() < REDEMPTIONS_MAX => {
                self.redemptions.push_back((account, reference));
            }
            Event::RedemptionEnded { account, reference, .. } => {
                self.redemptions.retain(|waiting| *waiting != (account, reference));
            }
            _ => {}
        }
    }

    fn about(&mut self, of: (DeliveryId, SlotNumber), note: impl FnOnce(&mut Underway)) {
        if let Some(found) = self.slots.get_mut(&of) {
            note(found);
        }
    }

    fn note(&mut self, trouble: Trouble, is_there: bool) {
        self.troubles.retain(|other| *other != trouble);
        if is_there {
            self.troubles.push_back(trouble);
        }
        if TROUBLES_MAX < self.troubles.len() {
            self.troubles.pop_front();
        }
    }
}

fn place(by: Party) -> usize {
    usize::from(by == Party::Holder)
}
