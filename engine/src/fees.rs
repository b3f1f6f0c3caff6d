//! Fees: what a trade costs, and what a bid must have ready for it. Every fee rounds down.

use crate::event::Liquidity;
use crate::instrument::Terms;
use crate::units::{Amount, Lots, Ppm, Price};

/// The rate of a trade's maker or taker.
pub fn rate(terms: &Terms, liquidity: Liquidity) -> Ppm {
    match liquidity {
        Liquidity::Maker => terms.maker_fee,
        Liquidity::Taker => terms.taker_fee,
    }
}

/// What an open bid holds: its limit for all lots left, and the higher fee on that.
///
/// A fill of `q` lots frees `bid_hold(limit, leaves) - bid_hold(limit, leaves - q)`, which covers its cost and fee at
/// any price up to the limit, because a floor of a sum is never less than the sum of the floors.
#[inline]
pub fn bid_hold(terms: &Terms, limit: Price, leaves: Lots) -> Amount {
    let cost = limit.cost(leaves);
    cost.plus(terms.fee_max().of(cost))
}
