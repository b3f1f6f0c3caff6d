//! Reasons of the model: why a command must be refused. All that apply are listed; the lowest is told.

use engine::command::Command;
use engine::control::{KillTarget, ModeScope, TradingMode};
use engine::ids::{AccountId, InstrumentId, MarketId, index};
use engine::instrument::Phase;
use engine::market::MarketSpec;
use engine::reject::RejectReason;

use crate::model::{Market, Model, Owner, Part, cost};

/// Reasons, each with whether it applies.
pub(super) fn those<const N: usize>(reasons: [(bool, RejectReason); N]) -> Vec<RejectReason> {
    reasons.into_iter().filter(|(applies, _)| *applies).map(|(_, reason)| reason).collect()
}

impl Model {
    pub(super) fn is_nobody(&self, account: AccountId) -> bool {
        self.owners.len() <= index(account.0)
    }

    pub(super) fn check_account(&self, account: AccountId) -> Result<(), RejectReason> {
        if self.is_nobody(account) { Err(RejectReason::AccountUnknown) } else { Ok(()) }
    }

    pub(super) fn is_unlisted(&self, instrument: InstrumentId) -> bool {
        self.windows.len() <= index(instrument.0)
    }

    fn is_no_market(&self, market: MarketId) -> bool {
        self.markets.len() <= index(market.0)
    }

    /// Why a command, other than an order or an amendment, must be refused.
    pub(super) fn reasons(&self, command: &Command) -> Vec<RejectReason> {
        match *command {
            Command::Found { .. } => those([(self.founded, RejectReason::AlreadyFounded)]),
            Command::OpenAccount { .. }
            | Command::RegisterKey { .. }
            | Command::RevokeKey { .. }
            | Command::Deposit { .. } => self.account_reasons(command),
            Command::ReplaceKey { key, by } => {
                let taken = self.keys.keys().any(|other| other.0[..8] == by.0[..8]);
                let unknown = !self.keys.contains_key(&key);
                those([(taken, RejectReason::KeyExists), (unknown, RejectReason::KeyUnknown)])
            }
            Command::Transfer { .. } | Command::Redeem { .. } | Command::EndRedemption { .. } => {
                self.payment_reasons(command)
            }
            Command::AddMarket(ref spec) => self.market_reasons(spec),
            Command::SetCapacity { account, instrument, lots } => {
                self.capacity_reasons((account, instrument), lots.count().into())
            }
            Command::CancelOrder { account, order } => {
                let nobody = self.is_nobody(account);
                let unknown = self.open(account, order).is_none();
                those([(nobody, RejectReason::AccountUnknown), (unknown, RejectReason::OrderUnknown)])
            }
            Command::ReduceOrder { .. } => self.reduction_reasons(command),
            Command::CancelAll { account, ref only } => {
                let unlisted = only.instrument.is_some_and(|instrument| self.is_unlisted(instrument));
                let nobody = self.is_nobody(account);
                those([(nobody, RejectReason::AccountUnknown), (unlisted, RejectReason::InstrumentUnknown)])
            }
            Command::CancelAfter { account, .. }
            | Command::EndSession { account, .. }
            | Command::SetAccountLimits { account, .. }
            | Command::SetLock { account, .. }
            | Command::Kill { target: KillTarget::Account(account), .. } => {
                those([(self.is_nobody(account), RejectReason::AccountUnknown)])
            }
            Command::SetMode { scope: ModeScope::Market(market), .. } => {
                those([(self.is_no_market(market), RejectReason::MarketUnknown)])
            }
            Command::SetMode { scope: ModeScope::Instrument(instrument), .. } => {
                those([(self.is_unlisted(instrument), RejectReason::InstrumentUnknown)])
            }
            Command::SetMarketLimits { market, ref limits, .. } => those([
                (self.is_no_market(market), RejectReason::MarketUnknown),
                (limits.price_max < limits.price_min, RejectReason::LimitsInvalid),
            ]),
            Command::Draw { instrument, .. } => {
                let next = self.undrawn.front().filter(|_| self.drawing.is_none());
                those([(next != Some(&instrument), RejectReason::DrawUnexpected)])
            }
            Command::Delivery(ref command) => self.delivery_reasons(command),
            Command::Batch { count, .. } => those([(count == 0, RejectReason::BatchInvalid)]),
            Command::Tick
            | Command::PlaceOrder(_)
            | Command::AmendOrder(_)
            | Command::SetMode { scope: ModeScope::Venue, .. }
            | Command::Kill { target: KillTarget::Venue, .. } => Vec::new(),
        }
    }

    fn account_reasons(&self, command: &Command) -> Vec<RejectReason> {
        match *command {
            Command::OpenAccount { name, joins, .. } => {
                let taken = self.owners.iter().any(|owner| owner.name == name);
                let nobody = joins.is_some_and(|other| self.is_nobody(other));
                those([(nobody, RejectReason::AccountUnknown), (taken, RejectReason::AccountExists)])
            }
            Command::RegisterKey { account, key, .. } => {
                let taken = self.keys.keys().any(|other| other.0[..8] == key.0[..8]);
                let nobody = self.is_nobody(account);
                those([(nobody, RejectReason::AccountUnknown), (taken, RejectReason::KeyExists)])
            }
            Command::RevokeKey { key } => those([(!self.keys.contains_key(&key), RejectReason::KeyUnknown)]),
            Command::Deposit { account, amount, reference } => {
                let sum = self.supply + u128::from(amount.micro());
                let consumed = self.references.contains(&reference);
                let beyond = amount.is_zero() || 9_000_000_000_000_000_000 < sum;
                those([
                    (self.is_nobody(account), RejectReason::AccountUnknown),
                    (consumed, RejectReason::ReferenceConsumed),
                    (beyond, RejectReason::SupplyLimit),
                ])
            }
            _ => unreachable!("asked for accounts only"),
        }
    }

    fn market_reasons(&self, spec: &MarketSpec) -> Vec<RejectReason> {
        let day = 86_400;
        let length = spec.window_seconds;
        let whole = 0 < length && length.is_multiple_of(60) && length <= day;
        let listed = u64::from(spec.windows) + u64::from(spec.windows_ahead);
        let bounded = 0 < spec.windows && listed <= 672 && spec.gate_seconds <= day;
        let bonded = u128::from(spec.bond.micro()) <= cost(1_000_000_000, 1);
        let same_class = self.markets.iter().filter(|market| market.spec.class == spec.class);
        let alike = same_class.clone().all(|market| market.spec.window_seconds == length);
        let valid = whole && bounded && bonded && alike;
        let named = |market: &Market| (market.spec.zone, market.spec.tier) == (spec.zone, spec.tier);
        let taken = same_class.clone().any(named);
        those([(!valid, RejectReason::MarketInvalid), (taken, RejectReason::MarketExists)])
    }

    fn capacity_reasons(&self, part: Part, lots: u64) -> Vec<RejectReason> {
        let (account, instrument) = part;
        if self.is_nobody(account) {
            return vec![RejectReason::AccountUnknown];
        }
        let &Owner { locked, provider, ref standing, .. } = &self.owners[index(account.0)];
        let mut reasons =
            those([(locked, RejectReason::AccountLocked), (!provider, RejectReason::NotProvider)]);
        if self.is_unlisted(instrument) {
            reasons.push(RejectReason::InstrumentUnknown);
            return reasons;
        }
        let window = self.window(instrument);
        let closed = Phase::Open < window.phase || window.gate <= self.now;
        let used = lots < self.short(part, 0);
        let asked = u128::from(self.market(instrument).delivery.stake.micro());
        let registered = self.holdings.get(&part).map_or(0, |holding| holding.capacity);
        let value = u128::from(lots) * window.bond;
        let insecure = asked != 0 && !standing.secures(instrument, value);
        let unstaked = registered < lots && (standing.staked < asked || insecure);
        reasons.extend(those([
            (closed, RejectReason::MarketClosed),
            (used, RejectReason::CapacityInUse),
            (unstaked, RejectReason::InsufficientStake),
        ]));
        reasons
    }

    fn reduction_reasons(&self, command: &Command) -> Vec<RejectReason> {
        let Command::ReduceOrder { account, order, by } = *command else {
            unreachable!("asked for reductions only");
        };
        if self.is_nobody(account) {
            return vec![RejectReason::AccountUnknown];
        }
        let mut reasons = those([
            (self.owners[index(account.0)].locked, RejectReason::AccountLocked),
            (by.is_zero(), RejectReason::LotsZero),
        ]);
        match self.open(account, order) {
            None => reasons.push(RejectReason::OrderUnknown),
            Some(open) => reasons.extend(those([
                (self.mode_of(open.instrument) == TradingMode::Halted, RejectReason::MarketHalted),
                (open.leaves() <= by.count().into(), RejectReason::ReduceTooLarge),
            ])),
        }
        reasons
    }
}
