//! Harness: a real gateway on a real socket over an exchange in memory, and a client that speaks plain text.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

pub mod history;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use api::clearing::Clearing;
use api::config::{CLOSE_GRACE, PING_INTERVAL};
use api::feed::Feed;
use api::gateway::door::Door;
use api::gateway::{Gateway, Settings, SharedClock};
use api::limits::Limits;
use api::origin::Origin;
use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::label::Label;
use engine::order::{NewOrder, OrderRef, Side};
use engine::stamp::{Sequence, Time};
use engine::units::{Lots, Price};
use futures_util::{SinkExt, StreamExt};
use journal::history::log::HistoryLog;
use journal::keeper::NoKeeper;
use journal::log::{AppendError, CommandLog, ReadError, Tip};
use journal::memory::MemoryLog;
use journal::sealed::SealedRecords;
use journal::snapshot::Snapshot;
use node::clock::{Clock, SystemClock};
use node::entropy::SystemEntropy;
use node::inlet::Inbound;
use node::pipeline::{Pipeline, Stopped};
use node::ready::Ready;
use protocol::error::ErrorObject;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use self::history::SharedHistory;

/// Nanoseconds since 1970, for an exchange to which no time was added. Every test begins with a full hour: no gate closes and no hour
/// ends unless the test lets time go on.
pub fn now() -> u64 {
    static LATER: OnceLock<u64> = OnceLock::new();
    const HOUR: u64 = 3_600 * Time::SECOND;
    let now = SystemClock.now().0;
    now + LATER.get_or_init(|| HOUR - now % HOUR)
}

/// How long a test waits for a message that has to come, on a machine that has other things to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A log in memory that can be made to wait, as a disk does.
#[derive(Default)]
pub struct SlowLog {
    log: MemoryLog,
    pub stuck: Arc<AtomicBool>,
}

impl CommandLog for SlowLog {
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        while self.stuck.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.log.append(expected_last, records)
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        self.log.last()
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        self.log.read(from)
    }
}

/// A time that goes on as outside, or stands still; and as much later as the test says.
#[derive(Clone, Default)]
pub struct ShiftedClock {
    /// Nanoseconds.
    later: Arc<AtomicU64>,
    /// Where time stands still, if it does.
    stands: Arc<OnceLock<u64>>,
}

impl Clock for ShiftedClock {
    fn now(&self) -> Time {
        let now = self.stands.get().copied().unwrap_or_else(now);
        Time(now).after(self.later.load(Ordering::SeqCst))
    }
}

fn settings(limits: Limits, clearing: Option<Arc<Clearing>>) -> Settings {
    let time = SharedClock(Arc::new(SystemClock));
    let (ping, grace) = (PING_INTERVAL, CLOSE_GRACE);
    Settings { dev: true, limits, clearing, snapshots: None, ping, grace, time }
}

/// A running exchange.
pub struct World {
    pub gateway: Arc<Gateway>,
    pub url: String,
    pub admin_url: String,
    pub stuck: Arc<AtomicBool>,
    clock: ShiftedClock,
    pipeline: Pipeline<SlowLog, Feed>,
}

impl World {
    pub async fn start() -> World {
        World::limited(Limits::none()).await
    }

    /// The same, where clients may ask so often only.
    pub async fn limited(limits: Limits) -> World {
        World::founded(limits, None).await
    }

    /// The same, where work is assigned.
    pub async fn delivering(clearing: Clearing) -> (World, String) {
        let world = World::founded(Limits::none(), Some(Arc::new(clearing))).await;
        let symbol = world.furnish().await;
        (world, symbol)
    }

    async fn founded(limits: Limits, clearing: Option<Arc<Clearing>>) -> World {
        let world = World::with(SlowLog::default(), settings(limits, clearing)).await;
        world.found().await;
        world
    }

    /// A world with a market and accounts that pings so often.
    pub async fn pinging(ping: Duration) -> (World, String) {
        World::set(Settings { ping, ..settings(Limits::none(), None) }).await
    }

    /// The same, where who is cut off hears why even if it reads late.
    pub async fn lenient() -> (World, String) {
        World::set(Settings { grace: PATIENCE, ..settings(Limits::none(), None) }).await
    }

    async fn set(settings: Settings) -> (World, String) {
        let world = World::with(SlowLog::default(), settings).await;
        world.found().await;
        let symbol = world.furnish().await;
        (world, symbol)
    }

    /// Goes on with a log.
    pub async fn again(log: SlowLog) -> World {
        World::with(log, settings(Limits::none(), None)).await
    }

    /// The same, so many seconds later, where work is assigned.
    pub async fn delivering_again(log: SlowLog, seconds: u64, clearing: Clearing) -> World {
        let world = World::with(log, settings(Limits::none(), Some(Arc::new(clearing)))).await;
        world.pass(seconds);
        world
    }

    async fn with(log: SlowLog, settings: Settings) -> World {
        let (stuck, mut feed) = (Arc::clone(&log.stuck), Feed::default());
        let ready = Ready::recover(log, &mut |stamped, events, view| {
            feed.recover(stamped.stamp, events, view);
        });
        World::going_on(ready.unwrap(), feed, (stuck, settings)).await
    }

    /// Goes on with a log and the history beside it.
    pub async fn remembering(log: SlowLog, history: SharedHistory) -> World {
        let (stuck, mut feed) = (Arc::clone(&log.stuck), Feed::default());
        let (snapshot, reader) = (Snapshot::default(), Arc::new(history.clone()));
        let ready = Ready::resume_with(log, snapshot, history, &mut |stamped, events, view| {
            feed.recover(stamped.stamp, events, view);
        });
        let settings = settings(Limits::none(), None);
        World::going_on(ready.unwrap(), feed.with_history(reader), (stuck, settings)).await
    }

    async fn going_on<H: HistoryLog + 'static>(
        ready: Ready<SlowLog, NoKeeper, H>,
        feed: Feed,
        (stuck, settings): (Arc<AtomicBool>, Settings),
    ) -> World {
        let clock = ShiftedClock::default();
        let settings = Settings { time: SharedClock(Arc::new(clock.clone())), ..settings };
        let pipeline = Pipeline::start(ready, (clock.clone(), SystemEntropy), feed, |_| {});
        let gateway = Gateway::new(pipeline.inlet(), pipeline.questions(), 7, settings);
        let mut urls = Vec::new();
        for door in [Door::Public, Door::Admin] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            urls.push(format!("ws://{}/ws/v1", listener.local_addr().unwrap()));
            tokio::spawn(Arc::clone(&gateway).serve(listener, door));
        }
        let [url, admin_url] = <[String; 2]>::try_from(urls).unwrap();
        World { gateway, url, admin_url, stuck, clock, pipeline }
    }

    /// Starts with one market, accounts ann (1000 CU) and pat (a provider with 1000 CU and capacity 50); the symbol
    /// is that of the first window.
    pub async fn trading() -> (World, String) {
        World::trading_with(Limits::none()).await
    }

    /// The same, where clients may ask so often only.
    pub async fn trading_with(limits: Limits) -> (World, String) {
        let world = World::limited(limits).await;
        let symbol = world.furnish().await;
        (world, symbol)
    }

    /// The same, with a history.
    pub async fn trading_remembered(history: SharedHistory) -> (World, String) {
        let world = World::remembering(SlowLog::default(), history).await;
        world.found().await;
        let symbol = world.furnish().await;
        (world, symbol)
    }

    async fn found(&self) {
        let operator = PublicKey([7; 32]);
        self.gateway.command(Command::Found { epoch: 7, seed: 42, operator }).await.unwrap();
    }

    /// Adds the market and the accounts; the symbol is that of the first window.
    async fn furnish(&self) -> String {
        let mut operator = self.login("operator").await;
        let market = json!({"class": "H100SXM", "zone": "US-E", "tier": "firm", "window_s": 3600, "windows": 3,
            "gate_s": 600, "bond": "0.5", "maker_fee_ppm": 200, "taker_fee_ppm": 500, "self_trade": "prevent"});
        operator.ok("add_market", market).await;
        let ann = json!({"account": "ann"});
        operator.ok("open_account", ann).await;
        operator.ok("open_account", json!({"account": "pat", "provider": true})).await;
        for name in ["ann", "pat"] {
            let deposit = json!({"account": name, "amount": "1000", "reference": format!("for-{name}")});
            operator.ok("deposit", deposit).await;
        }
        let listed = operator.ok("instruments", json!({})).await;
        let symbol = listed["instruments"][0]["symbol"].as_str().unwrap().to_owned();
        let mut pat = self.login("pat").await;
        pat.ok("set_capacity", json!({"symbol": symbol, "gpus": 50})).await;
        symbol
    }

    /// How much later it is here than outside, in seconds.
    pub fn later_by(&self) -> u64 {
        self.clock.later.load(Ordering::SeqCst) / Time::SECOND
    }

    /// Nanoseconds since 1970, here.
    pub fn now(&self) -> u64 {
        self.clock.now().0
    }

    /// From now on time goes on only where the test says so.
    pub fn stand_still(&self) {
        self.clock.stands.get_or_init(now);
    }

    /// Time goes on by so many seconds. The next command brings what falls due.
    pub fn pass(&self, seconds: u64) {
        self.clock.later.fetch_add(seconds * Time::SECOND, Ordering::SeqCst);
    }

    /// Gives a command to the exchange and does not wait.
    pub fn submit(&self, command: Command) {
        self.enter(oneshot::channel().0, command);
    }

    /// Gives a command to the exchange, however much waits there, and waits until it is durable and told.
    pub async fn command(&self, command: Command) -> Result<Sequence, ErrorObject> {
        let (inform, outcome) = oneshot::channel();
        self.enter(inform, command);
        outcome.await.expect("the exchange runs")
    }

    fn enter(&self, inform: oneshot::Sender<Result<Sequence, ErrorObject>>, command: Command) {
        let (inlet, mut inbound) = (self.pipeline.inlet(), Inbound::one(Origin::Inform(inform), command));
        while let Err((_, back)) = inlet.submit(inbound) {
            inbound = back;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub async fn connect(&self) -> Peer {
        self.connect_with_hello().await.1
    }

    pub async fn connect_with_hello(&self) -> (Value, Peer) {
        World::connect_to(&self.url).await
    }

    /// A client that comes in where operators do, and is none yet.
    pub async fn connect_admin(&self) -> Peer {
        World::connect_to(&self.admin_url).await.1
    }

    async fn connect_to(url: &str) -> (Value, Peer) {
        let (socket, _) = connect_async(url).await.unwrap();
        let mut peer = Peer { socket, next: 0, passed: VecDeque::new() };
        let hello = peer.receive().await;
        assert_eq!((&hello["channel"], &hello["type"]), (&json!("status"), &json!("hello")));
        assert_eq!(hello["data"]["epoch"], "0000000000000007");
        (hello, peer)
    }

    /// A client with little room for what it does not read.
    pub async fn connect_narrow(&self) -> Peer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let address = self.url.split('/').nth(2).unwrap().parse().unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
        let (socket, _) = client_async(&self.url, stream).await.unwrap();
        let mut peer = Peer { socket, next: 0, passed: VecDeque::new() };
        peer.receive().await;
        peer
    }

    /// Whether the exchange has cut off a client that was too slow.
    pub async fn has_cut_off(&self) -> bool {
        let address = self.url.split('/').nth(2).unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        page.contains("hourbook_websockets_ended_total{code=\"SLOW_CONSUMER\"} 1\n")
    }

    pub async fn login(&self, account: &str) -> Peer {
        let mut peer = if account == "operator" { self.connect_admin().await } else { self.connect().await };
        peer.ok("login", json!({"token": format!("dev:{account}")})).await;
        peer
    }

    /// Stops as the server does: drains, then closes connections.
    pub async fn stop(self) -> Stopped<SlowLog> {
        let World { gateway, pipeline, .. } = self;
        gateway.drain();
        let stopped = tokio::task::spawn_blocking(move || pipeline.stop()).await.unwrap();
        gateway.close(PATIENCE).await;
        stopped
    }
}

/// The market's first window.
pub const FIRST: InstrumentId = InstrumentId(0);
/// Accounts of [`World::trading`].
pub const ANN: AccountId = AccountId(1);
pub const PAT: AccountId = AccountId(2);

/// An order of that instrument.
pub fn order(account: AccountId, side: Side, (lots, ticks): (u64, u64), name: &str) -> Command {
    let terms = (Lots::new(lots).unwrap(), Price::new(ticks).unwrap());
    let order = NewOrder::limit(account, FIRST, side, terms);
    Command::PlaceOrder(NewOrder { client: Some(Label::new(name).unwrap()), ..order })
}

/// The cancellation of an order by its name.
pub fn cancel(account: AccountId, name: &str) -> Command {
    Command::CancelOrder { account, order: OrderRef::Client(Label::new(name).unwrap()) }
}

/// Orders and cancellations at random, the same every time.
pub struct Flow {
    random: u64,
    names: u64,
    open: Vec<(AccountId, String)>,
}

impl Flow {
    pub fn new(seed: u64) -> Flow {
        Flow { random: seed, names: 0, open: Vec::new() }
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 16) % bound
    }

    /// The next command. Some trade, some cancel what has traded already.
    pub fn next(&mut self) -> Command {
        if 40 < self.open.len() && self.below(2) == 0 {
            let place = usize::try_from(self.below(self.open.len().try_into().unwrap())).unwrap();
            let (account, name) = self.open.swap_remove(place);
            return cancel(account, &name);
        }
        self.names += 1;
        let name = format!("f{}", self.names);
        let (account, side, ticks) = if self.below(2) == 0 {
            (ANN, Side::Bid, 1 + self.below(220))
        } else {
            (PAT, Side::Ask, 200 + self.below(220))
        };
        self.open.push((account, name.clone()));
        order(account, side, (1 + self.below(4), ticks), &name)
    }
}

/// A client.
pub struct Peer {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// Messages that came while another was waited for.
    passed: VecDeque<Value>,
}

impl Peer {
    /// Ends the connection with a reset, as a crashed machine would.
    pub fn reset(self) {
        if let MaybeTlsStream::Plain(stream) = self.socket.get_ref() {
            stream.set_zero_linger().unwrap();
        }
    }

    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    pub async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let request = json!({"method": method, "req_id": self.next, "params": params});
        self.send_text(&request.to_string()).await;
        self.next
    }

    /// The next frame, one that was passed over first: text as JSON, a close as `{"closed": code}`, the end as null.
    pub async fn receive(&mut self) -> Value {
        match self.passed.pop_front() {
            Some(message) => message,
            None => self.next_frame().await,
        }
    }

    async fn next_frame(&mut self) -> Value {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a message comes in time");
            match message {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Close(frame))) => {
                    return json!({"closed": frame.map(|frame| u16::from(frame.code))});
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Value::Null,
            }
        }
    }

    /// The oldest message that is meant. Those before it wait until they are asked for.
    async fn find(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.passed.iter().position(&is_meant) {
            return self.passed.remove(place).unwrap();
        }
        // Others may come without end.
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let message = self.next_frame().await;
            assert!(
                !message.is_null() && message.get("closed").is_none(),
                "the connection is open: {message}"
            );
            if is_meant(&message) {
                return message;
            }
            self.passed.push_back(message);
        }
        panic!("a message comes in time; others did: {:?}", self.passed.iter().take(3).collect::<Vec<_>>());
    }

    /// Subscribes to one thing; the answer.
    pub async fn subscribe(&mut self, item: Value) -> Value {
        let mut result = self.ok("subscribe", json!({"subs": [item]})).await;
        let answer = result["subs"][0].take();
        assert_eq!(answer["ok"], true, "{answer}");
        answer
    }

    /// The next message of a stream.
    pub async fn told(&mut self, stream: &Value) -> Value {
        self.find(|message| message["stream"] == *stream).await
    }

    /// Whether nothing of a channel has come before the answer to a ping.
    pub async fn is_silent(&mut self, channel: &str) -> bool {
        self.ok("ping", json!({})).await;
        !self.passed.iter().any(|message| message["channel"] == channel)
    }

    /// The next message of a channel.
    pub async fn update(&mut self, channel: &str) -> Value {
        self.find(|message| message["channel"] == channel).await
    }

    /// Sends a request and waits for its reply.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.reply(id).await
    }

    pub async fn reply(&mut self, id: u64) -> Value {
        self.find(|message| message["req_id"] == id).await
    }

    pub async fn ok(&mut self, method: &str, params: Value) -> Value {
        let reply = self.call(method, params).await;
        assert_eq!(reply["ok"], true, "{reply}");
        reply["result"].clone()
    }

    pub async fn error(&mut self, method: &str, params: Value) -> Value {
        let reply = self.call(method, params).await;
        assert_eq!(reply["ok"], false, "{reply}");
        reply["error"].clone()
    }

    pub async fn order(&mut self, symbol: &str, side: &str, (qty, price): (&str, &str)) -> Value {
        let params = json!({"symbol": symbol, "side": side, "type": "limit", "price": price, "qty": qty});
        self.ok("add_order", params).await
    }
}
