//! Payment: credit that an account sent to another, or asked to be paid out, under a reference of its own.
//!
//! Invariant: what waits to be paid out is no account's balance, and part of the supply until it is.

use std::collections::BTreeMap;

use crate::ids::{AccountId, index};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::label::Label;
use crate::units::Amount;

/// The most payments that a venue remembers.
pub const PAYMENTS_MAX: usize = 1 << 24;

/// Where a payment is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// The other account has it.
    Sent,
    /// It waits to be paid out.
    Waiting,
    /// It was paid out, and burned.
    PaidOut,
    /// It was not paid out: the account has it again.
    Returned,
}

impl PaymentState {
    /// The state's number, from 1.
    pub const fn number(self) -> u8 {
        match self {
            PaymentState::Sent => 1,
            PaymentState::Waiting => 2,
            PaymentState::PaidOut => 3,
            PaymentState::Returned => 4,
        }
    }
}

/// Credit that left an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who has it; nobody when it was to be paid out.
    pub to: Option<AccountId>,
    /// How much.
    pub amount: Amount,
    /// Where it is.
    pub state: PaymentState,
}

/// Every payment by who asked for it and its reference.
#[derive(Clone, Debug, Default)]
pub struct Payments {
    payments: BTreeMap<(AccountId, Label), Payment>,
}

impl Payments {
    /// Whether another can be remembered.
    pub fn has_room(&self) -> bool {
        self.payments.len() < PAYMENTS_MAX
    }

    /// What an account's reference stands for.
    pub fn find(&self, account: AccountId, reference: Label) -> Option<Payment> {
        self.payments.get(&(account, reference)).copied()
    }

    /// All that waits to be paid out.
    pub(crate) fn waiting(&self) -> Amount {
        let waiting = self.payments.values().filter(|payment| payment.state == PaymentState::Waiting);
        waiting.fold(Amount::ZERO, |sum, payment| sum.plus(payment.amount))
    }

    /// Every payment, by account and reference.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, Label, &Payment)> {
        self.payments.iter().map(|(&(account, reference), payment)| (account, reference, payment))
    }

    pub(crate) fn enter(&mut self, (account, reference): (AccountId, Label), payment: Payment) {
        let earlier = self.payments.insert((account, reference), payment);
        assert!(earlier.is_none(), "a reference stands for one payment");
    }

    /// What waits was paid out or returned.
    pub(crate) fn end(&mut self, (account, reference): (AccountId, Label), state: PaymentState) {
        let payment = self.payments.get_mut(&(account, reference)).expect("only what waits is ended");
        assert_eq!(payment.state, PaymentState::Waiting, "a payment ends once");
        payment.state = state;
    }
}

choices!(PaymentState { 1 => Sent, 2 => Waiting, 3 => PaidOut, 4 => Returned });
fields!(Payment { to, amount, state });

impl Payments {
    pub(crate) fn put(&self, to: &mut ImageWriter<'_>) {
        to.length(self.payments.len());
        for ((account, reference), payment) in &self.payments {
            account.put(to);
            reference.put(to);
            payment.put(to);
        }
    }

    /// The payments of so many accounts.
    pub(crate) fn take(from: &mut ImageReader<'_>, accounts: usize) -> Taken<Payments> {
        let mut payments = BTreeMap::new();
        let mut waiting = Amount::ZERO;
        for _ in 0..from.length()? {
            let name: (AccountId, Label) = (Image::take(from)?, Image::take(from)?);
            let payment = Payment::take(from)?;
            let known = |account: AccountId| index(account.0) < accounts;
            let made = known(name.0) && payment.to.is_none_or(known);
            from.check(made, "who pays and who is paid is an account")?;
            let sent = payment.to.is_some() == (payment.state == PaymentState::Sent);
            from.check(sent, "what an account has got was sent, and nothing else")?;
            let ascends = payments.last_key_value().is_none_or(|(last, _)| *last < name);
            from.check(ascends, "payments ascend by account and reference")?;
            if payment.state == PaymentState::Waiting {
                let sum = waiting.within_supply(payment.amount);
                from.check(sum.is_some(), "what waits to be paid out is within the supply")?;
                waiting = sum.unwrap_or(waiting);
            }
            payments.insert(name, payment);
        }
        from.check(payments.len() <= PAYMENTS_MAX, "there are no more payments than the venue holds")?;
        Ok(Payments { payments })
    }
}
