//! Fees: what a trade costs, and what a bid must have ready for it. Every fee rounds down.

use crate::event::Liquidity;
use crate::market::MarketSpec;
use crate::units::{Amount, Lots, Ppm, Price};

/// The rate of a trade's maker or taker.
pub fn rate(spec: &MarketSpec, liquidity: Liquidity) -> Ppm {
    match liquidity {
        Liquidity::Maker => spec.maker_fee,
        Liquidity::Taker => spec.taker_fee,
    }
}

/// What an open bid holds: its limit for all lots left, and the higher fee on that.
///
/// A fill of `q` lots frees `bid_hold(limit, leaves) - bid_hold(limit, leaves - q)`, which covers its cost and fee at
/// any price up to the limit, because a floor of a sum is never less than the sum of the floors.
pub fn bid_hold(spec: &MarketSpec, limit: Price, leaves: Lots) -> Amount {
    let cost = limit.cost(leaves);
    cost.plus(spec.fee_max().of(cost))
}
