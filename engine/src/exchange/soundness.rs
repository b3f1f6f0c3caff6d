//! Soundness: what must hold of a whole exchange, whatever happened. Numbers are those of `docs/contract.md`.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::Maker;
use crate::exchange::Exchange;
use crate::fees;
use crate::ids::{AccountId, InstrumentId, index, position};
use crate::instrument::Phase;
use crate::order::Side;
use crate::payment::PaymentState;
use crate::timers::Timer;
use crate::units::{Amount, Volume};

impl Exchange {
    /// Panics unless the whole exchange is sound: every part alone, and all of them together. Costs time in the
    /// number of accounts, orders, positions and client order ids.
    pub fn assert_sound(&self) {
        self.assert_standing();
        self.client_ids.assert_sound();
    }

    /// The same without the client order ids that are done, of which there may be millions.
    pub fn assert_standing(&self) {
        // Books first: the other checks walk through them, and would not end in one that is not sound.
        let instruments = || (0..self.instruments.len()).map(|number| InstrumentId(position(number)));
        instruments().for_each(|instrument| self.books.assert_sound(instrument));
        self.assert_conserved();
        self.assert_held();
        self.timers.assert_sound();
        self.assert_ids_open();
        let mut escrow = Amount::ZERO;
        let gated = |(_, timer)| if let Timer::Gate(instrument) = timer { Some(instrument) } else { None };
        let gated: BTreeSet<InstrumentId> = self.timers.iter().filter_map(gated).collect();
        for instrument in instruments() {
            self.assert_phase(instrument, &gated);
            escrow = escrow.plus(self.assert_hours(instrument));
        }
        assert_eq!(escrow, self.ledger.escrow, "escrow of all instruments is all escrow");
    }

    /// I1: credit is conserved.
    fn assert_conserved(&self) {
        let ledger = &self.ledger;
        let of_accounts = ledger.accounts.iter().fold(Amount::ZERO, |sum, (_, account)| {
            let balance = account.balance();
            sum.plus(balance.available).plus(balance.held).plus(balance.bonded)
        });
        let waiting = ledger.payments.iter().filter(|(.., payment)| payment.state == PaymentState::Waiting);
        let waiting = waiting.fold(Amount::ZERO, |sum, (.., payment)| sum.plus(payment.amount));
        assert_eq!(waiting, ledger.redeeming, "what waits to be paid out is what was set aside");
        let apart = ledger.escrow.plus(ledger.fees).plus(ledger.redeeming);
        assert_eq!(of_accounts.plus(apart), ledger.supply, "credit is conserved");
    }

    /// I5: what is held and bonded is what open orders and obligations could cost.
    fn assert_held(&self) {
        let mut held: BTreeMap<AccountId, Amount> = BTreeMap::new();
        let mut buys: BTreeMap<(AccountId, InstrumentId), Volume> = BTreeMap::new();
        let mut sells: BTreeMap<(AccountId, InstrumentId), Volume> = BTreeMap::new();
        let mut open: BTreeMap<AccountId, u32> = BTreeMap::new();
        for (instrument, side, maker) in self.makers() {
            *open.entry(maker.account).or_default() += 1;
            let entry = self.orders.at(maker.order.slot());
            let row = self.ledger.positions.at(entry.position);
            assert_eq!((row.account, row.instrument), (maker.account, instrument), "book and orders agree");
            assert!(maker.leaves() <= entry.lots, "an order never grows");
            let lots = match side {
                Side::Bid => {
                    let terms = &self.instruments[index(instrument.0)].terms;
                    let hold = fees::bid_hold(terms, maker.price, maker.leaves());
                    let sum = held.entry(maker.account).or_default();
                    *sum = sum.plus(hold);
                    &mut buys
                }
                Side::Ask => &mut sells,
            };
            let sum = lots.entry((maker.account, instrument)).or_default();
            *sum = sum.plus(maker.leaves());
        }
        let mut bonded: BTreeMap<AccountId, Amount> = BTreeMap::new();
        for row in self.ledger.positions.iter() {
            let open_sells = sells.remove(&(row.account, row.instrument)).unwrap_or_default();
            assert_eq!(row.open_sells, open_sells, "open sells are what rests");
            let open_buys = buys.remove(&(row.account, row.instrument)).unwrap_or_default();
            assert_eq!(row.open_buys, open_buys, "open buys are what rests");
            let short = row.short(open_sells);
            assert!(short <= row.capacity.count().into(), "no sale beyond claims and capacity");
            assert_eq!(
                row.bonded.micro(),
                short * self.instruments[index(row.instrument.0)].terms.bond.micro(),
                "short lots are bonded"
            );
            let sum = bonded.entry(row.account).or_default();
            *sum = sum.plus(row.bonded);
        }
        assert!(sells.is_empty() && buys.is_empty(), "whoever trades has a position");
        for (number, account) in self.ledger.accounts.iter() {
            let balance = account.balance();
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
    fn assert_phase(&self, instrument: InstrumentId, gated: &BTreeSet<InstrumentId>) {
        let state = &self.instruments[index(instrument.0)];
        if state.phase != Phase::Open && !gated.contains(&instrument) {
            assert!(self.books.top(instrument, Side::Bid).is_none(), "nothing rests behind the gate");
            assert!(self.books.top(instrument, Side::Ask).is_none(), "nothing rests behind the gate");
        }
    }

    /// I6 and I7: claims are obligations, escrow is what is owed at its price, nothing was issued and lost. Returns the
    /// instrument's escrow.
    fn assert_hours(&self, instrument: InstrumentId) -> Amount {
        let (mut claims, mut owed, mut escrow) = (0, 0, Amount::ZERO);
        for row in self.ledger.positions.of(instrument) {
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
        if let Some(drawn) = state.deliveries {
            let lots = self.deliveries.of(drawn).iter().map(|delivery| u64::from(delivery.lots.count()));
            assert_eq!(lots.sum::<u64>(), owed, "what is owed is delivered");
        }
        escrow
    }

    /// I11: a client order id names one open order, or one that is done.
    fn assert_ids_open(&self) {
        let mut named = 0;
        for (account, owner) in self.ledger.accounts.iter() {
            for slot in self.orders.of(owner) {
                let Some(client) = self.orders.at(slot).client else { continue };
                let hash = self.client_ids.hash(account, client);
                let found = self.open_under(account, (client, hash)).map(|order| order.slot());
                assert_eq!(found, Some(slot), "an open order is found by its id");
                named += 1;
            }
        }
        assert_eq!(named, self.client_ids.opened(), "whatever is entered is open");
    }
}
