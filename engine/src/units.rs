//! Units: prices, lots and amounts, with only the arithmetic that makes sense.
//!
//! One lot is one GPU for one delivery window. Money is counted in micro-CU, prices in ticks of 100 micro-CU per
//! lot. The bounds are chosen so that a full order at the highest price, with its fee, fits in 64 bits.

use std::fmt;

/// Micro-CU in one tick: 0.0001 CU.
pub const TICK: Amount = Amount(100);

/// A price in ticks of 100 micro-CU per lot, from 1 to 10^9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(u32);

impl Price {
    /// The highest price: 10^9 ticks, 100,000 CU per lot.
    pub const MAX: Price = Price(1_000_000_000);

    /// The lowest price: one tick.
    pub const MIN: Price = Price(1);

    /// Returns `None` unless `1 <= ticks <= 10^9`.
    pub fn new(ticks: u64) -> Option<Price> {
        let price = Price(u32::try_from(ticks).ok()?);
        (0 < ticks && price <= Price::MAX).then_some(price)
    }

    /// The price in ticks.
    pub const fn ticks(self) -> u32 {
        self.0
    }

    /// What `lots` cost at this price. Cannot overflow: see the assertion below.
    pub fn cost(self, lots: Lots) -> Amount {
        Amount(u64::from(self.0) * u64::from(lots.0) * TICK.0)
    }
}

/// A number of lots in one order, trade or obligation, from 0 to 10^7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lots(u32);

impl Lots {
    /// No lots.
    pub const ZERO: Lots = Lots(0);
    /// The most lots in one order: 10^7.
    pub const MAX: Lots = Lots(10_000_000);

    /// Returns `None` above 10^7.
    pub fn new(lots: u64) -> Option<Lots> {
        let lots = Lots(u32::try_from(lots).ok()?);
        (lots <= Lots::MAX).then_some(lots)
    }

    /// The plain number.
    pub const fn count(self) -> u32 {
        self.0
    }

    /// Whether there are none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What is left after `other` is taken off; panics when `other` is more.
    pub fn less(self, other: Lots) -> Lots {
        Lots(self.0.checked_sub(other.0).expect("only lots that are there are taken"))
    }

    /// This and `other` together; panics above 10^7.
    pub fn plus(self, other: Lots) -> Lots {
        let sum = Lots(self.0 + other.0);
        assert!(sum <= Lots::MAX, "parts of one order never exceed an order");
        sum
    }
}

// A full order at the highest price, with a fee of a tenth, still fits: `Price::cost` cannot overflow.
const _: () = {
    let highest = Amount(1_000_000_000 * 10_000_000 * TICK.0);
    assert!(Price::MAX.0 == 1_000_000_000 && Lots::MAX.0 == 10_000_000);
    assert!(highest.0 / 10 * 11 < Amount::SUPPLY_MAX.0);
};

/// Lots of many orders together, such as a level's depth or an account's open sells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume(u64);

impl Volume {
    /// No lots.
    pub const ZERO: Volume = Volume(0);

    /// The plain number.
    pub const fn count(self) -> u64 {
        self.0
    }

    /// Whether there is none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// With `lots` added.
    pub fn plus(self, lots: Lots) -> Volume {
        Volume(self.0 + u64::from(lots.0))
    }

    /// With `lots` taken off; panics when there are fewer.
    pub fn less(self, lots: Lots) -> Volume {
        Volume(self.0.checked_sub(u64::from(lots.0)).expect("only lots that are there are taken"))
    }
}

/// An amount of credit in micro-CU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// The most that may ever be issued; every balance is below it, so sums of balances cannot overflow.
    pub const SUPPLY_MAX: Amount = Amount(9_000_000_000_000_000_000);

    /// An amount of so many micro-CU.
    pub const fn new(micro: u64) -> Amount {
        Amount(micro)
    }

    /// The amount in micro-CU.
    pub const fn micro(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This and `other` together, or `None` above [`Amount::SUPPLY_MAX`].
    pub fn within_supply(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount).filter(|sum| *sum <= Amount::SUPPLY_MAX)
    }

    /// This and `other` together.
    pub fn plus(self, other: Amount) -> Amount {
        Amount(self.0.checked_add(other.0).expect("sums of balances stay within the supply"))
    }

    /// What is left after `other` is taken; panics when `other` is more.
    pub fn less(self, other: Amount) -> Amount {
        Amount(self.0.checked_sub(other.0).expect("only what is there is taken"))
    }

    /// This amount for each of `lots`; `None` on overflow.
    pub fn times(self, lots: Volume) -> Option<Amount> {
        self.0.checked_mul(lots.0).map(Amount)
    }
}

impl fmt::Display for Amount {
    /// Six decimals of CU, such as `1.250000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A rate in parts per million, at most 100,000 (a tenth).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(u32);

impl Ppm {
    /// The highest rate: a tenth.
    pub const MAX: Ppm = Ppm(100_000);

    /// Returns `None` above a tenth.
    pub fn new(parts: u64) -> Option<Ppm> {
        let rate = Ppm(u32::try_from(parts).ok()?);
        (rate <= Ppm::MAX).then_some(rate)
    }

    /// Parts per million.
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// This share of `amount`, rounded down.
    pub fn of(self, amount: Amount) -> Amount {
        // Whole CU and the rest apart: exact, and every product fits in 64 bits.
        let rate = u64::from(self.0);
        Amount(amount.0 / 1_000_000 * rate + amount.0 % 1_000_000 * rate / 1_000_000)
    }
}

wraps!(Volume, Amount);
checked!(Price as u32, "a price is 1 to 10^9 ticks"; Price::ticks, |ticks: u32| Price::new(ticks.into()));
checked!(Lots as u32, "lots are at most 10^7"; Lots::count, |lots: u32| Lots::new(lots.into()));
checked!(Ppm as u32, "a fee is at most a tenth"; Ppm::parts, |parts: u32| Ppm::new(parts.into()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_rounds_down_and_equals_wide_arithmetic() {
        for (amount, rate) in [
            (0_u64, 5_u32),
            (1, 100_000),
            (999_999, 1),
            (7_995_200, 500),
            (1_000_000_000_000_000_000, 99_999),
        ] {
            let wide = u128::from(amount) * u128::from(rate) / 1_000_000;
            let share = Ppm::new(u64::from(rate)).unwrap().of(Amount::new(amount));
            assert_eq!(u128::from(share.micro()), wide);
        }
    }

    #[test]
    fn bounds_are_checked_once() {
        assert_eq!(Price::new(0), None);
        assert_eq!(Price::new(1_000_000_001), None);
        assert_eq!(Price::new(u64::MAX), None);
        assert_eq!(Lots::new(10_000_001), None);
        assert_eq!(Lots::new(0), Some(Lots::ZERO));
        assert_eq!(Amount::SUPPLY_MAX.within_supply(Amount::new(1)), None);
        assert_eq!(Ppm::new(100_001), None);
    }
}
