//! History: bytes are read as a value of the history. Whatever is accepted must be what it is written as.

use engine::ids::{AccountId, InstrumentId};
use journal::history::{codec, page};

/// Reads the bytes behind the first one, which says as what. Panics when they are accepted and written in another way.
pub fn history(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 3 {
        0 => {
            if let Ok(symbol) = codec::symbol_of(bytes) {
                assert_eq!(codec::symbol(&symbol), bytes);
            }
        }
        1 => {
            if let Ok(events) = codec::events(AccountId(1), bytes) {
                assert_eq!(page::of_events(&events), bytes);
            }
        }
        _ => {
            if let Ok(trades) = codec::trades(InstrumentId(1), bytes) {
                assert_eq!(page::of_trades(&trades), bytes);
            }
        }
    }
}
