//! Snapshot: the recorded exchange's own book after a message.

use engine::order::Side;
use engine::units::Price;

use crate::lobster::SampleError;
use crate::lobster::line::Line;

/// A price and the lots there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) price: Price,
    pub(crate) lots: u32,
}

/// The best levels of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// How many levels of each side the file gives.
    pub(crate) levels: usize,
    bids: Vec<Quote>,
    asks: Vec<Quote>,
}

impl Snapshot {
    /// Reads a line: ask price, ask size, bid price, bid size, and again for each further level.
    pub(super) fn read(line: &Line<'_>) -> Result<Snapshot, SampleError> {
        let levels = line.fields() / 4;
        if !line.fields().is_multiple_of(4) {
            return Err(
                line.wrong_shape("four fields for each level: ask price, ask size, bid price, bid size")
            );
        }
        let mut snapshot = Snapshot { levels, bids: Vec::new(), asks: Vec::new() };
        for level in 0..levels {
            snapshot.asks.extend(quote(line, level * 4, "ask")?);
            snapshot.bids.extend(quote(line, level * 4 + 2, "bid")?);
        }
        Ok(snapshot)
    }

    /// Whether the best bid would meet the best ask.
    pub(crate) fn is_crossed(&self) -> bool {
        match (self.bids.first(), self.asks.first()) {
            (Some(bid), Some(ask)) => ask.price <= bid.price,
            _ => false,
        }
    }

    /// A side, best level first.
    pub(crate) fn side(&self, side: Side) -> &[Quote] {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }
}

/// The quote whose price is field `at`; none where LOBSTER fills up with dummies.
fn quote(line: &Line<'_>, at: usize, side: &str) -> Result<Option<Quote>, SampleError> {
    let level = at / 4 + 1;
    if line.text(at).trim_start_matches('-') == "9999999999" && line.text(at + 1) == "0" {
        return Ok(None);
    }
    let price = line.price(at, &format!("{side} price {level}"))?;
    let lots = line.text(at + 1).parse().ok().filter(|lots| 0 < *lots);
    let lots = lots.ok_or_else(|| {
        line.wrong(at + 1, &format!("{side} size {level}"), "a whole number above zero, below 2^32")
    })?;
    Ok(Some(Quote { price, lots }))
}
