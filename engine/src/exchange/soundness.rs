//! Soundness: what must hold of a whole exchange, whatever happened. Numbers are those of `docs/contract.md`.

use std::collections::BTreeMap;

use crate::book::Maker;
use crate::exchange::Exchange;
use crate::fees;
use crate::ids::{AccountId, InstrumentId, index, position};
use crate::instrument::Phase;
use crate::order::Side;
use crate::units::{Amount, Volume};

impl Exchange {
    /// Panics unless the whole exchange is sound: every part alone, and all of them together. Costs time in the
    /// number of accounts, orders and positions.
    pub fn assert_sound(&self) {
        // Books first: the other checks walk through them, and would not end in one that is not sound.
        let instruments = || (0..self.instruments.len()).map(|number| InstrumentId(position(number)));
        instruments().for_each(|instrument| self.books.assert_sound(instrument));
        self.assert_conserved();
        self.assert_held();
        let mut escrow = Amount::ZERO;
        for instrument in instruments() {
            self.assert_phase(instrument);
            escrow = escrow.plus(self.assert_hours(instrument));
        }
        assert_eq!(escrow, self.ledger.escrow, "escrow of all instruments is all escrow");
    }

    /// I1: credit is conserved.
    fn assert_conserved(&self) {
        let ledger = &self.ledger;
        let of_accounts = ledger.accounts.iter().fold(Amount::ZERO, |sum, (_, account)| {
            let balance = account.balance;
            sum.plus(balance.available).plus(balance.held).plus(balance.bonded)
        });
        assert_eq!(of_accounts.plus(ledger.escrow).plus(ledger.fees), ledger.supply, "credit is conserved");
    }

    /// I5: what is held and bonded is what open orders and obligations could cost.
    fn assert_held(&self) {
        let mut held: BTreeMap<AccountId, Amount> = BTreeMap::new();
        let mut sells: BTreeMap<(AccountId, InstrumentId), Volume> = BTreeMap::new();
        let mut open: BTreeMap<AccountId, u32> = BTreeMap::new();
        for (instrument, side, maker) in self.makers() {
            *open.entry(maker.account).or_default() += 1;
            let entry = self.orders.find(maker.order).expect("what rests is open");
            assert_eq!(
                (entry.account, entry.instrument),
                (maker.account, instrument),
                "book and orders agree"
            );
            assert_eq!((entry.side, entry.limit), (side, maker.price), "book and orders agree");
            assert!(maker.lots <= entry.lots, "an order never grows");
            match side {
                Side::Bid => {
                    let hold = fees::bid_hold(&self.spec(instrument), maker.price, maker.lots);
                    let sum = held.entry(maker.account).or_default();
                    *sum = sum.plus(hold);
                }
                Side::Ask => {
                    let sum = sells.entry((maker.account, instrument)).or_default();
                    *sum = sum.plus(maker.lots);
                }
            }
        }
        let mut bonded: BTreeMap<AccountId, Amount> = BTreeMap::new();
        for row in self.ledger.positions.iter() {
            let open_sells = sells.remove(&(row.account, row.instrument)).unwrap_or_default();
            assert_eq!(row.open_sells, open_sells, "open sells are what rests");
            let short = row.short(open_sells);
            assert!(short <= row.capacity.count().into(), "no sale beyond claims and capacity");
            assert_eq!(
                row.bonded.micro(),
                short * self.spec(row.instrument).bond.micro(),
                "short lots are bonded"
            );
            let sum = bonded.entry(row.account).or_default();
            *sum = sum.plus(row.bonded);
        }
        assert!(sells.is_empty(), "whoever sells has a position");
        for (number, account) in self.ledger.accounts.iter() {
            let balance = account.balance;
            assert_eq!(balance.held, held.remove(&number).unwrap_or_default(), "holds back every open bid");
            assert_eq!(
                balance.bonded,
                bonded.remove(&number).unwrap_or_default(),
                "bonds back every short lot"
            );
            assert_eq!(
                account.orders_open,
                open.remove(&number).unwrap_or_default(),
                "open orders are counted"
            );
            assert_eq!(self.orders.of(account).count(), index(account.orders_open), "open orders are listed");
        }
    }

    fn makers(&self) -> impl Iterator<Item = (InstrumentId, Side, Maker)> {
        (0..self.instruments.len()).map(|number| InstrumentId(position(number))).flat_map(move |instrument| {
            [Side::Bid, Side::Ask].into_iter().flat_map(move |side| {
                self.books.queue(instrument, side).map(move |maker| (instrument, side, maker))
            })
        })
    }

    /// A closed book is empty once its gate's timer is done.
    fn assert_phase(&self, instrument: InstrumentId) {
        let state = &self.instruments[index(instrument.0)];
        let gated = self.timers.iter().any(|(_, timer)| *timer == crate::timers::Timer::Gate(instrument));
        if state.phase == Phase::Closed && !gated {
            assert!(self.books.top(instrument, Side::Bid).is_none(), "nothing rests behind the gate");
            assert!(self.books.top(instrument, Side::Ask).is_none(), "nothing rests behind the gate");
        }
    }

    /// I6 and I7: claims are obligations, escrow is what is owed at its price, nothing was issued and lost. Returns the
    /// instrument's escrow.
    fn assert_hours(&self, instrument: InstrumentId) -> Amount {
        let (mut claims, mut owed, mut escrow) = (0, 0, Amount::ZERO);
        for row in self.ledger.positions.iter().filter(|row| row.instrument == instrument) {
            let of_row = self.ledger.obligations.of(row.obligations);
            let (lots, price) = of_row.fold((0, Amount::ZERO), |(lots, price), part| {
                assert!(!part.lots.is_zero(), "an obligation has lots left");
                (lots + u64::from(part.lots.count()), price.plus(part.escrow()))
            });
            assert_eq!(lots, row.owed(), "a position below zero is what is owed");
            assert_eq!(price, row.escrow, "escrow is lots at their price");
            claims += row.claims();
            owed += row.owed();
            escrow = escrow.plus(price);
        }
        assert_eq!(claims, owed, "every claim is somebody's obligation");
        let state = &self.instruments[index(instrument.0)];
        let outstanding = state.issued.count() - state.extinguished.count();
        assert_eq!(owed, outstanding, "what was issued and not bought back is owed");
        escrow
    }
}
