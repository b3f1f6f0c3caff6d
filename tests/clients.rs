//! Clients: libraries that traders use, none of them ours, trade on a real server. What is not installed here is skipped
//! with a word.
#![allow(clippy::unwrap_used, reason = "a test")]

mod process;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use client::connection::Connection;
use process::{Serving, days};
use protocol::operator::{Deposit, RegisterKey};
use protocol::session::Scope;
use protocol::signature::PublicKey;

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
    let operator = Connection::open(&serving.admin_url).await.unwrap();
    operator.login_dev("operator").await.unwrap();
    operator.add_market(days()).await.unwrap();
    let symbol = operator.instruments().await.unwrap().instruments.last().unwrap().symbol.clone();
    for name in ["ann", "pat"] {
        let trader = Connection::open(&serving.url).await.unwrap();
        trader.login_dev(name).await.unwrap();
        trader.set_capacity(&symbol, 1_000).await.unwrap();
        let deposit =
            Deposit { account: name.to_owned(), amount: "1000".to_owned(), reference: name.to_owned() };
        operator.deposit(deposit).await.unwrap();
    }
    let key = RegisterKey {
        account: "ann".to_owned(),
        key: PublicKey::of_secret(&SECRET).text(),
        scopes: vec![Scope::Read, Scope::Trade, Scope::Cancel, Scope::Transfer],
        expires: None,
        addresses: None,
        order_notional: None,
    };
    operator.register_key(key).await.unwrap();
    (serving, symbol)
}

/// Runs a client against an exchange of its own; it says that all was as it should be.
fn trades(program: &str, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (serving, symbol) = runtime.block_on(exchange(&folder.path().join("data")));
    let secret: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    let ran = Command::new(program)
        .arg(script(name))
        .args([&serving.url, &symbol, &secret])
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
        println!("skipped: python_websockets_trades: `pip install websockets`");
        return;
    }
    trades(&python, "websockets_client.py");
}

#[test]
fn python_aiohttp_trades() {
    let python = program("PYTHON", "python3");
    if !does(&python, &["-c", "import aiohttp"]) {
        println!("skipped: python_aiohttp_trades: `pip install aiohttp`");
        return;
    }
    trades(&python, "aiohttp_client.py");
}

#[test]
fn node_ws_trades() {
    let node = program("NODE", "node");
    if !does(&node, &["-e", "require('ws')"]) {
        println!("skipped: node_ws_trades: `npm install ws`, and say where with NODE_PATH");
        return;
    }
    trades(&node, "ws_client.cjs");
}
