//! Crash: killed twenty times under load, the exchange has lost nothing that it had told anyone.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "process/mod.rs"]
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::connection::Connection;
use client::subscription;
use engine::event::Event;
use engine::label::Label;
use engine::view::View;
use journal::recovery::recover;
use persistence::store::RocksLog;
use process::{Serving, days};
use protocol::add_order::AddOrder;
use protocol::execution::{Event as WireEvent, Executions};
use protocol::operator::Deposit;
use protocol::order::Side;
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::terms::Terms;
use protocol::update::Update;

const ROUNDS: u64 = 20;
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
}

/// What the journal says.
#[derive(Default)]
struct Journal {
    view: View,
    orders: BTreeMap<String, u64>,
    cancels: BTreeMap<String, u64>,
    fills: BTreeSet<(String, u64, String, u64, String)>,
    outcome: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_told_is_lost_when_killed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let told = Arc::new(Mutex::new(Told::default()));
    let mut random = 42_u64;
    let mut from_snapshots = 0;
    for round in 0..ROUNDS {
        // In half of the rounds snapshots are made, and the next round begins with the newest.
        let every = ["0", "300"][usize::from(round % 2 == 1)];
        let serving = Serving::start_with(&data, &["--snapshot-every", every]);
        from_snapshots += usize::from(!serving.ready["snapshot"].is_null());
        let operator = prepare(&serving.url, round).await;
        let journal = read(&data);
        assert!(journal.view.stamp().sequence.0 >= serving.recovered, "nothing is lost by starting");
        let symbol = first_symbol(&operator).await;
        let traders: Vec<_> = (0_u64..)
            .zip(TRADERS)
            .map(|(number, name)| {
                let (url, symbol, told) = (serving.url.clone(), symbol.clone(), Arc::clone(&told));
                tokio::spawn(async move { trade(&url, (name, round * 10 + number), &symbol, &told).await })
            })
            .collect();
        random = engine::index::mix64(random, round);
        tokio::time::sleep(Duration::from_millis(50 + random % 350)).await;
        if round % 2 == 1 {
            // Refused when one is just being made.
            process::run(&["snapshot", "--data", data.to_str().unwrap()]);
        }
        serving.kill();
        for trader in traders {
            trader.await.unwrap();
        }
        check(&read(&data), &told.lock().unwrap());
    }
    assert!(0 < from_snapshots, "some starts begin with a snapshot");
    {
        let told = told.lock().unwrap();
        assert!(
            500 < told.orders.len() && 100 < told.fills.len() && 50 < told.cancels.len(),
            "the load was a load"
        );
    }

    // A restart answers from what was recovered, and the program's own check agrees.
    let serving = Serving::start(&data);
    let journal = read(&data);
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
    assert_eq!((&verified["sound"], &verified["replayed_from"]), (&true.into(), &1.into()));
    assert!(
        !verified["snapshots"].as_array().unwrap().is_empty(),
        "every snapshot is what the journal comes to"
    );
    assert_eq!(verified["outcome_hash"], read(&data).outcome);
    assert_eq!(verified["state_hash"], stopped["state_hash"]);
    assert_eq!(verified["commands"], stopped["commands"]);
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
                Event::OrderAccepted { order, .. } => {
                    journal.orders.insert(order.to_string(), sequence);
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

/// Opens the market in the first round; later it is there.
async fn prepare(url: &str, round: u64) -> Connection {
    let operator = Connection::open(url).await.unwrap();
    operator.login_dev("operator").await.unwrap();
    if round == 0 {
        operator.add_market(days()).await.unwrap();
        for name in TRADERS {
            // A login by name opens the account.
            Connection::open(url).await.unwrap().login_dev(name).await.unwrap();
            let (account, reference) = (name.to_owned(), format!("for-{name}"));
            let deposit = Deposit { account, amount: "10000000".to_owned(), reference };
            operator.deposit(deposit).await.unwrap();
        }
    }
    operator
}

/// The window after the one whose gate closes next, so that it trades through the whole test.
async fn first_symbol(connection: &Connection) -> String {
    let listed = connection.instruments().await.unwrap().instruments;
    listed.last().unwrap().symbol.clone()
}

/// Trades until the exchange is gone; notes everything that it is told. At most 64 requests wait at a time.
async fn trade(url: &str, (name, seed): (&'static str, u64), symbol: &str, told: &Mutex<Told>) {
    let mut connection = Connection::open(url).await.unwrap();
    connection.login_dev(name).await.unwrap();
    if connection.set_capacity(symbol, 1_000_000).await.is_err() {
        return;
    }
    if connection.subscribe_one(subscription::executions()).await.is_err() {
        return;
    }
    let mut waiting = tokio::task::JoinSet::new();
    let mut random = seed;
    loop {
        random = engine::index::mix64(random, seed + 1);
        let request = next(symbol, random, told);
        let Ok(ticket) = connection.send(&request) else { break };
        waiting.spawn(ticket.answer());
        while 64 <= waiting.len() {
            match tokio::select! {
                answer = waiting.join_next() => answer.unwrap().unwrap().ok().map(|answer| note(&answer, told)),
                update = connection.next_update() => update.ok().map(|update| note_fill(name, &update, told)),
            } {
                Some(()) => {}
                None => break,
            }
        }
    }
    // What was told before the end counts too.
    while let Some(answer) = waiting.join_next().await {
        if let Ok(answer) = answer.unwrap() {
            note(&answer, told);
        }
    }
    while let Ok(update) = connection.next_update().await {
        note_fill(name, &update, told);
    }
}

fn next(symbol: &str, random: u64, told: &Mutex<Told>) -> Request {
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
    Request::AddOrder(AddOrder::new(symbol, side, (1 + (random >> 40 & 7)).to_string(), terms))
}

fn note(answer: &Answer, told: &Mutex<Told>) {
    let mut told = told.lock().unwrap();
    match answer {
        Answer::AddOrder(added) => {
            told.orders.insert(added.order_id.clone(), added.engine_seq);
        }
        Answer::OrderChange(change) => {
            told.cancels.insert(change.order_id.clone(), change.engine_seq);
        }
        _ => {}
    }
}

fn note_fill(name: &'static str, update: &Update, told: &Mutex<Told>) {
    let Update::Executions(Executions::Update(update)) = update else { return };
    let WireEvent::Trade { trade_id, .. } = update.data.event else { return };
    let order = update.data.order.order_id.clone();
    let fill = (name, update.xseq, update.data.order.symbol.clone(), trade_id, order);
    told.lock().unwrap().fills.insert(fill);
}
