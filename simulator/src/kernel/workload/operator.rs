//! Operator: what whoever runs the exchange asks for. Most of it takes something back, so that there is trading.

use engine::command::Command;
use engine::control::{AccountLimits, BandWidth, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::ids::{AccountId, MarketId, PublicKey, Scopes};
use engine::key::{KeyBounds, Network, Networks};
use engine::label::Label;
use engine::stamp::Time;
use engine::units::{Amount, Price};

use crate::kernel::choices::Choices;
use crate::kernel::news::Trouble;
use crate::kernel::workload::trader::instrument;
use crate::kernel::workload::{Scene, Workload, label, lots};

/// How often the operator takes something back, where there is something, in 10,000.
const TAKEN_BACK: u64 = 8_000;
/// How often the operator pays out or returns what waits for that, where something does, in 10,000.
const ENDED: u64 = 3_000;
/// Keys that are registered and revoked.
const KEYS: u64 = 12;

impl Workload {
    /// What the operator asks for.
    pub(super) fn control(&self, act: u64, scene: &Scene<'_>, choices: &mut Choices) -> Command {
        let account =
            AccountId(u32::try_from(choices.between(1, 1 + u64::from(self.traders))).expect("it is small"));
        let market = MarketId(u32::try_from(choices.place(self.markets.len())).expect("it is small"));
        let reason = Label::new("why").expect("it is a label");
        if let Some(trouble) = scene.news.troubles.front()
            && choices.happens(TAKEN_BACK)
        {
            return taken_back(*trouble, reason);
        }
        if let Some((account, reference)) = scene.news.redemptions.front().copied()
            && choices.happens(ENDED)
        {
            return Command::EndRedemption { account, reference, paid: choices.happens(5_000) };
        }
        match choices.below(100) {
            0..18 => {
                let amount = Amount::new(choices.between(1, 50_000_000));
                Command::Deposit { account, amount, reference: label('d', act) }
            }
            18..40 => Command::SetLock { account, locked: choices.happens(3_000), reason },
            40..64 => {
                let scope = match choices.below(3) {
                    0 => ModeScope::Venue,
                    1 => ModeScope::Market(market),
                    _ => ModeScope::Instrument(instrument(scene, choices)),
                };
                Command::SetMode { scope, mode: mode(choices), reason }
            }
            64..76 => Command::SetMarketLimits { market, limits: market_limits(choices), reason },
            76..86 => Command::SetAccountLimits { account, limits: account_limits(choices), reason },
            86..89 => Command::Kill { target: KillTarget::Account(account), reason },
            89 => Command::Kill { target: KillTarget::Venue, reason },
            90..93 => Command::OpenAccount { name: label('n', act), provider: false, joins: None },
            93..96 => {
                let bounds = bounds(scene, choices);
                Command::RegisterKey { account, key: key(choices.below(KEYS)), scopes: Scopes::ALL, bounds }
            }
            96 => Command::ReplaceKey { key: key(choices.below(KEYS)), by: key(choices.below(KEYS)) },
            _ => Command::RevokeKey { key: key(choices.below(KEYS)) },
        }
    }
}

/// The command that takes back what keeps people from trading.
fn taken_back(trouble: Trouble, reason: Label) -> Command {
    match trouble {
        Trouble::Mode(scope) => Command::SetMode { scope, mode: TradingMode::Open, reason },
        Trouble::Market(market) => Command::SetMarketLimits { market, limits: MarketLimits::NONE, reason },
        Trouble::Account(account) => {
            Command::SetAccountLimits { account, limits: AccountLimits::NONE, reason }
        }
        Trouble::Locked(account) => Command::SetLock { account, locked: false, reason },
    }
}

fn key(number: u64) -> PublicKey {
    let mut bytes = [2; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    PublicKey(bytes)
}

/// Nothing, or all that bounds a key.
fn bounds(scene: &Scene<'_>, choices: &mut Choices) -> KeyBounds {
    if choices.happens(5_000) {
        return KeyBounds::NONE;
    }
    let first = u8::try_from(choices.below(200)).expect("it is small");
    let networks =
        [first, first + 1].map(|byte| Network::new([byte; 16], 128).expect("all bits are its own"));
    let networks = Networks::new(&networks).expect("they differ");
    let expires = scene.now.after(choices.between(1, 600) * Time::SECOND);
    KeyBounds { expires, order_notional: Amount::new(choices.between(1, 5_000_000)), networks }
}

fn mode(choices: &mut Choices) -> TradingMode {
    match choices.below(20) {
        0 => TradingMode::PostOnly,
        1 => TradingMode::CancelOnly,
        2 => TradingMode::Halted,
        _ => TradingMode::Open,
    }
}

fn market_limits(choices: &mut Choices) -> MarketLimits {
    let mut limits = MarketLimits::NONE;
    match choices.below(8) {
        0 => limits.band = BandWidth::new(choices.between(2_000, 30_000)),
        1 => {
            limits.price_min = Price::new(choices.between(960, 990)).expect("it is within bounds");
            limits.price_max = Price::new(choices.between(1_010, 1_040)).expect("it is within bounds");
        }
        2 => limits.order_lots = lots(choices.between(10, 30)),
        3 => limits.position_lots = lots(choices.between(50, 400)),
        _ => {}
    }
    limits
}

fn account_limits(choices: &mut Choices) -> AccountLimits {
    let mut limits = AccountLimits::NONE;
    match choices.below(6) {
        0 => limits.open_orders = u32::try_from(choices.between(1, 20)).expect("it is small"),
        1 => limits.position_lots = lots(choices.between(20, 300)),
        2 => limits.order_notional = Amount::new(choices.between(500_000, 3_000_000)),
        _ => {}
    }
    limits
}
