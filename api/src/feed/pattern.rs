//! Pattern: a symbol in which parts are left open: `H100SXM.US-E.*.*`, `H100SXM.*`, `*.*.FIRM.2026-11-23*`.

use engine::ids::{InstrumentId, index};
use engine::market::MarketSpec;
use engine::view::{InstrumentView, View};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::suggest;

/// What stands for anything.
const ANY: char = '*';
/// Parts of a symbol: class, zone, tier, window.
const PARTS: usize = 4;
/// Characters of the longest pattern: more than any symbol has.
const CHARS_MAX: usize = 64;

/// A symbol in which parts are left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern([Part; PARTS]);

/// What a part of a symbol has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// This text and nothing else.
    Exact(Box<str>),
    /// Anything that begins with this.
    Prefix(Box<str>),
}

impl Part {
    fn parse(text: &str) -> Option<Part> {
        match text.split_once(ANY) {
            None if text.is_empty() => None,
            None => Some(Part::Exact(text.into())),
            Some((start, "")) => Some(Part::Prefix(start.into())),
            Some(_) => None,
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Part::Exact(exact) => **exact == *text,
            Part::Prefix(start) => text.starts_with(&**start),
        }
    }

    fn is_any(&self) -> bool {
        *self == Part::Prefix("".into())
    }
}

impl Pattern {
    /// Whether a symbol's text is meant as a pattern.
    pub(super) fn is_meant(text: &str) -> bool {
        text.contains(ANY)
    }

    /// Reads a pattern: at most four parts, each a text, a text that ends in `*`, or `*`. A last part `*` stands for all
    /// parts that are left.
    pub(super) fn parse(text: &str) -> Result<Pattern, ErrorObject> {
        let wrong = || {
            let message =
                "a pattern is CLASS.ZONE.TIER.WINDOW, each part a name, the beginning of one and *, or *";
            let error = ErrorObject::new(ErrorCode::BadValue, message).with_field("symbol");
            error.with_suggestion("write it like H100SXM.US-E.* or H100SXM.*.FIRM.2026-11-23*")
        };
        if CHARS_MAX < text.len() {
            return Err(wrong());
        }
        let parts: Option<Vec<Part>> = text.split('.').map(Part::parse).collect();
        let mut parts = parts.ok_or_else(wrong)?;
        let open = parts.last().is_some_and(Part::is_any);
        if PARTS < parts.len() || parts.len() < PARTS && !open {
            return Err(wrong());
        }
        parts.resize(PARTS, Part::Prefix("".into()));
        Ok(Pattern(<[Part; PARTS]>::try_from(parts).expect("there are as many parts as it takes")))
    }

    /// Whether it matches a market's windows, whichever they are.
    pub(super) fn has_market(&self, spec: &MarketSpec) -> bool {
        let [class, zone, tier, _] = &self.0;
        class.matches(&spec.class.to_string())
            && zone.matches(&spec.zone.to_string())
            && tier.matches(&spec.tier.to_string())
    }

    /// Whether it matches the window of an instrument whose market it matches.
    pub(super) fn has_window(&self, listed: &InstrumentView) -> bool {
        let window = &self.0[PARTS - 1];
        window.is_any() || window.matches(window_of(&listed.symbol.to_string()))
    }

    /// Every listed instrument that it matches.
    pub(super) fn found(&self, view: &View) -> Vec<InstrumentId> {
        let markets: Vec<bool> = view.markets().iter().map(|market| self.has_market(&market.spec)).collect();
        let in_market = |listed: &InstrumentView| markets[index(listed.market.0)];
        let listed = view.current_instruments();
        let found = listed.filter(|(_, listed)| in_market(listed) && self.has_window(listed));
        found.map(|(instrument, _)| instrument).collect()
    }

    /// That it matches nothing, with the nearest class if its own does not exist.
    pub(super) fn no_match(&self, view: &View, text: &str) -> ErrorObject {
        let error = ErrorObject::new(ErrorCode::NoMatch, format!("no instrument matches {text}"));
        let error = error.with_field("symbol");
        let Part::Exact(class) = &self.0[0] else { return error };
        let names: Vec<String> = view.classes().iter().map(|class| class.name.to_string()).collect();
        match suggest::nearest(class, names.iter().map(String::as_str)) {
            Some(near) if *near != **class => error.with_suggestion(format!("did you mean {near}?")),
            _ => error,
        }
    }
}

/// The last part of a symbol.
fn window_of(symbol: &str) -> &str {
    symbol.rsplit('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_texts_beginnings_or_anything() {
        let part = |text: &str| Part::parse(text).unwrap();
        for (text, parts) in [
            ("*", ["*", "*", "*", "*"]),
            ("H100SXM.*", ["H100SXM", "*", "*", "*"]),
            ("*.US-E.*", ["*", "US-E", "*", "*"]),
            ("H100*.*.FIRM.2026-11-23*", ["H100*", "*", "FIRM", "2026-11-23*"]),
            ("A.B.C.*", ["A", "B", "C", "*"]),
        ] {
            assert_eq!(Pattern::parse(text), Ok(Pattern(parts.map(part))), "{text}");
        }
        for wrong in ["", ".", "H100SXM", "A.B*", "A.*B.*", "*.*.*.*.*", "A..*", "**", &"A".repeat(65)] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_part_matches_whole_or_from_its_beginning() {
        let matches = |part: &str, text: &str| Part::parse(part).unwrap().matches(text);
        assert!(matches("H100SXM", "H100SXM") && !matches("H100SXM", "H100SXMX"));
        assert!(matches("H100*", "H100SXM") && !matches("H200*", "H100SXM"));
        assert!(matches("*", "") && matches("*", "anything"));
    }
}
