//! Pit: one book, whose orders are called by the ids that their clients chose.
//!
//! This is what the exchange does for every order, less accounts, money and events: find the order that a client's id
//! names, match, rest, and forget the id when the order is gone.

use engine::book::{Books, Incoming};
use engine::ids::{AccountId, InstrumentId, index};
use engine::index::{Index, mix64};
use engine::order::TimeInForce;
use engine::units::Lots;

use crate::flow::{Order, Step};
use crate::tape::Tape;

/// Keys the hash over client ids.
const SEED: u64 = 42;

/// A book, and the ids of what rests in it.
pub(super) struct Pit {
    books: Books,
    instrument: InstrumentId,
    /// Resting orders by client id.
    index: Index,
    /// Client ids by slot; stale where nothing rests.
    clients: Vec<u64>,
    pub(super) tape: Tape,
}

impl Pit {
    /// An empty book.
    pub(super) fn open() -> Pit {
        let mut books = Books::default();
        let instrument = books.open();
        Pit { books, instrument, index: Index::default(), clients: Vec::new(), tape: Tape::default() }
    }

    /// Carries out one record. Whatever names an order that is gone changes nothing.
    pub(super) fn play(&mut self, step: &Step) {
        match *step {
            Step::Place(ref order) => self.place(order),
            Step::Cancel { id } => self.cancel(id),
            Step::Reduce { id, by } => self.reduce(id, by),
        }
    }

    fn place(&mut self, order: &Order) {
        let &Order { id, limit, lots, side, time_in_force } = order;
        let mut incoming = Incoming { instrument: self.instrument, side, limit, leaves: lots };
        while !incoming.leaves.is_zero()
            && let Some(maker) = self.books.facing(&incoming)
        {
            let fill = self.books.trade(&mut incoming, maker);
            let slot = maker.order.slot();
            let client = self.clients[index(slot)];
            self.tape.record((client, id), maker.price, fill.lots);
            if fill.maker_leaves.is_zero() {
                self.index.remove(mix64(SEED, client), slot);
            }
        }
        if !incoming.leaves.is_zero() && time_in_force == TimeInForce::GoodTillGate {
            self.rest(id, &incoming);
        }
    }

    fn rest(&mut self, client: u64, incoming: &Incoming) {
        let order = self.books.name();
        self.books.rest(order, AccountId::OPERATOR, incoming);
        match self.clients.get_mut(index(order.slot())) {
            Some(before) => *before = client,
            // Slots are given in order, so a new one is the next.
            None => self.clients.push(client),
        }
        self.index.insert(mix64(SEED, client), order.slot());
    }

    fn cancel(&mut self, client: u64) {
        let clients = &self.clients;
        let same = |slot: u32| clients[index(slot)] == client;
        if let Some(slot) = self.index.take(mix64(SEED, client), same) {
            self.books.remove(self.books.resting_in(slot));
        }
    }

    fn reduce(&mut self, client: u64, by: Lots) {
        let same = |slot: u32| self.clients[index(slot)] == client;
        let Some(slot) = self.index.find(mix64(SEED, client), same) else { return };
        let order = self.books.resting_in(slot);
        let leaves = self.books.leaves(order).expect("what the index holds rests");
        if by < leaves {
            self.books.reduce(order, by);
        } else {
            self.cancel(client);
        }
    }
}
