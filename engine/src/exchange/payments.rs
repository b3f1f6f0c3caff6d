//! Payments of the exchange: credit that goes to another account, and credit that is paid out.

use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::AccountId;
use crate::label::Label;
use crate::payment::{Payment, PaymentState};
use crate::reject::RejectReason;
use crate::units::Amount;

/// Who asks for a payment, and under which reference.
type Name = (AccountId, Label);

impl Exchange {
    pub(super) fn transfer(&mut self, name: Name, to: AccountId, amount: Amount) -> Result<(), RejectReason> {
        self.check_account(name.0)?;
        self.check_account(to)?;
        if self.is_repeated(name, (Some(to), amount))? {
            return Ok(());
        }
        self.check_spending(name.0, amount, name.0 == to)?;
        self.ledger.transfer(name, to, amount);
        let (account, reference) = name;
        self.events.push(Event::Transferred { account, to, amount, reference });
        Ok(())
    }

    pub(super) fn redeem(&mut self, name: Name, amount: Amount) -> Result<(), RejectReason> {
        self.check_account(name.0)?;
        if self.is_repeated(name, (None, amount))? {
            return Ok(());
        }
        self.check_spending(name.0, amount, false)?;
        self.ledger.set_aside(name, amount);
        let (account, reference) = name;
        let xseq = self.xseq(account);
        self.events.push(Event::RedemptionBegun { account, xseq, amount, reference });
        Ok(())
    }

    pub(super) fn end_redemption(&mut self, name: Name, paid: bool) -> Result<(), RejectReason> {
        let (account, reference) = name;
        self.check_account(account)?;
        let waiting = self.ledger.payments.find(account, reference);
        let waiting = waiting.filter(|payment| payment.state == PaymentState::Waiting);
        let Payment { amount, .. } = waiting.ok_or(RejectReason::RedemptionUnknown)?;
        self.ledger.end_redemption(name, amount, paid);
        let xseq = self.xseq(account);
        self.events.push(Event::RedemptionEnded { account, xseq, amount, reference, paid });
        Ok(())
    }

    /// Whether a reference was used before, for the same.
    ///
    /// # Errors
    /// `ReferenceConsumed` when it was used for something else.
    fn is_repeated(&mut self, name: Name, body: (Option<AccountId>, Amount)) -> Result<bool, RejectReason> {
        let (account, reference) = name;
        let Some(Payment { to, amount, state }) = self.ledger.payments.find(account, reference) else {
            return Ok(false);
        };
        if (to, amount) != body {
            return Err(RejectReason::ReferenceConsumed);
        }
        self.events.push(Event::PaymentRepeated { account, reference, state });
        Ok(true)
    }

    /// Whether an account may spend so much; `in_circle` says that it would get it itself.
    fn check_spending(
        &self,
        account: AccountId,
        amount: Amount,
        in_circle: bool,
    ) -> Result<(), RejectReason> {
        if !self.ledger.payments.has_room() {
            return Err(RejectReason::VenueFull);
        }
        self.check_unlocked(account)?;
        if amount.is_zero() {
            return Err(RejectReason::AmountZero);
        }
        if in_circle {
            return Err(RejectReason::SelfPayment);
        }
        let available = self.ledger.accounts.at(account).balance().available;
        if amount <= available { Ok(()) } else { Err(RejectReason::InsufficientCredit) }
    }
}
