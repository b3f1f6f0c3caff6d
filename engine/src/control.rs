//! Control: what the operator may set while the exchange runs: modes, bands and limits, each with a reason.

use crate::ids::{AccountId, InstrumentId, MarketId};
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::units::{Amount, Lots, Price};

/// The most open orders of an account. One command may cancel them all, and one message tell them all.
pub const OPEN_ORDERS_MAX: u32 = 1 << 13;
/// The longest that a dead man's timer may wait: a day, in nanoseconds. Longer ones are taken to be that.
pub const CANCEL_AFTER_MAX: u64 = 86_400 * Time::SECOND;

/// What may be done in a market. The strictest of venue, market and instrument rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TradingMode {
    /// Everything.
    #[default]
    Open,
    /// Only orders that rest: who would take is refused.
    PostOnly,
    /// Only cancellations, and reductions that keep their place.
    CancelOnly,
    /// Only cancellations.
    Halted,
}

impl TradingMode {
    /// The mode's number, from 0 for open to 3 for halted.
    pub const fn number(self) -> u8 {
        match self {
            TradingMode::Open => 0,
            TradingMode::PostOnly => 1,
            TradingMode::CancelOnly => 2,
            TradingMode::Halted => 3,
        }
    }
}

/// What a mode is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModeScope {
    /// Everything.
    Venue,
    /// All windows of a market.
    Market(MarketId),
    /// One window.
    Instrument(InstrumentId),
}

/// Whose orders are all cancelled, and who may enter no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KillTarget {
    /// Everybody's; the venue is halted.
    Venue,
    /// One account's; it is locked.
    Account(AccountId),
}

/// How far a price may move at once, in parts per million of the last one, from 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BandWidth(u32);

impl BandWidth {
    /// Returns `None` unless `1 <= parts <= 1,000,000`.
    pub fn new(parts: u64) -> Option<BandWidth> {
        let width = BandWidth(u32::try_from(parts).ok()?);
        (0 < width.0 && width.0 <= 1_000_000).then_some(width)
    }

    /// Parts per million.
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// The lowest and the highest price within the band around `anchor`. The distance rounds down.
    pub fn around(self, anchor: Price) -> (Price, Price) {
        let distance = u64::from(anchor.ticks()) * u64::from(self.0) / 1_000_000;
        let low = Price::new(u64::from(anchor.ticks()) - distance).unwrap_or(Price::MIN);
        (low, Price::new(u64::from(anchor.ticks()) + distance).unwrap_or(Price::MAX))
    }
}

/// Bounds on orders and prices of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MarketLimits {
    /// The static band: no limit below.
    pub price_min: Price,
    /// The static band: no limit above.
    pub price_max: Price,
    /// The dynamic band: no trade farther than this from the last one, in parts per million of it. `None`: no such band.
    pub band: Option<BandWidth>,
    /// The most lots of an order.
    pub order_lots: Lots,
    /// The most lots of a position, either way, open orders included.
    pub position_lots: Lots,
    /// The most that an order's lots may come to at its limit.
    pub order_notional: Amount,
}

impl MarketLimits {
    /// No limit but those of the types.
    pub const NONE: MarketLimits = MarketLimits {
        price_min: Price::MIN,
        price_max: Price::MAX,
        band: None,
        order_lots: Lots::MAX,
        position_lots: Lots::MAX,
        order_notional: Amount::SUPPLY_MAX,
    };

    /// Checks what the types leave open.
    ///
    /// # Errors
    /// `LimitsInvalid` when the static band is empty.
    pub fn check(&self) -> Result<(), RejectReason> {
        if self.price_min <= self.price_max { Ok(()) } else { Err(RejectReason::LimitsInvalid) }
    }
}

/// Bounds on what an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountLimits {
    /// The most open orders; at most [`OPEN_ORDERS_MAX`] count.
    pub open_orders: u32,
    /// The most lots of a position in one instrument, either way, open orders included.
    pub position_lots: Lots,
    /// The most that an order's lots may come to at its limit.
    pub order_notional: Amount,
}

impl AccountLimits {
    /// No limit but those of the types and of the venue.
    pub const NONE: AccountLimits = AccountLimits {
        open_orders: OPEN_ORDERS_MAX,
        position_lots: Lots::MAX,
        order_notional: Amount::SUPPLY_MAX,
    };
}

choices!(TradingMode { 0 => Open, 1 => PostOnly, 2 => CancelOnly, 3 => Halted });
checked!(
    BandWidth as u32, "a price band is 1 to 1,000,000 parts per million";
    BandWidth::parts, |parts: u32| BandWidth::new(parts.into())
);
fields!(MarketLimits { price_min, price_max, band, order_lots, position_lots, order_notional });
fields!(AccountLimits { open_orders, position_lots, order_notional });
