//! Instrument: one delivery window of a market, from its listing to its settlement.

use crate::control::TradingMode;
use crate::delivery::run::DeliveryTerms;
use crate::ids::{ClassId, MarketId};
use crate::stamp::Time;
use crate::units::{Amount, Lots, Ppm, Price, Volume};

/// Where an instrument is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Known, not trading yet.
    Listed,
    /// Trading.
    Open,
    /// The gate has passed: what rested is cancelled, positions are frozen, deliveries are being drawn.
    Closed,
    /// Who delivers to whom is drawn.
    Delivering,
    /// The window is over and nothing of it is left.
    Settled,
}

impl Phase {
    /// The phase's number, from 0 for listed to 4 for settled.
    pub const fn number(self) -> u8 {
        match self {
            Phase::Listed => 0,
            Phase::Open => 1,
            Phase::Closed => 2,
            Phase::Delivering => 3,
            Phase::Settled => 4,
        }
    }
}

/// What a trade costs and what a seller keeps in bond: fixed when the instrument opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What a seller keeps in bond per lot it still has to deliver.
    pub bond: Amount,
    /// What the resting order of a trade pays.
    pub maker_fee: Ppm,
    /// What the incoming order of a trade pays.
    pub taker_fee: Ppm,
}

impl Terms {
    /// The higher of the two fees: what a bid must have ready.
    pub fn fee_max(&self) -> Ppm {
        self.maker_fee.max(self.taker_fee)
    }
}

/// One delivery window of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// The market whose settings apply.
    pub market: MarketId,
    /// Its class of GPU.
    pub class: ClassId,
    /// Start of the delivery window.
    pub start: Time,
    /// End of trading.
    pub gate: Time,
    /// Where it is in its life.
    pub phase: Phase,
    /// What may be done in it; venue and market may be stricter.
    pub mode: TradingMode,
    /// What a trade costs.
    pub terms: Terms,
    /// The price around which the dynamic band lies: of the last trade; before the first the reference rate when it
    /// opened, if there was one.
    pub anchor: Option<Price>,
    /// Trades so far.
    pub trades: u64,
    /// Lots sold that were obligations when sold.
    pub issued: Volume,
    /// Lots bought back by those who owed them.
    pub extinguished: Volume,
    /// The class's reference rate at the gate, once that has closed; none when it was withheld.
    pub reference: Option<Price>,
    /// What its deliveries go by: the market's terms at the gate, once that has closed.
    pub delivery: DeliveryTerms,
    /// How many deliveries were drawn.
    pub deliveries: u32,
}

impl Instrument {
    /// Whether an order stamped `time` may still trade: one stamped at the gate is late.
    pub fn trades_at(&self, time: Time) -> bool {
        self.phase == Phase::Open && time < self.gate
    }
}

choices!(Phase { 0 => Listed, 1 => Open, 2 => Closed, 3 => Delivering, 4 => Settled });
impl Terms {
    /// What so many lots are taken to be worth, in micro-CU: their bond.
    pub(crate) fn value(&self, lots: Lots) -> u128 {
        u128::from(lots.count()) * u128::from(self.bond.micro())
    }
}

fields!(Terms { bond, maker_fee, taker_fee });
fields!(Instrument {
    market,
    class,
    start,
    gate,
    phase,
    mode,
    terms,
    anchor,
    trades,
    issued,
    extinguished,
    reference,
    delivery,
    deliveries,
});
