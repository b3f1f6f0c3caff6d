//! Instruments and markets on the wire.

use engine::control::{MarketLimits, ModeScope, TradingMode};
use engine::event::Event;
use engine::ids::{InstrumentId, MarketId};
use engine::instrument::Phase;
use engine::market::{self, MarketSpec};
use engine::symbol::{self, ClassName, ZoneName};
use engine::units::Ppm;
use engine::view::{InstrumentView, View};
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::instrument::{Instrument, MarketState, Tier};
use protocol::operator::{AddMarket, BondRule, SelfTrade};
use protocol::time::Time;

use crate::convert::account::amount;
use crate::convert::{control, entry};

/// What an instrument takes from its market and the venue.
#[derive(Clone, Debug)]
pub struct Surroundings {
    spec: MarketSpec,
    limits: MarketLimits,
    /// The stricter of market and venue.
    mode: TradingMode,
}

impl Surroundings {
    /// Those of a market's instruments.
    pub fn of(view: &View, market: MarketId) -> Surroundings {
        let market = view.market(market).expect("an instrument has a market");
        Surroundings { spec: market.spec, limits: market.limits, mode: view.mode().max(market.mode) }
    }
}

/// An instrument as clients see it.
pub fn wire(market: &Surroundings, listed: &InstrumentView) -> Instrument {
    let spec = &market.spec;
    Instrument {
        symbol: listed.symbol.to_string(),
        class: spec.class.to_string(),
        zone: spec.zone.to_string(),
        tier: match spec.tier {
            symbol::Tier::Firm => Tier::Firm,
            symbol::Tier::Interruptible => Tier::Int,
        },
        window: [Time::from_ns(listed.start.0), Time::from_ns(listed.end.0)],
        gate: Time::from_ns(listed.gate.0),
        tick: decimal::print(1, Scale::Price),
        lot: decimal::print(1, Scale::Quantity),
        state: match listed.phase {
            Phase::Listed => MarketState::Listed,
            Phase::Open => MarketState::Open,
            Phase::Closed => MarketState::Closed,
            Phase::Delivering => MarketState::Delivering,
            Phase::Settled => MarketState::Settled,
        },
        mode: control::mode_told(market.mode.max(listed.mode)),
        limits: control::limits_told(&market.limits),
        bond: amount(listed.terms.bond),
        maker_fee_ppm: listed.terms.maker_fee.parts(),
        taker_fee_ppm: listed.terms.taker_fee.parts(),
    }
}

/// The instruments that look different after an event, those that are told of anyway.
pub fn changed(view: &View, event: &Event) -> Vec<InstrumentId> {
    let of = |market: Option<MarketId>| {
        let current = view.current_instruments();
        let chosen = current.filter(|(_, listed)| market.is_none_or(|market| market == listed.market));
        chosen.map(|(instrument, _)| instrument).collect()
    };
    match *event {
        Event::InstrumentListed { instrument, .. }
        | Event::InstrumentOpened { instrument, .. }
        | Event::InstrumentClosed { instrument }
        | Event::InstrumentDelivering { instrument, .. }
        | Event::InstrumentSettled { instrument }
        | Event::ModeSet { scope: ModeScope::Instrument(instrument), .. } => vec![instrument],
        Event::ModeSet { scope: ModeScope::Market(market), .. } | Event::MarketLimitsSet { market, .. } => {
            of(Some(market))
        }
        Event::ModeSet { scope: ModeScope::Venue, .. } => of(None),
        _ => Vec::new(),
    }
}

/// The settings that `add_market` asks for.
pub fn spec(params: &AddMarket) -> Result<MarketSpec, ErrorObject> {
    let fee = |parts: u32, field: &str| {
        Ppm::new(parts.into()).ok_or_else(|| bad_value(field, "a fee is at most 100000 ppm, a tenth"))
    };
    Ok(MarketSpec {
        bond: entry::amount(&params.bond, "bond")?,
        class: ClassName::new(&params.class)
            .ok_or_else(|| bad_value("class", "a class is 1 to 12 of A-Z 0-9 -"))?,
        zone: ZoneName::new(&params.zone)
            .ok_or_else(|| bad_value("zone", "a zone is 1 to 8 of A-Z 0-9 -"))?,
        tier: match params.tier {
            Tier::Firm => symbol::Tier::Firm,
            Tier::Int => symbol::Tier::Interruptible,
            Tier::Unknown => return Err(bad_value("tier", "a tier is firm or int")),
        },
        self_trade: match params.self_trade {
            SelfTrade::Prevent => market::SelfTrade::Prevented,
            SelfTrade::Allow => market::SelfTrade::Allowed,
        },
        bond_rule: match params.bond_rule.unwrap_or(BondRule::Fixed) {
            BondRule::Fixed => market::BondRule::Fixed,
            BondRule::Reference => market::BondRule::Reference,
        },
        window_seconds: params.window_s,
        windows: params.windows,
        windows_ahead: params.windows_ahead.unwrap_or(0),
        gate_seconds: params.gate_s,
        maker_fee: fee(params.maker_fee_ppm, "maker_fee_ppm")?,
        taker_fee: fee(params.taker_fee_ppm, "taker_fee_ppm")?,
    })
}

fn bad_value(field: &str, message: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::BadValue, message).with_field(field)
}
