//! Books: at every depth and speed a client has the exchange's own book, whatever happens to either.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;
#[path = "harness/mirror.rs"]
mod mirror;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::command::Command;
use engine::order::Side;
use harness::{ANN, FIRST, Flow, World, cancel, order};
use mirror::{Mirror, Rows, history};
use node::config::BATCHES;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// How long nothing comes before a test believes that nothing will.
const SILENCE: Duration = Duration::from_millis(1_300);

const EPOCH: &str = "0000000000000007";

/// A world whose provider can sell a lot.
async fn wide() -> (World, String) {
    let (world, symbol) = World::trading().await;
    let mut pat = world.login("pat").await;
    pat.ok("set_capacity", json!({"symbol": symbol, "gpus": 2_000})).await;
    (world, symbol)
}

/// Something that changes the book, for certain.
fn change(number: u64) -> [Command; 2] {
    let name = format!("c{number}");
    [order(ANN, Side::Bid, (1 + number % 9, 1 + number % 60), &name), cancel(ANN, &name)]
}

/// Takes all asks of a flow and becomes the best bid with what is left, so that listeners to any depth hear of it; its sequence.
async fn top(world: &World, name: &str) -> u64 {
    world.command(order(ANN, Side::Bid, (500, 420), name)).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn every_depth_and_speed_is_the_exchanges_own_book() {
    let (world, symbol) = wide().await;
    let mut watcher = world.connect().await;
    let depths = [0, 1, 10, 25, 100, 500];
    let mut streams = HashMap::new();
    for depth in depths {
        for speed in ["raw", "10ms", "100ms", "1s"] {
            let item = json!({"channel": "book", "symbol": symbol, "depth": depth, "speed": speed});
            let answer = watcher.subscribe(item).await;
            streams.insert(answer["stream"].as_u64().unwrap(), (depth, speed));
        }
    }
    assert_eq!(streams.len(), 24);
    let mut mirrors: HashMap<u64, Mirror> = HashMap::new();
    // What each stream's listener had, and as of when.
    let mut seen: Vec<(usize, u64, (u64, Rows))> = Vec::new();
    let mut flow = Flow::new(7);
    for burst in 0..40 {
        // What becomes durable together is told together, except at full speed.
        world.stuck.store(burst % 2 == 0, Ordering::SeqCst);
        for _ in 0..10 {
            world.submit(flow.next());
        }
        world.stuck.store(false, Ordering::SeqCst);
        if burst % 4 == 0 {
            sleep(Duration::from_millis(7)).await;
        }
    }
    let last = top(&world, "last").await;
    while mirrors.len() < streams.len() || mirrors.values().any(|mirror| mirror.seq < last) {
        let message = watcher.update("book").await;
        let number = message["stream"].as_u64().unwrap();
        let mirror = mirrors.entry(number).or_default();
        mirror.apply(&message);
        seen.push((streams[&number].0, mirror.seq, (mirror.ts, mirror.rows(None))));
    }
    let mut told = BTreeMap::new();
    for (number, (depth, speed)) in &streams {
        let mirror = &mirrors[number];
        told.insert((*depth, *speed), (mirror.changes, mirror.seq));
        let allowed = if *speed == "raw" { "server_load" } else { "speed" };
        assert!(mirror.reasons.iter().all(|reason| reason == allowed), "{speed}: {:?}", mirror.reasons);
        assert!(*speed == "raw" || !mirror.reasons.is_empty(), "changes were merged at {speed}");
    }
    // Every change of a whole book is counted at every speed.
    let counts: Vec<_> = told.iter().filter(|((depth, _), _)| *depth == 0).map(|(_, told)| told).collect();
    assert!(counts.iter().all(|told| *told == counts[0]) && 200 < counts[0].0, "{told:?}");

    let books = history(world.stop().await.log, FIRST);
    for (depth, seq, told) in seen {
        let mut own = books[&seq].clone();
        if 0 < depth {
            own.1.iter_mut().for_each(|side| side.truncate(depth));
        }
        assert_eq!(told, own, "depth {depth} at {seq}");
    }
    for (number, (depth, speed)) in streams {
        let mut last = books.values().last().unwrap().1.clone();
        if 0 < depth {
            last.iter_mut().for_each(|side| side.truncate(depth));
        }
        assert_eq!(mirrors[&number].rows(None), last, "depth {depth} at {speed}, in the end");
    }
}

#[tokio::test]
async fn the_last_change_is_told_at_every_speed_although_nothing_follows() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut watcher) = (world.login("ann").await, world.connect().await);
    let mut streams = Vec::new();
    for speed in ["10ms", "100ms", "1s"] {
        let item = json!({"channel": "book", "symbol": symbol, "speed": speed});
        streams.push(watcher.subscribe(item).await["stream"].clone());
    }
    for stream in &streams {
        assert_eq!(watcher.told(stream).await["type"], "snapshot");
    }
    let placed = ann.order(&symbol, "buy", ("5", "0.9000")).await;
    for stream in &streams {
        let update = watcher.told(stream).await;
        assert_eq!((&update["type"], &update["seq"]), (&json!("update"), &placed["engine_seq"]));
        // One change is not merged with anything.
        assert_eq!(update["conflated"], Value::Null);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_while_changes_wait_gets_a_snapshot_that_the_next_update_follows() {
    let (world, symbol) = World::trading().await;
    let mut late = Vec::new();
    let mut seen = Vec::new();
    // Somebody has the stream already, and in most rounds a change waits for its second when another begins.
    for round in 0..5 {
        let mut peer = world.connect().await;
        peer.subscribe(json!({"channel": "book", "symbol": symbol, "speed": "1s"})).await;
        world.submit(change(round)[0]);
        sleep(Duration::from_millis(30)).await;
        late.push((peer, Mirror::default()));
    }
    let last = world.command(change(9)[0]).await.unwrap().0;
    for (peer, mirror) in &mut late {
        while mirror.seq < last {
            mirror.apply(&peer.update("book").await);
            seen.push((mirror.seq, (mirror.ts, mirror.rows(None))));
        }
    }
    let books = history(world.stop().await.log, FIRST);
    for (seq, told) in seen {
        assert_eq!(told, books[&seq], "at {seq}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_prove_all_levels_by_number_and_by_time() {
    let (world, symbol) = World::trading().await;
    let mut watcher = world.connect().await;
    watcher.subscribe(json!({"channel": "book", "symbol": symbol})).await;
    let mut mirror = Mirror::default();
    for number in 0..40 {
        world.submit(order(ANN, Side::Bid, (1, 1 + number), &format!("b{number}")));
    }
    let (mut updates, mut by_number, mut rounds) = (0, 0, 0);
    // An exchange that is behind merges updates, and proves them in time: then it takes more of them.
    while by_number == 0 {
        rounds += 1;
        assert!(rounds <= 100, "a checkpoint comes after a thousand updates");
        for number in 0..500 {
            change(500 * rounds + number).into_iter().for_each(|command| world.submit(command));
        }
        let last = world.command(order(ANN, Side::Bid, (1, 1), &format!("last-{rounds}"))).await;
        let last = last.unwrap().0;
        while mirror.seq < last {
            let message = watcher.update("book").await;
            mirror.apply(&message);
            updates += u32::from(message["type"] == "update");
            assert!(updates <= 1_000, "a checkpoint comes after a thousand updates at the latest");
            if message["type"] == "checkpoint" {
                by_number += u32::from(updates == 1_000);
                updates = 0;
            }
        }
    }
    // Something to prove, if a checkpoint came just now by time.
    let last = top(&world, "proven").await;
    while mirror.seq < last {
        mirror.apply(&watcher.update("book").await);
    }
    assert!(10 < mirror.rows(None)[1].len(), "there are levels that no update's checksum covers");
    world.pass(10);
    let checkpoint = watcher.update("book").await;
    assert_eq!(checkpoint["type"], "checkpoint");
    mirror.apply(&checkpoint);
    world.pass(20);
    assert!(timeout(SILENCE, watcher.update("book")).await.is_err(), "nothing has changed since");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_told_anew_and_nobody_waits_for_it() {
    let (world, symbol) = World::trading().await;
    let (mut slow, mut other) = (world.connect_narrow().await, world.connect().await);
    let item = json!({"channel": "book", "symbol": symbol});
    let mut mirrors = [Mirror::default(), Mirror::default()];
    slow.subscribe(item.clone()).await;
    mirrors[0].apply(&slow.update("book").await);
    other.subscribe(item).await;
    mirrors[1].apply(&other.update("book").await);
    // More than all buffers between the two hold; and the other one reads on.
    let mut ann = world.login("ann").await;
    let (mut told, mut round) = (0, 0);
    while told < 60_000 {
        assert!(round < 1_000, "{told} messages");
        for number in 0..500 {
            change(round * 500 + number).into_iter().for_each(|command| world.submit(command));
        }
        round += 1;
        let placed = ann.order(&symbol, "buy", ("1", "0.0001")).await;
        while mirrors[1].seq < placed["engine_seq"].as_u64().unwrap() {
            mirrors[1].apply(&other.update("book").await);
            told += 1;
        }
    }
    assert!(mirrors[1].reasons.iter().all(|reason| reason == "server_load"), "it was left out of nothing");
    while mirrors[0].seq < mirrors[1].seq {
        mirrors[0].apply(&slow.update("book").await);
    }
    assert_eq!(mirrors[0].rows(None), mirrors[1].rows(None));
    assert!(mirrors[0].reasons.iter().any(|reason| reason == "slow_client"), "{:?}", mirrors[0].reasons);
    // It goes on as if nothing had been.
    let placed = ann.order(&symbol, "buy", ("1", "0.0100")).await["engine_seq"].as_u64().unwrap();
    while mirrors[0].seq < placed {
        let message = slow.update("book").await;
        assert_ne!(message["type"], "snapshot", "{message}");
        mirrors[0].apply(&message);
    }
    assert_eq!(placed, mirrors[0].seq);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_may_leave_nothing_out_ends_with_the_reason() {
    let (world, symbol) = World::lenient().await;
    let (mut slow, mut other) = (world.connect_narrow().await, world.login("ann").await);
    slow.subscribe(json!({"channel": "orders_l3", "symbol": symbol})).await;
    // More than all buffers between the two hold.
    let mut number = 0;
    while !world.has_cut_off().await {
        assert!(number < 1_000_000, "who does not read is cut off");
        for _ in 0..1_000 {
            change(number).into_iter().for_each(|command| world.submit(command));
            number += 1;
        }
    }
    // Somebody else is answered meanwhile.
    other.order(&symbol, "buy", ("1", "0.0001")).await;
    let mut last = Value::Null;
    loop {
        let message = slow.receive().await;
        if message["closed"] == 4008 {
            break;
        }
        assert!(!message.is_null(), "it hears why");
        assert_ne!(message["channel"], "heartbeat", "nothing is left to be told: it was not cut off");
        last = message;
    }
    assert_eq!((&last["channel"], &last["data"]["code"]), (&json!("status"), &json!("SLOW_CONSUMER")));
    assert_eq!(last["data"]["close"], 4008);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_is_behind_merges_raw_updates_and_says_so() {
    let (world, symbol) = World::trading().await;
    let mut watcher = world.connect().await;
    watcher.subscribe(json!({"channel": "book", "symbol": symbol})).await;
    let mut mirror = Mirror::default();
    mirror.apply(&watcher.update("book").await);
    world.stuck.store(true, Ordering::SeqCst);
    // As many as are sequenced while the disk is stuck, even if each is a batch of its own.
    let many = u64::try_from(BATCHES - 2).unwrap();
    for number in 0..many {
        world.submit(order(ANN, Side::Bid, (1, 1 + number), &format!("b{number}")));
    }
    sleep(Duration::from_millis(600)).await;
    world.stuck.store(false, Ordering::SeqCst);
    let mut messages = 0;
    while mirror.changes < many {
        mirror.apply(&watcher.update("book").await);
        messages += 1;
    }
    assert!(messages <= many / 2, "{messages} messages tell {many} changes");
    assert!(mirror.reasons.iter().all(|reason| reason == "server_load") && !mirror.reasons.is_empty());
    assert_eq!(mirror.rows(None)[1].len(), BATCHES - 2);
    // What comes in time is told at once again.
    world.submit(order(ANN, Side::Bid, (1, 60), "in-time"));
    let update = watcher.update("book").await;
    assert_eq!(update["conflated"], Value::Null);
    mirror.apply(&update);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_goes_on_from_where_a_client_left_it() {
    let (mut world, symbol) = wide().await;
    let mut flow = Flow::new(11);
    let settle = async |world: &World, flow: &mut Flow, count: usize| {
        (0..count).for_each(|_| world.submit(flow.next()));
        let ping = Command::CancelAfter { account: ANN, after: None };
        world.command(ping).await.unwrap();
    };
    let items = [0, 10, 25].map(|depth| json!({"channel": "book", "symbol": symbol, "depth": depth}));
    let mut mirrors = [Mirror::default(), Mirror::default(), Mirror::default()];
    settle(&world, &mut flow, 200).await;
    let mut peer = world.connect().await;
    for (item, mirror) in items.iter().zip(&mut mirrors) {
        peer.subscribe(item.clone()).await;
        mirror.apply(&peer.update("book").await);
    }
    for restarts in [false, true] {
        drop(peer);
        settle(&world, &mut flow, 300).await;
        if restarts {
            world = World::again(world.stop().await.log).await;
        }
        peer = world.connect().await;
        let mut streams = Vec::new();
        for (item, mirror) in items.iter().zip(&mut mirrors) {
            let mut item = item.clone();
            item["resume"] = json!({"epoch": EPOCH, "seq": mirror.seq});
            let answer = peer.subscribe(item).await;
            assert_eq!(answer["mode"], "delta");
            streams.push(answer["stream"].clone());
            let delta = peer.update("book").await;
            assert_eq!((&delta["type"], &delta["prev_seq"]), (&json!("update"), &json!(mirror.seq)));
            mirror.apply(&delta);
        }
        let mut fresh = world.connect().await;
        for (item, mirror) in items.iter().zip(&mirrors) {
            let mut other = Mirror::default();
            fresh.subscribe(item.clone()).await;
            other.apply(&fresh.update("book").await);
            assert_eq!(mirror.rows(None), other.rows(None), "{item}");
        }
        // And on, each at its own depth.
        settle(&world, &mut flow, 30).await;
        let last = top(&world, &format!("top-{restarts}")).await;
        while mirrors.iter().any(|mirror| mirror.seq < last) {
            let message = peer.update("book").await;
            let of = streams.iter().position(|stream| *stream == message["stream"]).unwrap();
            mirrors[of].apply(&message);
        }
        let whole = mirrors[0].clone();
        for (mirror, depth) in mirrors.iter().zip([None, Some(10), Some(25)]) {
            assert_eq!(mirror.rows(None), whole.rows(depth));
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_go_on_gets_a_snapshot() {
    let (world, symbol) = World::trading().await;
    let mut peer = world.connect().await;
    let subscribe = |epoch: &str, seq: u64, depth: u64| json!({"channel": "book", "symbol": symbol, "depth": depth, "resume": {"epoch": epoch, "seq": seq}});
    world.submit(change(1)[0]);
    let first = world.command(change(2)[0]).await.unwrap().0;
    // Of another history; from the future.
    for (epoch, seq, depth) in [("0000000000000008", first, 1), (EPOCH, first + 1_000, 10)] {
        assert_eq!(peer.subscribe(subscribe(epoch, seq, depth)).await["mode"], "snapshot");
        assert_eq!(peer.update("book").await["type"], "snapshot");
    }
    assert_eq!(peer.subscribe(subscribe(EPOCH, first, 25)).await["mode"], "delta");
    assert_eq!(peer.update("book").await["type"], "update");
    // Longer ago than 8,192 updates.
    for number in 10..4_200 {
        change(number).into_iter().for_each(|command| world.submit(command));
    }
    world.command(change(4_300)[0]).await.unwrap();
    let mut late = world.connect().await;
    assert_eq!(late.subscribe(subscribe(EPOCH, first, 0)).await["mode"], "snapshot");
    assert_eq!(late.update("book").await["type"], "snapshot");
    world.stop().await;
}

#[tokio::test]
async fn a_snapshot_comes_again_for_the_asking() {
    let (world, symbol) = World::trading().await;
    let (mut ann, mut watcher) = (world.login("ann").await, world.connect().await);
    let stream = watcher.subscribe(json!({"channel": "book", "symbol": symbol})).await["stream"].clone();
    let trades = watcher.subscribe(json!({"channel": "trades"})).await["stream"].clone();
    let mut mirror = Mirror::default();
    mirror.apply(&watcher.told(&stream).await);
    ann.order(&symbol, "buy", ("5", "0.9000")).await;
    mirror.apply(&watcher.told(&stream).await);
    assert_eq!(watcher.ok("resync", json!({"stream": stream})).await, json!({"stream": stream}));
    let again = watcher.told(&stream).await;
    assert_eq!((&again["type"], &again["conflated"]), (&json!("snapshot"), &Value::Null));
    mirror.apply(&again);
    ann.order(&symbol, "buy", ("5", "0.9100")).await;
    mirror.apply(&watcher.told(&stream).await);
    assert_eq!(watcher.error("resync", json!({"stream": 99})).await["code"], "NOT_SUBSCRIBED");
    assert_eq!(watcher.error("resync", json!({"stream": trades})).await["code"], "BAD_VALUE");
    // A private stream too.
    let orders = ann.subscribe(json!({"channel": "executions"})).await["stream"].clone();
    assert_eq!(ann.told(&orders).await["type"], "snapshot");
    ann.ok("resync", json!({"stream": orders})).await;
    let open = ann.told(&orders).await;
    assert_eq!((&open["type"], open["data"]["orders"].as_array().unwrap().len()), (&json!("snapshot"), 2));
    world.stop().await;
}
