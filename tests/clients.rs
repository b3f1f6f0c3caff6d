//! Clients: libraries that traders use, none of them ours, trade on a real server. What is not installed here is skipped
//! with a word.
#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use client::connection::Connection;
use process::{Serving, furnish};
use protocol::operator::RegisterKey;
use protocol::session::Scope;
use protocol::signature::PublicKey;
use serde_json::{Value, json};

/// The key with which `ann` signs.
const SECRET: [u8; 32] = [41; 32];

/// A program, by the environment's word or by its usual name.
fn program(variable: &str, usual: &str) -> String {
    env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

/// Whether a program does this.
fn does(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    quiet.is_ok_and(|output| output.status.success())
}

/// A script of ours, found from where the test runs.
fn script(name: &str) -> PathBuf {
    let start = env::current_dir().unwrap();
    let holds = |folder: &&Path| folder.join("tests/clients").is_dir();
    start
        .ancestors()
        .find(holds)
        .expect("the test runs inside the repository")
        .join("tests/clients")
        .join(name)
}

/// An exchange with a market, `ann` with a key and `pat` who can sell; the market's symbol.
async fn exchange(data: &Path) -> (Serving, String) {
    let serving = Serving::start(data);
    let symbol = furnish(&serving, &["ann", "pat"], (1_000, "1000")).await;
    let key = RegisterKey {
        account: "ann".to_owned(),
        key: PublicKey::of_secret(&SECRET).text(),
        scopes: vec![Scope::Read, Scope::Trade, Scope::Cancel, Scope::Transfer],
        expires: None,
        addresses: None,
        order_notional: None,
    };
    let operator = Connection::open(&serving.admin_url).await.unwrap();
    operator.login_dev("operator").await.unwrap();
    operator.register_key(key).await.unwrap();
    (serving, symbol)
}

/// Runs a client against an exchange of its own, which signs with a key; it says that all was as it should be.
fn trades(program: &str, name: &str) {
    let secret: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    trades_with(program, name, &secret);
}

/// The same with another last argument than the secret key.
fn trades_with(program: &str, name: &str, last: &str) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (serving, symbol) = runtime.block_on(exchange(&folder.path().join("data")));
    let ran = Command::new(program)
        .arg(script(name))
        .args([&serving.url, &symbol, last])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(ran.status.success() && said[0].trim() == "ok", "{name}: {}{}", said[0], said[1]);
}

#[test]
fn python_websockets_trades() {
    let python = program("PYTHON", "python3");
    if !does(&python, &["-c", "import websockets"]) {
        println!("skipped: python_websockets_trades: `make clients` fetches the library");
        return;
    }
    trades(&python, "websockets_client.py");
}

#[test]
fn python_aiohttp_trades() {
    let python = program("PYTHON", "python3");
    if !does(&python, &["-c", "import aiohttp"]) {
        println!("skipped: python_aiohttp_trades: `make clients` fetches the library");
        return;
    }
    trades(&python, "aiohttp_client.py");
}

#[test]
fn node_ws_trades() {
    let node = program("NODE", "node");
    if !does(&node, &["-e", "require('ws')"]) {
        println!("skipped: node_ws_trades: `make clients` fetches the library");
        return;
    }
    trades(&node, "ws_client.cjs");
}

#[test]
fn a_page_in_chromium_keeps_a_book_and_a_foreign_page_is_refused() {
    let node = program("NODE", "node");
    let usual = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    let named = env::var("CHROMIUM").ok();
    let browser =
        named.or_else(|| usual.into_iter().find(|name| does(name, &["--version"])).map(str::to_owned));
    let (true, Some(browser)) = (does(&node, &["-e", ""]), browser) else {
        println!(
            "skipped: a_page_in_chromium: needs node and the package `chromium`, or say where with CHROMIUM"
        );
        return;
    };
    trades_with(&node, "chromium_client.cjs", &browser);
}

/// Cases of Autobahn's suite that ask for what is not there: messages of more than 65,536 bytes, and compression.
fn beyond() -> Vec<String> {
    let long =
        ["9.1", "9.2"].into_iter().flat_map(|group| (2..=6).map(move |case| format!("{group}.{case}")));
    let groups = ["9.3", "9.4", "9.5", "9.6", "12", "13"].map(|group| format!("{group}.*"));
    long.chain(groups).collect()
}

#[test]
fn autobahns_suite_finds_nothing() {
    let wstest = program("WSTEST", "wstest");
    if !does(&wstest, &["--autobahnversion"]) {
        println!(
            "skipped: autobahns_suite: `pip install autobahntestsuite` with Python 2.7, and say where with WSTEST"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&folder.path().join("data"));
    let url = serving.url.replace("/ws/v1", "/ws/echo");
    let server = json!({"agent": "hourbook", "url": url, "options": {"version": 18}});
    let spec = json!({"outdir": "reports", "servers": [server], "cases": ["*"], "exclude-cases": beyond(),
        "exclude-agent-cases": {}, "options": {"failByDrop": false}});
    fs::write(folder.path().join("spec.json"), spec.to_string()).unwrap();
    let mut running = Command::new(&wstest);
    running.args(["-m", "fuzzingclient", "-s", "spec.json"]).current_dir(folder.path());
    let ran = running.stdin(Stdio::null()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let report = fs::read_to_string(folder.path().join("reports/index.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let cases = report["hourbook"].as_object().unwrap();
    assert!(250 < cases.len(), "{} cases were tried", cases.len());
    let mut counts: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    for (case, told) in cases {
        let outcomes = ["behavior", "behaviorClose"].map(|field| told[field].as_str().unwrap());
        let group = case.split('.').next().unwrap();
        *counts.entry((group, outcomes[0], outcomes[1])).or_default() += 1;
    }
    for ((group, behavior, close), count) in &counts {
        println!("{group}: {count} {behavior}, closed {close}");
    }
    for (case, told) in cases {
        let well = |field: &str, fine: &[&str]| fine.contains(&told[field].as_str().unwrap());
        assert!(well("behavior", &["OK", "NON-STRICT", "INFORMATIONAL"]), "{case}: {told}");
        assert!(well("behaviorClose", &["OK", "INFORMATIONAL"]), "{case}: {told}");
    }
}
