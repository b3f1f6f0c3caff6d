//! Open order: what the exchange must know of a resting order beyond matching.

use crate::account::Account;
use crate::ids::{AccountId, InstrumentId, OrderId, index};
use crate::index::{Index, mix64};
use crate::label::Label;
use crate::link::Link;
use crate::order::Side;
use crate::position::PositionRow;
use crate::units::{Lots, Price};

/// A resting order, in the slot that it has in the book's arena.
#[derive(Clone, Copy, Debug)]
pub struct OpenOrder {
    /// The exchange's id.
    pub order: OrderId,
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Buying or selling.
    pub side: Side,
    /// Its limit.
    pub limit: Price,
    /// Lots it came in with.
    pub lots: Lots,
    /// The client's own id.
    pub client: Option<Label>,
    /// The owner's position in the instrument.
    pub position: PositionRow,
    /// The owner's next older open order.
    older: Link,
    /// The owner's next younger open order.
    younger: Link,
}

impl OpenOrder {
    /// An order that is about to rest; [`OpenOrders::open`] links it.
    pub(crate) fn new(order: &crate::order::NewOrder, id: OrderId, position: PositionRow) -> OpenOrder {
        OpenOrder {
            order: id,
            account: order.account,
            instrument: order.instrument,
            side: order.side,
            limit: order.limit,
            lots: order.lots,
            client: order.client,
            position,
            older: Link::NONE,
            younger: Link::NONE,
        }
    }
}

/// Every open order, by slot, by account and by client order id.
#[derive(Clone, Debug, Default)]
pub struct OpenOrders {
    slots: Vec<Option<OpenOrder>>,
    clients: Index,
    /// Keys the hash over client order ids.
    seed: u64,
}

impl OpenOrders {
    /// Keys the hash over ids that clients choose. Only while no order is open.
    pub(crate) fn set_seed(&mut self, seed: u64) {
        assert!(self.clients.is_empty(), "the seed is set before the first order");
        self.seed = seed;
    }

    /// The order in `slot`, which is open.
    pub fn at(&self, slot: u32) -> &OpenOrder {
        self.slots[index(slot)].as_ref().expect("only open orders are asked for by slot")
    }

    fn at_mut(&mut self, slot: u32) -> &mut OpenOrder {
        self.slots[index(slot)].as_mut().expect("only open orders are asked for by slot")
    }

    /// The open order with this id.
    pub fn find(&self, order: OrderId) -> Option<&OpenOrder> {
        self.slots.get(index(order.slot()))?.as_ref().filter(|open| open.order == order)
    }

    /// The account's open order with this client order id.
    pub fn find_client(&self, account: AccountId, client: Label) -> Option<&OpenOrder> {
        let same = |slot: u32| {
            let open = self.at(slot);
            open.account == account && open.client == Some(client)
        };
        self.clients.find(self.hash(account, client), same).map(|slot| self.at(slot))
    }

    /// Adds an order as its owner's youngest.
    pub(crate) fn open(&mut self, mut open: OpenOrder, owner: &mut Account) {
        let slot = open.order.slot();
        if let Some(client) = open.client {
            self.clients.insert(self.hash(open.account, client), slot);
        }
        owner.orders = match owner.orders {
            None => Some((slot, slot)),
            Some((oldest, youngest)) => {
                self.at_mut(youngest).younger = Link::to(slot);
                open.older = Link::to(youngest);
                Some((oldest, slot))
            }
        };
        owner.orders_open += 1;
        if self.slots.len() <= index(slot) {
            self.slots.resize(index(slot) + 1, None);
        }
        self.slots[index(slot)] = Some(open);
    }

    /// Takes an order out.
    pub(crate) fn close(&mut self, slot: u32, owner: &mut Account) -> OpenOrder {
        let open = self.slots[index(slot)].take().expect("only an open order is closed");
        if let Some(client) = open.client {
            self.clients.remove(self.hash(open.account, client), slot);
        }
        let (mut oldest, mut youngest) = owner.orders.expect("the owner of an open order has open orders");
        match (open.older.get(), open.younger.get()) {
            (None, None) => owner.orders = None,
            (older, younger) => {
                match older {
                    Some(older) => self.at_mut(older).younger = open.younger,
                    None => oldest = younger.expect("one neighbour is there"),
                }
                match younger {
                    Some(younger) => self.at_mut(younger).older = open.older,
                    None => youngest = older.expect("one neighbour is there"),
                }
                owner.orders = Some((oldest, youngest));
            }
        }
        owner.orders_open -= 1;
        open
    }

    /// The open orders of an account, oldest first.
    pub fn of(&self, account: &Account) -> impl Iterator<Item = &OpenOrder> {
        let oldest = account.orders.map(|(oldest, _)| self.at(oldest));
        std::iter::successors(oldest, |open| open.younger.get().map(|slot| self.at(slot)))
    }

    /// How many client order ids are in use.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    fn hash(&self, account: AccountId, client: Label) -> u64 {
        let (upper, lower) = client.halves();
        mix64(mix64(mix64(self.seed, account.0.into()), upper), lower)
    }
}
