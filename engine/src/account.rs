//! Account: who has how much credit, in which state, and which keys may act.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::arena::ORDERS_MAX;
use crate::control::{AccountLimits, OPEN_ORDERS_MAX};
use crate::event::PrivateSequence;
use crate::ids::{AccountId, GroupId, PublicKey, Scopes, index, position};
use crate::label::Label;
use crate::prefetch::prefetch;
use crate::stamp::Sequence;
use crate::units::Amount;

/// Name of the account that the founding command opens.
pub const OPERATOR_NAME: &str = "operator";
/// The most accounts of a venue.
pub const ACCOUNTS_MAX: usize = 1 << 22;
/// The most keys of a venue.
pub const KEYS_MAX: usize = 1 << 22;

const _: () = assert!(OPEN_ORDERS_MAX < ORDERS_MAX);

/// An account's credit by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Free to use.
    pub available: Amount,
    /// Held by open bids.
    pub held: Amount,
    /// In lot bonds.
    pub bonded: Amount,
}

/// Who trades.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Account {
    /// Unique name.
    pub name: Label,
    /// Whose owner it shares.
    pub group: GroupId,
    /// Whether it may issue obligations.
    pub provider: bool,
    /// Whether it may only cancel.
    pub locked: bool,
    /// Bounds on what it may do.
    pub limits: AccountLimits,
    /// Its credit.
    pub balance: Balance,
    /// Number of its last private event.
    pub xseq: PrivateSequence,
    /// Open orders.
    pub orders_open: u32,
    /// Oldest and youngest open order, as slots; the rest of the list stands in the orders.
    pub orders: Option<(u32, u32)>,
    /// The command that changed its balance last.
    pub(crate) touched: Sequence,
}

impl Account {
    /// Numbers the account's next private event.
    pub(crate) fn next_xseq(&mut self) -> PrivateSequence {
        self.xseq.0 += 1;
        self.xseq
    }
}

/// For whom a key acts, and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyGrant {
    /// The account.
    pub account: AccountId,
    /// What it may do.
    pub scopes: Scopes,
}

/// Every account, by number, by name and by key.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    accounts: Vec<Account>,
    names: BTreeMap<Label, AccountId>,
    keys: BTreeMap<PublicKey, KeyGrant>,
    /// Those who may be drawn to audit.
    auditors: BTreeSet<AccountId>,
}

impl Accounts {
    /// Whether another account can be opened.
    pub fn has_room(&self) -> bool {
        self.accounts.len() < ACCOUNTS_MAX
    }

    /// The account of that name.
    pub fn named(&self, name: Label) -> Option<AccountId> {
        self.names.get(&name).copied()
    }

    /// How many accounts were opened.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Whether there is such an account.
    pub fn contains(&self, account: AccountId) -> bool {
        index(account.0) < self.accounts.len()
    }

    /// Opens an account under a free name.
    pub(crate) fn open(&mut self, name: Label, provider: bool, joins: Option<AccountId>) -> AccountId {
        let account = AccountId(position(self.accounts.len()));
        let group = joins.map_or(GroupId(account.0), |other| self.at(other).group);
        let earlier = self.names.insert(name, account);
        assert!(earlier.is_none(), "account names are unique");
        self.accounts.push(Account {
            name,
            group,
            provider,
            locked: false,
            limits: AccountLimits::NONE,
            balance: Balance::default(),
            xseq: PrivateSequence(0),
            orders_open: 0,
            orders: None,
            touched: Sequence(0),
        });
        account
    }

    /// Lets an account be drawn to audit, or no longer.
    pub(crate) fn set_auditor(&mut self, account: AccountId, auditor: bool) {
        if auditor {
            self.auditors.insert(account);
        } else {
            self.auditors.remove(&account);
        }
    }

    /// Those who may be drawn to audit, in order of opening.
    pub fn auditors(&self) -> impl Iterator<Item = AccountId> {
        self.auditors.iter().copied()
    }

    /// What a key may do, if it may do anything.
    pub fn key(&self, key: &PublicKey) -> Option<KeyGrant> {
        self.keys.get(key).copied()
    }

    /// Whether `key` can be registered: there is room, and no other key shares its first eight bytes, by which
    /// clients name it.
    pub fn key_is_free(&self, key: &PublicKey) -> bool {
        let (mut from, mut to) = (PublicKey([0; 32]), PublicKey([u8::MAX; 32]));
        from.0[..8].copy_from_slice(&key.0[..8]);
        to.0[..8].copy_from_slice(&key.0[..8]);
        self.keys.range(from..=to).next().is_none()
    }

    /// Whether another key can be registered.
    pub fn has_key_room(&self) -> bool {
        self.keys.len() < KEYS_MAX
    }

    pub(crate) fn register(&mut self, key: PublicKey, grant: KeyGrant) {
        self.keys.insert(key, grant);
    }

    pub(crate) fn revoke(&mut self, key: &PublicKey) {
        self.keys.remove(key).expect("only a registered key is revoked");
    }

    /// The account, which exists.
    pub fn at(&self, account: AccountId) -> &Account {
        &self.accounts[index(account.0)]
    }

    pub(crate) fn at_mut(&mut self, account: AccountId) -> &mut Account {
        &mut self.accounts[index(account.0)]
    }

    /// Asks for the account.
    #[inline]
    pub(crate) fn prefetch(&self, account: AccountId) {
        prefetch(&self.accounts, index(account.0));
    }

    /// Every account in order of opening.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.iter().enumerate().map(|(number, account)| (AccountId(position(number)), account))
    }

    /// Every key in order of its bytes.
    pub fn keys(&self) -> impl Iterator<Item = (&PublicKey, &KeyGrant)> {
        self.keys.iter()
    }
}
