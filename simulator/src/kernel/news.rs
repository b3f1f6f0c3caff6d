//! News: what everybody knows of the exchange because it was told to all.

use std::collections::VecDeque;

use engine::control::{AccountLimits, MarketLimits, ModeScope, TradingMode};
use engine::event::Event;
use engine::ids::{AccountId, InstrumentId, MarketId};
use engine::label::Label;

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

/// What everybody knows.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Windows that trade.
    pub(super) open: Vec<InstrumentId>,
    /// What is to be taken back, the oldest first.
    pub(super) troubles: VecDeque<Trouble>,
    /// What waits to be paid out, by whose it is and its reference, the oldest first.
    pub(super) redemptions: VecDeque<(AccountId, Label)>,
}

impl News {
    pub(super) fn hear(&mut self, event: &Event) {
        match *event {
            Event::InstrumentOpened { instrument, .. } => self.open.push(instrument),
            Event::InstrumentClosed { instrument } => self.open.retain(|open| *open != instrument),
            Event::ModeSet { scope, mode, .. } => self.note(Trouble::Mode(scope), mode != TradingMode::Open),
            Event::MarketLimitsSet { market, limits, .. } => {
                self.note(Trouble::Market(market), limits != MarketLimits::NONE);
            }
            Event::AccountLimitsSet { account, limits, .. } => {
                self.note(Trouble::Account(account), limits != AccountLimits::NONE);
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
