//! Money of the model: what a trade makes of cash, claims and obligations.

use engine::ids::index;

use crate::model::{Model, Owed, Part, cost, fee};

impl Model {
    /// Claims are resold for cash at once, less the fee; the rest is issued. Returns the fee.
    pub(super) fn sell(&mut self, part: Part, (lots, price, ppm): (u64, u64, u32)) -> u128 {
        let claims = self.holding(part).claims;
        let resold = lots.min(claims);
        self.holding(part).claims -= resold;
        let issued = lots - resold;
        if 0 < issued {
            self.issues += 1;
            let owed = Owed { issue: self.issues, lots: issued, price, ppm };
            self.holding(part).owed.push(owed);
            self.windows[index(part.1.0)].issued += issued;
        }
        let charged = fee(cost(price, resold), ppm);
        self.owner(part.0).cash += cost(price, resold) - charged;
        self.fees += charged;
        charged
    }

    /// The buyer pays; its own obligations end, oldest first, and the rest are claims. Returns the buyer's fee.
    pub(super) fn buy(&mut self, part: Part, (lots, price, ppm): (u64, u64, u32)) -> u128 {
        let paid = cost(price, lots);
        let charged = fee(paid, ppm);
        let owner = self.owner(part.0);
        owner.cash = owner.cash.checked_sub(paid + charged).expect("nobody pays what it has not");
        self.fees += charged;
        let mut open = lots;
        while 0 < open
            && let Some(mut oldest) = self.holding(part).owed.first().copied()
        {
            let ended = open.min(oldest.lots);
            open -= ended;
            oldest.lots -= ended;
            let owed = &mut self.holding(part).owed;
            owed[0] = oldest;
            owed.retain(|owed| 0 < owed.lots);
            // Escrow comes free at the obligation's own price, less the issue fee at the rate of its sale.
            let escrow = cost(oldest.price, ended);
            self.owner(part.0).cash += escrow - fee(escrow, oldest.ppm);
            self.fees += fee(escrow, oldest.ppm);
        }
        self.windows[index(part.1.0)].extinguished += lots - open;
        self.holding(part).claims += open;
        charged
    }
}
