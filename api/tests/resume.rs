//! Resume: whoever comes back is told all that happened to the account meanwhile, each event once and in order.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api::config::{MOMENTS_MAX, REPLAY_MOMENTS_MAX};
use engine::order::Side;
use harness::history::{SharedHistory, Veil};
use harness::{ANN, Flow, Peer, World, cancel, order};
use journal::history::log::HistoryLog;
use serde_json::{Value, json};

const EPOCH: &str = "0000000000000007";
const CHANNELS: [&str; 3] = ["executions", "account", "positions"];

/// By channel, the numbers of all events that were told.
type Told = BTreeMap<String, Vec<u64>>;

/// What a client knows of the account, from the messages of its streams alone.
#[derive(Default)]
struct Ledger {
    /// By channel, the last message.
    last: BTreeMap<String, u64>,
    orders: BTreeMap<String, Value>,
    balance: Value,
    /// By channel and symbol.
    positions: BTreeMap<(String, String), Value>,
    told: Told,
}

impl Ledger {
    fn apply(&mut self, message: &Value) {
        let channel = message["channel"].as_str().unwrap().to_owned();
        let xseq = message["xseq"].as_u64().unwrap();
        let data = &message["data"];
        match message["type"].as_str().unwrap() {
            "snapshot" => {
                for open in data["orders"].as_array().into_iter().flatten() {
                    self.orders.insert(open["order_id"].as_str().unwrap().to_owned(), open.clone());
                }
            }
            _ => {
                assert_eq!(message["prev_xseq"].as_u64(), Some(self.last[&channel]), "no gap: {message}");
                assert!(message["type"] == "resumed" || self.last[&channel] < xseq, "each once: {message}");
                if message["type"] == "update" {
                    self.told.entry(channel.clone()).or_default().push(xseq);
                }
            }
        }
        self.last.insert(channel.clone(), xseq);
        if let Some(id) = data["order_id"].as_str() {
            let mut order = data.clone();
            let fields = order.as_object_mut().unwrap();
            for field in [
                "ev",
                "reason",
                "engine_seq",
                "priority_kept",
                "last_price",
                "last_qty",
                "trade_id",
                "liquidity",
                "fee",
                "fee_unit",
            ] {
                fields.remove(field);
            }
            match order["status"].as_str().unwrap() {
                "open" | "partially_filled" => drop(self.orders.insert(id.to_owned(), order)),
                _ => drop(self.orders.remove(id)),
            }
        }
        if let Some(balance) = data["balances"].as_array().and_then(|list| list.first()) {
            self.balance = balance.clone();
        }
        for position in data["positions"].as_array().into_iter().flatten() {
            let symbol = position["symbol"].as_str().unwrap().to_owned();
            self.positions.insert((channel.clone(), symbol), position.clone());
        }
    }

    /// Panics unless the client knows what the exchange knows.
    async fn compare(&self, peer: &mut Peer) {
        let open = peer.ok("open_orders", json!({})).await["orders"].clone();
        let known: BTreeMap<String, Value> = open
            .as_array()
            .unwrap()
            .iter()
            .map(|order| (order["order_id"].as_str().unwrap().to_owned(), order.clone()))
            .collect();
        assert_eq!(self.orders, known);
        let balances = peer.ok("balances", json!({})).await;
        assert_eq!(self.balance, balances["balances"][0]);
        for position in balances["positions"].as_array().unwrap() {
            for channel in ["account", "positions"] {
                let key = (channel.to_owned(), position["symbol"].as_str().unwrap().to_owned());
                assert_eq!(self.positions.get(&key), Some(position), "{channel}");
            }
        }
    }
}

/// Subscribes to all private channels: at first with snapshots, later from where the client stands.
async fn subscribe(peer: &mut Peer, ledger: &Ledger) -> Vec<Value> {
    let item = |channel: &str| match ledger.last.get(channel) {
        None => json!({"channel": channel}),
        Some(xseq) => json!({"channel": channel, "resume": {"epoch": EPOCH, "xseq": xseq}}),
    };
    let result = peer.ok("subscribe", json!({"subs": CHANNELS.map(item)})).await;
    let subs = result["subs"].as_array().unwrap().clone();
    assert!(subs.iter().all(|sub| sub["ok"] == true), "{result}");
    subs
}

fn is_private(message: &Value) -> bool {
    CHANNELS.iter().any(|channel| message["channel"] == *channel)
}

/// All that is told to a client that stays, until the exchange closes.
async fn watched(mut peer: Peer) -> Told {
    let mut told = Told::new();
    loop {
        let message = peer.receive().await;
        if message.is_null() || message.get("closed").is_some() {
            return told;
        }
        if is_private(&message) && message["type"] == "update" {
            let channel = message["channel"].as_str().unwrap().to_owned();
            told.entry(channel).or_default().push(message["xseq"].as_u64().unwrap());
        }
    }
}

fn wide(count: usize) -> u64 {
    count.try_into().unwrap()
}

/// How often the client comes back.
fn rounds() -> u64 {
    std::env::var("RESUME_ROUNDS").map_or(60, |rounds| rounds.parse().expect("RESUME_ROUNDS is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_at_random_moments_knows_what_the_exchange_knows() {
    // Where the machine is busy a client may hear nothing for longer than memory reaches: a history tells it the rest.
    let (world, symbol) = World::trading_remembered(SharedHistory::default()).await;
    world.login("pat").await.ok("set_capacity", json!({"symbol": symbol, "gpus": 100_000})).await;
    world
        .login("operator")
        .await
        .ok("deposit", json!({"account": "ann", "amount": "1000000", "reference": "more"}))
        .await;
    let mut flow = Flow::new(11);
    let mut ledger = Ledger::default();
    let mut stays = world.login("ann").await;
    subscribe(&mut stays, &Ledger::default()).await;
    let stays = tokio::spawn(watched(stays));
    // Whoever comes back begins with the same.
    let mut first = world.login("ann").await;
    subscribe(&mut first, &ledger).await;
    while ledger.last.len() < CHANNELS.len() {
        let message = first.receive().await;
        if is_private(&message) {
            ledger.apply(&message);
        }
    }
    for round in 0..rounds() {
        let mut peer = world.login("ann").await;
        // Some of it happens before the client is back, some while it is told, some after.
        let commands = flow.below(400);
        let (before, after) = (commands / 3, commands - commands / 3);
        (0..before).for_each(|_| world.submit(flow.next()));
        for sub in subscribe(&mut peer, &ledger).await {
            assert_eq!(sub["mode"], "replay", "round {round}: {sub}");
        }
        (0..after).for_each(|_| world.submit(flow.next()));
        for _ in 0..flow.below(300) {
            match tokio::time::timeout(Duration::from_millis(20), peer.receive()).await {
                Ok(message) if is_private(&message) => ledger.apply(&message),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        // The connection breaks; what was on its way is lost.
        peer.reset();
    }
    let mut peer = world.login("ann").await;
    subscribe(&mut peer, &ledger).await;
    let head = peer.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    let mut resumed = 0;
    while resumed < CHANNELS.len() || ledger.last["executions"].max(ledger.last["account"]) < head {
        let message = peer.receive().await;
        if is_private(&message) {
            resumed += usize::from(message["type"] == "resumed");
            ledger.apply(&message);
        }
    }
    ledger.compare(&mut peer).await;
    world.stop().await;
    // On every channel all that happened, not only what the channel's own chain shows.
    let stays = stays.await.unwrap();
    for channel in CHANNELS {
        let until_head = |told: &Told| {
            told[channel].iter().copied().take_while(|xseq| *xseq <= head).collect::<Vec<u64>>()
        };
        let (told, all) = (until_head(&ledger.told), until_head(&stays));
        assert!(rounds() / 4 < wide(told.len()), "there was something to miss");
        assert_eq!(told, all, "{channel}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_events_are_told_again() {
    let (world, _) = World::trading().await;
    let mut ann = world.login("ann").await;
    let begun = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    // Each order is accepted and canceled, and the balance changes with both.
    for number in 0..25_000 {
        let name = format!("n{number}");
        world.submit(order(ANN, Side::Bid, (1, 1), &name));
        world.submit(cancel(ANN, &name));
    }
    world.command(cancel(ANN, "nothing")).await.unwrap_err();
    let head = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    assert_eq!(head - begun, 100_000);
    let mut other = world.login("pat").await;
    let started = Instant::now();
    let answer =
        ann.subscribe(json!({"channel": "executions", "resume": {"epoch": EPOCH, "xseq": begun}})).await;
    assert_eq!(answer["mode"], "replay");
    // Nobody else waits for it.
    other.ok("balances", json!({})).await;
    let (mut last, mut told) = (begun, 0);
    loop {
        let message = ann.told(&answer["stream"]).await;
        assert_eq!(message["prev_xseq"], last, "{message}");
        last = message["xseq"].as_u64().unwrap();
        if message["type"] == "resumed" {
            break;
        }
        told += 1;
    }
    assert_eq!(told, 50_000);
    println!("{told} of 100000 events told again in {:?}", started.elapsed());
    // What happens from now on follows.
    world.submit(order(ANN, Side::Bid, (1, 1), "next"));
    assert_eq!(ann.told(&answer["stream"]).await["prev_xseq"], last);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_resumed_is_said() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    ann.order(&symbol, "buy", ("1", "0.5000")).await;
    let head = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    let asked = |channel: &str, resume: Value| json!({"subs": [{"channel": channel, "resume": resume}]});
    for (resume, code, field) in [
        (json!({"epoch": "0000000000000008", "xseq": head}), "EPOCH_MISMATCH", "subs[0].resume.epoch"),
        (json!({"epoch": EPOCH, "xseq": head + 1}), "BAD_VALUE", "subs[0].resume.xseq"),
        (json!({"epoch": EPOCH, "seq": 1}), "MISSING_FIELD", "subs[0].resume.xseq"),
        (json!({"epoch": EPOCH}), "MISSING_FIELD", "subs[0].resume.xseq"),
    ] {
        let result = ann.ok("subscribe", asked("executions", resume)).await;
        let error = &result["subs"][0]["error"];
        assert_eq!(
            (&error["code"], error["field"].as_str().map(|told| field.ends_with(told))),
            (&json!(code), Some(true)),
            "{error}"
        );
    }
    let book =
        json!({"subs": [{"channel": "book", "symbol": symbol, "resume": {"epoch": EPOCH, "xseq": 1}}]});
    assert_eq!(ann.ok("subscribe", book).await["subs"][0]["error"]["code"], "MISSING_FIELD");
    // Who has missed nothing is told so.
    let answer = ann.subscribe(json!({"channel": "account", "resume": {"epoch": EPOCH, "xseq": head}})).await;
    let resumed = ann.told(&answer["stream"]).await;
    assert_eq!((&resumed["type"], &resumed["prev_xseq"]), (&json!("resumed"), &json!(head)));
    // More happens to others than is kept.
    let pairs = MOMENTS_MAX / 4 + REPLAY_MOMENTS_MAX;
    for number in 0..pairs {
        let name = format!("n{number}");
        world.submit(order(harness::PAT, Side::Bid, (1, 1), &name));
        world.submit(cancel(harness::PAT, &name));
    }
    world.command(cancel(ANN, "nothing")).await.unwrap_err();
    let result = ann.ok("subscribe", asked("executions", json!({"epoch": EPOCH, "xseq": head - 1}))).await;
    let error = &result["subs"][0]["error"];
    assert_eq!((&error["code"], &error["details"]["oldest_xseq"]), (&json!("SEQ_TOO_OLD"), &json!(head)));
    let snapshot = ann.subscribe(json!({"channel": "executions"})).await;
    assert_eq!(ann.told(&snapshot["stream"]).await["data"]["orders"].as_array().unwrap().len(), 1);
    // A start forgets; who has missed nothing does not notice.
    let log = world.stop().await.log;
    let world = World::again(log).await;
    let mut ann = world.login("ann").await;
    let result = ann.ok("subscribe", asked("executions", json!({"epoch": EPOCH, "xseq": head - 1}))).await;
    assert_eq!(result["subs"][0]["error"]["code"], "SEQ_TOO_OLD");
    let answer =
        ann.subscribe(json!({"channel": "executions", "resume": {"epoch": EPOCH, "xseq": head}})).await;
    assert_eq!(ann.told(&answer["stream"]).await["type"], "resumed");
    ann.order(&symbol, "buy", ("1", "0.4000")).await;
    assert_eq!(ann.told(&answer["stream"]).await["data"]["ev"], "new");
    world.stop().await;
}

/// The account's messages behind a subscription, until it is told what happens from then on.
async fn missed(peer: &mut Peer, channel: &str, after: u64) -> Vec<Value> {
    let resume = json!({"epoch": EPOCH, "xseq": after});
    let answer = peer.subscribe(json!({"channel": channel, "resume": resume})).await;
    assert_eq!(answer["mode"], "replay");
    let (mut last, mut told) = (after, Vec::new());
    loop {
        let mut message = peer.told(&answer["stream"]).await;
        assert_eq!(message["prev_xseq"], last, "no gap and nothing twice: {message}");
        last = message["xseq"].as_u64().unwrap();
        if message["type"] == "resumed" {
            return told;
        }
        // Numbers of streams are of a connection.
        message.as_object_mut().unwrap().remove("stream");
        told.push(message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_memory_is_told_from_the_history_word_for_word() {
    let history = SharedHistory::default();
    let (world, symbol) = World::trading_remembered(history.clone()).await;
    let mut ann = world.login("ann").await;
    let begun = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    // Every kind of event that is told, while credit waits to be paid out and after.
    ann.order(&symbol, "buy", ("2", "0.5000")).await;
    world.login("pat").await.order(&symbol, "sell", ("1", "0.5000")).await;
    ann.ok("redeem", json!({"amount": "10", "reference": "out"})).await;
    ann.ok("cancel_all_after", json!({"timeout_ms": 86_400_000})).await;
    ann.order(&symbol, "buy", ("1", "0.4000")).await;
    let operator = json!({"account": "ann", "reference": "out", "paid": true});
    world.login("operator").await.ok("end_redemption", operator).await;
    ann.ok("cancel_all", json!({})).await;
    let mut fresh = Vec::new();
    for channel in CHANNELS {
        fresh.push(missed(&mut world.login("ann").await, channel, begun).await);
    }
    assert!(fresh.iter().all(|told| !told.is_empty()));
    let waits = |told: &Value| told["data"]["balances"][0]["redeeming"] == "10.000000";
    assert!(fresh[1].iter().any(waits), "credit that waits is told with the balance");
    // More than memory keeps, of the same account: what follows comes from the history first and then from memory.
    let pairs = MOMENTS_MAX / 4 + REPLAY_MOMENTS_MAX;
    for number in 0..pairs {
        let name = format!("n{number}");
        world.submit(order(ANN, Side::Bid, (1, 1), &name));
        world.submit(cancel(ANN, &name));
    }
    world.command(cancel(ANN, "nothing")).await.unwrap_err();
    for (channel, fresh) in CHANNELS.iter().zip(&fresh) {
        let told = missed(&mut world.login("ann").await, channel, begun).await;
        assert!(told.starts_with(fresh), "{channel}");
        let more = if *channel == "positions" { 0 } else { 2 * pairs };
        assert_eq!(told.len(), fresh.len() + more, "{channel}");
    }
    // After a start there is nothing in memory, and all of it in the history.
    let log = world.stop().await.log;
    let world = World::remembering(log, history).await;
    let mut ann = world.login("ann").await;
    for (channel, fresh) in CHANNELS.iter().zip(&fresh) {
        assert!(missed(&mut ann, channel, begun).await.starts_with(fresh), "{channel}");
    }
    ann.order(&symbol, "buy", ("1", "0.3000")).await;
    assert_eq!(ann.update("executions").await["data"]["ev"], "new", "what happens from now on follows");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_begins_later_says_so_and_is_not_asked_twice() {
    let mut history = SharedHistory::default();
    let (world, symbol) = World::trading_remembered(history.clone()).await;
    let mut ann = world.login("ann").await;
    ann.order(&symbol, "buy", ("1", "0.5000")).await;
    let head = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    let log = world.stop().await.log;
    // It was lost, and so was the journal it could be made anew from.
    let last = HistoryLog::last(&history);
    history.clear(last).unwrap();
    let world = World::remembering(log, history).await;
    let resume = json!({"subs": [{"channel": "executions", "resume": {"epoch": EPOCH, "xseq": head - 1}}]});
    let mut ann = world.login("ann").await;
    assert_eq!(ann.ok("subscribe", resume.clone()).await["subs"][0]["mode"], "replay");
    assert_eq!(ann.update("status").await["data"]["code"], "SEQ_TOO_OLD");
    assert_eq!(ann.receive().await, json!({"closed": 4100}));
    let result = world.login("ann").await.ok("subscribe", resume).await;
    let error = &result["subs"][0]["error"];
    assert_eq!((&error["code"], &error["details"]["oldest_xseq"]), (&json!("SEQ_TOO_OLD"), &json!(head)));
    world.stop().await;
}

/// An exchange that was started anew, so that all that happened is asked of a history; the number before the first of some events
/// of `ann`, and how many they are.
async fn remembered(history: &SharedHistory) -> (World, (u64, u64)) {
    let (world, symbol) = World::trading_remembered(history.clone()).await;
    let mut ann = world.login("ann").await;
    let begun = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap();
    for _ in 0..10 {
        ann.order(&symbol, "buy", ("1", "0.5000")).await;
    }
    assert_eq!(ann.ok("cancel_all", json!({})).await["canceled"].as_array().unwrap().len(), 10);
    let events = ann.ok("balances", json!({})).await["as_of_xseq"].as_u64().unwrap() - begun;
    (World::remembering(world.stop().await.log, history.clone()).await, (begun, events))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_history_lacks_is_never_stepped_over() {
    // From the front and from the end.
    for (missing, from_end) in [(1, false), (2, false), (12, false), (13, false), (1, true), (0, true)] {
        let history = SharedHistory::default();
        let (world, (begun, events)) = remembered(&history).await;
        let hole = if from_end { begun + events - missing } else { begun + missing };
        history.veil(Veil { hole: Some(hole), behind: None });
        let mut ann = world.login("ann").await;
        let resume = json!({"epoch": EPOCH, "xseq": begun});
        let subs = CHANNELS.map(|channel| json!({"channel": channel, "resume": resume}));
        ann.ok("subscribe", json!({"subs": subs})).await;
        loop {
            let message = ann.receive().await;
            if message == json!({"closed": 4100}) {
                break;
            }
            assert_ne!(message["type"], "resumed", "{hole} is missing: {message}");
            assert!(message["xseq"].as_u64().unwrap_or(0) < hole, "{hole} is missing: {message}");
        }
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_history_is_behind_nothing_is_left_out() {
    let history = SharedHistory::default();
    let (world, (begun, events)) = remembered(&history).await;
    for behind in [0, 1, 12, events - 1] {
        history.veil(Veil { hole: None, behind: Some(begun + behind) });
        let mut ann = world.login("ann").await;
        let resume = json!({"epoch": EPOCH, "xseq": begun});
        for channel in ["executions", "account"] {
            ann.subscribe(json!({"channel": channel, "resume": resume})).await;
        }
        let (mut told, mut resumed) = (0, 0);
        // What is there is told, and not more.
        while told < behind {
            let message = ann.receive().await;
            assert!(message.get("closed").is_none(), "behind by {}", events - behind);
            if is_private(&message) {
                assert!(message["xseq"].as_u64().unwrap() <= begun + behind, "{message}");
                told += 1;
            }
        }
        history.veil(Veil::default());
        while resumed < 2 {
            let message = ann.receive().await;
            assert!(message.get("closed").is_none(), "behind by {}", events - behind);
            if is_private(&message) {
                (told, resumed) =
                    if message["type"] == "resumed" { (told, resumed + 1) } else { (told + 1, resumed) };
            }
        }
        assert_eq!(told, events, "behind by {}", events - behind);
    }
    world.stop().await;
}
