//! Payments under audit: credit that moves is what was asked for, and what is paid out is gone.

use engine::command::Command;
use engine::ids::AccountId;
use engine::units::Amount;

use crate::invariants::auditor::{Auditor, micro};
use crate::invariants::finding::Invariant;

impl Auditor {
    /// Credit went from one account to another.
    pub(super) fn transferred(&mut self, (account, other): (AccountId, AccountId), amount: Amount) {
        let asked = match self.command {
            Command::Transfer { account, to, amount, .. } => Some((account, to, amount)),
            _ => None,
        };
        let what = format_args!("{amount} of {account:?} were not sent to {other:?} so");
        self.findings.expect(asked == Some((account, other, amount)), Invariant::Credit, what);
        self.gain(account, -micro(amount));
        self.gain(other, micro(amount));
    }

    /// Credit was set aside.
    pub(super) fn set_aside(&mut self, account: AccountId, amount: Amount) {
        let asked = match self.command {
            Command::Redeem { account, amount, .. } => Some((account, amount)),
            _ => None,
        };
        let what = format_args!("{amount} of {account:?} were not set aside so");
        self.findings.expect(asked == Some((account, amount)), Invariant::Credit, what);
        self.gain(account, -micro(amount));
        self.redeeming += micro(amount);
    }

    /// What was set aside is burned or returned.
    pub(super) fn redeemed(&mut self, account: AccountId, amount: Amount, paid: bool) {
        let asked = match self.command {
            Command::EndRedemption { account, paid, .. } => Some((account, paid)),
            _ => None,
        };
        let what = format_args!("{amount} of {account:?} did not end so");
        self.findings.expect(asked == Some((account, paid)), Invariant::Credit, what);
        self.redeeming -= micro(amount);
        if paid {
            self.supply -= micro(amount);
        } else {
            self.gain(account, micro(amount));
        }
    }

    fn gain(&mut self, account: AccountId, more: i128) {
        if let Some(owner) = self.owner(account) {
            owner.credit += more;
        }
    }
}
