//! Word: a choice as the wire writes it.

use serde::Serialize;

/// The wire's word for `choice`, such as `buy` or `partially_filled`.
pub(crate) fn word(choice: impl Serialize) -> String {
    let value = serde_json::to_value(choice).expect("a choice is a word");
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use protocol::order::{OrderStatus, Side};

    use super::word;

    #[test]
    fn word_is_that_of_the_wire() {
        assert_eq!(word(Side::Buy), "buy");
        assert_eq!(word(OrderStatus::PartiallyFilled), "partially_filled");
    }
}
