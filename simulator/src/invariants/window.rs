//! Window: one instrument as the auditor keeps it: who has priority, who has and owes what.

use std::collections::{BTreeMap, VecDeque};

use engine::ids::{AccountId, MarketId, OrderId};
use engine::market::{MarketSpec, SelfTrade};
use engine::order::Side;
use engine::units::Price;

use crate::hashing::Table;
use crate::invariants::delivering::Gated;

/// Micro-CU in one tick.
const TICK: i128 = 100;
/// Rates are parts of so many.
const MILLION: i128 = 1_000_000;

/// What lots cost at a price.
pub(super) fn cost(price: Price, lots: i64) -> i128 {
    i128::from(price.ticks()) * TICK * i128::from(lots)
}

/// A share in parts per million, rounded down.
pub(super) fn share(amount: i128, parts: i128) -> i128 {
    amount * parts / MILLION
}

/// An order's place: the smaller comes first. Price, then age.
pub(super) type Place = (u32, u64);

/// One delivery window of a market.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) market: MarketId,
    /// What its deliveries go by, once its gate has closed.
    pub(super) gated: Option<Gated>,
    /// Whether groups may not trade with themselves.
    pub(super) prevented: bool,
    pub(super) maker_fee: i128,
    pub(super) taker_fee: i128,
    /// Per short lot.
    pub(super) bond: i128,
    queues: [BTreeMap<Place, OrderId>; 2],
    pub(super) hours: Table<AccountId, Hours>,
    /// Trades so far.
    pub(super) trades: u64,
    pub(super) issued: i64,
    pub(super) extinguished: i64,
    /// Lots owed times their prices.
    pub(super) escrow: i128,
    pub(super) told: ToldHours,
    /// Lots drawn so far: of each provider, and of each holder.
    pub(super) drawn: [BTreeMap<AccountId, i64>; 2],
    /// The command that changed it last.
    pub(super) touched: u64,
}

/// All positions of a window together, as told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ToldHours {
    pub(super) claims: i64,
    pub(super) owed: i64,
    pub(super) escrow: i128,
}

/// What one account has and owes of a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    /// Claims above zero, obligations below.
    pub(super) lots: i64,
    pub(super) open_sells: i64,
    pub(super) capacity: i64,
    pub(super) obligations: VecDeque<Owed>,
    pub(super) escrow: i128,
    pub(super) bonded: i128,
    /// Maintenance was announced in time.
    pub(super) maintained: bool,
    pub(super) told: ToldPosition,
    /// The command that changed it last.
    pub(super) touched: u64,
}

/// A position that the exchange told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ToldPosition {
    pub(super) lots: i64,
    pub(super) escrow: i128,
    pub(super) bonded: i128,
}

/// Lots owed at one price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    pub(super) price: Price,
    pub(super) lots: i64,
    /// Parts per million of each release.
    pub(super) rate: i128,
}

impl Hours {
    /// Lots that claims do not cover.
    pub(super) fn short(&self) -> i64 {
        (self.open_sells - self.lots).max(0)
    }

    /// What an own sale adds: claims first, then an obligation. Returns the lots resold.
    pub(super) fn sell(&mut self, (price, lots): (Price, i64), rate: i128) -> i64 {
        let resold = self.lots.max(0).min(lots);
        let issued = lots - resold;
        self.lots -= lots;
        if 0 < issued {
            self.obligations.push_back(Owed { price, lots: issued, rate });
            self.escrow += cost(price, issued);
        }
        resold
    }

    /// The oldest part of what is owed, at most `lots`, taken off.
    pub(super) fn extinguish(&mut self, lots: i64) -> Option<Owed> {
        let oldest = self.obligations.front_mut().filter(|_| 0 < lots)?;
        let part = Owed { lots: oldest.lots.min(lots), ..*oldest };
        oldest.lots -= part.lots;
        if oldest.lots == 0 {
            self.obligations.pop_front();
        }
        self.escrow -= cost(part.price, part.lots);
        Some(part)
    }
}

impl Window {
    pub(super) fn new(market: MarketId, spec: &MarketSpec) -> Window {
        Window {
            market,
            gated: None,
            prevented: spec.self_trade == SelfTrade::Prevented,
            maker_fee: spec.maker_fee.parts().into(),
            taker_fee: spec.taker_fee.parts().into(),
            bond: spec.bond.micro().into(),
            queues: [BTreeMap::new(), BTreeMap::new()],
            hours: Table::default(),
            trades: 0,
            issued: 0,
            extinguished: 0,
            escrow: 0,
            told: ToldHours::default(),
            drawn: [BTreeMap::new(), BTreeMap::new()],
            touched: 0,
        }
    }

    /// What a bid of so many lots must have ready.
    pub(super) fn hold(&self, limit: Price, lots: i64) -> i128 {
        let cost = cost(limit, lots);
        cost + share(cost, self.maker_fee.max(self.taker_fee))
    }

    fn queue(&mut self, side: Side) -> &mut BTreeMap<Place, OrderId> {
        &mut self.queues[usize::from(side.number())]
    }

    /// Puts an order behind those of its price; `age` is above all that were used before.
    pub(super) fn rest(&mut self, side: Side, (price, age): (Price, u64), order: OrderId) -> Place {
        let rank = match side {
            Side::Bid => u32::MAX - price.ticks(),
            Side::Ask => price.ticks(),
        };
        self.queue(side).insert((rank, age), order);
        (rank, age)
    }

    pub(super) fn leave(&mut self, side: Side, place: Place) {
        self.queue(side).remove(&place);
    }

    /// The order that is next in turn, and its price.
    pub(super) fn first(&self, side: Side) -> Option<(OrderId, Price)> {
        let ((rank, _), order) = self.queues[usize::from(side.number())].first_key_value()?;
        let ticks = match side {
            Side::Bid => u32::MAX - rank,
            Side::Ask => *rank,
        };
        Price::new(ticks.into()).map(|price| (*order, price))
    }
}
