//! Request: what a client may ask, typed.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::add_order::{AddOrder, AddOrderFields};
use crate::amend::{AmendFields, AmendOrder};
use crate::cancel::{CancelAll, CancelAllAfter, CancelFields, CancelOrder, ReduceFields, ReduceOrder};
use crate::control::{
    KillFields, KillSwitch, LockAccount, MarketLimitFields, SetAccountLimits, SetMarketLimits, SetMode,
};
use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::{decode, excerpt};
use crate::operator::{AddMarket, Deposit, OpenAccount, RegisterKey, RevokeKey, SetCapacity};
use crate::query::{Fills, OpenOrders};
use crate::request_id::RequestId;
use crate::session::{Login, LoginFields, NoFields, Ping, PingFields, Scope};
use crate::subscription::{Resync, ResyncFields, Subscribe, Unsubscribe};
use crate::suggest;

/// A method and its params.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Request {
    /// Prove an account.
    Login(Login),
    /// See that the server answers.
    Ping(Ping),
    /// End the session.
    Logout,
    /// Begin streams.
    Subscribe(Subscribe),
    /// End streams.
    Unsubscribe(Unsubscribe),
    /// Have a stream's snapshot again.
    Resync(Resync),
    /// Buy or sell.
    AddOrder(AddOrder),
    /// Change an order.
    AmendOrder(AmendOrder),
    /// End an order.
    CancelOrder(CancelOrder),
    /// Make an order smaller.
    ReduceOrder(ReduceOrder),
    /// End all orders.
    CancelAll(CancelAll),
    /// End all orders unless this is said again in time.
    CancelAllAfter(CancelAllAfter),
    /// List resting orders.
    OpenOrders(OpenOrders),
    /// List what has traded.
    Fills(Fills),
    /// List balances and positions.
    Balances,
    /// List markets.
    Instruments,
    /// Say what a provider can deliver.
    SetCapacity(SetCapacity),
    /// Open an account.
    OpenAccount(OpenAccount),
    /// Give an account a key.
    RegisterKey(RegisterKey),
    /// Take a key away.
    RevokeKey(RevokeKey),
    /// Credit an account.
    Deposit(Deposit),
    /// List a class in a zone.
    AddMarket(AddMarket),
    /// Say what may be done, in the venue, a market or a window.
    SetMode(SetMode),
    /// Set a market's price bands and limits.
    SetMarketLimits(SetMarketLimits),
    /// Set an account's limits.
    SetAccountLimits(SetAccountLimits),
    /// Lock or unlock an account.
    LockAccount(LockAccount),
    /// End all orders of an account or of everybody, and let no others in.
    KillSwitch(KillSwitch),
}

/// All methods.
pub const METHODS: [&str; 27] = [
    "login",
    "ping",
    "logout",
    "subscribe",
    "unsubscribe",
    "resync",
    "add_order",
    "amend_order",
    "cancel_order",
    "reduce_order",
    "cancel_all",
    "cancel_all_after",
    "open_orders",
    "fills",
    "balances",
    "instruments",
    "set_capacity",
    "open_account",
    "register_key",
    "revoke_key",
    "deposit",
    "add_market",
    "set_mode",
    "set_market_limits",
    "set_account_limits",
    "lock_account",
    "kill_switch",
];

impl Request {
    /// Reads the params of `method`.
    pub(crate) fn decode(method: &str, params: &RawValue) -> Result<Request, ErrorObject> {
        Ok(match method {
            "login" => Request::Login(decode::<LoginFields, _>(params)?),
            "ping" => Request::Ping(decode::<PingFields, _>(params)?),
            "logout" => without_params(Request::Logout, params)?,
            "subscribe" => Request::Subscribe(decode::<Subscribe, _>(params)?),
            "unsubscribe" => Request::Unsubscribe(decode::<Unsubscribe, _>(params)?),
            "resync" => Request::Resync(decode::<ResyncFields, _>(params)?),
            "add_order" => Request::AddOrder(decode::<AddOrderFields, _>(params)?),
            "amend_order" => Request::AmendOrder(decode::<AmendFields, _>(params)?),
            "cancel_order" => Request::CancelOrder(decode::<CancelFields, _>(params)?),
            "reduce_order" => Request::ReduceOrder(decode::<ReduceFields, _>(params)?),
            "cancel_all" => Request::CancelAll(decode::<CancelAll, _>(params)?),
            "cancel_all_after" => Request::CancelAllAfter(decode::<CancelAllAfter, _>(params)?),
            "open_orders" => Request::OpenOrders(decode::<OpenOrders, _>(params)?),
            "fills" => Request::Fills(decode::<Fills, _>(params)?),
            "balances" => without_params(Request::Balances, params)?,
            "instruments" => without_params(Request::Instruments, params)?,
            "set_capacity" => Request::SetCapacity(decode::<SetCapacity, _>(params)?),
            "open_account" => Request::OpenAccount(decode::<OpenAccount, _>(params)?),
            "register_key" => Request::RegisterKey(decode::<RegisterKey, _>(params)?),
            "revoke_key" => Request::RevokeKey(decode::<RevokeKey, _>(params)?),
            "deposit" => Request::Deposit(decode::<Deposit, _>(params)?),
            "add_market" => Request::AddMarket(decode::<AddMarket, _>(params)?),
            "set_mode" => Request::SetMode(decode::<SetMode, _>(params)?),
            "set_market_limits" => Request::SetMarketLimits(decode::<MarketLimitFields, _>(params)?),
            "set_account_limits" => Request::SetAccountLimits(decode::<SetAccountLimits, _>(params)?),
            "lock_account" => Request::LockAccount(decode::<LockAccount, _>(params)?),
            "kill_switch" => Request::KillSwitch(decode::<KillFields, _>(params)?),
            _ => return Err(unknown_method(method)),
        })
    }

    /// The method's name.
    pub fn method(&self) -> &'static str {
        match self {
            Request::Login(_) => "login",
            Request::Ping(_) => "ping",
            Request::Logout => "logout",
            Request::Subscribe(_) => "subscribe",
            Request::Unsubscribe(_) => "unsubscribe",
            Request::Resync(_) => "resync",
            Request::AddOrder(_) => "add_order",
            Request::AmendOrder(_) => "amend_order",
            Request::CancelOrder(_) => "cancel_order",
            Request::ReduceOrder(_) => "reduce_order",
            Request::CancelAll(_) => "cancel_all",
            Request::CancelAllAfter(_) => "cancel_all_after",
            Request::OpenOrders(_) => "open_orders",
            Request::Fills(_) => "fills",
            Request::Balances => "balances",
            Request::Instruments => "instruments",
            Request::SetCapacity(_) => "set_capacity",
            Request::OpenAccount(_) => "open_account",
            Request::RegisterKey(_) => "register_key",
            Request::RevokeKey(_) => "revoke_key",
            Request::Deposit(_) => "deposit",
            Request::AddMarket(_) => "add_market",
            Request::SetMode(_) => "set_mode",
            Request::SetMarketLimits(_) => "set_market_limits",
            Request::SetAccountLimits(_) => "set_account_limits",
            Request::LockAccount(_) => "lock_account",
            Request::KillSwitch(_) => "kill_switch",
        }
    }

    /// The scope that the method needs; `None` if it needs no login. A subscription to a private
    /// channel needs `Scope::Read` besides.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Request::Login(_) | Request::Ping(_) | Request::Logout => None,
            Request::Subscribe(_) | Request::Unsubscribe(_) | Request::Resync(_) | Request::Instruments => {
                None
            }
            Request::OpenOrders(_) | Request::Fills(_) | Request::Balances => Some(Scope::Read),
            Request::AddOrder(_) | Request::AmendOrder(_) | Request::ReduceOrder(_) => Some(Scope::Trade),
            Request::CancelOrder(_) | Request::CancelAll(_) | Request::CancelAllAfter(_) => {
                Some(Scope::Cancel)
            }
            Request::SetCapacity(_) => Some(Scope::Provide),
            Request::OpenAccount(_) | Request::RegisterKey(_) | Request::RevokeKey(_) => Some(Scope::Admin),
            Request::Deposit(_) | Request::AddMarket(_) | Request::SetMode(_) => Some(Scope::Admin),
            Request::SetMarketLimits(_) | Request::SetAccountLimits(_) => Some(Scope::Admin),
            Request::LockAccount(_) | Request::KillSwitch(_) => Some(Scope::Admin),
        }
    }

    /// The text of one frame; the reply repeats `req_id`.
    pub fn encode(&self, req_id: Option<&RequestId>) -> String {
        #[derive(Serialize)]
        struct Named<'a> {
            #[serde(flatten)]
            request: &'a Request,
            #[serde(skip_serializing_if = "Option::is_none")]
            req_id: Option<&'a RequestId>,
        }

        serde_json::to_string(&Named { request: self, req_id }).expect("wire types have only text as keys")
    }
}

fn without_params(request: Request, params: &RawValue) -> Result<Request, ErrorObject> {
    decode::<NoFields, NoFields>(params).map(|_| request)
}

fn unknown_method(method: &str) -> ErrorObject {
    let error = ErrorObject::new(ErrorCode::UnknownMethod, format!("no method {:?}", excerpt(method)))
        .with_field("method");
    match suggest::did_you_mean(method, METHODS) {
        Some(meant) => error.with_suggestion(meant),
        None => error,
    }
}
