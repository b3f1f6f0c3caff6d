//! Symbols: from text to instrument and back.

use engine::ids::InstrumentId;
use engine::symbol::Symbol;
use engine::view::View;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::suggest;

/// The instrument that a symbol names, or an error of `code` with the nearest symbol there is.
pub fn instrument(view: &View, text: &str, code: ErrorCode) -> Result<InstrumentId, ErrorObject> {
    if let Some(found) = Symbol::parse(text).and_then(|symbol| view.symbol(&symbol)) {
        return Ok(found);
    }
    let names: Vec<String> = view.instruments().map(|(_, listed)| listed.symbol.to_string()).collect();
    let error = ErrorObject::new(code, "no listed market has this symbol").with_field("symbol");
    Err(match suggest::did_you_mean(text, names.iter().map(String::as_str)) {
        Some(suggestion) => error.with_suggestion(suggestion),
        None => error.with_suggestion("the method instruments lists all symbols"),
    })
}

/// The symbol of an instrument that the view knows.
pub fn text(view: &View, instrument: InstrumentId) -> String {
    let listed = view.instrument(instrument).expect("events name listed instruments");
    listed.symbol.to_string()
}
