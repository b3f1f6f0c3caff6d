//! Cancel: orders that end or shrink before they are filled.

use crate::book::Placement;
use crate::control::TradingMode;
use crate::ending::{CancelReason, Ended};
use crate::event::{Event, ReduceReason};
use crate::exchange::Exchange;
use crate::ids::{AccountId, OrderId, index};
use crate::ledger::Covered;
use crate::order::{OrderRef, SessionId};
use crate::order_filter::OrderFilter;
use crate::reject::RejectReason;
use crate::timers::Timer;
use crate::units::Lots;

impl Exchange {
    /// The account's open order that `order` names, and where it rests.
    #[inline(always)]
    pub(super) fn resting(
        &self,
        account: AccountId,
        order: OrderRef,
    ) -> Result<(OrderId, Placement), RejectReason> {
        self.check_account(account)?;
        let found = match order {
            OrderRef::Id(id) => self.books.placement(id).map(|placement| (id, placement)),
            OrderRef::Client(client) => self.meant(account, client).map(|slot| self.books.placement_in(slot)),
        };
        found.filter(|(_, placement)| placement.account == account).ok_or(RejectReason::OrderUnknown)
    }

    /// What decides what a resting order could cost.
    #[inline]
    pub(super) fn covered(&self, order: OrderId, placement: &Placement) -> Covered {
        let position = self.orders.at(order.slot()).position;
        let terms = self.instruments[index(placement.instrument.0)].terms;
        Covered { position, side: placement.side, limit: placement.limit, terms }
    }

    pub(super) fn cancel(&mut self, account: AccountId, order: OrderRef) -> Result<(), RejectReason> {
        let (id, placement) = self.resting(account, order)?;
        self.withdraw(id, &placement, CancelReason::User);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn reduce(
        &mut self,
        account: AccountId,
        order: OrderRef,
        by: Lots,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        self.check_unlocked(account)?;
        let (id, placement) = self.resting(account, order)?;
        if self.mode_of(&self.instruments[index(placement.instrument.0)]) == TradingMode::Halted {
            return Err(RejectReason::MarketHalted);
        }
        if by.is_zero() {
            return Err(RejectReason::LotsZero);
        }
        if placement.leaves <= by {
            return Err(RejectReason::ReduceTooLarge);
        }
        self.reduce_resting(id, by, ReduceReason::User);
        Ok(())
    }

    /// Takes lots off a resting order, fewer than it has left.
    pub(super) fn reduce_resting(&mut self, order: OrderId, by: Lots, reason: ReduceReason) {
        let placement = self.books.placement(order).expect("an open order rests in the book");
        let covered = self.covered(order, &placement);
        let leaves = placement.leaves.less(by);
        let shown = self.books.reduce(order, by);
        let open = self.orders.at_mut(order.slot());
        open.lots = open.lots.less(by);
        let account = placement.account;
        let xseq = self.xseq(account);
        self.events.push(Event::OrderReduced { account, xseq, order, by, leaves, shown, reason });
        self.ledger.uncover(&covered, (placement.leaves, leaves));
    }

    pub(super) fn cancel_all(&mut self, account: AccountId, only: &OrderFilter) -> Result<(), RejectReason> {
        self.check_account(account)?;
        if only.instrument.is_some_and(|instrument| self.instrument(instrument).is_none()) {
            return Err(RejectReason::InstrumentUnknown);
        }
        self.cancel_those(account, only, CancelReason::All);
        Ok(())
    }

    pub(super) fn end_session(&mut self, account: AccountId, session: SessionId) -> Result<(), RejectReason> {
        self.check_account(account)?;
        let only = OrderFilter { session: Some(session), ..OrderFilter::default() };
        self.cancel_those(account, &only, CancelReason::Session);
        Ok(())
    }

    /// Cancels those of an account's open orders that `only` means, oldest first.
    pub(super) fn cancel_those(&mut self, account: AccountId, only: &OrderFilter, reason: CancelReason) {
        let mut next = self.ledger.accounts.at(account).oldest.get();
        while let Some(slot) = next {
            next = self.orders.younger(slot);
            let (order, placement) = self.books.placement_in(slot);
            if self.is_meant(only, order, &placement) {
                self.cancel_resting(order, reason);
            }
        }
    }

    fn is_meant(&self, only: &OrderFilter, order: OrderId, placement: &Placement) -> bool {
        let &OrderFilter { instrument, class, zone, tier, start, side, label, session } = only;
        let listed = &self.instruments[index(placement.instrument.0)];
        let spec = &self.markets[index(listed.market.0)].spec;
        let open = self.orders.at(order.slot());
        instrument.is_none_or(|instrument| instrument == placement.instrument)
            && class.is_none_or(|class| class == spec.class)
            && zone.is_none_or(|zone| zone == spec.zone)
            && tier.is_none_or(|tier| tier == spec.tier)
            && start.is_none_or(|start| start == listed.start)
            && side.is_none_or(|side| side == placement.side)
            && (label.is_none() || label == open.label)
            && (session.is_none() || session == open.session)
    }

    /// Takes a resting order out of the book and frees what it held.
    pub(super) fn cancel_resting(&mut self, order: OrderId, reason: CancelReason) {
        let placement = self.books.placement(order).expect("an open order rests in the book");
        self.withdraw(order, &placement, reason);
    }

    #[inline(always)]
    fn withdraw(&mut self, order: OrderId, placement: &Placement, reason: CancelReason) {
        let covered = self.covered(order, placement);
        let &Placement { account, leaves, .. } = placement;
        self.books.remove(order);
        self.conclude((account, order), (Ended::Canceled(reason), leaves));
        self.tell_canceled((account, order), leaves, reason);
        self.ledger.uncover(&covered, (leaves, Lots::ZERO));
    }

    /// An order that rested has ended: takes it out of the open ones and remembers what became of its id.
    #[inline(always)]
    pub(super) fn conclude(&mut self, name: (AccountId, OrderId), (ended, leaves): (Ended, Lots)) {
        let (account, order) = name;
        let open = self.orders.close(order.slot(), self.ledger.accounts.at_mut(account));
        self.timers.unset(Timer::Expiry(order.slot()));
        self.retire_id(name, &open, (ended, open.lots.less(leaves)));
    }
}
