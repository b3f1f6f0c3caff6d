//! Request: what a client may ask, typed.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::add_order::{AddOrder, AddOrderFields};
use crate::amend::{AmendFields, AmendOrder};
use crate::batch::Batch;
use crate::cancel::{CancelAll, CancelAllAfter, CancelFields, CancelOrder, ReduceFields, ReduceOrder};
use crate::control::{
    Drain, Halt, KillFields, KillSwitch, LockAccount, MarketLimitFields, SetAccountLimits, SetMarketLimits,
    SetMode, Snapshot,
};
use crate::delivery::SlotName;
use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::evidence::{
    AcknowledgeDelivery, AnnounceMaintenance, AskOutputs, CommitSlot, JudgeSlot, OpenSlot, ReclaimSlots,
    RevealSecret, RuleSlot, SetAuditor, SetDeliveryTerms, Stake, StoreOutputs, SubmitJob,
};
use crate::fields::{decode, excerpt};
use crate::key::{ListKeys, RotateKey};
use crate::look::{LookAtBook, LookAtCandles, LookAtTicker, LookAtTrades};
use crate::operator::{AddMarket, Deposit, OpenAccount, RegisterKey, RevokeKey, SetCapacity};
use crate::payment::{EndRedemption, Redeem, Transfer};
use crate::query::{AskOrderStatus, Fills, OpenOrders, OrderStatusFields, Whose};
use crate::request_id::RequestId;
use crate::session::{Login, LoginFields, NoFields, Ping, PingFields, RequestProof, Scope};
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
    /// Change several orders.
    Batch(Batch),
    /// Ask what became of an order.
    OrderStatus(AskOrderStatus),
    /// List resting orders.
    OpenOrders(OpenOrders),
    /// List what has traded.
    Fills(Fills),
    /// List balances and positions.
    Balances(Whose),
    /// List positions.
    Positions(Whose),
    /// Say what trades cost.
    #[serde(rename = "fees.get")]
    Fees,
    /// Say what the account may do.
    #[serde(rename = "limits.get")]
    Limits,
    /// List keys.
    #[serde(rename = "keys.list")]
    ListKeys(ListKeys),
    /// Put another key in this one's place.
    #[serde(rename = "keys.rotate")]
    RotateKey(RotateKey),
    /// Send credit.
    Transfer(Transfer),
    /// Ask for credit to be paid out.
    Redeem(Redeem),
    /// Say what the exchange is doing.
    Status,
    /// List markets.
    Instruments,
    /// See the book of a market.
    Book(LookAtBook),
    /// See what a market has traded last.
    Trades(LookAtTrades),
    /// See what a market has come to.
    Ticker(LookAtTicker),
    /// See what a market traded in intervals of time.
    Candles(LookAtCandles),
    /// Say what a provider can deliver.
    SetCapacity(SetCapacity),
    /// List deliveries and audits.
    Deliveries(Whose),
    /// Say that the account knows of a delivery.
    AcknowledgeDelivery(AcknowledgeDelivery),
    /// Say that machines will be maintained during a window.
    AnnounceMaintenance(AnnounceMaintenance),
    /// Take slots of an interruptible window back.
    ReclaimSlots(ReclaimSlots),
    /// Say what is to be done in a window that the account holds.
    SubmitJob(SubmitJob),
    /// Have what a slot asks for.
    Assignment(SlotName),
    /// Commit to what was computed.
    CommitSlot(CommitSlot),
    /// `reveal_secret`
    RevealSecret(RevealSecret),
    /// Keep all answers for the taker.
    StoreOutputs(StoreOutputs),
    /// Have the answers that were kept.
    Outputs(AskOutputs),
    /// Open what was drawn of it.
    OpenSlot(OpenSlot),
    /// Have all that was shown of a slot.
    Receipt(SlotName),
    /// Say what an audit found.
    JudgeSlot(JudgeSlot),
    /// Put credit at stake.
    AddStake(Stake),
    /// Take a part of the stake back.
    WithdrawStake(Stake),
    /// Dispute how a slot ends.
    DisputeSlot(SlotName),
    /// List what waits for the arbiter.
    Cases,
    /// Decide how a slot ends.
    RuleSlot(RuleSlot),
    /// Let an account be drawn to audit, or no longer.
    SetAuditor(SetAuditor),
    /// Set what a market's deliveries go by.
    SetDeliveryTerms(SetDeliveryTerms),
    /// Open an account.
    OpenAccount(OpenAccount),
    /// Give an account a key.
    RegisterKey(RegisterKey),
    /// Take a key away.
    RevokeKey(RevokeKey),
    /// Credit an account.
    Deposit(Deposit),
    /// Say that credit was paid out, or that it is returned.
    EndRedemption(EndRedemption),
    /// List what waits to be paid out.
    Redemptions,
    /// List a class in a zone.
    AddMarket(AddMarket),
    /// Say what may be done, in the venue, a market or a window.
    SetMode(SetMode),
    /// Take cancels only, in the venue, a market or a window.
    Halt(Halt),
    /// Take everything again.
    Resume(Halt),
    /// Stop after a notice.
    Drain(Drain),
    /// Has a snapshot made.
    Snapshot(Snapshot),
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
pub const METHODS: [&str; 67] = [
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
    "batch",
    "order_status",
    "open_orders",
    "fills",
    "balances",
    "positions",
    "fees.get",
    "limits.get",
    "keys.list",
    "keys.rotate",
    "transfer",
    "redeem",
    "status",
    "instruments",
    "book",
    "trades",
    "ticker",
    "candles",
    "set_capacity",
    "deliveries",
    "acknowledge_delivery",
    "announce_maintenance",
    "reclaim_slots",
    "submit_job",
    "assignment",
    "commit_slot",
    "reveal_secret",
    "store_outputs",
    "outputs",
    "open_slot",
    "receipt",
    "judge_slot",
    "add_stake",
    "withdraw_stake",
    "dispute_slot",
    "cases",
    "rule_slot",
    "set_auditor",
    "set_delivery_terms",
    "open_account",
    "register_key",
    "revoke_key",
    "deposit",
    "end_redemption",
    "redemptions",
    "add_market",
    "set_mode",
    "halt",
    "resume",
    "drain",
    "snapshot",
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
            "batch" => Request::Batch(Batch::decode(params)?),
            "order_status" => Request::OrderStatus(decode::<OrderStatusFields, _>(params)?),
            "open_orders" => Request::OpenOrders(decode::<OpenOrders, _>(params)?),
            "fills" => Request::Fills(decode::<Fills, _>(params)?),
            "balances" => Request::Balances(decode::<Whose, _>(params)?),
            "positions" => Request::Positions(decode::<Whose, _>(params)?),
            "fees.get" => without_params(Request::Fees, params)?,
            "limits.get" => without_params(Request::Limits, params)?,
            "keys.list" => Request::ListKeys(decode::<ListKeys, _>(params)?),
            "keys.rotate" => Request::RotateKey(decode::<RotateKey, _>(params)?),
            "transfer" => Request::Transfer(decode::<Transfer, _>(params)?),
            "redeem" => Request::Redeem(decode::<Redeem, _>(params)?),
            "status" => without_params(Request::Status, params)?,
            "instruments" => without_params(Request::Instruments, params)?,
            "book" => Request::Book(decode::<LookAtBook, _>(params)?),
            "trades" => Request::Trades(decode::<LookAtTrades, _>(params)?),
            "ticker" => Request::Ticker(decode::<LookAtTicker, _>(params)?),
            "candles" => Request::Candles(decode::<LookAtCandles, _>(params)?),
            _ => Request::decode_delivery(method, params)?,
        })
    }

    /// Reads the params of what is asked about deliveries.
    fn decode_delivery(method: &str, params: &RawValue) -> Result<Request, ErrorObject> {
        Ok(match method {
            "deliveries" => Request::Deliveries(decode::<Whose, _>(params)?),
            "acknowledge_delivery" => Request::AcknowledgeDelivery(decode::<AcknowledgeDelivery, _>(params)?),
            "announce_maintenance" => Request::AnnounceMaintenance(decode::<AnnounceMaintenance, _>(params)?),
            "reclaim_slots" => Request::ReclaimSlots(decode::<ReclaimSlots, _>(params)?),
            "submit_job" => Request::SubmitJob(decode::<SubmitJob, _>(params)?),
            "assignment" => Request::Assignment(decode::<SlotName, _>(params)?),
            "commit_slot" => Request::CommitSlot(decode::<CommitSlot, _>(params)?),
            "reveal_secret" => Request::RevealSecret(decode::<RevealSecret, _>(params)?),
            "store_outputs" => Request::StoreOutputs(decode::<StoreOutputs, _>(params)?),
            "outputs" => Request::Outputs(decode::<AskOutputs, _>(params)?),
            "open_slot" => Request::OpenSlot(decode::<OpenSlot, _>(params)?),
            "receipt" => Request::Receipt(decode::<SlotName, _>(params)?),
            "judge_slot" => Request::JudgeSlot(decode::<JudgeSlot, _>(params)?),
            "add_stake" => Request::AddStake(decode::<Stake, _>(params)?),
            "withdraw_stake" => Request::WithdrawStake(decode::<Stake, _>(params)?),
            "dispute_slot" => Request::DisputeSlot(decode::<SlotName, _>(params)?),
            "cases" => without_params(Request::Cases, params)?,
            "rule_slot" => Request::RuleSlot(decode::<RuleSlot, _>(params)?),
            "set_auditor" => Request::SetAuditor(decode::<SetAuditor, _>(params)?),
            "set_delivery_terms" => Request::SetDeliveryTerms(decode::<SetDeliveryTerms, _>(params)?),
            _ => Request::decode_operator(method, params)?,
        })
    }

    /// Reads the params of what providers and operators ask for.
    fn decode_operator(method: &str, params: &RawValue) -> Result<Request, ErrorObject> {
        Ok(match method {
            "set_capacity" => Request::SetCapacity(decode::<SetCapacity, _>(params)?),
            "open_account" => Request::OpenAccount(decode::<OpenAccount, _>(params)?),
            "register_key" => Request::RegisterKey(decode::<RegisterKey, _>(params)?),
            "revoke_key" => Request::RevokeKey(decode::<RevokeKey, _>(params)?),
            "deposit" => Request::Deposit(decode::<Deposit, _>(params)?),
            "end_redemption" => Request::EndRedemption(decode::<EndRedemption, _>(params)?),
            "redemptions" => without_params(Request::Redemptions, params)?,
            "halt" => Request::Halt(decode::<Halt, _>(params)?),
            "resume" => Request::Resume(decode::<Halt, _>(params)?),
            "drain" => Request::Drain(decode::<Drain, _>(params)?),
            "snapshot" => Request::Snapshot(decode::<Snapshot, _>(params)?),
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
            Request::Batch(_) => "batch",
            Request::OrderStatus(_) => "order_status",
            Request::OpenOrders(_) => "open_orders",
            Request::Fills(_) => "fills",
            Request::Balances(_) => "balances",
            Request::Positions(_) => "positions",
            Request::Fees => "fees.get",
            Request::Limits => "limits.get",
            Request::ListKeys(_) => "keys.list",
            Request::RotateKey(_) => "keys.rotate",
            Request::Transfer(_) => "transfer",
            Request::Redeem(_) => "redeem",
            Request::Status => "status",
            Request::EndRedemption(_) => "end_redemption",
            Request::Redemptions => "redemptions",
            Request::Halt(_) => "halt",
            Request::Resume(_) => "resume",
            Request::Drain(_) => "drain",
            Request::Snapshot(_) => "snapshot",
            Request::Instruments => "instruments",
            Request::Book(_) => "book",
            Request::Trades(_) => "trades",
            Request::Ticker(_) => "ticker",
            Request::Candles(_) => "candles",
            Request::SetCapacity(_) => "set_capacity",
            Request::Deliveries(_) => "deliveries",
            Request::AcknowledgeDelivery(_) => "acknowledge_delivery",
            Request::AnnounceMaintenance(_) => "announce_maintenance",
            Request::ReclaimSlots(_) => "reclaim_slots",
            Request::SubmitJob(_) => "submit_job",
            Request::Assignment(_) => "assignment",
            Request::CommitSlot(_) => "commit_slot",
            Request::RevealSecret(_) => "reveal_secret",
            Request::StoreOutputs(_) => "store_outputs",
            Request::Outputs(_) => "outputs",
            Request::OpenSlot(_) => "open_slot",
            Request::Receipt(_) => "receipt",
            Request::JudgeSlot(_) => "judge_slot",
            Request::AddStake(_) => "add_stake",
            Request::WithdrawStake(_) => "withdraw_stake",
            Request::DisputeSlot(_) => "dispute_slot",
            Request::Cases => "cases",
            Request::RuleSlot(_) => "rule_slot",
            Request::SetAuditor(_) => "set_auditor",
            Request::SetDeliveryTerms(_) => "set_delivery_terms",
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
    /// channel needs `Scope::Read` besides, and each change of a batch what it would need alone.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Request::Login(_) | Request::Ping(_) | Request::Logout => None,
            Request::Subscribe(_) | Request::Unsubscribe(_) | Request::Resync(_) => None,
            Request::Instruments | Request::Fees | Request::Status | Request::Batch(_) => None,
            Request::Book(_) | Request::Trades(_) | Request::Ticker(_) | Request::Candles(_) => None,
            Request::OpenOrders(_) | Request::Fills(_) | Request::Balances(_) => Some(Scope::Read),
            Request::OrderStatus(_) | Request::Positions(_) | Request::Limits => Some(Scope::Read),
            Request::ListKeys(_) => Some(Scope::Read),
            Request::AddOrder(_) | Request::AmendOrder(_) | Request::ReduceOrder(_) => Some(Scope::Trade),
            Request::CancelOrder(_) | Request::CancelAll(_) | Request::CancelAllAfter(_) => {
                Some(Scope::Cancel)
            }
            Request::SetCapacity(_) => Some(Scope::Provide),
            Request::Deliveries(_) | Request::Receipt(_) | Request::Outputs(_) => Some(Scope::Read),
            Request::AcknowledgeDelivery(_) | Request::AnnounceMaintenance(_) => Some(Scope::Provide),
            Request::ReclaimSlots(_) | Request::Assignment(_) => Some(Scope::Provide),
            Request::AddStake(_) | Request::WithdrawStake(_) => Some(Scope::Provide),
            Request::CommitSlot(_) | Request::StoreOutputs(_) | Request::OpenSlot(_) => Some(Scope::Provide),
            Request::SubmitJob(_) | Request::RevealSecret(_) | Request::DisputeSlot(_) => Some(Scope::Trade),
            Request::JudgeSlot(_) => Some(Scope::Provide),
            Request::Cases | Request::RuleSlot(_) | Request::SetAuditor(_) => Some(Scope::Admin),
            Request::SetDeliveryTerms(_) => Some(Scope::Admin),
            Request::Transfer(_) | Request::Redeem(_) => Some(Scope::Transfer),
            // Any key may make room for another one with the same bounds.
            Request::RotateKey(_) => None,
            Request::OpenAccount(_) | Request::RegisterKey(_) | Request::RevokeKey(_) => Some(Scope::Admin),
            Request::Deposit(_) | Request::AddMarket(_) | Request::SetMode(_) => Some(Scope::Admin),
            Request::EndRedemption(_) | Request::Redemptions => Some(Scope::Admin),
            Request::Halt(_) | Request::Resume(_) | Request::Drain(_) => Some(Scope::Admin),
            Request::Snapshot(_) => Some(Scope::Admin),
            Request::SetMarketLimits(_) | Request::SetAccountLimits(_) => Some(Scope::Admin),
            Request::LockAccount(_) | Request::KillSwitch(_) => Some(Scope::Admin),
        }
    }

    /// Whether the method needs a login.
    pub fn needs_login(&self) -> bool {
        self.scope().is_some() || matches!(self, Request::Batch(_) | Request::RotateKey(_))
    }

    /// Whether the method makes no sense without a connection that lasts.
    pub fn needs_connection(&self) -> bool {
        matches!(self, Request::Login(_) | Request::Logout)
            || matches!(self, Request::Subscribe(_) | Request::Unsubscribe(_) | Request::Resync(_))
    }

    /// Whether the method moves credit or says who may act: it is signed again, by the key that logged in.
    pub fn is_signed(&self) -> bool {
        matches!(self, Request::Transfer(_) | Request::Redeem(_) | Request::RotateKey(_))
            || matches!(self, Request::RegisterKey(_) | Request::RevokeKey(_))
            || matches!(self, Request::Deposit(_) | Request::EndRedemption(_))
    }

    /// The text of `params`, as it is sent and signed.
    pub fn params(&self) -> String {
        let text = serde_json::to_value(self).expect("wire types have only text as keys");
        text.get("params").map_or_else(|| "{}".to_owned(), ToString::to_string)
    }

    /// The text of one frame of a request that is signed.
    pub fn encode_signed(&self, req_id: Option<&RequestId>, params: &str, proof: &RequestProof) -> String {
        #[derive(Serialize)]
        struct Frame<'a> {
            method: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            req_id: Option<&'a RequestId>,
            params: &'a RawValue,
            auth: &'a RequestProof,
        }

        let params = serde_json::from_str(params).expect("params are JSON");
        let frame = Frame { method: self.method(), req_id, params, auth: proof };
        serde_json::to_string(&frame).expect("wire types have only text as keys")
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
