//! Calm: the commands that take back all controls.

use engine::command::Command;
use engine::control::{AccountLimits, MarketLimits, ModeScope, TradingMode};
use engine::ids::{AccountId, InstrumentId, MarketId};

use crate::model::Model;
use crate::stage::label;

/// Takes back all controls that are set.
pub(super) fn calm(model: &Model) -> Vec<Command> {
    let (mode, reason) = (TradingMode::Open, label("calm"));
    let mut commands = Vec::new();
    if model.mode != mode {
        commands.push(Command::SetMode { scope: ModeScope::Venue, mode, reason });
    }
    for (market, state) in (0..).map(MarketId).zip(&model.markets) {
        if state.mode != mode {
            commands.push(Command::SetMode { scope: ModeScope::Market(market), mode, reason });
        }
        if state.limits != MarketLimits::NONE {
            commands.push(Command::SetMarketLimits { market, limits: MarketLimits::NONE, reason });
        }
    }
    for (instrument, window) in (0..).map(InstrumentId).zip(&model.windows) {
        if window.mode != mode {
            commands.push(Command::SetMode { scope: ModeScope::Instrument(instrument), mode, reason });
        }
    }
    for (account, owner) in (0..).map(AccountId).zip(&model.owners) {
        if owner.locked {
            commands.push(Command::SetLock { account, locked: false, reason });
        }
        if owner.limits != AccountLimits::NONE {
            commands.push(Command::SetAccountLimits { account, limits: AccountLimits::NONE, reason });
        }
    }
    commands
}
