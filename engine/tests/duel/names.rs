//! Names: which of the exchange's orders is which of the reference's.

use engine::book::reference::Told;
use engine::book::reference::happened::Happened;
use engine::ids::{AccountId, InstrumentId, OrderId};

/// An open order under both its names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    /// What the reference calls it.
    pub(crate) number: u64,
    /// What the exchange calls it.
    pub(crate) id: OrderId,
    pub(crate) account: AccountId,
    pub(crate) instrument: InstrumentId,
}

/// The open orders, and the last one that ended.
#[derive(Default)]
pub(crate) struct Names {
    open: Vec<Open>,
    ended: Option<Open>,
}

impl Names {
    pub(crate) fn open(&self) -> u64 {
        u64::try_from(self.open.len()).expect("a length")
    }

    pub(crate) fn enter(&mut self, open: Open) {
        assert!(self.ended.is_none_or(|ended| ended.id != open.id), "a name is never given again");
        self.open.push(open);
    }

    /// An open order; panics when the exchange names one that is not.
    pub(crate) fn find(&self, id: OrderId) -> &Open {
        let found = self.open.iter().find(|open| open.id == id);
        found.unwrap_or_else(|| panic!("{id} is open, as the exchange says"))
    }

    pub(crate) fn number(&self, id: OrderId) -> u64 {
        self.find(id).number
    }

    /// One of the open orders or the last that ended, whose every change is refused. `None` before the first order.
    pub(crate) fn pick(&self, which: u64) -> Option<Open> {
        let place = usize::try_from(which % (self.open() + 1)).expect("less than a length");
        self.open.get(place).copied().or(self.ended)
    }

    /// Forgets the orders that ended.
    pub(crate) fn follow(&mut self, told: &Told) {
        for happened in told.iter().flatten() {
            match *happened {
                Happened::Canceled { order, .. } => self.end(order),
                Happened::Traded { maker, taker, maker_leaves, taker_leaves, .. } => {
                    if maker_leaves.is_zero() {
                        self.end(maker);
                    }
                    if taker_leaves.is_zero() {
                        self.end(taker);
                    }
                }
                Happened::Accepted { .. }
                | Happened::Rested { .. }
                | Happened::Reduced { .. }
                | Happened::Amended { .. } => {}
            }
        }
    }

    fn end(&mut self, number: u64) {
        let place = self.open.iter().position(|open| open.number == number);
        self.ended = Some(self.open.swap_remove(place.expect("an order ends once")));
    }
}
