//! Owner: an account's credit as the auditor counts it, and as the exchange tells it.

use engine::ids::GroupId;

/// An account. Amounts are micro-CU; signed, so that what is less than nothing shows.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) group: GroupId,
    /// All its credit that is not in escrow.
    pub(super) credit: i128,
    /// What its open bids could cost.
    pub(super) held: i128,
    /// What it has at stake.
    pub(super) staked: i128,
    /// What its short lots keep in bond.
    pub(super) bonded: i128,
    /// As the exchange told last.
    pub(super) told: Told,
    /// Number of its last private event.
    pub(super) xseq: u64,
    /// The command that changed it last.
    pub(super) touched: u64,
}

/// Balances that the exchange told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) available: i128,
    pub(super) held: i128,
    pub(super) bonded: i128,
}

impl Told {
    /// All of it.
    pub(super) fn credit(&self) -> i128 {
        self.available + self.held + self.bonded
    }
}

impl Owner {
    pub(super) fn new(group: GroupId) -> Owner {
        let told = Told::default();
        Owner { group, credit: 0, held: 0, staked: 0, bonded: 0, told, xseq: 0, touched: 0 }
    }

    /// What is free to use.
    pub(super) fn available(&self) -> i128 {
        self.credit - self.held - self.bonded
    }
}
