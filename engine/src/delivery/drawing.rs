//! Drawing: who delivers to whom. Behind the gate, obligations meet claims.
//!
//! Obligations in order of issue and holders in order of `mix64(seed, account)`, ties by account, are laid along one
//! line of lots; each overlap is one delivery.

use std::collections::VecDeque;

use crate::ids::{AccountId, DeliveryId, InstrumentId};
use crate::index::mix64;
use crate::obligation::Obligation;
use crate::units::Lots;

/// The two rows of one line, as far as they are not paired yet.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) instrument: InstrumentId,
    pub(crate) first: DeliveryId,
    owed: VecDeque<(AccountId, Obligation)>,
    held: VecDeque<(AccountId, u64)>,
}

/// One overlap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overlap {
    pub(crate) provider: AccountId,
    pub(crate) holder: AccountId,
    pub(crate) lots: Lots,
    pub(crate) obligation: Obligation,
}

impl Drawing {
    /// Lays out what is owed and what is held.
    pub(crate) fn new(
        (instrument, first): (InstrumentId, DeliveryId),
        seed: u64,
        mut owed: Vec<(AccountId, Obligation)>,
        mut held: Vec<(AccountId, u64)>,
    ) -> Drawing {
        owed.sort_unstable_by_key(|(_, obligation)| obligation.issue);
        held.sort_unstable_by_key(|(account, _)| (mix64(seed, account.0.into()), *account));
        Drawing { instrument, first, owed: owed.into(), held: held.into() }
    }

    /// What is owed and not paired, in order.
    pub(crate) fn owed(&self) -> impl Iterator<Item = &(AccountId, Obligation)> {
        self.owed.iter()
    }

    /// Claims that are not paired, in order.
    pub(crate) fn held(&self) -> impl Iterator<Item = &(AccountId, u64)> {
        self.held.iter()
    }

    /// Takes the next overlap off the line.
    pub(crate) fn pair(&mut self) -> Option<Overlap> {
        let (provider, obligation) = self.owed.front_mut()?;
        let (holder, claims) = self.held.front_mut().expect("every obligation is somebody's claim");
        let lots = Lots::new(u64::from(obligation.lots.count()).min(*claims))
            .expect("part of an obligation is lots");
        let overlap = Overlap { provider: *provider, holder: *holder, lots, obligation: *obligation };
        obligation.lots = obligation.lots.less(lots);
        *claims -= u64::from(lots.count());
        if obligation.lots.is_zero() {
            self.owed.pop_front();
        }
        if self.held.front().is_some_and(|(_, claims)| *claims == 0) {
            self.held.pop_front();
        }
        Some(overlap)
    }

    /// Whether all is paired; panics when claims are left without an obligation.
    pub(crate) fn is_done(&self) -> bool {
        assert!(!self.owed.is_empty() || self.held.is_empty(), "every claim is somebody's obligation");
        self.owed.is_empty()
    }
}

fields!(Drawing { instrument, first, owed, held });
