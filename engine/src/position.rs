//! Position: what an account has of one instrument: claims above zero, obligations below, never both.

use crate::ids::index;
use crate::ids::{AccountId, InstrumentId, position};
use crate::index::{Index, mix64};
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
    /// Lots of all its open sell orders.
    pub open_sells: Volume,
    /// What it can deliver in all; zero for those who are no provider.
    pub capacity: Lots,
    /// What it owes, oldest first.
    pub obligations: Queue,
    /// Credit its buyers paid, waiting for delivery.
    pub escrow: Amount,
    /// Its lot bonds: short lots times the market's bond.
    pub bonded: Amount,
    /// The command that changed it last.
    pub(crate) touched: Sequence,
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
        let exposed = i128::from(open_sells.count()) - i128::from(self.lots);
        u64::try_from(exposed.max(0)).expect("lots of one account fit in 64 bits")
    }
}

/// Every position, by account and instrument. Rows are never removed while their instrument lives.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    rows: Vec<Position>,
    index: Index,
}

impl Positions {
    /// The row of `account` in `instrument`, if it ever had one.
    pub fn find(&self, account: AccountId, instrument: InstrumentId) -> Option<PositionRow> {
        let same = |row: u32| {
            let position = &self.rows[index(row)];
            position.account == account && position.instrument == instrument
        };
        self.index.find(hash(account, instrument), same).map(PositionRow)
    }

    /// The row of `account` in `instrument`, made if there is none.
    pub(crate) fn enter(&mut self, account: AccountId, instrument: InstrumentId) -> PositionRow {
        self.find(account, instrument).unwrap_or_else(|| {
            let row = position(self.rows.len());
            self.index.insert(hash(account, instrument), row);
            self.rows.push(Position {
                account,
                instrument,
                lots: 0,
                open_sells: Volume::ZERO,
                capacity: Lots::ZERO,
                obligations: Queue::EMPTY,
                escrow: Amount::ZERO,
                bonded: Amount::ZERO,
                touched: Sequence(0),
            });
            PositionRow(row)
        })
    }

    /// The position in a row.
    pub fn at(&self, row: PositionRow) -> &Position {
        &self.rows[index(row.0)]
    }

    pub(crate) fn at_mut(&mut self, row: PositionRow) -> &mut Position {
        &mut self.rows[index(row.0)]
    }

    /// Every position, in order of first use.
    pub fn iter(&self) -> impl Iterator<Item = &Position> {
        self.rows.iter()
    }
}

/// Accounts and instruments are numbered by the exchange, so nobody chooses what collides.
fn hash(account: AccountId, instrument: InstrumentId) -> u64 {
    mix64(0, u64::from(account.0) << 32 | u64::from(instrument.0))
}
