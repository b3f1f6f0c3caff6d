//! Position: what an account has of one instrument: claims above zero, obligations below, never both.

use crate::ids::index;
use crate::ids::{AccountId, InstrumentId, position};
use crate::index::{Index, SLOTS_MAX, mix64};
use crate::link::Link;
use crate::obligation::Queue;
use crate::stamp::Sequence;
use crate::units::{Amount, Lots, Volume};

/// Where a position stands among all positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PositionRow(pub(crate) u32);

/// An account's part in one instrument.
#[derive(Clone, Debug)]
pub struct Position {
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Claims above zero, obligations below.
    pub lots: i64,
    /// Lots of all its open buy orders.
    pub open_buys: Volume,
    /// Lots of all its open sell orders.
    pub open_sells: Volume,
    /// What it can deliver in all; zero for those who are no provider.
    pub capacity: Lots,
    /// It announced maintenance in time.
    pub maintained: bool,
    /// What it owes, oldest first.
    pub obligations: Queue,
    /// Credit its buyers paid, waiting for delivery.
    pub escrow: Amount,
    /// Its lot bonds: short lots times the market's bond.
    pub bonded: Amount,
    /// The command that changed it last.
    pub(crate) touched: Sequence,
    /// The instrument's next position; the next free row when this one is free.
    next: Link,
}

impl Position {
    /// Lots of claims.
    pub fn claims(&self) -> u64 {
        self.lots.max(0).unsigned_abs()
    }

    /// Lots of obligations.
    pub fn owed(&self) -> u64 {
        self.lots.min(0).unsigned_abs()
    }

    /// Lots that claims do not cover: `max(0, open sells + obligations - claims)`.
    ///
    /// An own sale changes neither side of it: open sells fall by what the position falls.
    pub fn short(&self, open_sells: Volume) -> u64 {
        // Lots of one account are far below 2^63, whichever way.
        let exposed = open_sells.count().cast_signed() - self.lots;
        exposed.max(0).unsigned_abs()
    }
}

/// Every position, by account and instrument. Rows are used again when their instrument is settled.
#[derive(Clone, Debug)]
pub struct Positions {
    rows: Vec<Position>,
    free: Link,
    used: u32,
    /// Of each instrument the position entered last.
    last: Vec<Link>,
    index: Index,
}

impl Default for Positions {
    fn default() -> Positions {
        Positions { rows: Vec::new(), free: Link::NONE, used: 0, last: Vec::new(), index: Index::default() }
    }
}

impl Positions {
    /// The row of `account` in `instrument`, if it has one.
    #[inline]
    pub fn find(&self, account: AccountId, instrument: InstrumentId) -> Option<PositionRow> {
        let same = |row: u32| {
            let position = &self.rows[index(row)];
            position.account == account && position.instrument == instrument
        };
        self.index.find(hash(account, instrument), same).map(PositionRow)
    }

    /// Whether another row can be entered.
    pub(crate) fn has_room(&self) -> bool {
        self.used < SLOTS_MAX
    }

    /// The row of `account` in `instrument`, made if there is none.
    #[inline]
    pub(crate) fn enter(&mut self, account: AccountId, instrument: InstrumentId) -> PositionRow {
        self.find(account, instrument).unwrap_or_else(|| self.add(account, instrument))
    }

    fn add(&mut self, account: AccountId, instrument: InstrumentId) -> PositionRow {
        assert!(self.has_room(), "whoever enters a row has asked for room");
        if self.last.len() <= index(instrument.0) {
            self.last.resize(index(instrument.0) + 1, Link::NONE);
        }
        let row = Position {
            account,
            instrument,
            lots: 0,
            open_buys: Volume::ZERO,
            open_sells: Volume::ZERO,
            capacity: Lots::ZERO,
            maintained: false,
            obligations: Queue::EMPTY,
            escrow: Amount::ZERO,
            bonded: Amount::ZERO,
            touched: Sequence(0),
            next: self.last[index(instrument.0)],
        };
        let number = match self.free.get() {
            Some(free) => {
                self.free = self.rows[index(free)].next;
                self.rows[index(free)] = row;
                free
            }
            None => {
                self.rows.push(row);
                position(self.rows.len() - 1)
            }
        };
        self.used += 1;
        self.last[index(instrument.0)] = Link::to(number);
        let rows = &self.rows;
        self.index.insert(hash(account, instrument), number, |row| {
            hash(rows[index(row)].account, rows[index(row)].instrument)
        });
        PositionRow(number)
    }

    /// Takes out one row of an instrument that is over; returns what it had owed. `None` when there is no row left.
    pub(crate) fn drop_one(&mut self, instrument: InstrumentId) -> Option<Queue> {
        let row = self.last.get(index(instrument.0)).and_then(|last| last.get())?;
        let position = &mut self.rows[index(row)];
        let idle = position.open_buys.is_zero() && position.open_sells.is_zero();
        let paid = position.escrow.is_zero() && position.bonded.is_zero();
        assert!(idle && paid, "nothing of a settled position is left");
        self.last[index(instrument.0)] = position.next;
        position.next = self.free;
        self.free = Link::to(row);
        self.used -= 1;
        let obligations = std::mem::replace(&mut position.obligations, Queue::EMPTY);
        self.index.remove(hash(position.account, instrument), row);
        Some(obligations)
    }

    /// The position in a row.
    #[inline]
    pub fn at(&self, row: PositionRow) -> &Position {
        &self.rows[index(row.0)]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, row: PositionRow) -> &mut Position {
        &mut self.rows[index(row.0)]
    }

    /// Every position in an instrument, the last entered first.
    pub fn of(&self, instrument: InstrumentId) -> impl Iterator<Item = &Position> {
        let row = |link: Link| link.get().map(|row| &self.rows[index(row)]);
        let last = self.last.get(index(instrument.0)).and_then(|last| row(*last));
        std::iter::successors(last, move |position| row(position.next))
    }

    /// Every position, by instrument.
    pub fn iter(&self) -> impl Iterator<Item = &Position> {
        let instruments = 0..position(self.last.len());
        instruments.flat_map(|instrument| self.of(InstrumentId(instrument)))
    }
}

/// Accounts and instruments are numbered by the exchange, so nobody chooses what collides.
#[inline]
fn hash(account: AccountId, instrument: InstrumentId) -> u64 {
    mix64(0, u64::from(account.0) << 32 | u64::from(instrument.0))
}
