//! Accounts of the exchange: founding, opening, keys and deposits.

use crate::account::{KeyGrant, OPERATOR_NAME};
use crate::event::Event;
use crate::exchange::foresight::Foresight;
use crate::exchange::{Exchange, Founding};
use crate::ids::{AccountId, PublicKey, Scopes};
use crate::key::KeyBounds;
use crate::label::Label;
use crate::reject::RejectReason;
use crate::units::Amount;

impl Exchange {
    /// Checks that there is such an account.
    pub(super) fn check_account(&self, account: AccountId) -> Result<(), RejectReason> {
        if self.ledger.accounts.contains(account) { Ok(()) } else { Err(RejectReason::AccountUnknown) }
    }

    pub(super) fn found(&mut self, epoch: u64, seed: u64, operator: PublicKey) -> Result<(), RejectReason> {
        if self.founding.is_some() {
            return Err(RejectReason::AlreadyFounded);
        }
        self.founding = Some(Founding { epoch, seed });
        self.client_ids.set_seed(seed);
        // Hashes that were seen before had no seed.
        self.foresight = Foresight::default();
        self.events.push(Event::Founded { epoch, seed, operator });
        let name = Label::new(OPERATOR_NAME).expect("the operator's name is a label");
        self.open_account(name, false, None)?;
        let grant = KeyGrant { account: AccountId::OPERATOR, scopes: Scopes::ALL, bounds: KeyBounds::NONE };
        self.register_key(operator, grant)
    }

    pub(super) fn open_account(
        &mut self,
        name: Label,
        provider: bool,
        joins: Option<AccountId>,
    ) -> Result<(), RejectReason> {
        joins.map_or(Ok(()), |other| self.check_account(other))?;
        if self.ledger.accounts.named(name).is_some() {
            return Err(RejectReason::AccountExists);
        }
        if !self.ledger.accounts.has_room() {
            return Err(RejectReason::VenueFull);
        }
        let account = self.ledger.accounts.open(name, provider, joins);
        let group = self.ledger.accounts.group(account);
        self.events.push(Event::AccountOpened { account, group, provider, name });
        Ok(())
    }

    pub(super) fn register_key(&mut self, key: PublicKey, grant: KeyGrant) -> Result<(), RejectReason> {
        self.check_account(grant.account)?;
        if !self.ledger.accounts.key_is_free(&key) {
            return Err(RejectReason::KeyExists);
        }
        if !self.ledger.accounts.has_key_room() {
            return Err(RejectReason::VenueFull);
        }
        self.grant(key, grant);
        Ok(())
    }

    /// Puts a key in another's place.
    pub(super) fn replace_key(&mut self, key: PublicKey, by: PublicKey) -> Result<(), RejectReason> {
        if !self.ledger.accounts.key_is_free(&by) {
            return Err(RejectReason::KeyExists);
        }
        let grant = self.ledger.accounts.key(&key).ok_or(RejectReason::KeyUnknown)?;
        self.ledger.accounts.revoke(&key);
        self.grant(by, grant);
        self.events.push(Event::KeyRevoked { account: grant.account, key });
        Ok(())
    }

    fn grant(&mut self, key: PublicKey, grant: KeyGrant) {
        self.ledger.accounts.register(key, grant);
        let KeyGrant { account, scopes, bounds } = grant;
        let KeyBounds { expires, order_notional, networks } = bounds;
        self.events.push(Event::KeyRegistered { account, key, scopes, expires, order_notional });
        self.events.extend(networks.iter().map(|network| Event::KeyConfined { key, network }));
    }

    pub(super) fn revoke_key(&mut self, key: PublicKey) -> Result<(), RejectReason> {
        let grant = self.ledger.accounts.key(&key).ok_or(RejectReason::KeyUnknown)?;
        self.ledger.accounts.revoke(&key);
        self.events.push(Event::KeyRevoked { account: grant.account, key });
        Ok(())
    }

    pub(super) fn deposit(
        &mut self,
        account: AccountId,
        amount: Amount,
        reference: Label,
    ) -> Result<(), RejectReason> {
        self.check_account(account)?;
        if self.ledger.references.contains(&reference) {
            return Err(RejectReason::ReferenceConsumed);
        }
        if amount.is_zero() || self.ledger.supply.within_supply(amount).is_none() {
            return Err(RejectReason::SupplyLimit);
        }
        self.ledger.mint(account, amount, reference);
        self.events.push(Event::Deposited { account, amount, reference });
        Ok(())
    }
}
