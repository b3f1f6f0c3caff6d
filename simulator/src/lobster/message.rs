//! Message: one event of the recorded exchange.

use engine::order::Side;
use engine::stamp::Time;
use engine::units::{Lots, Price};

use crate::lobster::SampleError;
use crate::lobster::line::Line;

/// Seconds of a day: times count from midnight.
const DAY_SECONDS: u64 = 86_400;

/// The number of an order in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId(pub(crate) u64);

impl FileId {
    /// All that rested at a price before the recording began, as one order. Older than every other.
    pub(crate) const EARLIER: FileId = FileId(0);
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It came into the book (type 1).
    Entered,
    /// It got smaller (type 2).
    Reduced,
    /// It was deleted (type 3).
    Deleted,
    /// It was executed, in whole or in part (type 4).
    Executed,
    /// An order that nobody could see was executed (type 5).
    Hidden,
}

/// What happened to which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) order: FileId,
    /// Lots entered, taken off, or executed.
    pub(crate) lots: Lots,
    /// The order's limit.
    pub(crate) price: Price,
    /// The order's side, which is not the aggressor's.
    pub(crate) side: Side,
}

/// One line of the message file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Since midnight of the recorded day.
    pub(crate) time: Time,
    /// None for an auction's print or a halt (types 6 and 7), which name no order of the visible book.
    pub(crate) change: Option<Change>,
}

impl Message {
    /// Reads a line: time, type, order id, size, price, direction.
    pub(super) fn read(line: &Line<'_>) -> Result<Message, SampleError> {
        if line.fields() != 6 {
            return Err(line.wrong_shape("6 fields: time, type, order id, size, price, direction"));
        }
        let time = time(line.text(0)).ok_or_else(|| {
            line.wrong(0, "time", "seconds after midnight, below 86400, such as 34200.000000001")
        })?;
        let kind = match line.text(1) {
            "1" => Kind::Entered,
            "2" => Kind::Reduced,
            "3" => Kind::Deleted,
            "4" => Kind::Executed,
            "5" => Kind::Hidden,
            "6" | "7" => return Ok(Message { time, change: None }),
            _ => return Err(line.wrong(1, "type", "a number from 1 to 7")),
        };
        Ok(Message { time, change: Some(Change::read(line, kind)?) })
    }
}

impl Change {
    fn read(line: &Line<'_>, kind: Kind) -> Result<Change, SampleError> {
        // Hidden orders have no id; every other line names an order.
        let order = line.text(2).parse().ok().filter(|order| 0 < *order || kind == Kind::Hidden);
        let order = order.ok_or_else(|| line.wrong(2, "order id", "a whole number above zero"))?;
        let lots = line.text(3).parse().ok().and_then(Lots::new).filter(|lots| !lots.is_zero());
        let lots = lots.ok_or_else(|| line.wrong(3, "size", "a whole number from 1 to 10,000,000"))?;
        let price = line.price(4, "price")?;
        let side = match line.text(5) {
            "1" => Side::Bid,
            "-1" => Side::Ask,
            _ => return Err(line.wrong(5, "direction", "1 (buy) or -1 (sell)")),
        };
        Ok(Change { kind, order: FileId(order), lots, price, side })
    }
}

/// Reads `34200.004241176`: seconds and nanoseconds. A few files carry more decimals, left by somebody's floating
/// point; they are dropped.
fn time(text: &str) -> Option<Time> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) {
        return None;
    }
    let seconds = seconds.parse().ok().filter(|seconds| *seconds < DAY_SECONDS)?;
    let nanos: u64 = format!("{decimals:0<9.9}").parse().ok()?;
    Some(Time::from_seconds(seconds).after(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_nanoseconds() {
        assert_eq!(time("34200.00426064"), Some(Time(34_200_004_260_640)));
        assert_eq!(time("35821.088778456004"), Some(Time(35_821_088_778_456)));
        assert_eq!(time("0"), Some(Time(0)));
        for text in ["", ".5", "1.", "86400.0", "-1.0", "+1.5", "1.5e3"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
