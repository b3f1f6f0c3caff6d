//! Ledger: moves credit between states. Every movement is a transfer between two of them.
//!
//! Invariant: `available + held + bonded` over all accounts, and what waits to be paid out, escrow, stakes and fees, are what
//! was deposited, less what was paid out and burned.

use std::collections::BTreeSet;

use crate::account::{Account, Accounts};
use crate::delivery::outcome::Award;
use crate::delivery::shares::Shares;
use crate::event::Liquidity;
use crate::fees;
use crate::ids::{AccountId, InstrumentId};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::instrument::Terms;
use crate::label::Label;
use crate::obligation::Obligations;
use crate::order::Side;
use crate::payment::{Payment, PaymentState, Payments};
use crate::position::{Position, PositionRow, Positions};
use crate::provider::{Providers, Slash};
use crate::units::{Amount, Lots, Ppm, Price, Volume};

/// Credit, positions and obligations of all accounts.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Who.
    pub accounts: Accounts,
    /// Who has what of which instrument.
    pub positions: Positions,
    /// What is owed.
    pub obligations: Obligations,
    /// All credit there is.
    pub supply: Amount,
    /// All credit that waits for delivery.
    pub escrow: Amount,
    /// Fees the exchange has taken.
    pub fees: Amount,
    /// What providers have at stake, and their records.
    pub providers: Providers,
    /// References of deposits that were minted.
    pub(crate) references: BTreeSet<Label>,
    /// What accounts sent to others and asked to be paid out.
    pub payments: Payments,
    /// All credit that waits to be paid out.
    pub redeeming: Amount,
    pub(crate) touched: Touched,
}

/// What the present command has changed so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    /// Each once, in order of first change.
    pub(crate) accounts: Vec<AccountId>,
    /// Each once, in order of first change.
    pub(crate) positions: Vec<PositionRow>,
    pub(crate) fees: bool,
}

/// What decides what an open order could cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Covered {
    pub(crate) position: PositionRow,
    pub(crate) side: Side,
    pub(crate) limit: Price,
    pub(crate) terms: Terms,
}

/// One order's part in a fill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    pub(crate) position: PositionRow,
    pub(crate) limit: Price,
    /// Lots left before the fill.
    pub(crate) leaves: Lots,
    pub(crate) liquidity: Liquidity,
}

/// Lots changing hands at a price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchanged {
    pub(crate) price: Price,
    pub(crate) lots: Lots,
}

/// What moves at the end of a slot, and to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotPayment {
    /// The slot's.
    pub(crate) shares: Shares,
    pub(crate) award: Award,
    /// The rate of the sale, charged on what the provider gets of the escrow.
    pub(crate) fee: Ppm,
}

/// What a seller's part came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sold {
    /// Lots that were no claims of the seller: now obligations.
    pub(crate) issued: Lots,
    pub(crate) fee: Amount,
}

/// What a buyer's part came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bought {
    /// Lots that were own obligations of the buyer: gone.
    pub(crate) extinguished: Lots,
    pub(crate) fee: Amount,
}

impl Ledger {
    /// Whether the present command has changed nothing so far.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.touched.accounts.is_empty() && self.touched.positions.is_empty() && !self.touched.fees
    }

    /// Notes that an account's balance changes; returns the account.
    #[inline(always)]
    fn touch(&mut self, account: AccountId) -> &mut Account {
        let row = self.accounts.at_mut(account);
        if !row.touched {
            row.touched = true;
            self.touched.accounts.push(account);
        }
        row
    }

    /// Notes that a position changes; returns the position.
    #[inline(always)]
    fn touch_position(&mut self, row: PositionRow) -> &mut Position {
        let position = self.positions.at_mut(row);
        if !position.touched {
            position.touched = true;
            self.touched.positions.push(row);
        }
        position
    }

    /// Asks for the oldest and the youngest obligation in a row, which may be any number.
    #[inline]
    pub(crate) fn prefetch_obligation(&self, row: PositionRow) {
        if let Some(position) = self.positions.get(row) {
            self.obligations.prefetch(position.obligations);
        }
    }

    /// Asks for the obligation after the oldest one.
    #[inline]
    pub(crate) fn prefetch_obligation_after(&self, row: PositionRow) {
        if let Some(position) = self.positions.get(row) {
            self.obligations.prefetch_after(position.obligations);
        }
    }

    /// Mints a deposit. The caller has checked supply and reference.
    pub(crate) fn mint(&mut self, account: AccountId, amount: Amount, reference: Label) {
        self.supply = self.supply.plus(amount);
        self.references.insert(reference);
        self.free(account, amount);
    }

    /// Takes what is available of an account. The caller has checked that it is there.
    fn spend(&mut self, account: AccountId, amount: Amount) {
        let balance = self.touch(account);
        balance.available = balance.available.less(amount);
    }

    /// Sends credit to another account. The caller has checked that it is there, and the reference.
    pub(crate) fn transfer(&mut self, name: (AccountId, Label), to: AccountId, amount: Amount) {
        self.spend(name.0, amount);
        self.free(to, amount);
        self.payments.enter(name, Payment { to: Some(to), amount, state: PaymentState::Sent });
    }

    /// Sets credit aside, to be paid out. The caller has checked that it is there, and the reference.
    pub(crate) fn set_aside(&mut self, name: (AccountId, Label), amount: Amount) {
        self.spend(name.0, amount);
        self.redeeming = self.redeeming.plus(amount);
        self.payments.enter(name, Payment { to: None, amount, state: PaymentState::Waiting });
    }

    /// Burns or returns what was set aside. The caller has checked that it is.
    pub(crate) fn end_redemption(&mut self, name: (AccountId, Label), amount: Amount, paid: bool) {
        self.redeeming = self.redeeming.less(amount);
        if paid {
            self.supply = self.supply.less(amount);
            self.payments.end(name, PaymentState::PaidOut);
        } else {
            self.free(name.0, amount);
            self.payments.end(name, PaymentState::Returned);
        }
    }

    /// Adds to what is available.
    fn free(&mut self, account: AccountId, amount: Amount) {
        let balance = self.touch(account);
        balance.available = balance.available.plus(amount);
    }

    fn collect(&mut self, fee: Amount) {
        if !fee.is_zero() {
            self.fees = self.fees.plus(fee);
            self.touched.fees = true;
        }
    }

    /// Sets aside what an order of `lots` could cost: credit for a bid, the bond of what an ask leaves uncovered. The
    /// caller has checked that it is there.
    #[inline(always)]
    pub(crate) fn cover(&mut self, order: &Covered, lots: Lots) {
        let position = self.positions.at_mut(order.position);
        match order.side {
            Side::Bid => {
                let account = position.account;
                position.open_buys = position.open_buys.plus(lots);
                let hold = fees::bid_hold(&order.terms, order.limit, lots);
                let balance = self.touch(account);
                balance.available = balance.available.less(hold);
                balance.held = balance.held.plus(hold);
            }
            Side::Ask => {
                position.open_sells = position.open_sells.plus(lots);
                self.bond(order.position, order.terms.bond);
            }
        }
    }

    /// Frees what an order no longer needs when it shrinks from `from` to `to` lots.
    #[inline(always)]
    pub(crate) fn uncover(&mut self, order: &Covered, (from, to): (Lots, Lots)) {
        let position = self.positions.at_mut(order.position);
        match order.side {
            Side::Bid => {
                let account = position.account;
                position.open_buys = position.open_buys.less(from.less(to));
                let hold = |leaves| fees::bid_hold(&order.terms, order.limit, leaves);
                let kept = if to.is_zero() { Amount::ZERO } else { hold(to) };
                let freed = hold(from).less(kept);
                let balance = self.touch(account);
                balance.held = balance.held.less(freed);
                balance.available = balance.available.plus(freed);
            }
            Side::Ask => {
                position.open_sells = position.open_sells.less(from.less(to));
                self.bond(order.position, order.terms.bond);
            }
        }
    }

    /// Brings a position's lot bonds to `short x bond`.
    #[inline(always)]
    fn bond(&mut self, row: PositionRow, bond: Amount) {
        let position = self.positions.at(row);
        let needed = bond_needed(position.short(position.open_sells), bond)
            .expect("bonds were checked when asked for");
        let (account, bonded) = (position.account, position.bonded);
        if needed == bonded {
            return;
        }
        self.touch_position(row).bonded = needed;
        let balance = self.touch(account);
        balance.available = balance.available.plus(bonded).less(needed);
        balance.bonded = balance.bonded.less(bonded).plus(needed);
    }

    /// The seller's part of a fill: claims are resold for cash, the rest becomes obligations against escrow.
    #[inline]
    pub(crate) fn sell(&mut self, terms: &Terms, seller: &Party, exchanged: Exchanged) -> Sold {
        let Exchanged { price, lots } = exchanged;
        let rate = fees::rate(terms, seller.liquidity);
        self.touch_position(seller.position);
        let position = self.positions.at_mut(seller.position);
        let account = position.account;
        let resold = Lots::new(position.claims().min(lots.count().into())).expect("part of an order is lots");
        let issued = lots.less(resold);
        position.lots -= i64::from(lots.count());
        position.open_sells = position.open_sells.less(lots);
        if !issued.is_zero() {
            let escrow = price.cost(issued);
            self.obligations.issue(&mut position.obligations, (price, issued), rate);
            position.escrow = position.escrow.plus(escrow);
            self.escrow = self.escrow.plus(escrow);
        }
        let proceeds = price.cost(resold);
        let fee = rate.of(proceeds);
        if !resold.is_zero() {
            self.free(account, proceeds.less(fee));
            self.collect(fee);
        }
        self.bond(seller.position, terms.bond);
        Sold { issued, fee }
    }

    /// The buyer's part of a fill: it pays from its hold; own obligations are extinguished, oldest first, and the
    /// rest becomes claims.
    #[inline]
    pub(crate) fn buy(&mut self, terms: &Terms, buyer: &Party, exchanged: Exchanged) -> Bought {
        let Exchanged { price, lots } = exchanged;
        let account = self.positions.at(buyer.position).account;
        let freed = fees::bid_hold(terms, buyer.limit, buyer.leaves).less(fees::bid_hold(
            terms,
            buyer.limit,
            buyer.leaves.less(lots),
        ));
        let cost = price.cost(lots);
        let fee = fees::rate(terms, buyer.liquidity).of(cost);
        let balance = self.touch(account);
        balance.held = balance.held.less(freed);
        balance.available = balance.available.plus(freed.less(cost).less(fee));
        self.collect(fee);

        let position = self.touch_position(buyer.position);
        position.open_buys = position.open_buys.less(lots);
        position.lots += i64::from(lots.count());
        let extinguished = self.extinguish(buyer.position, lots);
        self.bond(buyer.position, terms.bond);
        Bought { extinguished, fee }
    }

    /// Frees the escrow of up to `lots` own obligations to the account that owed them, less the issue fee.
    fn extinguish(&mut self, row: PositionRow, lots: Lots) -> Lots {
        let mut open = lots;
        while !open.is_zero() {
            let position = self.positions.at_mut(row);
            let Some(part) = self.obligations.extinguish(&mut position.obligations, open) else { break };
            open = open.less(part.lots);
            let escrow = part.escrow();
            position.escrow = position.escrow.less(escrow);
            self.escrow = self.escrow.less(escrow);
            let account = position.account;
            let fee = part.fee.of(escrow);
            self.free(account, escrow.less(fee));
            self.collect(fee);
        }
        lots.less(open)
    }

    /// Moves what a slot of a delivery is worth, once: out of the provider's escrow and bond to whom the outcome gives
    /// it. `row` is the provider's position. Returns the fee that the provider paid on the escrow.
    pub(crate) fn pay_slot(
        &mut self,
        (row, holder): (PositionRow, AccountId),
        payment: &SlotPayment,
    ) -> Amount {
        let &SlotPayment { shares, award, fee } = payment;
        let position = self.touch_position(row);
        let provider = position.account;
        position.escrow = position.escrow.less(shares.escrow);
        position.bonded = position.bonded.less(shares.bond());
        self.escrow = self.escrow.less(shares.escrow);
        let balance = self.touch(provider);
        balance.bonded = balance.bonded.less(shares.bond());
        self.free(provider, shares.rest);
        let cover_to = if award.cover_to_provider { provider } else { holder };
        self.free(cover_to, shares.cover);
        if !award.escrow_to_provider {
            self.free(holder, shares.escrow);
            return Amount::ZERO;
        }
        let fee = fee.of(shares.escrow);
        self.free(provider, shares.escrow.less(fee));
        self.collect(fee);
        fee
    }

    /// Puts credit at stake, which the caller has found to be available.
    pub(crate) fn stake(&mut self, account: AccountId, amount: Amount) {
        let balance = self.touch(account);
        balance.available = balance.available.less(amount);
        let provider = self.providers.at_mut(account);
        provider.staked = provider.staked.plus(amount);
    }

    /// Takes credit back from a stake.
    pub(crate) fn unstake(&mut self, account: AccountId, amount: Amount) {
        let provider = self.providers.at_mut(account);
        provider.staked = provider.staked.less(amount);
        self.free(account, amount);
    }

    /// Takes a slash from a stake: to the holder, to an auditor if there is one, and out of the world.
    pub(crate) fn slash(
        &mut self,
        account: AccountId,
        (holder, auditor): (AccountId, Option<AccountId>),
        slash: &Slash,
    ) {
        let provider = self.providers.at_mut(account);
        provider.staked = provider.staked.less(slash.total());
        self.free(holder, slash.holder);
        if let Some(auditor) = auditor {
            self.free(auditor, slash.auditor);
        }
        self.supply = self.supply.less(slash.burned);
    }

    /// Holds a deposit, which the caller has found to be available.
    pub(crate) fn hold(&mut self, account: AccountId, amount: Amount) {
        let balance = self.touch(account);
        balance.available = balance.available.less(amount);
        balance.held = balance.held.plus(amount);
    }

    /// Frees what was held.
    pub(crate) fn unhold(&mut self, account: AccountId, amount: Amount) {
        let balance = self.touch(account);
        balance.held = balance.held.less(amount);
        balance.available = balance.available.plus(amount);
    }

    /// Burns what was held: there is less credit from then on.
    pub(crate) fn burn_held(&mut self, account: AccountId, amount: Amount) {
        let balance = self.touch(account);
        balance.held = balance.held.less(amount);
        self.supply = self.supply.less(amount);
    }

    /// Changes what a provider can deliver.
    pub(crate) fn set_capacity(&mut self, account: AccountId, instrument: InstrumentId, lots: Lots) {
        let row = self.positions.enter(account, instrument);
        self.positions.at_mut(row).capacity = lots;
    }
}

/// What `short` lots need in bond; `None` beyond 64 bits.
pub(crate) fn bond_needed(short: u64, bond: Amount) -> Option<Amount> {
    let lots = Lots::new(short)?;
    bond.times(Volume::ZERO.plus(lots))
}

impl Image for Ledger {
    fn put(&self, to: &mut ImageWriter<'_>) {
        // Between commands nothing is touched.
        #[rustfmt::skip]
        let Ledger {
            accounts, positions, obligations, supply, escrow, fees, references, payments, redeeming: _, providers,
            touched: _,
        } = self;
        accounts.put(to);
        obligations.put(to);
        positions.put(obligations, to);
        [supply, escrow, fees].into_iter().for_each(|amount| amount.put(to));
        to.list(references.iter());
        payments.put(to);
        providers.put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Ledger> {
        let accounts = Accounts::take(from)?;
        let mut obligations = Obligations::take(from)?;
        let positions = Positions::take(from, &mut obligations, accounts.len())?;
        let (supply, escrow, fees) = (Amount::take(from)?, Amount::take(from)?, Amount::take(from)?);
        let references = Vec::<Label>::take(from)?;
        let ascend = references.is_sorted_by(|one, other| one < other);
        from.check(ascend, "references of deposits ascend")?;
        let payments = Payments::take(from, accounts.len())?;
        let redeeming = payments.waiting();
        let providers = Providers::take(from)?;
        let known = providers.iter().all(|(account, _)| accounts.contains(account));
        from.check(known, "a stake is an account's")?;
        let (references, touched) = (references.into_iter().collect(), Touched::default());
        #[rustfmt::skip]
        let ledger = Ledger {
            accounts, positions, obligations, supply, escrow, fees, references, payments, redeeming, providers, touched,
        };
        Ok(ledger)
    }
}
