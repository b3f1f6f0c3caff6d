//! Handles: one book, whose orders are called by the names that the book gave them.
//!
//! Commands carry the name that the order got. Names are given by rule, so a first pass over the flow learns them.

use std::collections::BTreeMap;

use engine::book::{Books, Placement};
use engine::ids::{AccountId, InstrumentId, OrderId, index};
use engine::units::Lots;

use crate::bench::Stand;
use crate::flow::{Flow, Order, Step};
use crate::tape::Tape;

/// A record whose order is called by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Place(Order),
    Cancel(OrderId),
    Reduce(OrderId, Lots),
}

/// A book, and whose ids its trades are to be told by.
pub(super) struct HandlePit {
    books: Books,
    instrument: InstrumentId,
    /// Client ids by slot; stale where nothing rests.
    clients: Vec<u64>,
    tape: Tape,
}

/// The flow with every id replaced by the name that its order has.
pub(super) fn named(flow: &Flow) -> Vec<Named> {
    let mut pit = HandlePit::open();
    let mut names: BTreeMap<u64, OrderId> = BTreeMap::new();
    // No slot is ever numbered so high.
    let nobody = OrderId::new(u32::MAX, 0);
    let mut steps = Vec::with_capacity(flow.records());
    for step in &flow.steps {
        let named = match *step {
            Step::Place(order) => Named::Place(order),
            Step::Cancel { id, .. } => Named::Cancel(names.get(&id).copied().unwrap_or(nobody)),
            Step::Reduce { id, by, .. } => Named::Reduce(names.get(&id).copied().unwrap_or(nobody), by),
        };
        if let Named::Place(order) = named {
            // What does not rest gets no name.
            if let Some(name) = pit.place(&order) {
                names.insert(order.id, name);
            }
        } else {
            pit.play(&named, &[]);
        }
        steps.push(named);
    }
    steps
}

impl Stand for HandlePit {
    type Step = Named;
    type Asked = Named;

    fn open() -> HandlePit {
        let mut books = Books::default();
        let instrument = books.open();
        HandlePit { books, instrument, clients: Vec::new(), tape: Tape::default() }
    }

    fn ready(step: &Named) -> Named {
        *step
    }

    fn play(&mut self, step: &Named, _: &[Named]) {
        match *step {
            Named::Place(ref order) => drop(self.place(order)),
            Named::Cancel(order) => self.cancel(order),
            Named::Reduce(order, by) => self.reduce(order, by),
        }
    }

    fn note(&mut self, _: &[Named]) {}

    fn tape(&self) -> Tape {
        self.tape
    }

    fn bytes(&self) -> usize {
        self.books.bytes()
    }

    fn open_orders(&self) -> u32 {
        self.books.taken()
    }
}

impl HandlePit {
    /// Enters an order; returns its name if it rests.
    fn place(&mut self, order: &Order) -> Option<OrderId> {
        let &Order { id, limit, lots, side, immediate, .. } = order;
        let mut leaves = lots;
        while !leaves.is_zero()
            && let Some(maker) = self.books.first(self.instrument, side.opposite())
            && side.accepts(limit, maker.price)
        {
            let lots = leaves.min(maker.shown);
            leaves = leaves.less(lots);
            self.tape.record((self.clients[index(maker.order.slot())], id), maker.price, lots);
            self.books.fill(&maker, lots);
        }
        if leaves.is_zero() || immediate {
            return None;
        }
        let name = self.books.name();
        let (account, instrument) = (AccountId::OPERATOR, self.instrument);
        self.books.rest(name, &Placement { account, instrument, side, limit, leaves, clip: None });
        match self.clients.get_mut(index(name.slot())) {
            Some(before) => *before = id,
            // Slots are given in order, so a new one is the next.
            None => self.clients.push(id),
        }
        Some(name)
    }

    fn cancel(&mut self, order: OrderId) {
        if self.books.leaves(order).is_some() {
            self.books.remove(order);
        }
    }

    fn reduce(&mut self, order: OrderId, by: Lots) {
        match self.books.leaves(order) {
            Some(leaves) if by < leaves => drop(self.books.reduce(order, by)),
            Some(_) => self.books.remove(order),
            None => {}
        }
    }
}
