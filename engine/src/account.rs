//! Account: who has how much credit, in which state, and which keys may act.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::arena::ORDERS_MAX;
use crate::control::{AccountLimits, OPEN_ORDERS_MAX};
use crate::event::PrivateSequence;
use crate::ids::{AccountId, GroupId, PublicKey, Scopes, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::key::KeyBounds;
use crate::label::Label;
use crate::link::Link;
use crate::processor::prefetch;
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

/// Who trades: what every command of an account needs, in a cache line of its own.
///
/// No two parts of the balance lie side by side: see [`Position`](crate::position::Position).
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Account {
    /// Free to use.
    pub(crate) available: Amount,
    /// Number of its last private event.
    pub xseq: PrivateSequence,
    /// Held by open bids.
    pub(crate) held: Amount,
    /// Bounds on what it may do.
    pub limits: AccountLimits,
    /// In lot bonds.
    pub(crate) bonded: Amount,
    /// Open orders.
    pub orders_open: u32,
    /// Oldest and youngest open order, as slots; the rest of the list stands in the orders.
    pub(crate) oldest: Link,
    pub(crate) youngest: Link,
    /// Whether it may issue obligations.
    pub provider: bool,
    /// Whether it may only cancel.
    pub locked: bool,
    /// Whether the present command has changed its balance.
    pub(crate) touched: bool,
}

const _: () = assert!(size_of::<Account>() == 64);

impl Account {
    /// Its credit.
    #[inline]
    pub fn balance(&self) -> Balance {
        let &Account { available, held, bonded, .. } = self;
        Balance { available, held, bonded }
    }

    /// Numbers the account's next private event.
    #[inline]
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
    /// From where, until when and for how much.
    pub bounds: KeyBounds,
}

/// Every account, by number, by name and by key.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    accounts: Vec<Account>,
    /// Of each account.
    groups: Vec<GroupId>,
    /// Of each account.
    labels: Vec<Label>,
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
        let group = joins.map_or(GroupId(account.0), |other| self.group(other));
        let earlier = self.names.insert(name, account);
        assert!(earlier.is_none(), "account names are unique");
        self.accounts.push(Account {
            available: Amount::ZERO,
            xseq: PrivateSequence(0),
            held: Amount::ZERO,
            limits: AccountLimits::NONE,
            bonded: Amount::ZERO,
            orders_open: 0,
            oldest: Link::NONE,
            youngest: Link::NONE,
            provider,
            locked: false,
            touched: false,
        });
        self.groups.push(group);
        self.labels.push(name);
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

    /// Whose owner it shares.
    #[inline]
    pub fn group(&self, account: AccountId) -> GroupId {
        self.groups[index(account.0)]
    }

    /// The account's name.
    pub fn name(&self, account: AccountId) -> Label {
        self.labels[index(account.0)]
    }

    /// The account, which exists.
    #[inline]
    pub fn at(&self, account: AccountId) -> &Account {
        &self.accounts[index(account.0)]
    }

    #[inline]
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

fields!(KeyGrant { account, scopes, bounds });

// The list of its open orders is put with those. Between commands nothing is touched.
fields!(Account {
    provider, locked, limits, available, held, bonded, xseq;
    orders_open: 0, oldest: Link::NONE, youngest: Link::NONE, touched: false,
});

impl Image for Accounts {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let Accounts { accounts, groups, labels, names: _, keys, auditors } = self;
        to.length(accounts.len());
        for ((account, group), label) in accounts.iter().zip(groups).zip(labels) {
            label.put(to);
            group.put(to);
            account.put(to);
        }
        to.length(keys.len());
        for (key, grant) in keys {
            key.put(to);
            grant.put(to);
        }
        to.list(auditors.iter());
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Accounts> {
        let (mut accounts, mut groups, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..from.length()? {
            labels.push(Label::take(from)?);
            groups.push(GroupId::take(from)?);
            accounts.push(Account::take(from)?);
        }
        from.check(accounts.len() <= ACCOUNTS_MAX, "there are no more accounts than the venue holds")?;
        let names: BTreeMap<_, _> = labels.iter().copied().zip((0..).map(AccountId)).collect();
        from.check(names.len() == accounts.len(), "account names are unique")?;
        let keys = Vec::<(PublicKey, KeyGrant)>::take(from)?;
        let ascends = keys.is_sorted_by(|one, other| one.0.first_bytes() < other.0.first_bytes());
        from.check(ascends, "keys ascend by their first eight bytes, which no two share")?;
        let owned = keys.iter().all(|(_, grant)| index(grant.account.0) < accounts.len());
        from.check(owned, "a key acts for an account")?;
        let auditors = Vec::<AccountId>::take(from)?;
        let ascend = auditors.is_sorted_by(|one, other| one < other);
        let known = auditors.last().is_none_or(|last| index(last.0) < accounts.len());
        from.check(ascend && known, "auditors are accounts, and ascend")?;
        let (keys, auditors) = (keys.into_iter().collect(), auditors.into_iter().collect());
        Ok(Accounts { accounts, groups, labels, names, keys, auditors })
    }
}
