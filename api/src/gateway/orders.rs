//! Commands of a session: what changes the exchange, converted and handed to the inlet.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId};
use engine::key::KeyBounds;
use engine::order::{Amendment, NewOrder};
use engine::order_filter::OrderFilter;
use engine::units::Lots;
use node::inlet::Inbound;
use protocol::add_order::AddOrder;
use protocol::cancel::CancelAll;
use protocol::control::TradingMode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::operator::{Deposit, OpenAccount, SetCapacity};
use protocol::request::Request;

use crate::config::SYMBOLS_MAX;
use crate::convert::{entry, instrument, symbol};
use crate::gateway::overloaded;
use crate::gateway::session::{Actor, Session};
use crate::origin::{Origin, Pending};
use crate::question::{AccountBy, Question};

impl Session {
    /// Converts a request that changes the exchange and hands it over; its outcome is answered once it is durable.
    pub(super) async fn command(&mut self, pending: Box<Pending>, request: &Request) {
        let command = match self.convert(request).await {
            Ok(command) => command,
            Err(error) => return pending.answer(Err(error)),
        };
        self.note_session(&command);
        let inbound = Inbound::one(Origin::Reply(pending), command);
        if let Err((error, Origin::Reply(pending))) = self.gateway.submit(inbound) {
            pending.answer(Err(error));
        }
    }

    /// Notes an order that ends with this connection.
    pub(super) fn note_session(&mut self, command: &Command) {
        if let Command::PlaceOrder(NewOrder { session: Some(_), .. }) = *command {
            self.has_orders = true;
        }
    }

    pub(super) async fn convert(&mut self, request: &Request) -> Result<Command, ErrorObject> {
        let account = self.account_id();
        let command = match request {
            Request::AddOrder(params) => {
                let instrument = self.instrument(&params.symbol).await?;
                self.check_cod(params.cod)?;
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
            Request::Transfer(_) | Request::Redeem(_) | Request::EndRedemption(_) => {
                self.payment(request).await?
            }
            Request::AcknowledgeDelivery(_)
            | Request::AnnounceMaintenance(_)
            | Request::ReclaimSlots(_)
            | Request::DisputeSlot(_)
            | Request::AddStake(_)
            | Request::WithdrawStake(_)
            | Request::SetAuditor(_)
            | Request::SetDeliveryTerms(_) => self.delivery_command(request).await?,
            Request::RotateKey(params) => self.rotate_key(params)?,
            _ => self.administer(request).await?,
        };
        self.check_order(&command).await?;
        Ok(command)
    }

    /// For whom the connection acts.
    pub(super) fn account_id(&self) -> AccountId {
        self.actor.as_ref().expect("scopes are checked before commands are converted").account
    }

    /// Whether an order is within what the key allows, where it does not allow everything.
    async fn check_order(&self, command: &Command) -> Result<(), ErrorObject> {
        let bounded = |actor: &Actor| actor.bounds.order_notional < KeyBounds::NONE.order_notional;
        if !self.actor.as_ref().is_some_and(bounded) {
            return Ok(());
        }
        match *command {
            Command::PlaceOrder(NewOrder { limit, lots, .. }) => self.check_notional(limit, lots),
            Command::AmendOrder(Amendment { account, order, limit, lots, .. }) => {
                let open = self.gateway.consult(|answer| Question::Open { account, order, answer }).await?;
                // Without an open order the amendment is refused anyway.
                let Some((before, all)) = open else { return Ok(()) };
                self.check_notional(limit.unwrap_or(before), lots.unwrap_or(all))
            }
            _ => Ok(()),
        }
    }

    /// What operators ask for.
    async fn administer(&mut self, request: &Request) -> Result<Command, ErrorObject> {
        Ok(match request {
            Request::OpenAccount(params) => self.open_account(params).await?,
            Request::RegisterKey(params) => self.register_key(params).await?,
            Request::RevokeKey(params) => self.revoke_key(params).await?,
            Request::Halt(params) => self.halt(params, TradingMode::Halted).await?,
            Request::Resume(params) => self.halt(params, TradingMode::Open).await?,
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

    /// An order that ends with its connection needs one that lasts.
    fn check_cod(&self, cod: bool) -> Result<(), ErrorObject> {
        if !(cod && self.is_http) {
            return Ok(());
        }
        let message =
            "an order that ends with its connection is sent over a websocket; over HTTP there is none";
        Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("cod"))
    }

    /// Says what an order would come to.
    pub(super) async fn try_order(&mut self, pending: Box<Pending>, params: &AddOrder) {
        let order = match self.instrument(&params.symbol).await {
            Ok(instrument) => entry::new_order(params, (self.account_id(), instrument), self.session_id()),
            Err(error) => Err(error),
        };
        let order = match order.and_then(|order| {
            self.check_notional(order.limit, order.lots)?;
            Ok(order)
        }) {
            Ok(order) => order,
            Err(error) => return pending.answer(Err(error)),
        };
        if let Err(Question::Try { pending, .. }) = self.gateway.ask(Question::Try { pending, order }) {
            pending.answer(Err(overloaded()));
        }
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

    async fn deposit(&self, params: &Deposit) -> Result<Command, ErrorObject> {
        let account = self.account(&params.account, "account").await?;
        let amount = entry::amount(&params.amount, "amount")?;
        Ok(Command::Deposit { account, amount, reference: entry::label(&params.reference, "reference")? })
    }
}
