//! Level: one price of a book and the lots there.

use protocol::decimal::{self, Scale};

/// A price and the lots that rest there, as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price in ticks of 0.0001 CU.
    pub ticks: u64,
    /// Lots.
    pub lots: u64,
}

impl Level {
    /// The price in CU, as the wire writes it.
    pub fn price(self) -> String {
        decimal::print(self.ticks, Scale::Price)
    }

    /// The lots, as the wire writes them.
    pub fn qty(self) -> String {
        decimal::print(self.lots, Scale::Quantity)
    }
}
