//! Shares: what a delivery's slots are worth: escrow, cover and the rest of the bond, and each slot's part of them.
//!
//! With `e` the price per lot in escrow, `R` the last reference rate at or before the gate (`e` when it was withheld) and
//! `u` a quarter (nothing after an announced maintenance): `E = lots x e`, `X = lots x min(b, floor(max(e, R)(1 + u)) - e)`,
//! `Y = lots x b - X`. Slot `i` of an amount `A` is `floor(A (i + 1) / 12) - floor(A i / 12)`, so that parts add up.

use crate::delivery::slot::{SLOTS, SlotNumber};
use crate::units::{Amount, Lots, Price, Volume};

/// What a replacement may cost above the price, in parts per million: a quarter.
const SURCHARGE_PPM: u64 = 250_000;
const MILLION: u64 = 1_000_000;

/// Three amounts: of a whole delivery, or of one slot of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// What the buyer paid.
    pub escrow: Amount,
    /// The part of the bond that covers a replacement.
    pub cover: Amount,
    /// What else is in bond.
    pub rest: Amount,
    /// What a replacement may cost more than price and bond: nobody owes it, but a slash pays it.
    pub uncovered: Amount,
}

/// What decides a delivery's shares.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    /// Price per lot in escrow.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// Bond per lot.
    pub bond: Amount,
    /// The reference rate at the gate; none when it was withheld.
    pub reference: Option<Price>,
    /// Whether maintenance was announced in time: a replacement then costs no surcharge.
    pub maintained: bool,
}

impl Shares {
    /// What a whole delivery is worth.
    pub fn of(basis: &Basis) -> Shares {
        let &Basis { price, lots, bond, reference, maintained } = basis;
        let one = Lots::new(1).expect("one lot is within bounds");
        let paid = price.cost(one).micro();
        let dearer = reference.map_or(price, |reference| price.max(reference)).cost(one).micro();
        let surcharge = if maintained { 0 } else { SURCHARGE_PPM };
        let replacement = dearer * (MILLION + surcharge) / MILLION;
        let loss = Amount::new(replacement - paid);
        let cover = bond.min(loss);
        let times = |amount: Amount| {
            amount.times(Volume::ZERO.plus(lots)).expect("bonds were checked when asked for")
        };
        Shares {
            escrow: price.cost(lots),
            cover: times(cover),
            rest: times(bond.less(cover)),
            uncovered: times(loss.less(cover)),
        }
    }

    /// A slot's part of them.
    pub fn slot(&self, slot: SlotNumber) -> Shares {
        let part =
            |whole| until(whole, u64::from(slot.number()) + 1).less(until(whole, slot.number().into()));
        Shares {
            escrow: part(self.escrow),
            cover: part(self.cover),
            rest: part(self.rest),
            uncovered: part(self.uncovered),
        }
    }

    /// All that is in bond.
    pub fn bond(&self) -> Amount {
        self.cover.plus(self.rest)
    }
}

/// `floor(whole x slots / 12)`, without overflow.
fn until(whole: Amount, slots: u64) -> Amount {
    let all = u64::try_from(SLOTS).expect("a window has few slots");
    Amount::new(whole.micro() / all * slots + whole.micro() % all * slots / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(price: u64, lots: u64, bond: u64) -> Basis {
        Basis {
            price: Price::new(price).unwrap(),
            lots: Lots::new(lots).unwrap(),
            bond: Amount::new(bond),
            reference: None,
            maintained: false,
        }
    }

    #[test]
    fn slots_add_up_to_the_whole() {
        for (price, lots, bond) in [(1, 1, 1), (10_001, 7, 333_333), (1_000_000_000, 10_000_000, 7)] {
            let whole = Shares::of(&basis(price, lots, bond));
            let sum = SlotNumber::all().map(|slot| whole.slot(slot)).fold([0; 3], |sum, part| {
                [sum[0] + part.escrow.micro(), sum[1] + part.cover.micro(), sum[2] + part.rest.micro()]
            });
            assert_eq!(sum, [whole.escrow.micro(), whole.cover.micro(), whole.rest.micro()]);
            assert_eq!(whole.bond().micro(), lots * bond);
        }
    }

    #[test]
    fn the_cover_is_what_a_replacement_costs_more() {
        // 1.0000 CU paid, a bond of 0.5 CU.
        let cheap = basis(10_000, 2, 500_000);
        assert_eq!(Shares::of(&cheap).cover.micro(), 2 * 250_000);
        let dear = Basis { reference: Price::new(12_000), ..cheap };
        assert_eq!(Shares::of(&dear).cover.micro(), 2 * 500_000, "at most the bond");
        let announced = Basis { maintained: true, ..dear };
        assert_eq!(Shares::of(&announced).cover.micro(), 2 * 200_000);
        let lower = Basis { reference: Price::new(5_000), ..announced };
        assert_eq!(Shares::of(&lower).cover, Amount::ZERO, "a rate below the price covers nothing");
    }
}
