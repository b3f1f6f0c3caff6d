//! Snapshots: a start from one is a start, only faster; what does not fit together is refused with what to do.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "process/mod.rs"]
mod process;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use client::connection::Connection;
use process::{Serving, failure, furnish, json, run};
use protocol::add_order::AddOrder;
use protocol::control::Snapshot;
use protocol::error_code::ErrorCode;
use protocol::order::Side;
use protocol::request::Request;
use protocol::terms::Terms;
use serde_json::Value;

/// Accounts that trade.
const TRADERS: [&str; 2] = ["ann", "pat"];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The snapshots of a data folder, the oldest first.
fn files(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(data.join("snapshots")) else { return Vec::new() };
    let is_snapshot = |path: &PathBuf| path.extension().is_some_and(|found| found == "snapshot");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_snapshot).collect();
    files.sort();
    files
}

/// The window after the one whose gate closes next.
async fn symbol(connection: &Connection) -> String {
    connection.instruments().await.unwrap().instruments.last().unwrap().symbol.clone()
}

/// Enters so many orders, some of which trade.
async fn trade(url: &str, orders: u64) {
    let traders = [Connection::open(url).await.unwrap(), Connection::open(url).await.unwrap()];
    for (trader, name) in traders.iter().zip(TRADERS) {
        trader.login_dev(name).await.unwrap();
    }
    let symbol = symbol(&traders[0]).await;
    for number in 0..orders {
        let side = if number % 2 == 0 { Side::Sell } else { Side::Buy };
        // One in three pairs trades in part; the rest rests.
        let price = if number % 3 == 0 || side == Side::Sell { "1.0100" } else { "1.0000" };
        let order =
            AddOrder::new(&symbol, side, (2 + number % 5).to_string(), Terms::limit(price.to_owned()));
        traders[usize::from(number % 2 == 0)].add_order(order).await.unwrap();
    }
}

/// What everybody is answered.
fn answers(url: &str) -> Vec<Value> {
    let questions: [&[&str]; 3] = [&["orders"], &["fills", "--limit", "1000"], &["balance"]];
    let asked = TRADERS
        .iter()
        .flat_map(|name| questions.map(|question| [&["--url", url, "--as", name], question].concat()));
    let mut answers: Vec<Value> = asked.map(|question| json(&question)).collect();
    answers.push(json(&["--url", url, "instruments"]));
    let symbol = answers.last().unwrap()["instruments"][1]["symbol"].as_str().unwrap().to_owned();
    answers.push(json(&["--url", url, "book", &symbol]));
    answers
}

/// Waits until a snapshot is there that was not.
fn wait_for_another(data: &Path, before: &[PathBuf]) -> Vec<PathBuf> {
    for _ in 0..3_000 {
        let now = files(data);
        if now.last() != before.last() {
            return now;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no snapshot was made within a minute");
}

/// Waits until fewer than `every` commands came after the newest snapshot, and a start can go on from it.
fn until_none_is_due(data: &Path, serving: &Serving, every: u64) {
    let last = json(&["--url", &serving.url, "status"])["as_of_seq"].as_u64().unwrap();
    while newest(data) + every <= last {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // A start goes on from one that the history has reached.
    while json(&["verify", "--data", text(data)])["history"].as_u64() < Some(newest(data)) {}
}

/// The sequence after which the newest snapshot was made.
fn newest(data: &Path) -> u64 {
    let files = files(data);
    files.last().unwrap().file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

/// An exchange that has traded, with two snapshots, the newer one after its last command.
fn stopped() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for orders in [40, 30] {
        let serving = Serving::start_with(&data, &["--snapshot-every", "0"]);
        runtime.block_on(async {
            if orders == 40 {
                furnish(&serving, &TRADERS, (10_000, "10000")).await;
            }
            trade(&serving.url, orders).await;
        });
        serving.interrupt();
        assert!(json(&["snapshot", "--data", text(&data)])["bytes"].as_u64().is_some());
    }
    assert_eq!(files(&data).len(), 2);
    (folder, data)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_exchange_makes_snapshots_and_starts_from_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start_with(&data, &["--snapshot-every", "60"]);
    furnish(&serving, &TRADERS, (10_000, "10000")).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        trade(&serving.url, 70).await;
        made = wait_for_another(&data, &made);
    }
    assert!(made.len() <= 3, "two are kept, beside one that was just made: {made:?}");
    // Some of it stands in the journal only: when no snapshot is due any more, one order more.
    trade(&serving.url, 25).await;
    until_none_is_due(&data, &serving, 60);
    trade(&serving.url, 1).await;
    let told = answers(&serving.url);
    serving.kill();

    let serving = Serving::start_with(&data, &["--snapshot-every", "60"]);
    let (snapshot, replayed) =
        (serving.ready["snapshot"].as_u64().unwrap(), serving.ready["replayed"].as_u64().unwrap());
    assert!(0 < replayed, "the rest is replayed");
    assert_eq!(snapshot + replayed, serving.recovered);
    assert_eq!(answers(&serving.url), told, "who starts from a snapshot answers as before");
    trade(&serving.url, 70).await;
    let told = answers(&serving.url);
    let stopped = serving.interrupt();
    assert!(
        stopped["commands"].as_u64().unwrap() - newest(&data) < 60,
        "who stops leaves one, unless it is hardly worth it"
    );

    let verified = json(&["verify", "--data", text(&data)]);
    assert_eq!(verified["state_hash"], stopped["state_hash"]);
    let compared = verified["snapshots"].as_array().unwrap();
    assert!(2 <= compared.len() && compared.iter().all(|one| one["sound"] == true), "{verified}");
    // Without any, the whole journal says the same.
    fs::remove_dir_all(data.join("snapshots")).unwrap();
    let serving = Serving::start_with(&data, &["--snapshot-every", "0"]);
    assert!(serving.ready["snapshot"].is_null() && serving.ready["replayed"] == serving.recovered);
    assert_eq!(answers(&serving.url), told);
    serving.interrupt();
    assert!(files(&data).is_empty(), "none is made when none is wanted");
}

#[test]
fn snapshots_by_hand_beside_a_running_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (code, said) = failure(&["snapshot", "--data", text(&data)]);
    assert!(code == 5 && said.contains("there is no journal"), "{said}");
    assert!(!data.exists());
    let serving = Serving::start(&data);
    let first = json(&["snapshot", "--data", text(&data)]);
    assert_eq!(first["replayed"], first["sequence"]);
    let again = json(&["snapshot", "--data", text(&data)]);
    assert_eq!(
        (&again["sequence"], &again["bytes"]),
        (&first["sequence"], &Value::Null),
        "there is nothing new"
    );
    json(&["--url", &serving.url, "--as", "ann", "balance"]);
    let later = json(&["snapshot", "--data", text(&data)]);
    assert!(first["sequence"].as_u64() < later["sequence"].as_u64());
    assert_eq!(later["older"], first["sequence"]);
    serving.interrupt();
}

/// What the operators' listener answers over HTTP.
fn post(admin_url: &str, method: &str, params: &str) -> String {
    let address = admin_url.trim_start_matches("ws://").split('/').next().unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /rpc/v1/{method} HTTP/1.1\r\nhost: {address}\r\nhb-token: dev:operator\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{params}",
        params.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_have_a_running_exchange_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start_with(&data, &["--snapshot-every", "0"]);
    furnish(&serving, &TRADERS, (10_000, "10000")).await;
    trade(&serving.url, 40).await;
    let line = ["--url", &serving.url, "--admin-url", &serving.admin_url, "--as", "operator", "admin"];
    let asked = [&line[..], &["snapshot", "--reason", "upgrade"]].concat();
    let made = json(&asked);
    let file = data.join("snapshots").join(made["file"].as_str().unwrap());
    assert_eq!(files(&data), std::slice::from_ref(&file));
    assert_eq!(made["bytes"].as_u64(), Some(fs::metadata(&file).unwrap().len()));
    assert_eq!(made["engine_seq"], made["replayed"]);
    let again = json(&asked);
    assert_eq!((&again["bytes"], &again["file"]), (&Value::Null, &made["file"]), "there is nothing new");
    // Over HTTP too, while everybody trades.
    trade(&serving.url, 10).await;
    let trading = tokio::spawn({
        let url = serving.url.clone();
        async move { trade(&url, 60).await }
    });
    let answer = post(&serving.admin_url, "snapshot", r#"{"reason":"upgrade"}"#);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""engine_seq":"#), "{answer}");
    trading.await.unwrap();
    assert_eq!(files(&data).len(), 2);
    // One at a time.
    let operator = Connection::open(&serving.admin_url).await.unwrap();
    operator.login_dev("operator").await.unwrap();
    let request = || Request::Snapshot(Snapshot { reason: "twice".to_owned() });
    let refused = loop {
        let tickets = [operator.send(&request()).unwrap(), operator.send(&request()).unwrap()];
        let [first, second] = tickets.map(|ticket| ticket.answer());
        let second = second.await;
        first.await.unwrap();
        // The first may be done before the second comes.
        if let Err(refused) = second {
            break refused;
        }
        trade(&serving.url, 2).await;
    };
    let code = refused.refusal().map(|error| (error.code.clone(), error.retryable));
    assert_eq!(code, Some((ErrorCode::SnapshotRunning, true)), "{refused}");
    // Where it cannot be written, that is said, and the exchange goes on.
    fs::rename(data.join("snapshots"), data.join("elsewhere")).unwrap();
    fs::write(data.join("snapshots"), "").unwrap();
    let (code, said) = failure(&asked);
    assert!(code == 1 && said.contains("SNAPSHOT_FAILED") && said.contains("snapshots"), "{said}");
    fs::remove_file(data.join("snapshots")).unwrap();
    fs::rename(data.join("elsewhere"), data.join("snapshots")).unwrap();
    trade(&serving.url, 2).await;
    let last = json(&asked);
    // Everybody else is told where to ask.
    let (code, said) = failure(&[
        "--url",
        &serving.url,
        "--admin-url",
        &serving.url,
        "--as",
        "operator",
        "admin",
        "snapshot",
        "--reason",
        "a",
    ]);
    assert!(code == 4 && said.contains("ADMIN_LISTENER"), "{code}: {said}");
    serving.kill();
    let serving = Serving::start_with(&data, &["--snapshot-every", "0"]);
    assert_eq!(serving.ready["snapshot"], last["engine_seq"], "the next start begins with it");
    serving.interrupt();
}

#[test]
fn a_damaged_snapshot_is_told_and_the_next_is_used() {
    let (_folder, data) = stopped();
    let [older, newest] = <[PathBuf; 2]>::try_from(files(&data)).unwrap();
    let sound = fs::read(&newest).unwrap();
    let mut damaged = sound.clone();
    damaged[sound.len() / 2] ^= 4;
    fs::write(&newest, &damaged).unwrap();
    let told = run(&["snapshot", "--data", text(&data)]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success() && said.contains(text(&newest)) && said.contains("is not used"), "{said}");
    // It was made anew from the older one, so that the damaged one is whole again.
    assert_eq!(fs::read(&newest).unwrap(), sound);

    fs::write(&newest, &damaged).unwrap();
    let (code, said) = failure(&["verify", "--data", text(&data)]);
    assert!(code == 5 && said.contains("the journal is sound, but the snapshot"), "{said}");
    fs::write(&older, b"damaged too").unwrap();
    let serving = Serving::start_with(&data, &["--snapshot-every", "0"]);
    assert!(serving.ready["snapshot"].is_null(), "the whole journal is replayed");
    serving.interrupt();
}

#[test]
fn a_snapshot_that_does_not_fit_its_journal_is_refused() {
    let (folder, data) = stopped();
    // Another exchange's snapshot.
    let other = folder.path().join("other");
    Serving::start(&other).interrupt();
    copy(&data.join("snapshots"), &other.join("snapshots"));
    let serve = |data: &Path| failure(&["serve", "--listen", "127.0.0.1:0", "--data", text(data)]);
    let (code, said) = serve(&other);
    assert!(code == 5 && said.contains("its end is lost"), "{said}");
    // A journal that has as many commands, and did something else.
    let twin = folder.path().join("twin");
    let serving = Serving::start_with(&twin, &["--snapshot-every", "0"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        furnish(&serving, &TRADERS, (10_000, "10000")).await;
        trade(&serving.url, 80).await;
    });
    serving.interrupt();
    copy(&data.join("snapshots"), &twin.join("snapshots"));
    let (code, said) = serve(&twin);
    assert!(code == 5 && said.contains("is not of this journal"), "{said}");
    let (code, said) = failure(&["verify", "--data", text(&twin)]);
    assert!(code == 5 && said.contains("it is not what the journal comes to there"), "{said}");
    let (code, said) = failure(&["snapshot", "--data", text(&twin)]);
    assert!(code == 5 && said.contains("is not of this journal"), "{said}");
}

#[test]
fn a_journal_whose_beginning_was_dropped_goes_on_from_its_snapshots() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rules = ["--snapshot-every", "20", "--drop-journal"];
    let mut stopped = Value::Null;
    // Each start begins another table of the journal.
    for round in 0..14 {
        let serving = Serving::start_with(&data, &rules);
        runtime.block_on(async {
            if round == 0 {
                furnish(&serving, &TRADERS, (10_000, "10000")).await;
            }
            trade(&serving.url, 24).await;
        });
        stopped = serving.interrupt();
    }
    let verified = json(&["verify", "--data", text(&data)]);
    let number = |name: &str| verified[name].as_u64().unwrap();
    assert!(1 < number("journal_from"), "some of it was dropped: {verified}");
    let oldest = verified["snapshots"][0]["after"].as_u64().unwrap();
    assert_eq!(number("replayed_from"), oldest + 1, "it is replayed from the oldest snapshot");
    assert!(number("journal_from") <= oldest, "the record after which that was made is there");
    assert_eq!(verified["state_hash"], stopped["state_hash"]);

    let serving = Serving::start_with(&data, &rules);
    assert_eq!(serving.recovered, stopped["commands"].as_u64().unwrap());
    runtime.block_on(trade(&serving.url, 4));
    serving.kill();
    fs::rename(data.join("snapshots"), data.join("elsewhere")).unwrap();
    for arguments in [&["verify"][..], &["snapshot"], &["serve", "--listen", "127.0.0.1:0"]] {
        let (code, said) = failure(&[arguments, &["--data", text(&data)]].concat());
        assert!(code == 5 && said.contains("Put back a snapshot of it"), "{said}");
    }
    fs::remove_dir_all(data.join("snapshots")).unwrap();
    fs::rename(data.join("elsewhere"), data.join("snapshots")).unwrap();

    // A lost history begins anew where the journal can be begun with, and says so no worse than it is.
    fs::remove_dir_all(data.join("history")).unwrap();
    let serving = Serving::start_with(&data, &rules);
    runtime.block_on(trade(&serving.url, 4));
    let stopped = serving.interrupt();
    let verified = json(&["verify", "--data", text(&data)]);
    assert_eq!((&verified["sound"], &verified["history"]), (&true.into(), &stopped["commands"]));

    // Its backup begins with a snapshot too.
    let [backup, again] = ["backup", "again"].map(|name| folder.path().join(name));
    json(&["backup", text(&backup), "--data", text(&data)]);
    let restored = json(&["restore", text(&backup), "--data", text(&again)]);
    assert_eq!(restored["state_hash"], stopped["state_hash"]);
    let serving = Serving::start(&again);
    assert_eq!(serving.recovered, stopped["commands"].as_u64().unwrap());
    serving.interrupt();
    assert_eq!(json(&["verify", "--data", text(&again)])["sound"], true);
    let lines = folder.path().join("journal.jsonl");
    let written = json(&["export", "journal", text(&lines), "--data", text(&again)]);
    assert!(written["commands"].as_u64() < stopped["commands"].as_u64(), "what was dropped is not there");
}
