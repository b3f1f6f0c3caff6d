//! Crash: killed under load, at random moments and at every place that has a name, the exchange has lost nothing that it had
//! told anyone, and every client order id has one outcome.
#![allow(clippy::explicit_write, reason = "a long run says how far it is")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "process/mod.rs"]
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::connection::Connection;
use client::error::ClientError;
use client::subscription;
use engine::event::Event;
use engine::label::Label;
use engine::view::View;
use journal::recovery::recover;
use persistence::failpoint::Failpoint;
use persistence::store::RocksLog;
use process::{HOURBOOK, Serving, days};
use protocol::add_order::AddOrder;
use protocol::execution::{Event as WireEvent, Executions};
use protocol::operator::Deposit;
use protocol::order::Side;
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::terms::Terms;
use protocol::update::Update;

/// How often it is killed at a random moment, unless the environment says otherwise.
const ROUNDS: u64 = 20;
/// Orders that are acknowledged in a round before it may end.
const TOLD_MIN: usize = 30;
/// How many requests of an earlier round are sent again in the next.
const AGAIN: usize = 32;
const TRADERS: [&str; 3] = ["ann", "bob", "pat"];

/// What clients were told, in all rounds.
#[derive(Default)]
struct Told {
    /// Orders and the sequence at which they were acknowledged.
    orders: BTreeMap<String, u64>,
    /// Cancellations and their sequence.
    cancels: BTreeMap<String, u64>,
    /// Fills as (account, private sequence, symbol, trade, order).
    fills: BTreeSet<(&'static str, u64, String, u64, String)>,
    /// What became of each client order id: the order.
    ids: BTreeMap<String, String>,
    /// Requests of each account that are not answered yet, by client order id.
    open: BTreeMap<(&'static str, String), AddOrder>,
}

impl Told {
    /// Whether there was a load.
    fn is_much(&self) -> bool {
        500 < self.orders.len() && 100 < self.fills.len() && 50 < self.cancels.len()
    }
}

/// What the journal says.
#[derive(Default)]
struct Journal {
    view: View,
    orders: BTreeMap<String, u64>,
    cancels: BTreeMap<String, u64>,
    fills: BTreeSet<(String, u64, String, u64, String)>,
    /// Orders by account and client order id.
    ids: BTreeMap<(String, String), String>,
    outcome: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_told_is_lost_when_killed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let told = Arc::new(Mutex::new(Told::default()));
    let mut random = 42_u64;
    let mut from_snapshots = 0;
    let rounds = std::env::var("CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    // On a slow machine there are more, until the load was a load.
    for round in 0..10 * rounds {
        // In half of the rounds snapshots are made, by the exchange and beside it or when it is asked, and the next begins with the newest.
        let every = if round % 4 == 1 { "300" } else { "0" };
        let serving = Serving::start_with(&data, &["--reserve-mib", "1", "--snapshot-every", every]);
        from_snapshots += usize::from(!serving.ready["snapshot"].is_null());
        let traders = load(&serving, &data, round, &told).await;
        told_more(&told).await;
        random = engine::index::mix64(random, round);
        tokio::time::sleep(Duration::from_millis(50 + random % 350)).await;
        match round % 4 {
            // Refused when one is just being made.
            1 => drop(process::run(&["snapshot", "--data", data.to_str().unwrap()])),
            3 => ask_for_snapshot(&serving),
            _ => {}
        }
        serving.kill();
        for trader in traders {
            trader.await.unwrap();
        }
        check(&read(&data), &told.lock().unwrap());
        if 20 < rounds && round % 10 == 9 {
            writeln!(std::io::stderr(), "killed {} of {rounds} times", round + 1).unwrap();
        }
        if rounds <= round + 1 && told.lock().unwrap().is_much() {
            break;
        }
    }
    assert!(0 < from_snapshots, "some starts begin with a snapshot");
    assert!(told.lock().unwrap().is_much(), "the load was a load");
    restart(&data).await;
}

/// Waits until traders were told something in this round too.
async fn told_more(told: &Mutex<Told>) {
    let orders = || told.lock().unwrap().orders.len();
    let (before, begun) = (orders(), Instant::now());
    while orders() < before + TOLD_MIN {
        assert!(begun.elapsed() < Duration::from_secs(60), "orders are acknowledged");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Has the exchange make a snapshot from which the next start can go on. Refused as long as one is being made.
fn ask_for_snapshot(serving: &Serving) {
    let line = ["--url", &serving.url, "--admin-url", &serving.admin_url, "--as", "operator"];
    let line = [&line[..], &["admin", "snapshot", "--reason", "crash"]].concat();
    loop {
        let asked = process::run(&line);
        if asked.status.success() {
            return;
        }
        let said = String::from_utf8_lossy(&asked.stderr).into_owned();
        assert!(said.contains("SNAPSHOT_RUNNING"), "{said}");
    }
}

/// At every place that has a name the process ends once soon and once later; whatever it had told is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_told_is_lost_at_any_failpoint() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let told = Arc::new(Mutex::new(Told::default()));
    // The folder is new.
    assert!(!serve_until(&data, Failpoint::JournalMade, 1).wait().success());
    let mut round = 0;
    for failpoint in Failpoint::ALL {
        if matches!(failpoint, Failpoint::JournalMade | Failpoint::BackupCopying | Failpoint::RestoreCopied) {
            continue;
        }
        let counts: &[u64] = if failpoint == Failpoint::HistoryRemoved { &[1] } else { &[1, 5, 40] };
        for count in counts {
            if failpoint == Failpoint::HistoryRemoved {
                std::fs::remove_dir_all(data.join("history")).unwrap();
            }
            let dying = serve_until(&data, failpoint, *count);
            // It may end before it is ready.
            if let Some((url, admin_url)) = dying.urls.clone() {
                for trader in load_at((&url, &admin_url), &data, round, &told).await.unwrap_or_default() {
                    trader.await.unwrap();
                }
            }
            let status = dying.wait();
            assert_eq!(status.code(), None, "{}:{count} ended it", failpoint.name());
            let serving = Serving::start(&data);
            check(&read(&data), &told.lock().unwrap());
            serving.kill();
            round += 1;
        }
    }
    restart(&data).await;
    copies(&data, folder.path());
}

/// A backup and a restored folder that were interrupted are gone on with, or made anew.
fn copies(data: &Path, folder: &Path) {
    let [backup, again] = ["backup", "again"].map(|name| folder.join(name));
    let [data, backup, again] = [data, &backup, &again].map(|path| path.to_str().unwrap().to_owned());
    let line = ["backup", &backup, "--data", &data];
    assert_eq!(failing(Failpoint::BackupCopying, &line), None);
    let made = process::json(&line);
    let line = ["restore", &backup, "--data", &again];
    assert_eq!(failing(Failpoint::RestoreCopied, &line), None);
    assert!(!Path::new(&again).exists(), "it has its name when it is whole");
    assert_eq!(process::json(&line)["commands"], made["commands"]);
    let [one, other] = [data, again].map(|data| process::json(&["verify", "--data", &data]));
    assert_eq!((&one["state_hash"], &one["sound"]), (&other["state_hash"], &true.into()));
}

/// The exit code of a command that ends at `failpoint`: none.
fn failing(failpoint: Failpoint, arguments: &[&str]) -> Option<i32> {
    let variable = format!("{}:1", failpoint.name());
    let mut command = Command::new(HOURBOOK);
    command.args(arguments).env("HOURBOOK_FAILPOINT", variable).output().unwrap().status.code()
}

/// A server that ends by itself.
struct Dying {
    child: Child,
    /// Where it can be reached, and by operators; it may end before it can.
    urls: Option<(String, String)>,
}

impl Dying {
    fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

/// Starts a server that ends when it comes to `failpoint` for the `count`th time.
fn serve_until(data: &Path, failpoint: Failpoint, count: u64) -> Dying {
    let mut child = Command::new(HOURBOOK)
        .args(["serve", "--listen", "127.0.0.1:0", "--dev", "--json", "--reserve-mib", "1", "--data"])
        .arg(data)
        .env("HOURBOOK_FAILPOINT", format!("{}:{count}", failpoint.name()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready = serde_json::from_str::<serde_json::Value>(&line).ok();
    let url = |ready: &serde_json::Value, name: &str| ready[name].as_str().unwrap().to_owned();
    Dying { child, urls: ready.map(|ready| (url(&ready, "url"), url(&ready, "admin_url"))) }
}

/// A restart answers from what was recovered, and the program's own check agrees.
async fn restart(data: &Path) {
    let serving = Serving::start(data);
    let journal = read(data);
    for name in TRADERS {
        let connection = Connection::open(&serving.url).await.unwrap();
        connection.login_dev(name).await.unwrap();
        let account = journal.view.named(Label::new(name).unwrap()).unwrap();
        let open = connection.open_orders(None).await.unwrap().orders;
        let open: Vec<String> = open.into_iter().map(|order| order.order_id).collect();
        let expected: Vec<String> =
            journal.view.orders_of(account).map(|order| order.order.to_string()).collect();
        assert_eq!(open, expected);
    }
    let stopped = serving.interrupt();
    let verified = process::json(&["verify", "--data", data.to_str().unwrap()]);
    assert_eq!((&verified["sound"], &verified["replayed_from"]), (&true.into(), &1.into()), "{verified}");
    assert_eq!(verified["outcome_hash"], read(data).outcome);
    assert_eq!(verified["state_hash"], stopped["state_hash"]);
    assert_eq!(verified["commands"], stopped["commands"]);
}

/// Sets traders on the exchange.
async fn load(
    serving: &Serving,
    data: &Path,
    round: u64,
    told: &Arc<Mutex<Told>>,
) -> Vec<tokio::task::JoinHandle<()>> {
    assert!(read(data).view.stamp().sequence.0 >= serving.recovered, "nothing is lost by starting");
    load_at((&serving.url, &serving.admin_url), data, round, told).await.expect("the exchange is there")
}

/// The same at an address; nothing when the exchange has gone.
async fn load_at(
    (url, admin_url): (&str, &str),
    data: &Path,
    round: u64,
    told: &Arc<Mutex<Told>>,
) -> Option<Vec<tokio::task::JoinHandle<()>>> {
    let operator = prepare((url, admin_url), &read(data)).await?;
    let symbol = operator.instruments().await.ok()?.instruments.last()?.symbol.clone();
    let trader = |(number, name): (u64, &'static str)| {
        let (url, symbol, told) = (url.to_owned(), symbol.clone(), Arc::clone(told));
        tokio::spawn(async move {
            // It ends with its connection.
            let _ = trade(&url, (name, round * 10 + number), &symbol, &told).await;
        })
    };
    Some((0..).zip(TRADERS).map(trader).collect())
}

/// Everything that was told stands in the journal, at the place that was told.
fn check(journal: &Journal, told: &Told) {
    for (order, sequence) in &told.orders {
        assert_eq!(journal.orders.get(order), Some(sequence), "{order} was acknowledged");
    }
    for (order, sequence) in &told.cancels {
        assert_eq!(journal.cancels.get(order), Some(sequence), "{order} was cancelled");
    }
    for (name, xseq, symbol, trade, order) in &told.fills {
        let fill = ((*name).to_owned(), *xseq, symbol.clone(), *trade, order.clone());
        assert!(journal.fills.contains(&fill), "{fill:?} was told");
    }
    for (id, order) in &told.ids {
        let name = id.split('-').next().unwrap().to_owned();
        assert_eq!(journal.ids.get(&(name, id.clone())), Some(order), "{id} has one outcome, which was told");
    }
}

/// Reads the journal from disk, beside whoever writes it.
fn read(data: &Path) -> Journal {
    let log = RocksLog::open_read_only(&data.join("journal")).unwrap();
    let mut journal = Journal::default();
    let recovered = recover(&log, &mut |stamped, events| {
        journal.view.fold(stamped.stamp, events);
        let sequence = stamped.stamp.sequence.0;
        for event in events {
            match *event {
                Event::OrderAccepted { order, account, .. } => {
                    journal.orders.insert(order.to_string(), sequence);
                    let name = journal.view.account(account).unwrap().name.to_string();
                    if let Some(id) = journal.view.order(order).unwrap().client {
                        let before = journal.ids.insert((name, id.to_string()), order.to_string());
                        assert_eq!(before, None, "{id} was accepted once");
                    }
                }
                Event::OrderCanceled { order, .. } => {
                    journal.cancels.insert(order.to_string(), sequence);
                }
                Event::OrderExecuted { account, xseq, order, instrument, trade, .. } => {
                    let name = journal.view.account(account).unwrap().name.to_string();
                    let symbol = journal.view.instrument(instrument).unwrap().symbol.to_string();
                    journal.fills.insert((name, xseq.0, symbol, trade.0, order.to_string()));
                }
                _ => {}
            }
        }
    });
    let recovered = recovered.expect("the journal is sound after every crash");
    recovered.exchange.assert_sound();
    journal.outcome = recovered.outcome.to_string();
    journal
}

/// Opens the market and the accounts that are not there yet.
async fn prepare((url, admin_url): (&str, &str), journal: &Journal) -> Option<Connection> {
    let operator = Connection::open(admin_url).await.ok()?;
    operator.login_dev("operator").await.ok()?;
    if journal.view.markets().is_empty() {
        operator.add_market(days()).await.ok()?;
    }
    for name in TRADERS {
        // A login by name opens the account.
        Connection::open(url).await.ok()?.login_dev(name).await.ok()?;
        let (account, reference) = (name.to_owned(), format!("for-{name}"));
        let deposit = Deposit { account, amount: "10000000".to_owned(), reference };
        // The same reference is credited once.
        let _ = operator.deposit(deposit).await;
    }
    Some(operator)
}

/// Trades until the exchange is gone; notes everything that it is told. At most 64 requests wait at a time.
async fn trade(
    url: &str,
    (name, seed): (&'static str, u64),
    symbol: &str,
    told: &Mutex<Told>,
) -> Result<(), ClientError> {
    let mut connection = Connection::open(url).await?;
    connection.login_dev(name).await?;
    connection.set_capacity(symbol, 1_000_000).await?;
    connection.subscribe_one(subscription::executions()).await?;
    let mut waiting = tokio::task::JoinSet::new();
    // What was not answered before is sent again as it was.
    let again: Vec<Request> = {
        let told = told.lock().unwrap();
        let own = told.open.iter().filter(|((owner, _), _)| *owner == name).take(AGAIN);
        own.map(|(_, order)| Request::AddOrder(order.clone())).collect()
    };
    let mut again = again.into_iter();
    let mut random = seed;
    for number in 0_u64.. {
        random = engine::index::mix64(random, seed + 1);
        let id = format!("{name}-{seed}-{number}");
        let request = again.next().unwrap_or_else(|| next((name, id), symbol, random, told));
        let id = match &request {
            Request::AddOrder(order) => order.cl_ord_id.clone(),
            _ => None,
        };
        let Ok(ticket) = connection.send(&request) else { break };
        waiting.spawn(async move { (id, ticket.answer().await) });
        while 64 <= waiting.len() {
            match tokio::select! {
                answer = waiting.join_next() => note(name, answer.unwrap().unwrap(), told),
                update = connection.next_update() => update.ok().map(|update| note_fill(name, &update, told)),
            } {
                Some(()) => {}
                None => break,
            }
        }
    }
    // What was told before the end counts too.
    while let Some(answer) = waiting.join_next().await {
        note(name, answer.unwrap(), told);
    }
    while let Ok(update) = connection.next_update().await {
        note_fill(name, &update, told);
    }
    Ok(())
}

fn next((name, id): (&'static str, String), symbol: &str, random: u64, told: &Mutex<Told>) -> Request {
    if random.is_multiple_of(8) {
        let told = told.lock().unwrap();
        let place = usize::try_from(random >> 8).unwrap() % told.orders.len().max(1);
        if let Some((order, _)) = told.orders.iter().nth(place) {
            let order = protocol::order::OrderName::OrderId(order.clone());
            return Request::CancelOrder(protocol::cancel::CancelOrder { order });
        }
    }
    let side = if random >> 20 & 1 == 0 { Side::Buy } else { Side::Sell };
    let terms = Terms::limit(format!("1.{:04}", random >> 30 & 63));
    let mut order = AddOrder::new(symbol, side, (1 + (random >> 40 & 7)).to_string(), terms);
    order.cl_ord_id = Some(id.clone());
    told.lock().unwrap().open.insert((name, id), order.clone());
    Request::AddOrder(order)
}

/// Notes an answer; nothing when the connection has ended.
fn note(
    name: &'static str,
    (id, answer): (Option<String>, Result<Answer, ClientError>),
    told: &Mutex<Told>,
) -> Option<()> {
    let mut told = told.lock().unwrap();
    match answer {
        Ok(Answer::AddOrder(added)) => {
            let id = id.expect("every order has one");
            told.open.remove(&(name, id.clone()));
            let before = told.ids.insert(id, added.order_id.clone());
            assert!(before.is_none_or(|order| order == added.order_id), "an id has one outcome");
            if !added.duplicate {
                told.orders.insert(added.order_id.clone(), added.engine_seq);
            }
        }
        Ok(Answer::OrderChange(change)) => {
            told.cancels.insert(change.order_id.clone(), change.engine_seq);
        }
        Ok(_) => {}
        Err(ClientError::Refused(_)) => {
            id.map(|id| told.open.remove(&(name, id)));
        }
        Err(_) => return None,
    }
    Some(())
}

fn note_fill(name: &'static str, update: &Update, told: &Mutex<Told>) {
    let Update::Executions(Executions::Update(update)) = update else { return };
    let WireEvent::Trade { trade_id, .. } = update.data.event else { return };
    let order = update.data.order.order_id.clone();
    let fill = (name, update.xseq, update.data.order.symbol.clone(), trade_id, order);
    told.lock().unwrap().fills.insert(fill);
}
