//! Open order: what the exchange must know of a resting order beyond matching.

use crate::account::Account;
use crate::ids::index;
use crate::label::Label;
use crate::link::Link;
use crate::order::{NewOrder, OrderKind, SelfTradePrevention, SessionId};
use crate::position::PositionRow;
use crate::prefetch::prefetch;
use crate::units::Lots;

/// A resting order, in the slot that it has in the book's arena: a cache line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct OpenOrder {
    /// The client's own id.
    pub client: Option<Label>,
    /// The client's mark.
    pub label: Option<Label>,
    /// A hash over what was asked under the client's id.
    pub(crate) body: u64,
    /// The hash under which the client's id is entered.
    pub(crate) hash: u64,
    /// The owner's position in the instrument.
    pub position: PositionRow,
    /// Lots it asks for, those filled included, less those taken off.
    pub lots: Lots,
    /// Ends with this session.
    pub session: Option<SessionId>,
    /// What its limit means.
    pub kind: OrderKind,
    /// What happens when it meets its own group after an amendment.
    pub prevention: SelfTradePrevention,
    /// Whether the slot is in use.
    open: bool,
}

const _: () = assert!(size_of::<OpenOrder>() == 64);

/// An order's neighbours among its owner's. They stand apart, because an order that ends touches its neighbours', and
/// needs no more of them.
#[derive(Clone, Copy, Debug)]
struct Neighbours {
    /// The owner's next older open order.
    older: Link,
    /// The owner's next younger open order.
    younger: Link,
}

impl OpenOrder {
    /// An order that is about to rest; [`OpenOrders::open`] links it.
    pub(crate) fn new(order: &NewOrder, position: PositionRow, (hash, body): (u64, u64)) -> OpenOrder {
        OpenOrder {
            client: order.client,
            label: order.label,
            body,
            hash,
            position,
            lots: order.lots,
            session: order.session,
            kind: order.kind,
            prevention: order.prevention,
            open: true,
        }
    }

    const FREE: OpenOrder = OpenOrder {
        client: None,
        label: None,
        body: 0,
        hash: 0,
        position: PositionRow(0),
        lots: Lots::ZERO,
        session: None,
        kind: OrderKind::Limit,
        prevention: SelfTradePrevention::CancelNewest,
        open: false,
    };
}

/// Every open order, by slot and by account.
#[derive(Clone, Debug, Default)]
pub struct OpenOrders {
    slots: Vec<OpenOrder>,
    neighbours: Vec<Neighbours>,
}

impl OpenOrders {
    /// Makes room for so many orders, so that none waits for memory. Only while none is open.
    pub(crate) fn reserve(&mut self, orders: u32) {
        assert!(self.slots.is_empty(), "room is made before the first order");
        self.slots.resize(index(orders), OpenOrder::FREE);
        self.neighbours.resize(index(orders), Neighbours { older: Link::NONE, younger: Link::NONE });
    }

    /// The order in `slot`, which is open.
    #[inline]
    pub fn at(&self, slot: u32) -> &OpenOrder {
        let open = &self.slots[index(slot)];
        assert!(open.open, "only open orders are asked for by slot");
        open
    }

    /// Whether an order is open in `slot`.
    pub(crate) fn is_open(&self, slot: u32) -> bool {
        self.slots.get(index(slot)).is_some_and(|open| open.open)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut OpenOrder {
        let open = &mut self.slots[index(slot)];
        assert!(open.open, "only open orders are asked for by slot");
        open
    }

    /// Adds an order as its owner's youngest.
    #[inline]
    pub(crate) fn open(&mut self, slot: u32, open: OpenOrder, owner: &mut Account) {
        if self.slots.len() <= index(slot) {
            self.slots.resize(index(slot) + 1, OpenOrder::FREE);
            self.neighbours.resize(index(slot) + 1, Neighbours { older: Link::NONE, younger: Link::NONE });
        }
        self.slots[index(slot)] = open;
        let mut neighbours = Neighbours { older: Link::NONE, younger: Link::NONE };
        owner.orders = match owner.orders {
            None => Some((slot, slot)),
            Some((oldest, youngest)) => {
                self.neighbours[index(youngest)].younger = Link::to(slot);
                neighbours.older = Link::to(youngest);
                Some((oldest, slot))
            }
        };
        self.neighbours[index(slot)] = neighbours;
        owner.orders_open += 1;
    }

    /// Takes an order out.
    #[inline]
    pub(crate) fn close(&mut self, slot: u32, owner: &mut Account) -> OpenOrder {
        let open = *self.at(slot);
        self.slots[index(slot)].open = false;
        let (mut oldest, mut youngest) = owner.orders.expect("the owner of an open order has open orders");
        let Neighbours { older, younger } = self.neighbours[index(slot)];
        match (older.get(), younger.get()) {
            (None, None) => owner.orders = None,
            (is_older, is_younger) => {
                match is_older {
                    Some(at) => self.neighbours[index(at)].younger = younger,
                    None => oldest = is_younger.expect("one neighbour is there"),
                }
                match is_younger {
                    Some(at) => self.neighbours[index(at)].older = older,
                    None => youngest = is_older.expect("one neighbour is there"),
                }
                owner.orders = Some((oldest, youngest));
            }
        }
        owner.orders_open -= 1;
        open
    }

    /// The slots of an account's open orders, oldest first.
    pub fn of(&self, account: &Account) -> impl Iterator<Item = u32> {
        let oldest = account.orders.map(|(oldest, _)| oldest);
        std::iter::successors(oldest, |slot| self.younger(*slot))
    }

    /// The account's next younger open order.
    pub(crate) fn younger(&self, slot: u32) -> Option<u32> {
        self.neighbours[index(slot)].younger.get()
    }

    /// Asks for the order in `slot`.
    #[inline]
    pub(crate) fn prefetch(&self, slot: u32) {
        prefetch(&self.slots, index(slot));
        prefetch(&self.neighbours, index(slot));
    }

    /// Bytes that all slots take.
    pub fn bytes(&self) -> usize {
        let neighbours = self.neighbours.capacity() * size_of::<Neighbours>();
        self.slots.capacity() * size_of::<OpenOrder>() + neighbours
    }
}

// Position and hash follow from whose order it is, and open it is.
fields!(OpenOrder {
    client, label, body, lots, session, kind, prevention;
    hash: 0, position: PositionRow(0), open: true,
});
