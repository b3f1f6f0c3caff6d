//! Told: the events of positions, balances and orders, each with its owner's next number.

use crate::account::Balance;
use crate::ending::CancelReason;
use crate::event::{Event, PrivateSequence};
use crate::exchange::Exchange;
use crate::ids::{AccountId, OrderId};
use crate::ledger::Ledger;
use crate::position::Position;
use crate::units::Lots;

impl Exchange {
    /// Numbers the account's next private event.
    #[inline]
    pub(super) fn xseq(&mut self, account: AccountId) -> PrivateSequence {
        self.ledger.accounts.at_mut(account).next_xseq()
    }

    /// Tells the positions and balances that the command changed, as they are now.
    pub(super) fn tell_changes(&mut self) {
        let Ledger { accounts, positions, touched, fees, .. } = &mut self.ledger;
        for row in &touched.positions {
            let row = positions.at_mut(*row);
            row.touched = false;
            let &mut Position { account, instrument, lots: position, escrow, bonded, .. } = row;
            let xseq = accounts.at_mut(account).next_xseq();
            self.events.push(Event::PositionChanged { account, xseq, instrument, position, escrow, bonded });
        }
        touched.positions.clear();
        for &account in &touched.accounts {
            let owner = accounts.at_mut(account);
            owner.touched = false;
            let (xseq, Balance { available, held, bonded }) = (owner.next_xseq(), owner.balance());
            self.events.push(Event::BalanceChanged { account, xseq, available, held, bonded });
        }
        touched.accounts.clear();
        if std::mem::take(&mut touched.fees) {
            self.events.push(Event::FeesChanged { fees: *fees });
        }
    }

    pub(super) fn tell_canceled(
        &mut self,
        (account, order): (AccountId, OrderId),
        leaves: Lots,
        reason: CancelReason,
    ) {
        let xseq = self.xseq(account);
        self.events.push(Event::OrderCanceled { account, xseq, order, leaves, reason });
    }
}
