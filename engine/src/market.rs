//! Market: one (class, zone, tier) whose delivery windows are traded, and its settings.

use std::collections::VecDeque;

use crate::control::{MarketLimits, TradingMode};
use crate::delivery::run::DeliveryTerms;
use crate::ids::{ClassId, InstrumentId};
use crate::instrument::Terms;
use crate::reject::RejectReason;
use crate::stamp::Time;
use crate::symbol::{ClassName, Symbol, Tier, ZoneName};
use crate::units::{Amount, Ppm, Price};

/// The most markets of a venue.
pub const MARKETS_MAX: usize = 1 << 12;
/// The most windows that all markets together list.
pub const WINDOWS_LISTED_MAX: u32 = 1 << 14;
/// The most windows a market lists: 28 days of hours.
pub const WINDOWS_MAX: u32 = 672;
/// The longest delivery window: a day, in seconds.
pub const WINDOW_SECONDS_MAX: u32 = 86_400;

/// Whether a group may trade with itself in this market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelfTrade {
    /// No group trades with itself: the incoming order says what happens instead.
    Prevented,
    /// Allowed: for replaying foreign order flow that knows no owners.
    Allowed,
}

/// What a seller keeps in bond per lot. It is fixed for a window when that opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BondRule {
    /// The market's bond.
    Fixed,
    /// The class's reference rate then; the market's bond while there is none.
    Reference,
}

/// The settings of a market, fixed when it is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketSpec {
    /// What a seller keeps in bond per lot it still has to deliver, unless the rule says otherwise.
    pub bond: Amount,
    /// The exact good.
    pub class: ClassName,
    /// Where it is delivered.
    pub zone: ZoneName,
    /// How firmly.
    pub tier: Tier,
    /// Whether a group may trade with itself.
    pub self_trade: SelfTrade,
    /// Where the bond comes from.
    pub bond_rule: BondRule,
    /// Length of a delivery window in seconds: whole minutes, at most a day. Alike in all markets of a class.
    pub window_seconds: u32,
    /// How many windows are open at a time, from 1.
    pub windows: u32,
    /// How many windows are listed ahead of those, not open yet. Together they are at most [`WINDOWS_MAX`].
    pub windows_ahead: u32,
    /// The gate closes so many seconds before delivery.
    pub gate_seconds: u32,
    /// What the resting order of a trade pays.
    pub maker_fee: Ppm,
    /// What the incoming order of a trade pays.
    pub taker_fee: Ppm,
}

impl MarketSpec {
    /// Checks what the types leave open.
    ///
    /// # Errors
    /// `MarketInvalid` when the window is not whole minutes up to a day, no window is listed, or the bond exceeds the
    /// highest price.
    pub fn check(&self) -> Result<(), RejectReason> {
        let minutes = self.window_seconds.is_multiple_of(60) && 0 < self.window_seconds;
        let day = self.window_seconds <= WINDOW_SECONDS_MAX && self.gate_seconds <= WINDOW_SECONDS_MAX;
        let ahead = self.windows.checked_add(self.windows_ahead);
        let listed = 0 < self.windows && ahead.is_some_and(|windows| windows <= WINDOWS_MAX);
        let highest = u64::from(Price::MAX.ticks()) * crate::units::TICK.micro();
        let bonded = self.bond.micro() <= highest;
        if minutes && day && listed && bonded { Ok(()) } else { Err(RejectReason::MarketInvalid) }
    }

    /// Class, zone and tier, as symbols begin.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.class, self.zone, self.tier)
    }

    /// What the window that starts at `start` is called.
    pub fn symbol(&self, start: Time) -> Symbol {
        let minutes = !self.window_seconds.is_multiple_of(3600);
        Symbol { class: self.class, zone: self.zone, tier: self.tier, start, minutes }
    }

    /// What a window's trades cost, at this bond.
    pub fn terms(&self, bond: Amount) -> Terms {
        Terms { bond, maker_fee: self.maker_fee, taker_fee: self.taker_fee }
    }

    /// Length of a window in nanoseconds.
    pub fn window_nanos(&self) -> u64 {
        u64::from(self.window_seconds) * Time::SECOND
    }

    /// Length of a slot, a twelfth of a window, in nanoseconds: windows are whole minutes.
    pub fn slot_nanos(&self) -> u64 {
        self.window_nanos() / 12
    }

    /// Start of the window with this number, counted from 1970.
    pub fn start(&self, window: u64) -> Time {
        Time::from_seconds(window * u64::from(self.window_seconds))
    }

    /// When trading of the window that starts at `start` ends.
    pub fn gate(&self, start: Time) -> Time {
        start.before(u64::from(self.gate_seconds) * Time::SECOND)
    }

    /// End of the window that starts at `start`.
    pub fn end(&self, start: Time) -> Time {
        start.after(self.window_nanos())
    }

    /// Number of the first window whose gate is still open at `now`.
    pub fn first_open(&self, now: Time) -> u64 {
        now.after(u64::from(self.gate_seconds) * Time::SECOND).0 / self.window_nanos() + 1
    }
}

/// A market, how far its grid of windows is listed, and what the operator set for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Its settings.
    pub spec: MarketSpec,
    /// Its class.
    pub class: ClassId,
    /// Number of the window to be listed next.
    pub next_window: u64,
    /// Its windows that are listed and not open yet, the earliest first.
    pub unopened: VecDeque<InstrumentId>,
    /// Bands and limits.
    pub limits: MarketLimits,
    /// What may be done in all its windows; the venue may be stricter.
    pub mode: TradingMode,
    /// What its deliveries go by, from the next gate on.
    pub delivery: DeliveryTerms,
}

choices!(SelfTrade { 0 => Prevented, 1 => Allowed });
choices!(BondRule { 0 => Fixed, 1 => Reference });
fields!(MarketSpec {
    bond,
    class,
    zone,
    tier,
    self_trade,
    bond_rule,
    window_seconds,
    windows,
    windows_ahead,
    gate_seconds,
    maker_fee,
    taker_fee,
});
fields!(Market { spec, class, next_window, unopened, limits, mode, delivery });
