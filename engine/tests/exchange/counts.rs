//! Counts: what is held, bonded, available and in escrow, counted afresh from open orders and positions.

use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, index};
use engine::order::Side;

use crate::model::{Model, Part, fee};

impl Model {
    pub(crate) fn held(&self, account: AccountId) -> u128 {
        let bids = self.orders.iter().filter(|open| (open.account, open.side) == (account, Side::Bid));
        bids.map(|bid| self.hold(bid.instrument, bid.limit * bid.leaves)).sum()
    }

    /// What a bid that could cost this must have ready.
    pub(crate) fn hold(&self, instrument: InstrumentId, cost: u128) -> u128 {
        let spec = self.window(instrument).spec;
        cost + fee(cost, spec.maker_fee.parts().max(spec.taker_fee.parts()))
    }

    /// Lots that claims do not cover, with `more` offered.
    pub(crate) fn short(&self, part: Part, more: u128) -> u128 {
        let asks = self.orders.iter().filter(|open| open.side == Side::Ask);
        let own = asks.filter(|open| (open.account, open.instrument) == part);
        let sells: u128 = own.map(|ask| ask.leaves).sum();
        let owed: u128 = self.owed.get(&part).into_iter().flatten().map(|owed| owed.lots).sum();
        (more + sells + owed).saturating_sub(self.claims.get(&part).copied().unwrap_or_default())
    }

    pub(crate) fn bonded(&self, part: Part) -> u128 {
        self.short(part, 0) * u128::from(self.window(part.1).spec.bond.micro())
    }

    pub(crate) fn bonded_in_all(&self, account: AccountId) -> u128 {
        let windows = (0..).zip(&self.windows).map(|(number, _)| InstrumentId(number));
        windows.map(|instrument| self.bonded((account, instrument))).sum()
    }

    pub(crate) fn available(&self, account: AccountId) -> u128 {
        let used = self.held(account) + self.bonded_in_all(account);
        self.owners[index(account.0)].cash.checked_sub(used).expect("nothing is negative")
    }

    /// Panics unless the exchange counts what the rules say.
    pub(crate) fn assert_counts(&self, exchange: &Exchange) {
        let ledger = exchange.ledger();
        for (account, owner) in ledger.accounts.iter() {
            let told = owner.balance;
            let told = [told.available, told.held, told.bonded].map(|amount| u128::from(amount.micro()));
            let counted = [self.available(account), self.held(account), self.bonded_in_all(account)];
            assert_eq!(told, counted, "available, held and bonded of {}", owner.name);
        }
        let mut escrow = 0;
        for row in ledger.positions.iter() {
            let part = (row.account, row.instrument);
            let owed = self.owed.get(&part).map_or(&[][..], |owed| &owed[..]);
            let of_part: u128 = owed.iter().map(|owed| owed.lots * owed.price).sum();
            let lots: u128 = owed.iter().map(|owed| owed.lots).sum();
            let claims = self.claims.get(&part).copied().unwrap_or_default();
            assert!(claims == 0 || lots == 0, "claims or obligations, never both");
            assert_eq!((row.claims().into(), row.owed().into()), (claims, lots), "position of {part:?}");
            assert_eq!(u128::from(row.escrow.micro()), of_part, "escrow of {part:?}");
            assert_eq!(u128::from(row.bonded.micro()), self.bonded(part), "bond of {part:?}");
            escrow += of_part;
        }
        assert_eq!(u128::from(ledger.escrow.micro()), escrow, "all escrow");
        assert_eq!(u128::from(ledger.fees.micro()), self.fees, "fees");
        let cash: u128 = self.owners.iter().map(|owner| owner.cash).sum();
        assert_eq!(cash + escrow + self.fees, self.supply, "credit is conserved");
    }
}
