//! Pit: one book, whose orders are called by the ids that their clients chose.
//!
//! This is what the exchange does for every order, less accounts, money and events: find the order that a client's id
//! names, match, rest, and forget the id when the order is gone.

use engine::book::{Books, Placement};
use engine::growth;
use engine::ids::{AccountId, InstrumentId, index};
use engine::index::{Index, mix128};
use engine::units::Lots;

use crate::bench::Stand;
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
    tape: Tape,
}

impl Stand for Pit {
    type Step = Step;
    type Asked = Step;

    fn open() -> Pit {
        let mut books = Books::default();
        let instrument = books.open();
        Pit { books, instrument, index: Index::default(), clients: Vec::new(), tape: Tape::default() }
    }

    fn ready(step: &Step) -> Step {
        *step
    }

    /// Carries out one record. Whatever names an order that is gone changes nothing.
    fn play(&mut self, step: &Step, _: &[Step]) {
        match *step {
            Step::Place(ref order) => self.place(order),
            Step::Cancel { id, .. } => self.cancel(id),
            Step::Reduce { id, by, .. } => self.reduce(id, by),
        }
    }

    fn note(&mut self, _: &[Step]) {}

    fn tape(&self) -> Tape {
        self.tape
    }

    fn bytes(&self) -> usize {
        self.books.bytes() + self.index.bytes() + self.clients.capacity() * size_of::<u64>()
    }

    fn open_orders(&self) -> u32 {
        self.books.taken()
    }
}

impl Pit {
    fn place(&mut self, order: &Order) {
        let &Order { id, limit, lots, side, immediate, .. } = order;
        let mut leaves = lots;
        while !leaves.is_zero()
            && let Some(maker) = self.books.first(self.instrument, side.opposite())
            && side.accepts(limit, maker.price)
        {
            let lots = leaves.min(maker.shown);
            leaves = leaves.less(lots);
            let slot = maker.order.slot();
            let client = self.clients[index(slot)];
            self.tape.record((client, id), maker.price, lots);
            if self.books.fill(&maker, lots).leaves.is_zero() {
                self.index.remove(hash(client), slot);
            }
        }
        if !leaves.is_zero() && !immediate {
            self.rest(order, leaves);
        }
    }

    fn rest(&mut self, &Order { id, limit, side, .. }: &Order, leaves: Lots) {
        let order = self.books.name();
        let (account, instrument) = (AccountId::OPERATOR, self.instrument);
        self.books.rest(order, &Placement { account, instrument, side, limit, leaves, clip: None });
        match self.clients.get_mut(index(order.slot())) {
            Some(before) => *before = id,
            // Slots are given in order, so a new one is the next.
            None => growth::push(&mut self.clients, id),
        }
        let clients = &self.clients;
        self.index.insert(hash(id), order.slot(), |slot| hash(clients[index(slot)]));
    }

    fn cancel(&mut self, client: u64) {
        let clients = &self.clients;
        let same = |slot: u32| clients[index(slot)] == client;
        if let Some(slot) = self.index.take(hash(client), same) {
            self.books.remove(self.books.resting_in(slot));
        }
    }

    fn reduce(&mut self, client: u64, by: Lots) {
        let same = |slot: u32| self.clients[index(slot)] == client;
        let Some(slot) = self.index.find(hash(client), same) else { return };
        let order = self.books.resting_in(slot);
        let leaves = self.books.leaves(order).expect("what the index holds rests");
        if by < leaves {
            self.books.reduce(order, by);
        } else {
            self.cancel(client);
        }
    }
}

/// A keyed hash, because clients choose their ids.
fn hash(client: u64) -> u64 {
    mix128(SEED, (client, SEED))
}
