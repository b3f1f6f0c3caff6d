//! Commands of a session: what changes the exchange, converted and handed to the inlet.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, PublicKey as EngineKey};
use engine::units::{Amount, Lots};
use node::inlet::Inbound;
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::operator::{Deposit, OpenAccount, RegisterKey, SetCapacity};
use protocol::request::Request;
use protocol::signature::PublicKey;

use crate::config::SYMBOLS_MAX;
use crate::convert::{account, instrument, order};
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
                Command::PlaceOrder(order::new_order(params, account, instrument)?)
            }
            Request::CancelOrder(params) => {
                Command::CancelOrder { account, order: order::order_ref(&params.order)? }
            }
            Request::ReduceOrder(params) => {
                let order = order::order_ref(&params.order)?;
                Command::ReduceOrder { account, order, by: order::lots(&params.by_qty, "by_qty")? }
            }
            Request::CancelAll(params) => {
                let instrument = match params.symbol.as_deref() {
                    Some(symbol) => Some(self.instrument(symbol).await?),
                    None => None,
                };
                Command::CancelAll { account, instrument }
            }
            Request::SetCapacity(params) => self.capacity(account, params).await?,
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
            _ => unreachable!("requests that change nothing are answered elsewhere"),
        })
    }

    /// The instrument of a symbol, from memory or from the publisher.
    async fn instrument(&mut self, symbol: &str) -> Result<InstrumentId, ErrorObject> {
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

    async fn account(&self, name: &str, field: &str) -> Result<AccountId, ErrorObject> {
        let label = order::label(name, field)?;
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
        let name = order::label(&params.account, "account")?;
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
        Ok(Command::Deposit { account, amount, reference: order::label(&params.reference, "reference")? })
    }
}
