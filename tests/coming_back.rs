//! Coming back: the client on a connection that breaks at any moment has every private event once and in order, however long
//! it was away, however slowly it reads, and when the exchange was killed meanwhile.
#![allow(clippy::unwrap_used, reason = "a test")]

mod process;
#[path = "coming_back/proxy.rs"]
mod proxy;
#[path = "coming_back/traffic.rs"]
mod traffic;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use api::limits::Limits;
use client::connection::Connection;
use client::error::ClientError;
use client::identity::Identity;
use client::link::Link;
use client::settings::Settings;
use client::streams::{News, Streams};
use client::subscription;
use process::{Serving, furnish};
use protocol::account::{Balance, Position};
use protocol::execution::{Account, Executions};
use protocol::order::{Order, OrderStatus};
use protocol::subscription::Subscription;
use protocol::update::Update;
use proxy::Proxy;
use traffic::{Traffic, trade};

/// How often the connection breaks, unless the environment says otherwise.
const BREAKS: u32 = 40;
/// Orders that are placed and canceled while the client is away: more events than it keeps for a program that reads late.
const ORDERS: u64 = 8_000;

/// What a program knows of its account by what it was told.
#[derive(Default)]
struct Ledger {
    orders: BTreeMap<String, Order>,
    balances: Vec<Balance>,
    positions: BTreeMap<String, Position>,
    /// Every event in the order in which it was handed out, by channel: its number and its text.
    told: BTreeMap<&'static str, Vec<(u64, String)>>,
}

impl Ledger {
    fn take(&mut self, update: &Update) {
        match update {
            Update::Executions(Executions::Snapshot(told)) => {
                let orders = told.data.orders.iter();
                self.orders = orders.map(|order| (order.order_id.clone(), order.clone())).collect();
            }
            Update::Executions(Executions::Update(told)) => {
                let order = told.data.order.clone();
                match order.status {
                    OrderStatus::Open | OrderStatus::PartiallyFilled => {
                        self.orders.insert(order.order_id.clone(), order);
                    }
                    _ => drop(self.orders.remove(&order.order_id)),
                }
                self.note("executions", told.xseq, &told.data);
            }
            Update::Account(Account::Snapshot(told)) => self.image(&told.data.balances, &told.data.positions),
            Update::Account(Account::Update(told)) => {
                self.image(&told.data.balances, &told.data.positions);
                self.note("account", told.xseq, &told.data);
            }
            _ => {}
        }
    }

    fn note<T: serde::Serialize>(&mut self, channel: &'static str, xseq: u64, data: &T) {
        self.told.entry(channel).or_default().push((xseq, serde_json::to_string(data).unwrap()));
    }

    fn image(&mut self, balances: &[Balance], positions: &[Position]) {
        if !balances.is_empty() {
            self.balances = balances.to_vec();
        }
        let positions = positions.iter().map(|position| (position.symbol.clone(), position.clone()));
        self.positions.extend(positions);
    }

    /// Whether it was told as much as another.
    fn reaches(&self, all: &Ledger) -> bool {
        let last =
            |told: Option<&Vec<(u64, String)>>| told.and_then(|told| told.last()).map(|(xseq, _)| *xseq);
        all.told.iter().all(|(channel, told)| last(Some(told)) <= last(self.told.get(channel)))
    }

    /// How much it was told.
    fn events(&self) -> usize {
        self.told.values().map(Vec::len).sum()
    }
}

/// The exchange of a folder, where anybody may ask as often as they want.
fn start(folder: &Path) -> Serving {
    let [data, limits] = ["data", "limits"].map(|name| folder.join(name));
    Serving::start_with(&data, &["--reserve-mib", "1", "--limits", limits.to_str().unwrap()])
}

/// An exchange with a market, and `ann` and `pat` who can buy and sell; the market's symbol.
async fn found(folder: &Path) -> (Serving, String) {
    std::fs::write(folder.join("limits"), serde_json::to_string(&Limits::none()).unwrap()).unwrap();
    let serving = start(folder);
    let symbol = furnish(&serving, &["ann", "pat"], (1_000_000, "10000000")).await;
    (serving, symbol)
}

fn ann() -> Identity {
    Identity::Dev("ann".to_owned())
}

fn channels() -> [Subscription; 2] {
    [subscription::executions(), subscription::account()]
}

/// Streams of `ann` at this address. Who has little patience tries again where the machine has other things to do.
async fn follow(url: &str, settings: Settings) -> Streams {
    let follow = async || {
        let mut streams = Streams::open_with(url, Some(ann()), settings).await?;
        for channel in channels() {
            streams.subscribe(channel).await?;
        }
        Ok(streams)
    };
    loop {
        match follow().await {
            Err(ClientError::Connect { .. } | ClientError::Timeout { .. }) => {}
            streams => return streams.unwrap(),
        }
    }
}

/// Takes what is told until `done` says so.
async fn follow_until(
    streams: &mut Streams,
    ledger: &mut Ledger,
    mut done: impl FnMut(&News, &Ledger) -> bool,
) {
    loop {
        let news = streams.next().await.unwrap();
        assert!(!matches!(news, News::Missed { .. }), "all of it is there: {news:?}");
        if let News::Update(update) = &news {
            ledger.take(update);
        }
        if done(&news, ledger) {
            return;
        }
    }
}

/// Takes the snapshots; they say where everything begins.
async fn begin(streams: &mut Streams, ledger: &mut Ledger) -> u64 {
    let (mut begun, mut snapshots) = (0, 0);
    follow_until(streams, ledger, |news, _| {
        let News::Update(update) = news else { return false };
        let link = Link::of_private(update).filter(|link| link.previous.is_none());
        snapshots += u32::from(link.is_some());
        begun = link.map_or(begun, |link| link.seq);
        snapshots == 2
    })
    .await;
    begun
}

/// All that has happened since `begun`, as whoever was never cut off is told.
async fn all(url: &str, begun: u64) -> Ledger {
    let mut connection = Connection::open(url).await.unwrap();
    connection.login(&ann()).await.unwrap();
    let epoch = connection.hello().epoch.clone();
    let subs = channels().map(|channel| subscription::replayed(channel, &epoch, begun));
    connection.subscribe(subs.to_vec()).await.unwrap();
    let (mut all, mut resumed) = (Ledger::default(), 0);
    while resumed < 2 {
        let update = connection.next_update().await.unwrap();
        all.take(&update);
        resumed += u32::from(matches!(
            update,
            Update::Executions(Executions::Resumed(_)) | Update::Account(Account::Resumed(_))
        ));
    }
    all
}

/// Panics unless the ledger is what the exchange has, and was told each event once and in order.
async fn compare(ledger: &Ledger, all: &Ledger, url: &str) {
    let connection = Connection::open(url).await.unwrap();
    connection.login(&ann()).await.unwrap();
    let balances = connection.balances().await.unwrap();
    let open = connection.open_orders(None).await.unwrap().orders;
    let open: BTreeMap<_, _> = open.into_iter().map(|order| (order.order_id.clone(), order)).collect();
    assert_eq!(ledger.orders, open);
    assert_eq!(ledger.balances, balances.balances);
    for position in &balances.positions {
        assert_eq!(ledger.positions.get(&position.symbol), Some(position));
    }
    for (channel, whole) in &all.told {
        let told = &ledger.told[channel];
        assert_eq!(told.len(), whole.len(), "{channel}");
        assert!(told.iter().eq(whole), "{channel}: each once and in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_cut_off_again_and_again_has_everything_once() {
    let breaks = std::env::var("COMING_BACK").map_or(BREAKS, |breaks| breaks.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (mut serving, symbol) = found(folder.path()).await;
    let proxy = Proxy::start(&serving.url).await;
    let mut streams = follow(&proxy.url, Settings::default()).await;
    let mut ledger = Ledger::default();
    let begun = begin(&mut streams, &mut ledger).await;
    let mut killed = false;
    for round in 0..breaks {
        let traffic = Traffic::start(&serving.url, &symbol, u64::from(round));
        // Somewhere in the next kilobytes, in the middle of a message as a rule.
        proxy.cut_after(engine::index::mix64(u64::from(round), 5) % 200_000);
        if round == breaks / 2 {
            serving.kill();
            serving = start(folder.path());
            proxy.lead_to(&serving.url);
            killed = true;
        }
        let mut lost = false;
        follow_until(&mut streams, &mut ledger, |news, _| {
            lost |= matches!(news, News::Lost { .. });
            lost && matches!(news, News::Back)
        })
        .await;
        traffic.stop().await;
    }
    proxy.heal();
    let all = all(&serving.url, begun).await;
    assert!(killed && breaks * 50 < u32::try_from(all.events()).unwrap(), "there was something to miss");
    if !ledger.reaches(&all) {
        follow_until(&mut streams, &mut ledger, |_, ledger| ledger.reaches(&all)).await;
    }
    compare(&ledger, &all, &serving.url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_late_what_was_missed_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, symbol) = found(folder.path()).await;
    let proxy = Proxy::start(&serving.url).await;
    let settings = Settings { timeout: Duration::from_secs(1), ..Settings::default() };
    let mut streams = follow(&proxy.url, settings).await;
    let mut ledger = Ledger::default();
    let begun = begin(&mut streams, &mut ledger).await;
    proxy.cut_after(0);
    proxy.close();
    trade(&serving.url, &symbol, ORDERS).await;
    let all = all(&serving.url, begun).await;
    assert!(settings.updates_max < all.events(), "more than is kept for who reads late");
    proxy.heal();
    follow_until(&mut streams, &mut ledger, |news, _| matches!(news, News::Back)).await;
    // As long as nothing is read, a reply stands behind all of it.
    let late = loop {
        match streams.connection().unwrap().ping().await {
            // The queue fills as fast as the machine lets it.
            Ok(_) | Err(ClientError::Timeout { .. }) => {}
            Err(late) => break late,
        }
    };
    assert_eq!(late, ClientError::Unread { updates: settings.updates_max });
    follow_until(&mut streams, &mut ledger, |news, ledger| {
        assert!(!matches!(news, News::Lost { .. }), "the connection goes on");
        ledger.reaches(&all)
    })
    .await;
    compare(&ledger, &all, &serving.url).await;
}
