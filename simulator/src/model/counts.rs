//! Counts: what is held, bonded, available and in escrow, counted afresh from the model's open orders and holdings, and
//! compared with what the exchange keeps.

use std::collections::BTreeMap;

use engine::delivery::Delivery;
use engine::delivery::slot::{Evidence, Slot, SlotNumber};
use engine::exchange::Exchange;
use engine::ids::{AccountId, DeliveryId, InstrumentId, index};
use engine::instrument::Phase;
use engine::obligation::Obligation;
use engine::order::Side;
use engine::provider::{Provider, Score};

use crate::model::deliveries::{Twelfth, Work};
use crate::model::stakes::Standing;
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
        let used = held + bonded.sum::<u128>() + self.deposits(account);
        self.owners[index(account.0)].cash.checked_sub(used).expect("nothing is negative")
    }

    fn bonded(&self, part: Part, sells: u64) -> u128 {
        if self.window(part.1).phase == Phase::Delivering {
            return self.unpaid(part).map(|worth| worth.bond).sum();
        }
        let lots = self.holdings.get(&part).map_or(sells, |holding| short(holding, sells));
        u128::from(lots) * self.window(part.1).bond
    }

    /// Panics unless the exchange counts what the rules say.
    pub(crate) fn assert_counts(&self, exchange: &Exchange) {
        self.assert_balances(exchange);
        self.assert_holdings(exchange);
        let ledger = exchange.ledger();
        let parts = self.holdings.keys();
        let escrow: u128 = parts.map(|part| self.escrow(*part)).sum();
        assert_eq!(u128::from(ledger.escrow.micro()), escrow, "all escrow");
        assert_eq!(u128::from(ledger.fees.micro()), self.fees, "fees");
        assert_eq!(u128::from(ledger.supply.micro()), self.supply, "supply");
        let cash: u128 = self.owners.iter().map(|owner| owner.cash).sum();
        let staked: u128 = self.owners.iter().map(|owner| owner.standing.staked).sum();
        assert_eq!(u128::from(ledger.redeeming.micro()), self.set_aside(), "what waits to be paid out");
        let all = cash + escrow + staked + self.fees + self.set_aside();
        assert_eq!(all, self.supply, "credit is conserved");
        self.assert_deliveries(exchange);
    }

    /// What is in escrow for what an account owes: after the draw, for slots that are not paid.
    fn escrow(&self, part: Part) -> u128 {
        if self.window(part.1).phase == Phase::Delivering {
            return self.unpaid(part).map(|worth| worth.escrow).sum();
        }
        let holding = self.holdings.get(&part);
        holding.into_iter().flat_map(|holding| &holding.owed).map(|owed| cost(owed.price, owed.lots)).sum()
    }

    /// Deliveries of windows that are not settled are those that the exchange keeps, slot by slot.
    fn assert_deliveries(&self, exchange: &Exchange) {
        let kept = exchange.deliveries().all().filter(|(_, delivery)| {
            let state = exchange.instrument(delivery.instrument).expect("its window is listed");
            state.phase != Phase::Settled
        });
        let plain = |(number, delivery): (DeliveryId, &Delivery)| {
            let &Delivery { instrument, provider, holder, price, lots, fee, .. } = delivery;
            let &Delivery { own, maintained, acknowledged, ref slots, .. } = delivery;
            let slot = |(of, slot): (SlotNumber, &Slot)| {
                let seats = exchange.deliveries().audit(number, of);
                let audit = seats.map(|audit| audit.seats().collect());
                let &Slot { state, ruled, disputes } = slot;
                let Evidence { opened, sequences, flagged_by, confirmed } = delivery.evidence(of);
                #[rustfmt::skip]
                let twelfth =
                    Twelfth { state, ruled, disputes, opened, sequences, flagged_by, confirmed, audit };
                twelfth
            };
            let slots = SlotNumber::all().zip(slots).map(slot).collect();
            let (price, lots, ppm) = (price.ticks().into(), lots.count().into(), fee.parts());
            #[rustfmt::skip]
            let work =
                Work { instrument, provider, holder, price, lots, ppm, own, maintained, acknowledged, slots };
            (number, work)
        };
        let kept: BTreeMap<DeliveryId, Work> = kept.map(plain).collect();
        assert_eq!(kept, self.deliveries, "deliveries");
        for (account, owner) in (0..).map(AccountId).zip(&self.owners) {
            let Provider { staked, locked, clean, raised, unopened, score, capacity } =
                exchange.ledger().providers.of(account);
            let Score { delivered, failed } = score;
            let missing =
                (0..owner.standing.missing.len()).rev().map(|bit| unopened >> bit & 1 == 1).collect();
            let (staked, locked) = (u128::from(staked.micro()), locked.0);
            let counted = exchange.ledger().providers.capacities();
            let own = counted.filter(|((other, _), _)| *other == account);
            let of_windows: BTreeMap<InstrumentId, u128> =
                own.map(|((_, instrument), value)| (instrument, value)).collect();
            assert_eq!(of_windows.values().sum::<u128>(), capacity, "capacity of {account:?}");
            let capacity = of_windows;
            let kept = Standing { staked, locked, clean, raised, missing, delivered, failed, capacity };
            assert_eq!(kept, owner.standing, "stake and record of {account:?}");
        }
    }

    fn assert_balances(&self, exchange: &Exchange) {
        let accounts = (0..).map(AccountId).take(self.owners.len());
        let mut held: BTreeMap<AccountId, u128> =
            accounts.map(|account| (account, self.deposits(account))).collect();
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
        for work in self.deliveries.values() {
            delivered[index(work.instrument.0)] += work.lots;
        }
        for (number, window) in self.windows.iter().enumerate() {
            let [claims, owed] = windows[number];
            assert_eq!(claims, owed, "claims are obligations");
            let settled = window.phase == Phase::Settled;
            let open = if settled { 0 } else { window.issued - window.extinguished };
            assert_eq!(open, owed, "what was issued is owed, bought back or delivered");
            let drawn = if window.phase == Phase::Delivering { owed } else { 0 };
            assert_eq!(delivered[number], drawn, "what is owed is delivered");
            let told = exchange.instrument(InstrumentId(u32::try_from(number).expect("few windows")));
            let told = told.map(|told| (told.issued.count(), told.extinguished.count()));
            assert_eq!(told, Some((window.issued, window.extinguished)), "what was issued and bought back");
        }
        for row in exchange.ledger().positions.iter() {
            let nothing = Holding::default();
            let holding = self.holdings.get(&(row.account, row.instrument)).unwrap_or(&nothing);
            let told = (row.claims(), u64::from(row.capacity.count()), row.maintained);
            let held = (holding.claims, holding.capacity, holding.maintained);
            assert_eq!(told, held, "claims, capacity and maintenance");
            assert_eq!(u128::from(row.escrow.micro()), self.escrow((row.account, row.instrument)), "escrow");
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
