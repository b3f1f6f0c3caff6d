//! Soundness: what must hold of a whole exchange, whatever happened. Numbers are those of `docs/contract.md`.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::Maker;
use crate::delivery::run::Run;
use crate::delivery::slot::{Dispute, Party, SlotNumber};
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
        self.assert_capacities();
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
        let staked =
            ledger.providers.iter().fold(Amount::ZERO, |sum, (_, provider)| sum.plus(provider.staked));
        let apart = ledger.escrow.plus(staked).plus(ledger.fees).plus(ledger.redeeming);
        assert_eq!(of_accounts.plus(apart), ledger.supply, "credit is conserved");
    }

    /// What providers may sell is counted while its window lasts.
    fn assert_capacities(&self) {
        let mut sums: BTreeMap<AccountId, u128> = BTreeMap::new();
        for ((account, instrument), value) in self.ledger.providers.capacities() {
            let phase = self.instruments[index(instrument.0)].phase;
            let row = self.ledger.positions.find(account, instrument);
            let is_registered = row.is_some_and(|row| !self.ledger.positions.at(row).capacity.is_zero());
            assert!(phase < Phase::Settled && is_registered, "what counts as capacity is registered");
            *sums.entry(account).or_default() += value;
        }
        for (account, provider) in self.ledger.providers.iter() {
            let sum = sums.remove(&account).unwrap_or_default();
            assert_eq!(provider.capacity, sum, "capacity is counted");
        }
        assert!(sums.is_empty(), "whoever has capacity that counts is a provider");
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
            if self.deliveries.run(row.instrument).is_none() {
                let bond = self.instruments[index(row.instrument.0)].terms.bond;
                assert_eq!(row.bonded.micro(), short * bond.micro(), "short lots are bonded");
            }
            let sum = bonded.entry(row.account).or_default();
            *sum = sum.plus(row.bonded);
        }
        assert!(sells.is_empty() && buys.is_empty(), "whoever trades has a position");
        self.deposits().for_each(|(account, deposit)| {
            let sum = held.entry(account).or_default();
            *sum = sum.plus(deposit);
        });
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
            if self.deliveries.run(instrument).is_none() {
                assert_eq!(price, row.escrow, "escrow is lots at their price");
            }
            claims += row.claims();
            owed += row.owed();
            escrow = escrow.plus(row.escrow);
        }
        let run = self.deliveries.run(instrument);
        if run.is_some_and(|run| run.next().is_none()) {
            assert!(escrow.is_zero(), "whatever was delivered is paid");
            return Amount::ZERO;
        }
        assert_eq!(claims, owed, "every claim is somebody's obligation");
        let state = &self.instruments[index(instrument.0)];
        let outstanding = state.issued.count() - state.extinguished.count();
        // What was delivered is owed no more once the window is settled.
        let outstanding = if state.phase == Phase::Settled { 0 } else { outstanding };
        assert_eq!(owed, outstanding, "what was issued and not bought back is owed");
        if let Some(run) = run {
            self.assert_delivered(instrument, run);
        }
        escrow
    }

    /// Deposits of open disputes.
    fn deposits(&self) -> impl Iterator<Item = (AccountId, Amount)> {
        self.deliveries.runs().flat_map(|(instrument, run)| {
            self.deliveries.of(instrument).flat_map(move |(_, delivery)| {
                Party::BOTH.into_iter().flat_map(move |party| {
                    let open = delivery.slots.iter().filter(move |slot| slot.dispute(party) == Dispute::Open);
                    open.map(move |_| (delivery.account(party), run.terms.deposit))
                })
            })
        })
    }

    /// I6 and I7 of a window under way: what its slots are still worth is in escrow and in bond, and lots that are owed
    /// are lots that are delivered, each slot once.
    fn assert_delivered(&self, instrument: InstrumentId, run: &Run) {
        let mut left: BTreeMap<AccountId, (u64, Amount, Amount)> = BTreeMap::new();
        for (_, delivery) in self.deliveries.of(instrument) {
            assert_eq!(delivery.instrument, instrument, "deliveries of a window follow one another");
            let whole = delivery.shares(run);
            let (lots, escrow, bond) = left.entry(delivery.provider).or_default();
            *lots += u64::from(delivery.lots.count());
            for slot in SlotNumber::all().filter(|slot| !delivery.slot(*slot).state.is_final()) {
                let part = whole.slot(slot);
                (*escrow, *bond) = (escrow.plus(part.escrow), bond.plus(part.bond()));
            }
        }
        for row in self.ledger.positions.of(instrument) {
            let (lots, escrow, bond) = left.remove(&row.account).unwrap_or_default();
            assert_eq!(lots, row.owed(), "what is owed is delivered");
            assert_eq!(escrow, row.escrow, "escrow is what slots are still worth");
            assert_eq!(bond, row.bonded, "bonds are what slots still secure");
        }
        assert!(left.is_empty(), "who delivers has a position");
    }

    /// I11: a client order id names one open order, or one that is done.
    fn assert_ids_open(&self) {
        let mut named = 0;
        for (account, owner) in self.ledger.accounts.iter() {
            for slot in self.orders.of(owner) {
                let Some(client) = self.orders.at(slot).client else { continue };
                let hash = self.client_ids.hash(account, client);
                let found = self.open_under(account, (client, hash));
                assert_eq!(found, Some(slot), "an open order is found by its id");
                named += 1;
            }
        }
        assert_eq!(named, self.client_ids.opened(), "whatever is entered is open");
    }
}
