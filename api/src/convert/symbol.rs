//! Symbols: from text to instrument and back.

use engine::ids::InstrumentId;
use engine::symbol::Symbol;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::suggest;

/// Markets among which a nearest name is looked for. The publisher answers everyone, so a wrong name must cost little.
const NAMES_MAX: usize = 64;

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
    let names: Vec<String> = view.markets().iter().take(NAMES_MAX).map(|market| market.name()).collect();
    let nearest = suggest::nearest(name, names.iter().map(String::as_str))?;
    let symbol = format!("{nearest}.{window}");
    Symbol::parse(&symbol).and_then(|parsed| view.symbol(&parsed)).map(|_| symbol)
}

/// The symbol of an instrument that the view knows.
pub fn text(view: &View, instrument: InstrumentId) -> String {
    let listed = view.instrument(instrument).expect("events name listed instruments");
    listed.symbol.to_string()
}
