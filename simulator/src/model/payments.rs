//! Payments of the model: credit sent to others, and credit that is paid out.

use engine::command::Command;
use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, index};
use engine::label::Label;
use engine::payment::{Payment, PaymentState};
use engine::reject::RejectReason;
use engine::units::Amount;

use crate::model::Model;
use crate::model::reasons::those;

/// Who pays, and under which reference.
type Name = (AccountId, Label);

impl Model {
    /// What a reference stands for already.
    fn repeated(&mut self, (account, reference): Name) -> bool {
        let state = self.payments.get(&(account, reference)).map(|payment| payment.state);
        if let Some(state) = state {
            self.tell(Event::PaymentRepeated { account, reference, state });
        }
        state.is_some()
    }

    pub(super) fn transfer(&mut self, name: Name, to: AccountId, amount: Amount) {
        if self.repeated(name) {
            return;
        }
        self.owner(name.0).cash -= u128::from(amount.micro());
        self.owner(to).cash += u128::from(amount.micro());
        self.payments.insert(name, Payment { to: Some(to), amount, state: PaymentState::Sent });
        let (account, reference) = name;
        self.tell(Event::Transferred { account, to, amount, reference });
    }

    pub(super) fn redeem(&mut self, name: Name, amount: Amount) {
        if self.repeated(name) {
            return;
        }
        self.owner(name.0).cash -= u128::from(amount.micro());
        self.payments.insert(name, Payment { to: None, amount, state: PaymentState::Waiting });
        let (account, reference) = name;
        let xseq = PrivateSequence(0);
        self.tell(Event::RedemptionBegun { account, xseq, amount, reference });
    }

    pub(super) fn end_redemption(&mut self, (account, reference): Name, paid: bool) {
        let payment = self.payments.get_mut(&(account, reference)).expect("it waits");
        let amount = payment.amount;
        payment.state = if paid { PaymentState::PaidOut } else { PaymentState::Returned };
        match paid {
            true => self.supply -= u128::from(amount.micro()),
            false => self.owner(account).cash += u128::from(amount.micro()),
        }
        let xseq = PrivateSequence(0);
        self.tell(Event::RedemptionEnded { account, xseq, amount, reference, paid });
    }

    /// What was set aside and neither paid out nor returned.
    pub(crate) fn set_aside(&self) -> u128 {
        let waiting = self.payments.values().filter(|payment| payment.state == PaymentState::Waiting);
        waiting.map(|payment| u128::from(payment.amount.micro())).sum()
    }

    /// Why a payment must be refused.
    pub(super) fn payment_reasons(&self, command: &Command) -> Vec<RejectReason> {
        let (name, to, amount) = match *command {
            Command::Transfer { account, to, amount, reference } => ((account, reference), Some(to), amount),
            Command::Redeem { account, amount, reference } => ((account, reference), None, amount),
            Command::EndRedemption { account, reference, .. } => {
                let payment = self.payments.get(&(account, reference));
                let waits = payment.is_some_and(|payment| payment.state == PaymentState::Waiting);
                let nobody = self.is_nobody(account);
                return those([
                    (nobody, RejectReason::AccountUnknown),
                    (!waits, RejectReason::RedemptionUnknown),
                ]);
            }
            _ => unreachable!("asked for payments only"),
        };
        if self.is_nobody(name.0) || to.is_some_and(|to| self.is_nobody(to)) {
            return vec![RejectReason::AccountUnknown];
        }
        if let Some(payment) = self.payments.get(&name) {
            let other = (payment.to, payment.amount) != (to, amount);
            return those([(other, RejectReason::ReferenceConsumed)]);
        }
        those([
            (self.owners[index(name.0.0)].locked, RejectReason::AccountLocked),
            (amount.is_zero(), RejectReason::AmountZero),
            (to == Some(name.0), RejectReason::SelfPayment),
            (self.available(name.0) < amount.micro().into(), RejectReason::InsufficientCredit),
        ])
    }
}
