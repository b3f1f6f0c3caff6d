//! Reply: the answer to one request.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::batch::BatchResult;
use crate::cancel::{CancelAllAfterResult, CancelAllResult, OrderChange};
use crate::control::{DrainResult, SnapshotResult};
use crate::dry_run::DryRun;
use crate::error::ErrorObject;
use crate::evidence::{
    AssignmentResult, CasesResult, DeliveriesResult, JobResult, OpeningResult, OutputsResult, ReceiptResult,
    SampleResult,
};
use crate::key::KeysResult;
use crate::look::{BookLook, CandlesLook, TickerLook, TradesLook};
use crate::operator::Accepted;
use crate::order::OrderOutcome;
use crate::payment::{PaymentResult, RedemptionsResult};
use crate::query::{
    BalancesResult, FillsResult, InstrumentsResult, OpenOrdersResult, OrderStatusResult, PositionsResult,
};
use crate::request_id::RequestId;
use crate::session::{LoginResult, Ping};
use crate::subscription::{Resync, SubscribeResult, UnsubscribeResult};
use crate::time::Time;
use crate::venue::{FeesResult, LimitsResult, RateLeft, VenueStatus};

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The request's method, if it could be read.
    pub method: Option<Box<str>>,
    /// The request's id, if it had one.
    pub req_id: Option<RequestId>,
    /// What came of it.
    pub outcome: Result<Answer, ErrorObject>,
    /// When the server received the request.
    pub t_in: Time,
    /// When the server sent the reply.
    pub t_out: Time,
    /// What is left of the account's budgets, when it is little or was asked for.
    pub rl: Option<RateLeft>,
}

/// The result of a method, by the method's kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of `login`.
    Login(LoginResult),
    /// Of `ping`.
    Ping(Ping),
    /// Of `logout`.
    Logout {},
    /// Of `subscribe`.
    Subscribe(SubscribeResult),
    /// Of `unsubscribe`.
    Unsubscribe(UnsubscribeResult),
    /// Of `resync`.
    Resync(Resync),
    /// Of `add_order`.
    AddOrder(OrderOutcome),
    /// Of `amend_order`.
    AmendOrder(OrderOutcome),
    /// Of `cancel_order` and `reduce_order`.
    OrderChange(OrderChange),
    /// Of `cancel_all`.
    CancelAll(CancelAllResult),
    /// Of `cancel_all_after`.
    CancelAllAfter(CancelAllAfterResult),
    /// Of `book`.
    Book(Box<BookLook>),
    /// Of `trades`.
    Trades(Box<TradesLook>),
    /// Of `ticker`.
    Ticker(Box<TickerLook>),
    /// Of `candles`.
    Candles(Box<CandlesLook>),
    /// Of `add_order` with `dry_run`.
    DryRun(Box<DryRun>),
    /// Of `batch`.
    Batch(BatchResult),
    /// Of `order_status`.
    OrderStatus(OrderStatusResult),
    /// Of `open_orders`.
    OpenOrders(OpenOrdersResult),
    /// Of `fills`.
    Fills(FillsResult),
    /// Of `balances`.
    Balances(BalancesResult),
    /// Of `positions`.
    Positions(PositionsResult),
    /// Of `fees.get`.
    Fees(FeesResult),
    /// Of `limits.get`.
    Limits(Box<LimitsResult>),
    /// Of `keys.list`.
    Keys(KeysResult),
    /// Of `transfer` and `redeem`.
    Payment(PaymentResult),
    /// Of `redemptions`.
    Redemptions(RedemptionsResult),
    /// Of `status`.
    Status(Box<VenueStatus>),
    /// Of `drain`.
    Drain(DrainResult),
    /// Of `snapshot`.
    Snapshot(SnapshotResult),
    /// Of `instruments`.
    Instruments(InstrumentsResult),
    /// Of `deliveries`.
    Deliveries(DeliveriesResult),
    /// Of `submit_job`.
    Job(JobResult),
    /// Of `assignment`.
    Assignment(Box<AssignmentResult>),
    /// Of `commit_slot`.
    Sample(SampleResult),
    /// Of `outputs`.
    Outputs(OutputsResult),
    /// Of `open_slot`.
    Opening(OpeningResult),
    /// Of `receipt`.
    Receipt(Box<ReceiptResult>),
    /// Of `cases`.
    Cases(CasesResult),
    /// Of the methods of operators and providers.
    Accepted(Accepted),
}

#[derive(Serialize)]
struct ReplyText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    req_id: Option<&'a RequestId>,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorObject>,
    t_in: Time,
    t_out: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    rl: Option<RateLeft>,
}

#[derive(Deserialize)]
struct ReplyRead {
    method: Option<Box<str>>,
    req_id: Option<RequestId>,
    result: Option<Box<RawValue>>,
    error: Option<ErrorObject>,
    t_in: Time,
    t_out: Time,
    rl: Option<RateLeft>,
}

/// Whether the result of `add_order` tells what would happen.
fn is_dry_run(result: &str) -> Result<bool, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        dry_run: bool,
    }

    serde_json::from_str(result).map(|head: Head| head.dry_run)
}

impl Reply {
    /// The text of one frame.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("wire types have only text as keys")
    }
}

impl Answer {
    fn decode(method: &str, result: &RawValue) -> Result<Answer, serde_json::Error> {
        let text = result.get();
        Ok(match method {
            "login" => Answer::Login(serde_json::from_str(text)?),
            "ping" => Answer::Ping(serde_json::from_str(text)?),
            "logout" => Answer::Logout {},
            "subscribe" => Answer::Subscribe(serde_json::from_str(text)?),
            "unsubscribe" => Answer::Unsubscribe(serde_json::from_str(text)?),
            "resync" => Answer::Resync(serde_json::from_str(text)?),
            "add_order" if is_dry_run(text)? => Answer::DryRun(serde_json::from_str(text)?),
            "add_order" => Answer::AddOrder(serde_json::from_str(text)?),
            "amend_order" => Answer::AmendOrder(serde_json::from_str(text)?),
            "cancel_order" | "reduce_order" => Answer::OrderChange(serde_json::from_str(text)?),
            "cancel_all" => Answer::CancelAll(serde_json::from_str(text)?),
            "cancel_all_after" => Answer::CancelAllAfter(serde_json::from_str(text)?),
            "batch" => Answer::Batch(serde_json::from_str(text)?),
            "order_status" => Answer::OrderStatus(serde_json::from_str(text)?),
            "open_orders" => Answer::OpenOrders(serde_json::from_str(text)?),
            "fills" => Answer::Fills(serde_json::from_str(text)?),
            "balances" => Answer::Balances(serde_json::from_str(text)?),
            "positions" => Answer::Positions(serde_json::from_str(text)?),
            "fees.get" => Answer::Fees(serde_json::from_str(text)?),
            "limits.get" => Answer::Limits(serde_json::from_str(text)?),
            "keys.list" => Answer::Keys(serde_json::from_str(text)?),
            "transfer" | "redeem" => Answer::Payment(serde_json::from_str(text)?),
            "redemptions" => Answer::Redemptions(serde_json::from_str(text)?),
            "status" => Answer::Status(serde_json::from_str(text)?),
            "drain" => Answer::Drain(serde_json::from_str(text)?),
            "snapshot" => Answer::Snapshot(serde_json::from_str(text)?),
            "instruments" => Answer::Instruments(serde_json::from_str(text)?),
            "book" => Answer::Book(serde_json::from_str(text)?),
            "trades" => Answer::Trades(serde_json::from_str(text)?),
            "ticker" => Answer::Ticker(serde_json::from_str(text)?),
            "candles" => Answer::Candles(serde_json::from_str(text)?),
            "deliveries" => Answer::Deliveries(serde_json::from_str(text)?),
            "submit_job" => Answer::Job(serde_json::from_str(text)?),
            "assignment" => Answer::Assignment(serde_json::from_str(text)?),
            "commit_slot" => Answer::Sample(serde_json::from_str(text)?),
            "outputs" => Answer::Outputs(serde_json::from_str(text)?),
            "open_slot" => Answer::Opening(serde_json::from_str(text)?),
            "receipt" => Answer::Receipt(serde_json::from_str(text)?),
            "cases" => Answer::Cases(serde_json::from_str(text)?),
            "add_stake"
            | "withdraw_stake"
            | "store_outputs"
            | "acknowledge_delivery"
            | "announce_maintenance"
            | "reclaim_slots"
            | "judge_slot"
            | "reveal_secret"
            | "dispute_slot"
            | "rule_slot"
            | "set_auditor"
            | "set_delivery_terms" => Answer::Accepted(serde_json::from_str(text)?),
            "set_capacity" | "open_account" | "register_key" | "revoke_key" | "deposit" | "add_market"
            | "set_mode" | "set_market_limits" | "set_account_limits" | "lock_account" | "kill_switch"
            | "halt" | "resume" | "end_redemption" | "keys.rotate" => {
                Answer::Accepted(serde_json::from_str(text)?)
            }
            _ => return Err(Error::custom("no method has this result")),
        })
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ReplyText {
            method: self.method.as_deref(),
            req_id: self.req_id.as_ref(),
            ok: self.outcome.is_ok(),
            result: self.outcome.as_ref().ok(),
            error: self.outcome.as_ref().err(),
            t_in: self.t_in,
            t_out: self.t_out,
            rl: self.rl,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reply, D::Error> {
        let read = ReplyRead::deserialize(deserializer)?;
        let outcome = match (read.error, &read.method, read.result) {
            (Some(error), _, _) => Err(error),
            (None, Some(method), Some(result)) => {
                Ok(Answer::decode(method, &result).map_err(D::Error::custom)?)
            }
            _ => return Err(D::Error::custom("a reply has an error, or a method and a result")),
        };
        let ReplyRead { method, req_id, t_in, t_out, rl, .. } = read;
        Ok(Reply { method, req_id, outcome, t_in, t_out, rl })
    }
}
