//! Registry: what connections share: the budgets of accounts and addresses, and how many connections they have.
//!
//! Looked up when a connection begins or logs in, never for a request.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::ids::{AccountId, PublicKey};

use crate::budget::Budget;

/// From so many entries on, those that nobody needs are looked for.
const SWEEP_FROM: usize = 1_024;

/// An account's budgets.
#[derive(Debug, Default)]
pub(crate) struct AccountBudgets {
    pub(crate) orders: Budget,
    pub(crate) cancels: Budget,
}

/// What the connections of one address have together.
#[derive(Debug, Default)]
pub(crate) struct AddressUse {
    pub(crate) requests: Budget,
    connections: AtomicU32,
}

/// What the connections of one key have together.
#[derive(Debug, Default)]
pub(crate) struct KeyUse {
    connections: AtomicU32,
}

/// One of the connections that are counted, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted<T: Connections>(Arc<T>);

/// What counts connections.
pub(crate) trait Connections {
    fn count(&self) -> &AtomicU32;
}

impl Connections for AddressUse {
    fn count(&self) -> &AtomicU32 {
        &self.connections
    }
}

impl Connections for KeyUse {
    fn count(&self) -> &AtomicU32 {
        &self.connections
    }
}

impl<T: Connections> Counted<T> {
    /// Counts another connection, unless there are as many as may be.
    fn enter(of: Arc<T>, most: Option<u32>) -> Option<Counted<T>> {
        let before = of.count().fetch_add(1, Ordering::SeqCst);
        let counted = Counted(of);
        most.is_none_or(|most| before < most).then_some(counted)
    }

    pub(crate) fn shared(&self) -> &T {
        &self.0
    }
}

impl<T: Connections> Drop for Counted<T> {
    fn drop(&mut self) {
        self.0.count().fetch_sub(1, Ordering::SeqCst);
    }
}

/// Entries by name. Those that are neither used nor owe anything are forgotten now and then.
#[derive(Debug)]
struct Shared<K, T> {
    entries: HashMap<K, Arc<T>>,
    sweep_at: usize,
}

impl<K: Eq + Hash, T: Default> Shared<K, T> {
    fn find(&mut self, key: K, is_idle: impl Fn(&T) -> bool) -> Arc<T> {
        if self.sweep_at <= self.entries.len() {
            self.entries.retain(|_, entry| 1 < Arc::strong_count(entry) || !is_idle(entry));
            self.sweep_at = SWEEP_FROM.max(2 * self.entries.len());
        }
        Arc::clone(self.entries.entry(key).or_default())
    }
}

impl<K, T> Default for Shared<K, T> {
    fn default() -> Shared<K, T> {
        Shared { entries: HashMap::new(), sweep_at: SWEEP_FROM }
    }
}

/// Everything that is shared.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    accounts: Mutex<Shared<AccountId, AccountBudgets>>,
    addresses: Mutex<Shared<IpAddr, AddressUse>>,
    keys: Mutex<Shared<PublicKey, KeyUse>>,
}

impl Registry {
    /// An account's budgets. `now` in nanoseconds since 1970.
    pub(crate) fn account(&self, account: AccountId, now: u64) -> Arc<AccountBudgets> {
        let idle = |budgets: &AccountBudgets| budgets.orders.is_full(now) && budgets.cancels.is_full(now);
        locked(&self.accounts).find(account, idle)
    }

    /// Counts a connection of an address, unless it has `most` already.
    pub(crate) fn address(
        &self,
        address: IpAddr,
        most: Option<u32>,
        now: u64,
    ) -> Option<Counted<AddressUse>> {
        let found = locked(&self.addresses).find(address, |used| used.requests.is_full(now));
        Counted::enter(found, most)
    }

    /// Counts a connection of a key, unless it has `most` already.
    pub(crate) fn key(&self, key: PublicKey, most: Option<u32>) -> Option<Counted<KeyUse>> {
        let found = locked(&self.keys).find(key, |_| true);
        Counted::enter(found, most)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_an_address_are_counted_while_they_last() {
        let registry = Registry::default();
        let address: IpAddr = [192, 0, 2, 1].into();
        let first = registry.address(address, Some(2), 0);
        let second = registry.address(address, Some(2), 0);
        assert!(first.is_some() && second.is_some());
        assert!(registry.address(address, Some(2), 0).is_none());
        assert!(registry.address([192, 0, 2, 2].into(), Some(2), 0).is_some());
        drop(first);
        assert!(registry.address(address, Some(2), 0).is_some());
    }

    #[test]
    fn what_nobody_needs_is_forgotten_and_what_is_owed_is_not() {
        use protocol::venue::Rate;

        let registry = Registry::default();
        let rate = Rate { per_s: 1, burst: 1 };
        registry.account(AccountId(0), 0).orders.take(rate, 0, 1).expect("it is full at first");
        for number in 1..10_000 {
            registry.account(AccountId(number), 0);
        }
        assert!(locked(&registry.accounts).entries.len() <= SWEEP_FROM + 1);
        assert!(registry.account(AccountId(0), 0).orders.take(rate, 0, 1).is_err());
    }
}
