//! Commands of a session: what changes the exchange, converted and handed to the inlet.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, PublicKey as EngineKey};
use engine::order::NewOrder;
use engine::order_filter::OrderFilter;
use engine::units::{Amount, Lots};
use node::inlet::Inbound;
use protocol::cancel::CancelAll;
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::operator::{Deposit, OpenAccount, RegisterKey, SetCapacity};
use protocol::request::Request;
use protocol::signature::PublicKey;

use crate::config::SYMBOLS_MAX;
use crate::convert::{account, entry, instrument, symbol};
use crate::gateway::login::first_bytes;
use crate::gateway::session::Session;
use crate::origin::{Origin, Pending};
use crate::question::{AccountBy, Question};

impl Session {
    /// Converts a request that changes the exchange and hands it over; its outcome is answered once it is durable.
    pub(super) async fn command(&mut self, pending: Box<Pending>, request: &Request) {
        let command = match self.convert(request).await {
            Ok(command) => command,
            Err(error) => return pending.answer(Err(error)),
        };
        if let Command::PlaceOrder(NewOrder { session: Some(_), .. }) = command {
            self.has_orders = true;
        }
        let inbound = Inbound { origin: Origin::Reply(pending), command };
        if let Err((error, Origin::Reply(pending))) = self.gateway.submit(inbound) {
            pending.answer(Err(error));
        }
    }

    async fn convert(&mut self, request: &Request) -> Result<Command, ErrorObject> {
        let actor = self.actor.expect("scopes are checked before commands are converted");
        let account = actor.account;
        Ok(match request {
            Request::AddOrder(params) => {
                let instrument = self.instrument(&params.symbol).await?;
                let order = entry::new_order(params, (account, instrument), self.session_id())?;
                Command::PlaceOrder(order)
            }
            Request::AmendOrder(params) => Command::AmendOrder(entry::amendment(params, account)?),
            Request::CancelOrder(params) => {
                Command::CancelOrder { account, order: entry::order_ref(&params.order)? }
            }
            Request::ReduceOrder(params) => {
                let order = entry::order_ref(&params.order)?;
                Command::ReduceOrder { account, order, by: entry::lots(&params.by_qty, "by_qty")? }
            }
            Request::CancelAll(params) => Command::CancelAll { account, only: self.filter(params).await? },
            Request::CancelAllAfter(params) => {
                Command::CancelAfter { account, after: entry::cancel_after(params)? }
            }
            Request::SetCapacity(params) => self.capacity(account, params).await?,
            _ => self.administer(request).await?,
        })
    }

    /// What operators ask for.
    async fn administer(&mut self, request: &Request) -> Result<Command, ErrorObject> {
        Ok(match request {
            Request::OpenAccount(params) => self.open_account(params).await?,
            Request::RegisterKey(params) => self.register_key(params).await?,
            Request::RevokeKey(params) => {
                let unknown =
                    || ErrorObject::new(ErrorCode::KeyUnknown, "no key has this id").with_field("key_id");
                let first = first_bytes(&params.key_id).ok_or_else(unknown)?;
                let known = self.known(AccountBy::Key(first)).await?.ok_or_else(unknown)?;
                Command::RevokeKey { key: known.key.ok_or_else(unknown)?.0 }
            }
            Request::Deposit(params) => self.deposit(params).await?,
            Request::AddMarket(params) => Command::AddMarket(instrument::spec(params)?),
            Request::SetMode(params) => self.set_mode(params).await?,
            Request::SetMarketLimits(params) => self.market_limits(params).await?,
            Request::SetAccountLimits(params) => self.account_limits(params).await?,
            Request::LockAccount(params) => self.lock(params).await?,
            Request::KillSwitch(params) => self.kill(params).await?,
            _ => unreachable!("requests that change nothing are answered elsewhere"),
        })
    }

    /// The orders that `cancel_all` means.
    async fn filter(&mut self, params: &CancelAll) -> Result<OrderFilter, ErrorObject> {
        let place = match params.symbol.as_deref() {
            None => OrderFilter::default(),
            Some(text) if text.contains(symbol::ANY) => {
                let pattern: Box<str> = text.into();
                self.gateway.consult(|answer| Question::Pattern { pattern, answer }).await??
            }
            Some(text) => OrderFilter::in_instrument(self.instrument(text).await?),
        };
        Ok(OrderFilter {
            side: params.side.map(entry::side),
            label: params.label.as_deref().map(|text| entry::label(text, "label")).transpose()?,
            ..place
        })
    }

    /// The instrument of a symbol, from memory or from the publisher.
    pub(super) async fn instrument(&mut self, symbol: &str) -> Result<InstrumentId, ErrorObject> {
        if let Some(known) = self.symbols.get(symbol) {
            return Ok(*known);
        }
        let text: Box<str> = symbol.into();
        let asked = text.clone();
        let found = self.gateway.consult(|answer| Question::Instrument { symbol: asked, answer }).await??;
        if SYMBOLS_MAX <= self.symbols.len() {
            self.symbols.clear();
        }
        self.symbols.insert(text, found);
        Ok(found)
    }

    pub(super) async fn account(&self, name: &str, field: &str) -> Result<AccountId, ErrorObject> {
        let label = entry::label(name, field)?;
        let known = self.known(AccountBy::Name(label)).await?;
        known.map(|known| known.account).ok_or_else(|| {
            ErrorObject::new(ErrorCode::AccountUnknown, "no account has this name").with_field(field)
        })
    }

    async fn capacity(&mut self, account: AccountId, params: &SetCapacity) -> Result<Command, ErrorObject> {
        let instrument = self.instrument(&params.symbol).await?;
        let lots = Lots::new(params.gpus).ok_or_else(|| {
            ErrorObject::new(ErrorCode::MaxQty, "a capacity is at most 10000000 GPUs").with_field("gpus")
        })?;
        Ok(Command::SetCapacity { account, instrument, lots })
    }

    async fn open_account(&self, params: &OpenAccount) -> Result<Command, ErrorObject> {
        let name = entry::label(&params.account, "account")?;
        let joins = match params.group.as_deref() {
            Some(other) => Some(self.account(other, "group").await?),
            None => None,
        };
        Ok(Command::OpenAccount { name, provider: params.provider.unwrap_or(false), joins })
    }

    async fn register_key(&self, params: &RegisterKey) -> Result<Command, ErrorObject> {
        let account = self.account(&params.account, "account").await?;
        let key = EngineKey(PublicKey::parse(&params.key, "key")?.to_bytes());
        Ok(Command::RegisterKey { account, key, scopes: account::scopes_asked(&params.scopes)? })
    }

    async fn deposit(&self, params: &Deposit) -> Result<Command, ErrorObject> {
        let account = self.account(&params.account, "account").await?;
        let amount = Amount::new(decimal::parse(&params.amount, Scale::Amount, "amount")?);
        Ok(Command::Deposit { account, amount, reference: entry::label(&params.reference, "reference")? })
    }
}
