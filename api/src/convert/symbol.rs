//! Symbols: from text to instruments and markets, and back.

use engine::ids::{ClassId, InstrumentId, MarketId};
use engine::order_filter::OrderFilter;
use engine::symbol::Symbol;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::suggest;

/// Markets among which a nearest name is looked for. The publisher answers everyone, so a wrong name must cost little.
const NAMES_MAX: usize = 64;

/// What stands in a pattern for anything.
pub const ANY: &str = "*";

/// The instrument that a symbol names, or an error of `code` with the nearest symbol there is.
pub fn instrument(view: &View, text: &str, code: ErrorCode) -> Result<InstrumentId, ErrorObject> {
    if let Some(found) = Symbol::parse(text).and_then(|symbol| view.symbol(&symbol)) {
        return Ok(found);
    }
    let error = ErrorObject::new(code, "no listed market has this symbol").with_field("symbol");
    Err(match meant(view, text) {
        Some(symbol) => error.with_suggestion(format!("did you mean {symbol}?")),
        None => error.with_suggestion("the method instruments lists all symbols"),
    })
}

/// The symbol with the nearest market's name and the same window, if there is one.
fn meant(view: &View, text: &str) -> Option<String> {
    let (name, window) = text.rsplit_once('.')?;
    let symbol = format!("{}.{window}", nearest(view, name)?);
    Symbol::parse(&symbol).and_then(|parsed| view.symbol(&parsed)).map(|_| symbol)
}

/// The nearest of the first markets' names.
fn nearest(view: &View, name: &str) -> Option<String> {
    let names: Vec<String> = view.markets().iter().take(NAMES_MAX).map(|market| market.spec.name()).collect();
    suggest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The market of this name, `CLASS.ZONE.TIER`.
pub fn market(view: &View, text: &str) -> Result<MarketId, ErrorObject> {
    // A symbol's first three parts are a market's name: any window makes the name a symbol.
    let named = Symbol::parse(&format!("{text}.1970-01-01T00Z"));
    let same = |symbol: &Symbol| {
        let name = (symbol.class, symbol.zone, symbol.tier);
        view.markets()
            .iter()
            .position(|market| (market.spec.class, market.spec.zone, market.spec.tier) == name)
    };
    if let Some(place) = named.as_ref().and_then(same) {
        return Ok(MarketId(u32::try_from(place).expect("markets are few")));
    }
    let error = ErrorObject::new(ErrorCode::UnknownMarket, "no market has this name");
    Err(match nearest(view, text) {
        Some(name) => error.with_suggestion(format!("did you mean {name}?")),
        None => error.with_suggestion("write it like H100SXM.US-E.FIRM"),
    })
}

/// The class of this name, or an error with the nearest there is.
pub fn class(view: &View, text: &str) -> Result<ClassId, ErrorObject> {
    let names: Vec<String> = view.classes().iter().map(|class| class.name.to_string()).collect();
    if let Some(place) = names.iter().position(|name| name == text) {
        return Ok(ClassId(u32::try_from(place).expect("classes are few")));
    }
    let error = ErrorObject::new(ErrorCode::NoMatch, "no class has this name").with_field("symbol");
    Err(match suggest::nearest(text, names.iter().take(NAMES_MAX).map(String::as_str)) {
        Some(name) => error.with_suggestion(format!("did you mean {name}?")),
        None => error,
    })
}

/// The orders in all instruments that a pattern matches: a symbol with `*` for parts of it. At least one market does.
pub fn pattern(view: &View, text: &str) -> Result<OrderFilter, ErrorObject> {
    let filter = parsed(text).ok_or_else(|| {
        let message = "a pattern is a symbol in which whole parts are *: CLASS.ZONE.TIER.WINDOW";
        ErrorObject::new(ErrorCode::BadValue, message)
            .with_field("symbol")
            .with_suggestion("write it like H100SXM.*.FIRM.*")
    })?;
    let matches = view.markets().iter().any(|market| {
        filter.class.is_none_or(|class| class == market.spec.class)
            && filter.zone.is_none_or(|zone| zone == market.spec.zone)
            && filter.tier.is_none_or(|tier| tier == market.spec.tier)
    });
    if matches {
        return Ok(filter);
    }
    let error = ErrorObject::new(ErrorCode::UnknownSymbol, "no market matches this pattern");
    Err(error.with_field("symbol").with_suggestion("the method instruments lists all symbols"))
}

/// What a pattern's parts say. Every `*` is read as some valid part, so that the whole is read as a symbol.
fn parsed(text: &str) -> Option<OrderFilter> {
    let parts: Vec<&str> = text.splitn(4, '.').collect();
    let [class, zone, tier, window] = parts[..] else { return None };
    let or = |part: &'static str, given| if given == ANY { part } else { given };
    let filled = [or("ANY", class), or("ANY", zone), or("FIRM", tier), or("1970-01-01T00Z", window)];
    let symbol = Symbol::parse(&filled.join("."))?;
    Some(OrderFilter {
        class: (class != ANY).then_some(symbol.class),
        zone: (zone != ANY).then_some(symbol.zone),
        tier: (tier != ANY).then_some(symbol.tier),
        start: (window != ANY).then_some(symbol.start),
        ..OrderFilter::default()
    })
}

/// The symbol of an instrument that the view knows.
pub fn text(view: &View, instrument: InstrumentId) -> String {
    let listed = view.instrument(instrument).expect("events name listed instruments");
    listed.symbol.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_pattern_is_exact_or_anything() {
        let symbol = Symbol::parse("H100SXM.US-E.INT.2026-11-23T14Z").unwrap();
        let exact = parsed("H100SXM.US-E.INT.2026-11-23T14Z").unwrap();
        let Symbol { class, zone, tier, start, .. } = symbol;
        let all = OrderFilter {
            class: Some(class),
            zone: Some(zone),
            tier: Some(tier),
            start: Some(start),
            ..OrderFilter::default()
        };
        assert_eq!(exact, all);
        assert_eq!(parsed("*.*.*.*"), Some(OrderFilter::default()));
        assert_eq!(parsed("*.US-E.INT.2026-11-23T14Z"), Some(OrderFilter { class: None, ..all }));
        assert_eq!(parsed("H100SXM.*.INT.2026-11-23T14Z"), Some(OrderFilter { zone: None, ..all }));
        assert_eq!(parsed("H100SXM.US-E.*.2026-11-23T14Z"), Some(OrderFilter { tier: None, ..all }));
        assert_eq!(parsed("H100SXM.US-E.INT.*"), Some(OrderFilter { start: None, ..all }));
        for wrong in ["", "*", "H100SXM.*", "*.*.*", "H100*.*.*.*", "*.*.SOFT.*", "*.*.*.2026", "*.*.*.*.*"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
