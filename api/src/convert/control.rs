//! Controls on the wire: modes, bands and limits, as operators set them and as traders are told of them.

use engine::control::{self, BandWidth};
use engine::units::{Lots, Price};
use protocol::control::{MarketLimits, SetAccountLimits, TradingMode};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;

use crate::convert::account::amount;
use crate::convert::entry::{self, count, price};
use crate::convert::order::{price_text, quantity};

/// The mode that `set_mode` asks for.
pub fn mode(mode: TradingMode) -> Result<control::TradingMode, ErrorObject> {
    Ok(match mode {
        TradingMode::Open => control::TradingMode::Open,
        TradingMode::PostOnly => control::TradingMode::PostOnly,
        TradingMode::CancelOnly => control::TradingMode::CancelOnly,
        TradingMode::Halted => control::TradingMode::Halted,
        TradingMode::Unknown => {
            let message = "a mode is open, post_only, cancel_only or halted";
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("mode"));
        }
    })
}

/// A mode as traders are told of it.
pub fn mode_told(mode: control::TradingMode) -> TradingMode {
    match mode {
        control::TradingMode::Open => TradingMode::Open,
        control::TradingMode::PostOnly => TradingMode::PostOnly,
        control::TradingMode::CancelOnly => TradingMode::CancelOnly,
        control::TradingMode::Halted => TradingMode::Halted,
    }
}

/// The limits that `set_market_limits` asks for: what is absent is not limited.
pub fn market_limits(limits: &MarketLimits) -> Result<control::MarketLimits, ErrorObject> {
    let MarketLimits { price_min, price_max, band_ppm, order_qty, position_qty, order_notional } = limits;
    let none = control::MarketLimits::NONE;
    Ok(control::MarketLimits {
        price_min: given(price_min, "price_min", price)?.unwrap_or(none.price_min),
        price_max: given(price_max, "price_max", price)?.unwrap_or(none.price_max),
        band: band_ppm.map(band).transpose()?,
        order_lots: given(order_qty, "order_qty", count)?.unwrap_or(none.order_lots),
        position_lots: given(position_qty, "position_qty", count)?.unwrap_or(none.position_lots),
        order_notional: given(order_notional, "order_notional", entry::amount)?
            .unwrap_or(none.order_notional),
    })
}

/// The limits that `set_account_limits` asks for: what is absent is not limited.
pub fn account_limits(params: &SetAccountLimits) -> Result<control::AccountLimits, ErrorObject> {
    let none = control::AccountLimits::NONE;
    Ok(control::AccountLimits {
        open_orders: params.open_orders.unwrap_or(none.open_orders),
        position_lots: given(&params.position_qty, "position_qty", count)?.unwrap_or(none.position_lots),
        order_notional: given(&params.order_notional, "order_notional", entry::amount)?
            .unwrap_or(none.order_notional),
    })
}

/// A market's limits as traders are told of them: those that do not limit are left out.
pub fn limits_told(limits: &control::MarketLimits) -> MarketLimits {
    let control::MarketLimits { price_min, price_max, band, order_lots, position_lots, order_notional } =
        *limits;
    let none = control::MarketLimits::NONE;
    let price = |price: Price, free: Price| (price != free).then(|| price_text(price));
    let lots = |lots: Lots, free: Lots| (lots != free).then(|| quantity(lots));
    MarketLimits {
        price_min: price(price_min, none.price_min),
        price_max: price(price_max, none.price_max),
        band_ppm: band.map(BandWidth::parts),
        order_qty: lots(order_lots, none.order_lots),
        position_qty: lots(position_lots, none.position_lots),
        order_notional: (order_notional < none.order_notional).then(|| amount(order_notional)),
    }
}

/// What a field says, if it is there.
fn given<T>(
    text: &Option<String>,
    field: &str,
    read: impl FnOnce(&str, &str) -> Result<T, ErrorObject>,
) -> Result<Option<T>, ErrorObject> {
    text.as_deref().map(|text| read(text, field)).transpose()
}

fn band(parts: u32) -> Result<BandWidth, ErrorObject> {
    BandWidth::new(parts.into()).ok_or_else(|| {
        let message = "a band is from 1 to 1000000 ppm of the last price";
        ErrorObject::new(ErrorCode::BadValue, message)
            .with_field("band_ppm")
            .with_suggestion("leave it out for no band")
    })
}
