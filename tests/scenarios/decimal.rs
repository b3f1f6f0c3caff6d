//! Decimal: credits, prices and seconds as people write them.

use engine::units::{Amount, Price, TICK};

/// Reads `12.5` as 12,500,000 when there are six places; `None` for anything else.
pub(crate) fn decimal(text: &str, places: usize) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || places < part.len() {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// Reads CU.
pub(crate) fn amount(text: &str) -> Option<Amount> {
    decimal(text, 6).map(Amount::new)
}

/// Reads a price in CU per lot.
pub(crate) fn price(text: &str) -> Option<Price> {
    Price::new(decimal(text, 4)?)
}

/// Reads seconds with an optional sign, such as `+5s`, into nanoseconds and whether they lie in the past.
pub(crate) fn span(text: &str) -> Option<(u64, bool)> {
    let past = text.starts_with('-');
    let seconds = text.trim_start_matches(['+', '-']).strip_suffix('s')?;
    Some((decimal(seconds, 9)?, past))
}

/// A price in CU per lot, with all its places.
pub(crate) fn written(price: Price) -> String {
    let per_credit = 1_000_000 / TICK.micro();
    let ticks = u64::from(price.ticks());
    format!("{}.{:04}", ticks / per_credit, ticks % per_credit)
}
