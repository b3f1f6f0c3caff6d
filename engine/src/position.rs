//! Position: what an account has of one instrument: claims above zero, obligations below, never both.

use crate::ids::index;
use crate::ids::{AccountId, InstrumentId, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::index::{Index, SLOTS_MAX, mix128};
use crate::link::Link;
use crate::obligation::{Obligations, Queue};
use crate::units::{Amount, Lots, Volume};

/// Where a position stands among all positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PositionRow(pub(crate) u32);

/// An account's part in one instrument: a cache line of its own.
///
/// A command that changes it tells it at once. No two numbers that are told lie side by side: the compiler would read
/// them as one, and a processor does not read what was just written in parts before it has reached the cache, behind
/// everything written earlier. With them side by side here and in `Account`, a command took 8% longer.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Position {
    /// Claims above zero, obligations below.
    pub lots: i64,
    /// Lots of all its open buy orders.
    pub open_buys: Volume,
    /// Credit its buyers paid, waiting for delivery.
    pub escrow: Amount,
    /// Lots of all its open sell orders.
    pub open_sells: Volume,
    /// Its lot bonds: short lots times the market's bond.
    pub bonded: Amount,
    /// What it owes, oldest first.
    pub obligations: Queue,
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// What it can deliver in all; zero for those who are no provider.
    pub capacity: Lots,
    /// It announced maintenance in time.
    pub maintained: bool,
    /// Whether the present command has changed it.
    pub(crate) touched: bool,
}

const _: () = assert!(size_of::<Position>() == 64);

impl Position {
    /// A position of nothing.
    pub(crate) fn empty(account: AccountId, instrument: InstrumentId) -> Position {
        Position {
            lots: 0,
            open_buys: Volume::ZERO,
            escrow: Amount::ZERO,
            open_sells: Volume::ZERO,
            bonded: Amount::ZERO,
            obligations: Queue::EMPTY,
            account,
            instrument,
            capacity: Lots::ZERO,
            maintained: false,
            touched: false,
        }
    }

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

/// Where an account ordered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Recent {
    instrument: InstrumentId,
    row: PositionRow,
}

impl Recent {
    /// No instrument has this number.
    const NOWHERE: Recent = Recent { instrument: InstrumentId(u32::MAX), row: PositionRow(0) };
}

/// Every position, by account and instrument. Rows are used again when their instrument is settled.
#[derive(Clone, Debug)]
pub struct Positions {
    rows: Vec<Position>,
    /// Of each row the instrument's next position; the next free row when that row is free.
    next: Vec<Link>,
    free: Link,
    used: u32,
    /// Of each instrument the position entered last.
    last: Vec<Link>,
    /// Of each account the position in which it ordered last: mostly it is asked for again.
    recent: Vec<Recent>,
    index: Index,
}

impl Default for Positions {
    fn default() -> Positions {
        let (rows, next, last, recent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Positions { rows, next, free: Link::NONE, used: 0, last, recent, index: Index::default() }
    }
}

impl Positions {
    /// The row of `account` in `instrument`, if it has one.
    #[inline(always)]
    pub fn find(&self, account: AccountId, instrument: InstrumentId) -> Option<PositionRow> {
        match self.recent.get(index(account.0)) {
            Some(recent) if recent.instrument == instrument => Some(recent.row),
            _ => self.search(account, instrument),
        }
    }

    fn search(&self, account: AccountId, instrument: InstrumentId) -> Option<PositionRow> {
        let same = |row: u32| {
            let position = &self.rows[index(row)];
            position.account == account && position.instrument == instrument
        };
        self.index.find(hash(account, instrument), same).map(PositionRow)
    }

    /// `account` orders in `instrument`, where it has this row.
    #[inline(always)]
    pub(crate) fn order_in(&mut self, account: AccountId, instrument: InstrumentId, row: PositionRow) {
        let now = Recent { instrument, row };
        match self.recent.get_mut(index(account.0)) {
            Some(recent) => *recent = now,
            None => self.meet(account, now),
        }
    }

    /// The same for the first time that an account orders.
    #[cold]
    fn meet(&mut self, account: AccountId, now: Recent) {
        self.recent.resize(index(account.0) + 1, Recent::NOWHERE);
        self.recent[index(account.0)] = now;
    }

    /// Whether another row can be entered.
    pub(crate) fn has_room(&self) -> bool {
        self.has_room_for(0)
    }

    /// Whether so many rows and one more can be entered.
    #[inline]
    pub(crate) fn has_room_for(&self, rows: u32) -> bool {
        self.used.saturating_add(rows) < SLOTS_MAX
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
        let row = Position::empty(account, instrument);
        let next = self.last[index(instrument.0)];
        let number = match self.free.get() {
            Some(free) => {
                self.free = self.next[index(free)];
                self.rows[index(free)] = row;
                self.next[index(free)] = next;
                free
            }
            None => {
                self.rows.push(row);
                self.next.push(next);
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

    /// Takes out one row of an instrument that is over; returns whose it was and what that had owed. `None` when there is no row
    /// left.
    pub(crate) fn drop_one(&mut self, instrument: InstrumentId) -> Option<(AccountId, Queue)> {
        let row = self.last.get(index(instrument.0)).and_then(|last| last.get())?;
        let position = &self.rows[index(row)];
        let idle = position.open_buys.is_zero() && position.open_sells.is_zero();
        let paid = position.escrow.is_zero() && position.bonded.is_zero();
        assert!(idle && paid, "nothing of a settled position is left");
        self.last[index(instrument.0)] = std::mem::replace(&mut self.next[index(row)], self.free);
        self.free = Link::to(row);
        self.used -= 1;
        let (account, obligations) = (position.account, position.obligations);
        self.index.remove(hash(account, instrument), row);
        if let Some(recent) =
            self.recent.get_mut(index(account.0)).filter(|last| last.instrument == instrument)
        {
            *recent = Recent::NOWHERE;
        }
        Some((account, obligations))
    }

    /// The position in a row, if there is one.
    #[inline]
    pub(crate) fn get(&self, row: PositionRow) -> Option<&Position> {
        self.rows.get(index(row.0))
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
        let last = self.last.get(index(instrument.0)).and_then(|last| last.get());
        let rows = std::iter::successors(last, |row| self.next[index(*row)].get());
        rows.map(|row| &self.rows[index(row)])
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
    mix128(0, (account.0.into(), instrument.0.into()))
}

// Its instrument is that of the list, and its obligations are put behind it. Between commands nothing is touched.
fields!(Position {
    account, lots, open_buys, open_sells, capacity, maintained, escrow, bonded;
    instrument: InstrumentId(0), obligations: Queue::EMPTY, touched: false,
});

/// In which rows positions stand cannot be seen: put are those of each instrument, in the order of its list.
impl Positions {
    pub(crate) fn put(&self, obligations: &Obligations, to: &mut ImageWriter<'_>) {
        let Positions { rows: _, next: _, free: _, used: _, last, recent: _, index: _ } = self;
        to.length(last.len());
        for instrument in (0..position(last.len())).map(InstrumentId) {
            to.length(self.of(instrument).count());
            for row in self.of(instrument) {
                row.put(to);
                obligations.put_queue(row.obligations, to);
            }
        }
    }

    /// Takes the positions of a venue with so many accounts.
    pub(crate) fn take(
        from: &mut ImageReader<'_>,
        obligations: &mut Obligations,
        accounts: usize,
    ) -> Taken<Positions> {
        let mut positions = Positions::default();
        for instrument in 0..from.length()? {
            let instrument = InstrumentId(position(instrument));
            let mut last = Link::NONE;
            for place in 0..from.length()? {
                let row = Position { instrument, ..Position::take(from)? };
                from.check(index(row.account.0) < accounts, "a position is an account's")?;
                let number = position(positions.rows.len());
                from.check(number < SLOTS_MAX, "there are no more positions than the venue holds")?;
                match place {
                    0 => last = Link::to(number),
                    _ => positions.next[index(number) - 1] = Link::to(number),
                }
                positions.next.push(Link::NONE);
                let obligations = obligations.take_queue(from)?;
                positions.rows.push(Position { obligations, ..row });
            }
            positions.last.push(last);
        }
        positions.used = position(positions.rows.len());
        positions.index = Index::with_room(positions.used);
        for (number, row) in (0..).zip(&positions.rows) {
            let same = |other: u32| {
                let other = &positions.rows[index(other)];
                (other.account, other.instrument) == (row.account, row.instrument)
            };
            let is_new = positions.index.enter_new(hash(row.account, row.instrument), number, same);
            from.check(is_new, "an account has one position in an instrument")?;
        }
        Ok(positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_is_over_is_not_found_where_its_owner_ordered_last() {
        let (account, other) = (AccountId(3), AccountId(0));
        let (over, open) = (InstrumentId(0), InstrumentId(1));
        let mut positions = Positions::default();
        let (row, others) = (positions.enter(account, over), positions.enter(other, over));
        positions.order_in(account, over, row);
        positions.order_in(other, over, others);
        assert_eq!((positions.find(account, over), positions.find(other, over)), (Some(row), Some(others)));
        assert_eq!(positions.find(account, open), None);
        while positions.drop_one(over).is_some() {}
        assert_eq!((positions.find(account, over), positions.find(other, over)), (None, None));
        let again = positions.enter(other, open);
        assert_eq!((positions.find(other, open), positions.find(account, open)), (Some(again), None));
    }
}
