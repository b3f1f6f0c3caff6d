//! Call: one method of the exchange as one function.

use std::time::{SystemTime, UNIX_EPOCH};

use protocol::add_order::AddOrder;
use protocol::amend::AmendOrder;
use protocol::cancel::{
    CancelAll, CancelAllAfter, CancelAllAfterResult, CancelAllResult, CancelOrder, OrderChange, ReduceOrder,
};
use protocol::control::{KillSwitch, LockAccount, SetAccountLimits, SetMarketLimits, SetMode};
use protocol::operator::{Accepted, AddMarket, Deposit, OpenAccount, RegisterKey, RevokeKey, SetCapacity};
use protocol::order::{OrderName, OrderOutcome};
use protocol::query::{BalancesResult, Fills, FillsResult, InstrumentsResult, OpenOrders, OpenOrdersResult};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::session::{Login, LoginResult, Ping};
use protocol::signature::LoginText;
use protocol::subscription::{
    Resync, Subscribe, SubscribeResult, Subscription, Unsubscribe, UnsubscribeResult,
};
use protocol::time::Time;

use crate::connection::Connection;
use crate::error::ClientError;
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
        let login = Login::Key { key_id: secret.public().id(), ts, sig: text.sign(secret.bytes()) };
        result!(Login, self.call(Request::Login(login)).await?)
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
        result!(OpenOrders, self.call(Request::OpenOrders(OpenOrders { symbol })).await?)
    }

    /// Lists what has traded, newest first; 100 without a limit.
    pub async fn fills(&self, limit: Option<u32>) -> Result<FillsResult, ClientError> {
        result!(Fills, self.call(Request::Fills(Fills { limit })).await?)
    }

    /// Lists balances and positions.
    pub async fn balances(&self) -> Result<BalancesResult, ClientError> {
        result!(Balances, self.call(Request::Balances).await?)
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

    async fn call(&self, request: Request) -> Result<Answer, ClientError> {
        self.send(&request)?.answer().await
    }
}

/// What this machine's clock says.
fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ns(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
