//! Accounts of the model: founding, opening, keys, deposits and markets.

use engine::account::KeyGrant;
use engine::control::{AccountLimits, MarketLimits, TradingMode};
use engine::delivery::run::DeliveryTerms;
use engine::event::Event;
use engine::ids::{AccountId, GroupId, MarketId, PublicKey, Scopes, index};
use engine::key::KeyBounds;
use engine::label::Label;
use engine::market::MarketSpec;
use engine::units::Amount;

use crate::model::stakes::Standing;
use crate::model::{Class, Market, Model, Owner};

impl Model {
    /// The first command opens the account `operator`.
    pub(super) fn found(&mut self, (epoch, seed): (u64, u64), operator: PublicKey) {
        self.founded = true;
        self.tell(Event::Founded { epoch, seed, operator });
        self.open_account(Label::new("operator").expect("it is a label"), false, None);
        let (account, scopes, bounds) = (AccountId(0), Scopes::ALL, KeyBounds::NONE);
        self.register(KeyGrant { account, scopes, bounds }, operator);
    }

    /// An account belongs to one group: its own, or that of the account it joins.
    pub(super) fn open_account(&mut self, name: Label, provider: bool, joins: Option<AccountId>) {
        let number = u32::try_from(self.owners.len()).expect("few accounts");
        let group = joins.map_or(number, |other| self.owners[index(other.0)].group);
        self.owners.push(Owner {
            name,
            provider,
            group,
            locked: false,
            auditor: false,
            standing: Standing::default(),
            limits: AccountLimits::NONE,
            cash: 0,
            cancel_after: None,
            told: 0,
        });
        let (account, group) = (AccountId(number), GroupId(group));
        self.tell(Event::AccountOpened { account, group, provider, name });
    }

    pub(super) fn register(&mut self, grant: KeyGrant, key: PublicKey) {
        self.keys.insert(key, grant);
        let KeyGrant { account, scopes, bounds } = grant;
        let KeyBounds { expires, order_notional, networks } = bounds;
        self.tell(Event::KeyRegistered { account, key, scopes, expires, order_notional });
        networks.iter().for_each(|network| self.tell(Event::KeyConfined { key, network }));
    }

    /// The new key may do what the old one did, from the same places.
    pub(super) fn replace_key(&mut self, key: PublicKey, by: PublicKey) {
        let grant = self.keys[&key];
        self.register(grant, by);
        self.revoke(key);
    }

    pub(super) fn revoke(&mut self, key: PublicKey) {
        let KeyGrant { account, .. } = self.keys.remove(&key).expect("it was registered");
        self.tell(Event::KeyRevoked { account, key });
    }

    pub(super) fn deposit(&mut self, account: AccountId, amount: Amount, reference: Label) {
        self.owner(account).cash += u128::from(amount.micro());
        self.supply += u128::from(amount.micro());
        self.references.insert(reference);
        self.tell(Event::Deposited { account, amount, reference });
    }

    /// The first market of a class begins the periods of its reference rate, aligned to 1970.
    pub(super) fn add_market(&mut self, spec: &MarketSpec) {
        if self.classes.iter().all(|class| class.name != spec.class) {
            let length = u64::from(spec.window_seconds) * 1_000_000_000;
            let (name, period) = (spec.class, self.now - self.now % length);
            let (trades, reference, end) = (Vec::new(), None, None);
            self.classes.push(Class { name, length, period, trades, reference, end });
        }
        let market = MarketId(u32::try_from(self.markets.len()).expect("few markets"));
        let (limits, mode) = (MarketLimits::NONE, TradingMode::Open);
        let delivery = DeliveryTerms::DEFAULT;
        self.markets.push(Market { spec: *spec, limits, mode, delivery, next: 0, rolls: self.now });
        self.tell(Event::MarketAdded { market, spec: *spec });
    }
}
