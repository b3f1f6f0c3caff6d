//! Redeeming: what waits to be paid out, by account, folded from events.

use std::collections::HashMap;

use engine::event::Event;
use engine::ids::AccountId;
use engine::units::Amount;
use engine::view::View;

/// What waits to be paid out. Who is not named has nothing waiting.
#[derive(Debug, Default)]
pub(super) struct Redeeming(HashMap<AccountId, Amount>);

impl Redeeming {
    /// As the view has it.
    pub(super) fn of(view: &View) -> Redeeming {
        let accounts =
            (0..).map(AccountId).map_while(|id| view.account(id).map(|account| (id, account.redeeming)));
        Redeeming(accounts.filter(|(_, redeeming)| !redeeming.is_zero()).collect())
    }

    /// Takes in an event.
    pub(super) fn fold(&mut self, event: &Event) {
        match *event {
            Event::RedemptionBegun { account, amount, .. } => {
                let waits = self.0.entry(account).or_insert(Amount::ZERO);
                *waits = waits.plus(amount);
            }
            Event::RedemptionEnded { account, amount, .. } => {
                let waits = self.0.get_mut(&account).expect("what ends has begun");
                *waits = waits.less(amount);
                if waits.is_zero() {
                    self.0.remove(&account);
                }
            }
            _ => {}
        }
    }

    /// What waits to be paid out to an account.
    pub(super) fn at(&self, account: AccountId) -> Amount {
        self.0.get(&account).copied().unwrap_or(Amount::ZERO)
    }
}
