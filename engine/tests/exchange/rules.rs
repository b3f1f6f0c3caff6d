//! Rules: what must be refused, and with which reason, said from `docs/contract.md` and the model alone.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, index};
use engine::order::{NewOrder, OrderRef, Side};
use engine::reject::RejectReason;

use crate::model::{Model, Order};

impl Model {
    /// Why a command must be refused; `None` when it must happen.
    pub(crate) fn refusal(&self, command: &Command) -> Option<RejectReason> {
        let refused = |reason: RejectReason, applies: bool| applies.then_some(reason);
        match *command {
            Command::Found { .. } => Some(RejectReason::AlreadyFounded),
            Command::OpenAccount { name, joins, .. } => {
                let taken = self.owners.iter().any(|owner| owner.name == name);
                joins.and_then(|other| self.no_account(other)).or(refused(RejectReason::AccountExists, taken))
            }
            Command::Deposit { account, amount, reference } => {
                let most = 9_000_000_000_000_000_000;
                let sum = self.supply + u128::from(amount.micro());
                self.no_account(account)
                    .or(refused(RejectReason::ReferenceConsumed, self.references.contains(&reference)))
                    .or(refused(RejectReason::SupplyLimit, amount.is_zero() || most < sum))
            }
            Command::AddMarket(spec) => {
                let name = (spec.class, spec.zone, spec.tier);
                let taken = self.markets.iter().any(|other| (other.class, other.zone, other.tier) == name);
                refused(RejectReason::MarketExists, taken)
            }
            Command::SetCapacity { account, instrument, lots } => {
                self.no_account(account).or(self.no_trading(instrument)).or_else(|| {
                    let used = self.short((account, instrument), 0);
                    refused(RejectReason::NotProvider, !self.owners[index(account.0)].provider)
                        .or(refused(RejectReason::CapacityInUse, u128::from(lots.count()) < used))
                })
            }
            Command::PlaceOrder(ref order) => self.order_refusal(order),
            Command::CancelOrder { account, order } => self
                .no_account(account)
                .or(refused(RejectReason::OrderUnknown, self.open(account, order).is_none())),
            Command::ReduceOrder { account, order, by } => self.no_account(account).or_else(|| {
                let Some(open) = self.open(account, order) else { return Some(RejectReason::OrderUnknown) };
                refused(RejectReason::LotsZero, by.is_zero())
                    .or(refused(RejectReason::ReduceTooLarge, open.leaves <= u128::from(by.count())))
            }),
            Command::CancelAll { account, instrument } => self.no_account(account).or_else(|| {
                let unlisted = instrument.is_some_and(|instrument| !self.is_listed(instrument));
                refused(RejectReason::InstrumentUnknown, unlisted)
            }),
            Command::RegisterKey { account, key, .. } => {
                let taken = self.keys.iter().any(|other| other.0[..8] == key.0[..8]);
                self.no_account(account).or(refused(RejectReason::KeyExists, taken))
            }
            Command::RevokeKey { key } => refused(RejectReason::KeyUnknown, !self.keys.contains(&key)),
            Command::Tick => None,
        }
    }

    /// Whether a command sets a capacity to what it is.
    pub(crate) fn is_set(&self, command: &Command) -> bool {
        let Command::SetCapacity { account, instrument, lots } = command else { return false };
        let capacity = self.capacity.get(&(*account, *instrument)).copied().unwrap_or_default();
        capacity == u128::from(lots.count())
    }

    fn order_refusal(&self, order: &NewOrder) -> Option<RejectReason> {
        let &NewOrder { account, instrument, client, deadline, .. } = order;
        let nobody = self.no_account(account).or(self.no_trading(instrument));
        if nobody.is_some() {
            return nobody;
        }
        if deadline.is_some_and(|deadline| deadline.0 < self.now) {
            return Some(RejectReason::DeadlinePassed);
        }
        if order.lots.is_zero() {
            return Some(RejectReason::LotsZero);
        }
        if client.is_some_and(|client| self.open(account, OrderRef::Client(client)).is_some()) {
            return Some(RejectReason::ClientOrderIdTaken);
        }
        let lots = u128::from(order.lots.count());
        match order.side {
            Side::Bid => {
                let hold = self.hold(instrument, u128::from(order.limit.ticks()) * 100 * lots);
                (self.available(account) < hold).then_some(RejectReason::InsufficientCredit)
            }
            Side::Ask => self.offer_refusal((account, instrument), lots),
        }
    }

    fn offer_refusal(&self, part: (AccountId, InstrumentId), lots: u128) -> Option<RejectReason> {
        let short = self.short(part, lots);
        let provider = self.owners[index(part.0.0)].provider;
        if !provider && 0 < short {
            return Some(RejectReason::InsufficientClaims);
        }
        if self.capacity.get(&part).copied().unwrap_or_default() < short {
            return Some(RejectReason::InsufficientCapacity);
        }
        let more = short * u128::from(self.window(part.1).spec.bond.micro()) - self.bonded(part);
        (self.available(part.0) < more).then_some(RejectReason::InsufficientBond)
    }

    fn no_account(&self, account: AccountId) -> Option<RejectReason> {
        (self.owners.len() <= index(account.0)).then_some(RejectReason::AccountUnknown)
    }

    fn is_listed(&self, instrument: InstrumentId) -> bool {
        index(instrument.0) < self.windows.len()
    }

    fn no_trading(&self, instrument: InstrumentId) -> Option<RejectReason> {
        if !self.is_listed(instrument) {
            return Some(RejectReason::InstrumentUnknown);
        }
        (self.window(instrument).gate <= self.now).then_some(RejectReason::MarketClosed)
    }

    fn open(&self, account: AccountId, order: OrderRef) -> Option<&Order> {
        self.orders.iter().filter(|open| open.account == account).find(|open| match order {
            OrderRef::Id(id) => open.order == id,
            OrderRef::Client(client) => open.client == Some(client),
        })
    }
}
