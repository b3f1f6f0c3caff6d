//! Instruments and markets on the wire.

use engine::instrument::Phase;
use engine::market::{self, MarketSpec};
use engine::symbol::{self, ClassName, ZoneName};
use engine::units::{Amount, Ppm};
use engine::view::{InstrumentView, View};
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::instrument::{Instrument, MarketState, Tier};
use protocol::operator::{AddMarket, SelfTrade};
use protocol::time::Time;

/// An instrument as clients see it.
pub fn wire(view: &View, listed: &InstrumentView) -> Instrument {
    let spec = view.market(listed.market).expect("an instrument has a market");
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
            Phase::Open => MarketState::Open,
            Phase::Closed => MarketState::Closed,
        },
        bond: decimal::print(spec.bond.micro(), Scale::Amount),
        maker_fee_ppm: spec.maker_fee.parts(),
        taker_fee_ppm: spec.taker_fee.parts(),
    }
}

/// The settings that `add_market` asks for.
pub fn spec(params: &AddMarket) -> Result<MarketSpec, ErrorObject> {
    let fee = |parts: u32, field: &str| {
        Ppm::new(parts.into()).ok_or_else(|| bad_value(field, "a fee is at most 100000 ppm, a tenth"))
    };
    Ok(MarketSpec {
        bond: Amount::new(decimal::parse(&params.bond, Scale::Amount, "bond")?),
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
        window_seconds: params.window_s,
        windows: params.windows,
        gate_seconds: params.gate_s,
        maker_fee: fee(params.maker_fee_ppm, "maker_fee_ppm")?,
        taker_fee: fee(params.taker_fee_ppm, "taker_fee_ppm")?,
    })
}

fn bad_value(field: &str, message: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::BadValue, message).with_field(field)
}
