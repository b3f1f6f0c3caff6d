//! Call: one method of the exchange as one function.

use std::time::{SystemTime, UNIX_EPOCH};

use protocol::add_order::AddOrder;
use protocol::amend::AmendOrder;
use protocol::batch::{Batch, BatchResult};
use protocol::cancel::{
    CancelAll, CancelAllAfter, CancelAllAfterResult, CancelAllResult, CancelOrder, OrderChange, ReduceOrder,
};
use protocol::control::{
    Drain, DrainResult, Halt, KillSwitch, LockAccount, SetAccountLimits, SetMarketLimits, SetMode, Snapshot,
    SnapshotResult,
};
use protocol::delivery::SlotName;
use protocol::dry_run::DryRun;
use protocol::evidence::{
    AcknowledgeDelivery, AnnounceMaintenance, AskOutputs, AssignmentResult, CasesResult, CommitSlot,
    DeliveriesResult, JobResult, JudgeSlot, OpenSlot, OpeningResult, OutputsResult, ReceiptResult,
    ReclaimSlots, RevealSecret, RuleSlot, SampleResult, SetAuditor, SetDeliveryTerms, Stake, StoreOutputs,
    SubmitJob,
};
use protocol::key::{KeysResult, ListKeys, RotateKey};
use protocol::look::{
    BookLook, CandlesLook, LookAtBook, LookAtCandles, LookAtTicker, LookAtTrades, TickerLook, TradesLook,
};
use protocol::operator::{Accepted, AddMarket, Deposit, OpenAccount, RegisterKey, RevokeKey, SetCapacity};
use protocol::order::{OrderName, OrderOutcome};
use protocol::payment::{EndRedemption, PaymentResult, Redeem, RedemptionsResult, Transfer};
use protocol::query::{
    AskOrderStatus, BalancesResult, Fills, FillsResult, InstrumentsResult, OpenOrders, OpenOrdersResult,
    OrderStatusResult, PositionsResult, Whose,
};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::session::{Login, LoginProof, LoginResult, Ping};
use protocol::signature::{LoginText, RotationText, Signed};
use protocol::speed::Interval;
use protocol::subscription::{
    Resync, Subscribe, SubscribeResult, Subscription, Unsubscribe, UnsubscribeResult,
};
use protocol::time::Time;
use protocol::venue::{FeesResult, LimitsResult, VenueStatus};

use crate::connection::Connection;
use crate::error::ClientError;
use crate::identity::Identity;
use crate::secret::Secret;

/// The result of one kind of answer. A ticket has checked the method, which says the kind.
macro_rules! result {
    ($kind:ident, $answer:expr) => {
        match $answer {
            Answer::$kind(result) => Ok(result),
            _ => unreachable!("the answer is of the method's kind"),
        }
    };
}

/// Each function sends one request and waits for its reply.
impl Connection {
    /// Logs in with a key that was registered for an account.
    pub async fn login_key(&self, secret: &Secret) -> Result<LoginResult, ClientError> {
        let ts = now();
        let hello = self.hello();
        let text = LoginText { conn_id: &hello.conn_id, challenge: &hello.challenge, ts };
        let proof = LoginProof::Key { key_id: secret.public().id(), ts, sig: text.sign(secret.bytes()) };
        let result = result!(Login, self.call(Request::Login(proof.into())).await?);
        if result.is_ok() {
            // Nothing else logs in: a connection has one account.
            let _ = self.signer.set(secret.clone());
        }
        result
    }

    /// Logs in as whoever it is.
    pub async fn login(&self, identity: &Identity) -> Result<LoginResult, ClientError> {
        match identity {
            Identity::Key(secret) => self.login_key(secret).await,
            Identity::Dev(account) => self.login_dev(account).await,
        }
    }

    /// Logs in as any account, which a development server allows.
    pub async fn login_dev(&self, account: &str) -> Result<LoginResult, ClientError> {
        result!(Login, self.call(Request::Login(Login::dev(account))).await?)
    }

    /// Ends the connection and leaves orders open that would end with it otherwise.
    pub async fn logout(&self) -> Result<(), ClientError> {
        self.call(Request::Logout).await.map(|_| ())
    }

    /// Sees that the exchange answers.
    pub async fn ping(&self) -> Result<Ping, ClientError> {
        result!(Ping, self.call(Request::Ping(Ping::default())).await?)
    }

    /// Begins streams; each item is answered alone.
    pub async fn subscribe(&self, subs: Vec<Subscription>) -> Result<SubscribeResult, ClientError> {
        result!(Subscribe, self.call(Request::Subscribe(Subscribe { subs })).await?)
    }

    /// Begins one stream and returns its number, which its messages carry.
    pub async fn subscribe_one(&self, sub: Subscription) -> Result<u64, ClientError> {
        let answers = self.subscribe(vec![sub]).await?.subs;
        let answer = answers.into_iter().next().ok_or_else(|| ClientError::Protocol {
            cause: "it answers none of the items of a subscribe".to_owned(),
        })?;
        Ok(answer.outcome?.stream)
    }

    /// Has a stream's snapshot sent again. What comes until then does not follow it.
    pub async fn resync(&self, stream: u64) -> Result<(), ClientError> {
        result!(Resync, self.call(Request::Resync(Resync { stream })).await?).map(|_: Resync| ())
    }

    /// Ends streams.
    pub async fn unsubscribe(&self, streams: Vec<u64>) -> Result<UnsubscribeResult, ClientError> {
        result!(Unsubscribe, self.call(Request::Unsubscribe(Unsubscribe { streams })).await?)
    }

    /// Buys or sells.
    pub async fn add_order(&self, order: AddOrder) -> Result<OrderOutcome, ClientError> {
        result!(AddOrder, self.call(Request::AddOrder(order)).await?)
    }

    /// Changes an open order.
    pub async fn amend_order(&self, change: AmendOrder) -> Result<OrderOutcome, ClientError> {
        result!(AmendOrder, self.call(Request::AmendOrder(change)).await?)
    }

    /// Says what the book of a market is now, so many levels of each side; 0 is all.
    pub async fn look_at_book(&self, symbol: &str, depth: u32) -> Result<BookLook, ClientError> {
        let look = LookAtBook { symbol: symbol.to_owned(), depth: Some(depth) };
        result!(Book, self.call(Request::Book(look)).await?).map(|look| *look)
    }

    /// Lists what a market has traded last, after the trade `since_id`.
    pub async fn look_at_trades(
        &self,
        symbol: &str,
        since_id: Option<u64>,
    ) -> Result<TradesLook, ClientError> {
        let look = LookAtTrades { symbol: symbol.to_owned(), since_id, limit: None };
        result!(Trades, self.call(Request::Trades(look)).await?).map(|look| *look)
    }

    /// Says what a market has come to.
    pub async fn look_at_ticker(&self, symbol: &str) -> Result<TickerLook, ClientError> {
        let look = LookAtTicker { symbol: symbol.to_owned() };
        result!(Ticker, self.call(Request::Ticker(look)).await?).map(|look| *look)
    }

    /// Says what traded in intervals of this length, in a market or in a class's window that closes next.
    pub async fn look_at_candles(
        &self,
        symbol_or_class: &str,
        interval: Interval,
    ) -> Result<CandlesLook, ClientError> {
        let interval = Some(interval.name().to_owned());
        let look = LookAtCandles { symbol: symbol_or_class.to_owned(), interval };
        result!(Candles, self.call(Request::Candles(look)).await?).map(|look| *look)
    }

    /// Says what an order would come to; nothing happens.
    pub async fn try_order(&self, order: AddOrder) -> Result<DryRun, ClientError> {
        let order = AddOrder { dry_run: true, ..order };
        result!(DryRun, self.call(Request::AddOrder(order)).await?).map(|expected| *expected)
    }

    /// Makes several changes, each alone; cancels come first unless they are `ordered`.
    pub async fn batch(&self, changes: Vec<Request>, ordered: bool) -> Result<BatchResult, ClientError> {
        self.batch_of(changes, (false, ordered)).await
    }

    /// Makes several changes, all of them or none: orders and cancels, at most 32.
    pub async fn atomic_batch(
        &self,
        changes: Vec<Request>,
        ordered: bool,
    ) -> Result<BatchResult, ClientError> {
        self.batch_of(changes, (true, ordered)).await
    }

    async fn batch_of(
        &self,
        changes: Vec<Request>,
        (atomic, ordered): (bool, bool),
    ) -> Result<BatchResult, ClientError> {
        let ops = changes.into_iter().map(Ok).collect();
        result!(Batch, self.call(Request::Batch(Batch { atomic, ordered, ops })).await?)
    }

    /// Says what became of an order.
    pub async fn order_status(&self, order: OrderName) -> Result<OrderStatusResult, ClientError> {
        result!(OrderStatus, self.call(Request::OrderStatus(AskOrderStatus { order })).await?)
    }

    /// Ends an order.
    pub async fn cancel_order(&self, order: OrderName) -> Result<OrderChange, ClientError> {
        result!(OrderChange, self.call(Request::CancelOrder(CancelOrder { order })).await?)
    }

    /// Makes an order smaller by some lots; it keeps its place in the queue.
    pub async fn reduce_order(&self, order: OrderName, by_qty: &str) -> Result<OrderChange, ClientError> {
        let reduce = ReduceOrder { order, by_qty: by_qty.to_owned() };
        result!(OrderChange, self.call(Request::ReduceOrder(reduce)).await?)
    }

    /// Ends all orders, or those that `which` means.
    pub async fn cancel_all(&self, which: CancelAll) -> Result<CancelAllResult, ClientError> {
        result!(CancelAll, self.call(Request::CancelAll(which)).await?)
    }

    /// Ends all orders after so many milliseconds unless this is said again before; 0 withdraws it.
    pub async fn cancel_all_after(&self, timeout_ms: u64) -> Result<CancelAllAfterResult, ClientError> {
        let timer = CancelAllAfter { timeout_ms };
        result!(CancelAllAfter, self.call(Request::CancelAllAfter(timer)).await?)
    }

    /// Lists resting orders, all or those of one market, oldest first.
    pub async fn open_orders(&self, symbol: Option<&str>) -> Result<OpenOrdersResult, ClientError> {
        let symbol = symbol.map(str::to_owned);
        self.open_orders_of(OpenOrders { symbol, ..OpenOrders::default() }).await
    }

    /// Lists resting orders, some at a time, or another account's.
    pub async fn open_orders_of(&self, which: OpenOrders) -> Result<OpenOrdersResult, ClientError> {
        result!(OpenOrders, self.call(Request::OpenOrders(which)).await?)
    }

    /// Lists what has traded, newest first; 100 without a limit.
    pub async fn fills(&self, limit: Option<u32>) -> Result<FillsResult, ClientError> {
        self.fills_of(Fills { limit, ..Fills::default() }).await
    }

    /// Lists what has traded, some at a time, or another account's.
    pub async fn fills_of(&self, which: Fills) -> Result<FillsResult, ClientError> {
        result!(Fills, self.call(Request::Fills(which)).await?)
    }

    /// Lists balances and positions.
    pub async fn balances(&self) -> Result<BalancesResult, ClientError> {
        result!(Balances, self.call(Request::Balances(Whose::default())).await?)
    }

    /// Lists balances and positions of another account, which takes the scope `audit` or `admin`.
    pub async fn balances_of(&self, account: &str) -> Result<BalancesResult, ClientError> {
        let whose = Whose { account: Some(account.to_owned()) };
        result!(Balances, self.call(Request::Balances(whose)).await?)
    }

    /// Lists positions.
    pub async fn positions(&self) -> Result<PositionsResult, ClientError> {
        result!(Positions, self.call(Request::Positions(Whose::default())).await?)
    }

    /// Says what trades cost.
    pub async fn fees(&self) -> Result<FeesResult, ClientError> {
        result!(Fees, self.call(Request::Fees).await?)
    }

    /// Says what the account may do.
    pub async fn limits(&self) -> Result<LimitsResult, ClientError> {
        result!(Limits, self.call(Request::Limits).await?).map(|limits| *limits)
    }

    /// Lists keys, one's own or another account's.
    pub async fn list_keys(&self, account: Option<&str>) -> Result<KeysResult, ClientError> {
        let account = account.map(str::to_owned);
        result!(Keys, self.call(Request::ListKeys(ListKeys { account })).await?)
    }

    /// Puts another key in the place of the one that logged in, which may do nothing any more. The exchange ends this
    /// connection after its reply.
    pub async fn rotate_key(&self, by: &Secret) -> Result<Accepted, ClientError> {
        let key_id = self.signer.get().map(|own| own.public().id()).unwrap_or_default();
        let proof = RotationText { key_id: &key_id }.sign(by.bytes());
        let rotate = RotateKey { key: by.public().text(), proof };
        result!(Accepted, self.call(Request::RotateKey(rotate)).await?)
    }

    /// Sends credit to another account.
    pub async fn transfer(&self, transfer: Transfer) -> Result<PaymentResult, ClientError> {
        result!(Payment, self.call(Request::Transfer(transfer)).await?)
    }

    /// Asks for credit to be paid out.
    pub async fn redeem(&self, redeem: Redeem) -> Result<PaymentResult, ClientError> {
        result!(Payment, self.call(Request::Redeem(redeem)).await?)
    }

    /// Says that credit was paid out, or that it is returned.
    pub async fn end_redemption(&self, end: EndRedemption) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::EndRedemption(end)).await?)
    }

    /// Lists what waits to be paid out.
    pub async fn redemptions(&self) -> Result<RedemptionsResult, ClientError> {
        result!(Redemptions, self.call(Request::Redemptions).await?)
    }

    /// Says what the exchange is doing.
    pub async fn status(&self) -> Result<VenueStatus, ClientError> {
        result!(Status, self.call(Request::Status).await?).map(|status| *status)
    }

    /// Lists markets.
    pub async fn instruments(&self) -> Result<InstrumentsResult, ClientError> {
        result!(Instruments, self.call(Request::Instruments).await?)
    }

    /// Says how many GPUs a provider can deliver in a market, in all.
    pub async fn set_capacity(&self, symbol: &str, gpus: u64) -> Result<Accepted, ClientError> {
        let capacity = SetCapacity { symbol: symbol.to_owned(), gpus };
        result!(Accepted, self.call(Request::SetCapacity(capacity)).await?)
    }

    /// Opens an account.
    pub async fn open_account(&self, account: OpenAccount) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::OpenAccount(account)).await?)
    }

    /// Gives an account a key.
    pub async fn register_key(&self, key: RegisterKey) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::RegisterKey(key)).await?)
    }

    /// Takes a key away.
    pub async fn revoke_key(&self, key_id: &str) -> Result<Accepted, ClientError> {
        let key_id = key_id.to_owned();
        result!(Accepted, self.call(Request::RevokeKey(RevokeKey { key_id })).await?)
    }

    /// Credits an account with what has been paid in.
    pub async fn deposit(&self, deposit: Deposit) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::Deposit(deposit)).await?)
    }

    /// Lists a class in a zone.
    pub async fn add_market(&self, market: AddMarket) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::AddMarket(market)).await?)
    }

    /// Says what may be done, in the venue, a market or a window.
    pub async fn set_mode(&self, mode: SetMode) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::SetMode(mode)).await?)
    }

    /// Takes cancels only, in the venue, a market or a window.
    pub async fn halt(&self, halt: Halt) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::Halt(halt)).await?)
    }

    /// Takes everything again.
    pub async fn resume(&self, resume: Halt) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::Resume(resume)).await?)
    }

    /// Announces a restart.
    pub async fn drain(&self, drain: Drain) -> Result<DrainResult, ClientError> {
        result!(Drain, self.call(Request::Drain(drain)).await?)
    }

    /// Has a snapshot made; answered when it is there, which may take longer than [`crate::settings::Settings`] are patient.
    pub async fn snapshot(&self, snapshot: Snapshot) -> Result<SnapshotResult, ClientError> {
        result!(Snapshot, self.call(Request::Snapshot(snapshot)).await?)
    }

    /// Sets a market's price bands and limits, all of them.
    pub async fn set_market_limits(&self, limits: SetMarketLimits) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::SetMarketLimits(limits)).await?)
    }

    /// Sets an account's limits, all of them.
    pub async fn set_account_limits(&self, limits: SetAccountLimits) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::SetAccountLimits(limits)).await?)
    }

    /// Locks or unlocks an account.
    pub async fn lock_account(&self, lock: LockAccount) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::LockAccount(lock)).await?)
    }

    /// Ends all orders of an account or of everybody, and lets no others in.
    pub async fn kill_switch(&self, kill: KillSwitch) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::KillSwitch(kill)).await?)
    }

    /// Lists the account's deliveries and audits.
    pub async fn deliveries(&self) -> Result<DeliveriesResult, ClientError> {
        result!(Deliveries, self.call(Request::Deliveries(Whose::default())).await?)
    }

    /// Says that the account knows of a delivery.
    pub async fn acknowledge_delivery(&self, delivery: u32) -> Result<Accepted, ClientError> {
        let acknowledge = AcknowledgeDelivery { delivery };
        result!(Accepted, self.call(Request::AcknowledgeDelivery(acknowledge)).await?)
    }

    /// Says that machines will be maintained during a window.
    pub async fn announce_maintenance(&self, symbol: &str) -> Result<Accepted, ClientError> {
        let announce = AnnounceMaintenance { symbol: symbol.to_owned() };
        result!(Accepted, self.call(Request::AnnounceMaintenance(announce)).await?)
    }

    /// Takes the slots of an interruptible delivery back, from one on.
    pub async fn reclaim_slots(&self, reclaim: ReclaimSlots) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::ReclaimSlots(reclaim)).await?)
    }

    /// Says what is to be done in a window that the account holds.
    pub async fn submit_job(&self, job: SubmitJob) -> Result<JobResult, ClientError> {
        result!(Job, self.call(Request::SubmitJob(job)).await?)
    }

    /// Has what a slot asks for.
    pub async fn assignment(&self, slot: SlotName) -> Result<AssignmentResult, ClientError> {
        result!(Assignment, self.call(Request::Assignment(slot)).await?).map(|result| *result)
    }

    /// Commits to what was computed for a slot, and learns what is to be opened.
    pub async fn commit_slot(&self, commit: CommitSlot) -> Result<SampleResult, ClientError> {
        result!(Sample, self.call(Request::CommitSlot(commit)).await?)
    }

    /// Shows the taker's half of a slot's beacon, once its provider has committed.
    pub async fn reveal_secret(&self, reveal: RevealSecret) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::RevealSecret(reveal)).await?)
    }

    /// Keeps a part of a slot's answers for the taker.
    pub async fn store_outputs(&self, outputs: StoreOutputs) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::StoreOutputs(outputs)).await?)
    }

    /// Has a part of a slot's answers.
    pub async fn outputs(&self, part: AskOutputs) -> Result<OutputsResult, ClientError> {
        result!(Outputs, self.call(Request::Outputs(part)).await?)
    }

    /// Opens what was drawn, or a part of it.
    pub async fn open_slot(&self, open: OpenSlot) -> Result<OpeningResult, ClientError> {
        result!(Opening, self.call(Request::OpenSlot(open)).await?)
    }

    /// Has all that was shown of a slot.
    pub async fn receipt(&self, slot: SlotName) -> Result<ReceiptResult, ClientError> {
        result!(Receipt, self.call(Request::Receipt(slot)).await?).map(|result| *result)
    }

    /// Says what an audit found.
    pub async fn judge_slot(&self, judgement: JudgeSlot) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::JudgeSlot(judgement)).await?)
    }

    /// Puts so many CU at stake.
    pub async fn add_stake(&self, amount: &str) -> Result<Accepted, ClientError> {
        let stake = Stake { amount: amount.to_owned() };
        result!(Accepted, self.call(Request::AddStake(stake)).await?)
    }

    /// Takes so many CU of the stake back.
    pub async fn withdraw_stake(&self, amount: &str) -> Result<Accepted, ClientError> {
        let stake = Stake { amount: amount.to_owned() };
        result!(Accepted, self.call(Request::WithdrawStake(stake)).await?)
    }

    /// Disputes how a slot ends.
    pub async fn dispute_slot(&self, slot: SlotName) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::DisputeSlot(slot)).await?)
    }

    /// Lists what waits for the arbiter.
    pub async fn cases(&self) -> Result<CasesResult, ClientError> {
        result!(Cases, self.call(Request::Cases).await?)
    }

    /// Decides how a slot ends.
    pub async fn rule_slot(&self, ruling: RuleSlot) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::RuleSlot(ruling)).await?)
    }

    /// Lets an account be drawn to audit, or no longer.
    pub async fn set_auditor(&self, auditor: SetAuditor) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::SetAuditor(auditor)).await?)
    }

    /// Sets what a market's deliveries go by.
    pub async fn set_delivery_terms(&self, terms: SetDeliveryTerms) -> Result<Accepted, ClientError> {
        result!(Accepted, self.call(Request::SetDeliveryTerms(terms)).await?)
    }

    async fn call(&self, request: Request) -> Result<Answer, ClientError> {
        self.send(&request)?.answer().await
    }
}

/// What this machine's clock says.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ns(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
