//! Counts: what is held, bonded, available and in escrow, counted afresh from the model's open orders and holdings, and
//! compared with what the exchange keeps.

use std::collections::BTreeMap;

use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, index};
use engine::instrument::Phase;
use engine::obligation::Obligation;
use engine::order::Side;

use crate::model::{Holding, Model, Order, Part, cost, fee};

impl Model {
    /// What a bid that could cost this must have ready: the higher of the two fees on top.
    pub(crate) fn hold(&self, instrument: InstrumentId, cost: u128) -> u128 {
        let spec = &self.market(instrument).spec;
        cost + fee(cost, spec.maker_fee.parts().max(spec.taker_fee.parts()))
    }

    fn hold_of(&self, open: &Order) -> u128 {
        match open.side {
            Side::Bid => self.hold(open.instrument, cost(open.limit, open.leaves())),
            Side::Ask => 0,
        }
    }

    /// Lots that claims do not cover, with `more` offered.
    pub(crate) fn short(&self, part: Part, more: u64) -> u64 {
        let asks = self.orders.iter().filter(|open| open.side == Side::Ask);
        let own = asks.filter(|open| (open.account, open.instrument) == part);
        let sells: u64 = own.map(Order::leaves).sum();
        self.holdings.get(&part).map_or(more + sells, |holding| short(holding, more + sells))
    }

    /// What is neither held nor bonded.
    pub(crate) fn available(&self, account: AccountId) -> u128 {
        let own = self.orders.iter().filter(|open| open.account == account);
        let held: u128 = own.clone().map(|open| self.hold_of(open)).sum();
        let mut parts: BTreeMap<InstrumentId, u64> = BTreeMap::new();
        for (part, _) in self.holdings.iter().filter(|((owner, _), _)| *owner == account) {
            parts.insert(part.1, 0);
        }
        for ask in own.filter(|open| open.side == Side::Ask) {
            *parts.entry(ask.instrument).or_default() += ask.leaves();
        }
        let bonded = parts.iter().map(|(instrument, sells)| self.bonded((account, *instrument), *sells));
        let used = held + bonded.sum::<u128>();
        self.owners[index(account.0)].cash.checked_sub(used).expect("nothing is negative")
    }

    fn bonded(&self, part: Part, sells: u64) -> u128 {
        let lots = self.holdings.get(&part).map_or(sells, |holding| short(holding, sells));
        u128::from(lots) * self.window(part.1).bond
    }

    /// Panics unless the exchange counts what the rules say.
    pub(crate) fn assert_counts(&self, exchange: &Exchange) {
        self.assert_balances(exchange);
        self.assert_holdings(exchange);
        let ledger = exchange.ledger();
        let owed = self.holdings.values().flat_map(|holding| &holding.owed);
        let escrow: u128 = owed.map(|owed| cost(owed.price, owed.lots)).sum();
        assert_eq!(u128::from(ledger.escrow.micro()), escrow, "all escrow");
        assert_eq!(u128::from(ledger.fees.micro()), self.fees, "fees");
        assert_eq!(u128::from(ledger.supply.micro()), self.supply, "supply");
        let cash: u128 = self.owners.iter().map(|owner| owner.cash).sum();
        assert_eq!(u128::from(ledger.redeeming.micro()), self.set_aside(), "what waits to be paid out");
        let all = cash + escrow + self.fees + self.set_aside();
        assert_eq!(all, self.supply, "credit is conserved");
        assert_eq!(exchange.deliveries().all(), self.deliveries, "deliveries");
    }

    fn assert_balances(&self, exchange: &Exchange) {
        let mut held: BTreeMap<AccountId, u128> = BTreeMap::new();
        let mut sells: BTreeMap<Part, u64> = self.holdings.keys().map(|part| (*part, 0)).collect();
        for open in &self.orders {
            *held.entry(open.account).or_default() += self.hold_of(open);
            if open.side == Side::Ask {
                *sells.entry((open.account, open.instrument)).or_default() += open.leaves();
            }
        }
        let mut bonded: BTreeMap<AccountId, u128> = BTreeMap::new();
        for (part, sells) in sells {
            *bonded.entry(part.0).or_default() += self.bonded(part, sells);
        }
        for (account, owner) in exchange.ledger().accounts.iter() {
            let told = owner.balance();
            let told = [told.available, told.held, told.bonded].map(|amount| u128::from(amount.micro()));
            let of = |sums: &BTreeMap<AccountId, u128>| sums.get(&account).copied().unwrap_or_default();
            let (held, bonded) = (of(&held), of(&bonded));
            let available = self.owners[index(account.0)].cash.checked_sub(held + bonded);
            let counted = [available.expect("nothing is negative"), held, bonded];
            assert_eq!(told, counted, "available, held and bonded of {account:?}");
        }
    }

    /// Every claim is somebody's obligation, and what was issued and not bought back is owed and, once drawn, delivered.
    fn assert_holdings(&self, exchange: &Exchange) {
        let mut windows = vec![[0; 2]; self.windows.len()];
        for (part, holding) in &self.holdings {
            let owed: u64 = holding.owed.iter().map(|owed| owed.lots).sum();
            assert!(holding.claims == 0 || owed == 0, "claims or obligations, never both");
            let [claims, obligations] = &mut windows[index(part.1.0)];
            (*claims, *obligations) = (*claims + holding.claims, *obligations + owed);
        }
        let mut delivered = vec![0; self.windows.len()];
        for delivery in &self.deliveries {
            delivered[index(delivery.instrument.0)] += u64::from(delivery.lots.count());
        }
        for (number, window) in self.windows.iter().enumerate() {
            let [claims, owed] = windows[number];
            assert_eq!(claims, owed, "claims are obligations");
            assert_eq!(window.issued - window.extinguished, owed, "what was issued is owed or bought back");
            let drawn = if window.phase == Phase::Delivering { owed } else { 0 };
            assert_eq!(delivered[number], drawn, "what is owed is delivered");
            let told = exchange.instrument(InstrumentId(u32::try_from(number).expect("few windows")));
            let told = told.map(|told| (told.issued.count(), told.extinguished.count()));
            assert_eq!(told, Some((window.issued, window.extinguished)), "what was issued and bought back");
        }
        for row in exchange.ledger().positions.iter() {
            let nothing = Holding::default();
            let holding = self.holdings.get(&(row.account, row.instrument)).unwrap_or(&nothing);
            let told = (row.claims(), u64::from(row.capacity.count()));
            assert_eq!(told, (holding.claims, holding.capacity), "claims and capacity");
            let plain = |part: &Obligation| {
                (part.issue, part.price.ticks().into(), part.lots.count().into(), part.fee.parts())
            };
            let told = exchange.ledger().obligations.of(row.obligations).map(plain);
            let owed = holding.owed.iter().map(|owed| (owed.issue, owed.price, owed.lots, owed.ppm));
            assert!(told.eq(owed), "obligations of {:?} in {:?}", row.account, row.instrument);
        }
    }
}

/// Lots that claims do not cover, with `sells` offered.
fn short(holding: &Holding, sells: u64) -> u64 {
    let owed: u64 = holding.owed.iter().map(|owed| owed.lots).sum();
    (sells + owed).saturating_sub(holding.claims)
}
