//! Controls: lines with which the operator sets modes, limits and locks.
//!
//! `mode venue halted for drill`, `mode market H post-only for ...`, `mode window H+1 cancel-only for ...`,
//! `limits market H [low=0.5] [high=2] [band=50000ppm] [lots=10] [position=20] [notional=30] for ...`,
//! `limits account ann [orders=3] [position=20] [notional=30] for ...`, `lock ann for ...`, `unlock ann for ...`,
//! `kill ann for ...`, `kill venue for ...`.

use engine::command::Command;
use engine::control::{AccountLimits, BandWidth, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::label::Label;

use crate::decimal::{amount, price};
use crate::desk::Desk;
use crate::verbs::{Words, lots, named};

/// Every mode by its name.
pub(crate) const MODES: [(&str, TradingMode); 4] = [
    ("open", TradingMode::Open),
    ("post-only", TradingMode::PostOnly),
    ("cancel-only", TradingMode::CancelOnly),
    ("halted", TradingMode::Halted),
];

/// What the operator asks for: the last word says why.
pub(crate) fn control(desk: &Desk, verb: &str, words: Words<'_>) -> Option<Command> {
    let [words @ .., "for", reason] = words else { return None };
    let reason = Label::new(reason)?;
    Some(match (verb, words) {
        ("mode", [scope @ .., mode]) => {
            Command::SetMode { scope: self::scope(desk, scope)?, mode: named(&MODES, mode)?, reason }
        }
        ("limits", ["market", name, limits @ ..]) => {
            let limits = limits.iter().try_fold(MarketLimits::NONE, bound_market)?;
            Command::SetMarketLimits { market: desk.market(name), limits, reason }
        }
        ("limits", ["account", name, limits @ ..]) => {
            let limits = limits.iter().try_fold(AccountLimits::NONE, bound_account)?;
            Command::SetAccountLimits { account: desk.account(name), limits, reason }
        }
        ("lock", [name]) => Command::SetLock { account: desk.account(name), locked: true, reason },
        ("unlock", [name]) => Command::SetLock { account: desk.account(name), locked: false, reason },
        ("kill", ["venue"]) => Command::Kill { target: KillTarget::Venue, reason },
        ("kill", [name]) => Command::Kill { target: KillTarget::Account(desk.account(name)), reason },
        _ => return None,
    })
}

fn scope(desk: &Desk, words: Words<'_>) -> Option<ModeScope> {
    match words {
        ["venue"] => Some(ModeScope::Venue),
        ["market", name] => Some(ModeScope::Market(desk.market(name))),
        ["window", name] => Some(ModeScope::Instrument(desk.instrument(name)?)),
        _ => None,
    }
}

fn bound_market(mut limits: MarketLimits, setting: &&str) -> Option<MarketLimits> {
    let (name, value) = setting.split_once('=')?;
    match name {
        "low" => limits.price_min = price(value)?,
        "high" => limits.price_max = price(value)?,
        "band" => limits.band = Some(BandWidth::new(value.strip_suffix("ppm")?.parse().ok()?)?),
        "lots" => limits.order_lots = lots(value)?,
        "position" => limits.position_lots = lots(value)?,
        "notional" => limits.order_notional = amount(value)?,
        _ => return None,
    }
    Some(limits)
}

fn bound_account(mut limits: AccountLimits, setting: &&str) -> Option<AccountLimits> {
    let (name, value) = setting.split_once('=')?;
    match name {
        "orders" => limits.open_orders = value.parse().ok()?,
        "position" => limits.position_lots = lots(value)?,
        "notional" => limits.order_notional = amount(value)?,
        _ => return None,
    }
    Some(limits)
}
