//! Open order: what the exchange must know of a resting order beyond matching.

use crate::account::Account;
use crate::growth::push;
use crate::ids::index;
use crate::label::Label;
use crate::link::Link;
use crate::order::{NewOrder, OrderKind, SelfTradePrevention, SessionId};
use crate::position::PositionRow;
use crate::processor::prefetch;
use crate::units::Lots;

/// A resting order, in the slot that it has in the book's arena: a cache line of its own. Its client id's hash is not
/// kept: it takes two multiplications, and would take a quarter more memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct OpenOrder {
    /// The client's own id.
    pub client: Option<Label>,
    /// The client's mark.
    pub label: Option<Label>,
    /// A hash over what was asked under the client's id.
    pub(crate) body: u64,
    /// The owner's position in the instrument.
    pub position: PositionRow,
    /// Lots it asks for, those filled included, less those taken off.
    pub lots: Lots,
    /// Ends with this session.
    pub session: Option<SessionId>,
    /// The owner's next older open order.
    older: Link,
    /// The owner's next younger open order.
    younger: Link,
    /// What its limit means.
    pub kind: OrderKind,
    /// What happens when it meets its own group after an amendment.
    pub prevention: SelfTradePrevention,
    /// Whether the slot is in use.
    open: bool,
}

const _: () = assert!(size_of::<OpenOrder>() == 64);

impl OpenOrder {
    /// An order that is about to rest; [`OpenOrders::open`] links it.
    pub(crate) fn new(order: &NewOrder, position: PositionRow, body: u64) -> OpenOrder {
        OpenOrder {
            client: order.client,
            label: order.label,
            body,
            position,
            lots: order.lots,
            session: order.session,
            older: Link::NONE,
            younger: Link::NONE,
            kind: order.kind,
            prevention: order.prevention,
            open: true,
        }
    }

    const FREE: OpenOrder = OpenOrder {
        client: None,
        label: None,
        body: 0,
        position: PositionRow(0),
        lots: Lots::ZERO,
        session: None,
        older: Link::NONE,
        younger: Link::NONE,
        kind: OrderKind::Limit,
        prevention: SelfTradePrevention::CancelNewest,
        open: false,
    };
}

/// Every open order, by slot and by account.
#[derive(Clone, Debug, Default)]
pub struct OpenOrders {
    slots: Vec<OpenOrder>,
}

impl OpenOrders {
    /// Makes room for so many orders, so that none waits for memory.
    pub(crate) fn reserve(&mut self, orders: u32) {
        self.slots.resize(index(orders).max(self.slots.len()), OpenOrder::FREE);
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

    /// Whether an order is open in `slot` under this client order id.
    #[inline]
    pub(crate) fn is_named(&self, slot: u32, client: Label) -> bool {
        self.slots.get(index(slot)).is_some_and(|open| open.open && open.client == Some(client))
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut OpenOrder {
        let open = &mut self.slots[index(slot)];
        assert!(open.open, "only open orders are asked for by slot");
        open
    }

    /// Adds an order as its owner's youngest.
    #[inline(always)]
    pub(crate) fn open(&mut self, slot: u32, mut open: OpenOrder, owner: &mut Account) {
        while self.slots.len() <= index(slot) {
            push(&mut self.slots, OpenOrder::FREE);
        }
        open.older = owner.youngest;
        match owner.youngest.get() {
            Some(youngest) => self.slots[index(youngest)].younger = Link::to(slot),
            None => owner.oldest = Link::to(slot),
        }
        owner.youngest = Link::to(slot);
        owner.orders_open += 1;
        self.slots[index(slot)] = open;
    }

    /// Takes an order out.
    #[inline]
    pub(crate) fn close(&mut self, slot: u32, owner: &mut Account) -> OpenOrder {
        let open = *self.at(slot);
        self.slots[index(slot)].open = false;
        match open.older.get() {
            Some(older) => self.slots[index(older)].younger = open.younger,
            None => owner.oldest = open.younger,
        }
        match open.younger.get() {
            Some(younger) => self.slots[index(younger)].older = open.older,
            None => owner.youngest = open.older,
        }
        owner.orders_open -= 1;
        open
    }

    /// The slots of an account's open orders, oldest first.
    pub fn of(&self, account: &Account) -> impl Iterator<Item = u32> {
        std::iter::successors(account.oldest.get(), |slot| self.younger(*slot))
    }

    /// The account's next younger open order.
    pub(crate) fn younger(&self, slot: u32) -> Option<u32> {
        self.slots[index(slot)].younger.get()
    }

    /// Asks for the order in `slot`.
    #[inline]
    pub(crate) fn prefetch(&self, slot: u32) {
        prefetch(&self.slots, index(slot));
    }

    /// Position and client id of the order that was last in `slot`; of any, when there was none.
    #[inline]
    pub(crate) fn glance(&self, slot: u32) -> (PositionRow, Option<Label>) {
        let slot = index(slot).min(self.slots.len().saturating_sub(1));
        let open = self.slots.get(slot).unwrap_or(&OpenOrder::FREE);
        (open.position, open.client)
    }

    /// Bytes that all slots take.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<OpenOrder>()
    }
}

// Its position follows from whose order it is, its neighbours from the list in which it is put; and open it is.
fields!(OpenOrder {
    client, label, body, lots, session, kind, prevention;
    position: PositionRow(0), older: Link::NONE, younger: Link::NONE, open: true,
});
