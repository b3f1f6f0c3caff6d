//! Serving: an exchange as its operator and its traders use it, all through the real program.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "process/mod.rs"]
mod process;

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use client::connection::Connection;
use process::{HOURBOOK, Ports, Serving, between_gates, failure, json, run};
use protocol::add_order::AddOrder;
use protocol::order::Side;
use protocol::terms::Terms;
use serde_json::{Value, json as literal};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An operator's or trader's commands against one exchange.
struct Desk<'a> {
    url: &'a str,
    who: [&'a str; 2],
}

impl Desk<'_> {
    fn json(&self, arguments: &[&str]) -> Value {
        json(&self.full(arguments))
    }

    fn failure(&self, arguments: &[&str]) -> (i32, String) {
        failure(&self.full(arguments))
    }

    fn full<'b>(&'b self, arguments: &[&'b str]) -> Vec<&'b str> {
        let mut full = vec!["--url", self.url, self.who[0], self.who[1]];
        full.extend(arguments);
        full
    }
}

#[test]
fn an_operator_opens_a_market_and_a_trader_trades_with_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (data, key) = (folder.path().join("data"), folder.path().join("ann.key"));
    let operator_key = data.join("operator.key");
    let serving = Serving::start(&data);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&operator_key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let operator = Desk { url: &serving.url, who: ["--key", text(&operator_key)] };
    operator.json(&["market", "add", "H100SXM", "US-E", "firm", "--windows", "3"]);
    operator.json(&["account", "open", "ann"]);
    operator.json(&["deposit", "ann", "1000", "--reference", "first"]);
    let again = operator.failure(&["deposit", "ann", "1000", "--reference", "first"]);
    assert!(again.0 == 1 && again.1.contains("REFERENCE_CONSUMED"), "{again:?}");
    let public = json(&["keys", "new", text(&key)])["public_key"].as_str().unwrap().to_owned();
    operator.json(&["keys", "register", "ann", &public, "--scopes", "read,trade,cancel"]);

    let listed = json(&["--url", &serving.url, "instruments"]);
    let symbol = listed["instruments"][1]["symbol"].as_str().unwrap().to_owned();
    let pat = Desk { url: &serving.url, who: ["--as", "pat"] };
    operator_deposit(&operator, &pat);
    pat.json(&["capacity", &symbol, "10"]);
    pat.json(&["sell", &symbol, "8", "--price", "1.0000"]);
    let ann = Desk { url: &serving.url, who: ["--key", text(&key)] };
    let bought = ann.json(&["buy", &symbol, "5", "--price", "1.1"]);
    assert_eq!((&bought["status"], &bought["avg_price"]), (&literal!("filled"), &literal!("1.0000")));
    let fills = ann.json(&["fills"]);
    assert_eq!(fills["fills"][0]["qty"], "5");
    let refused = ann.failure(&["account", "open", "bob"]);
    assert!(refused.0 == 4 && refused.1.contains("SCOPE_MISSING"), "{refused:?}");

    let stopped = serving.interrupt();
    let again = Serving::start(&data);
    assert_eq!(again.recovered, stopped["commands"].as_u64().unwrap());
    let ann = Desk { url: &again.url, who: ["--key", text(&key)] };
    assert_eq!(ann.json(&["fills"]), fills);
    let verified = json(&["verify", "--data", text(&data)]);
    assert_eq!(verified["sound"], true);
    again.interrupt();
}

#[test]
fn traders_change_their_orders_and_operators_rule() {
    between_gates(3_600, 600);
    between_gates(3_600, 0);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let operator_key = data.join("operator.key");
    let operator = Desk { url: &serving.url, who: ["--key", text(&operator_key)] };
    operator.json(&["market", "add", "H100SXM", "US-E", "firm", "--windows", "3", "--ahead", "2"]);
    let listed = json(&["--url", &serving.url, "instruments"]);
    let states: Vec<&Value> =
        listed["instruments"].as_array().unwrap().iter().map(|listed| &listed["state"]).collect();
    assert_eq!(states, ["open", "open", "open", "listed", "listed"]);
    let symbol = listed["instruments"][1]["symbol"].as_str().unwrap().to_owned();
    let ann = Desk { url: &serving.url, who: ["--as", "ann"] };
    ann.json(&["balance"]);
    operator.json(&["deposit", "ann", "1000"]);

    let buy = ["buy", &symbol, "8", "--price", "1", "--post-only", "--label", "mm-1", "--id", "a"];
    let first = ann.json(&buy);
    let again = ann.json(&buy);
    assert_eq!((&again["order_id"], &again["duplicate"]), (&first["order_id"], &literal!(true)));
    let amended = ann.json(&["amend", "--id", "a", "--price", "1.01", "--qty", "10", "--new-id", "b"]);
    assert_eq!((&amended["leaves_qty"], &amended["priority_kept"]), (&literal!("10"), &literal!(false)));

    operator.json(&["admin", "mode", "H100SXM.US-E.FIRM", "halted", "--reason", "power-cut"]);
    let halted = ann.failure(&["buy", &symbol, "1", "--price", "1"]);
    assert!(
        halted.0 == 1 && halted.1.contains("MARKET_HALTED") && halted.1.contains("instruments"),
        "{halted:?}"
    );
    let table = run(&["--url", &serving.url, "instruments"]);
    assert_eq!(
        String::from_utf8(table.stdout).unwrap().matches("halted").count(),
        3,
        "of those that are open"
    );
    operator.json(&["admin", "mode", "H100SXM.US-E.FIRM", "open", "--reason", "all-clear"]);
    operator.json(&[
        "admin",
        "limits",
        "market",
        "H100SXM.US-E.FIRM",
        "--price-max",
        "1.5",
        "--reason",
        "launch",
    ]);
    let beyond = ann.failure(&["buy", &symbol, "1", "--price", "1.6"]);
    assert!(beyond.0 == 1 && beyond.1.contains("PRICE_BAND") && beyond.1.contains("1.5000"), "{beyond:?}");
    operator.json(&["admin", "limits", "account", "ann", "--open-orders", "1", "--reason", "new"]);
    let many = ann.failure(&["buy", &symbol, "1", "--price", "1"]);
    assert!(many.0 == 1 && many.1.contains("OPEN_ORDER_LIMIT"), "{many:?}");
    let canceled =
        ann.json(&["cancel", "--all", "--symbol", "*.US-E.*.*", "--side", "buy", "--label", "mm-1"]);
    assert_eq!(canceled["canceled"], literal!([first["order_id"]]));
    operator.json(&["admin", "kill", "ann", "--reason", "runaway-bot"]);
    let locked = ann.failure(&["buy", &symbol, "1", "--price", "1"]);
    assert!(locked.0 == 1 && locked.1.contains("ACCOUNT_LOCKED"), "{locked:?}");
    operator.json(&["admin", "lock", "ann", "--off", "--reason", "cleared"]);
    ann.json(&["buy", &symbol, "1", "--price", "1"]);
    serving.interrupt();
    assert_eq!(json(&["verify", "--data", text(&data)])["sound"], true);
}

#[tokio::test]
async fn orders_that_end_with_their_connection_end_with_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let operator_key = data.join("operator.key");
    let operator = Desk { url: &serving.url, who: ["--key", text(&operator_key)] };
    operator.json(&["market", "add", "H100SXM", "US-E", "firm", "--window", "86400", "--windows", "2"]);
    let listed = json(&["--url", &serving.url, "instruments"]);
    let symbol = listed["instruments"][1]["symbol"].as_str().unwrap().to_owned();
    let connection = Connection::open(&serving.url).await.unwrap();
    connection.login_dev("ann").await.unwrap();
    operator.json(&["deposit", "ann", "1000"]);
    let order = |price| AddOrder::new(&symbol, Side::Buy, "1", Terms::limit(price));
    connection.add_order(AddOrder { cod: true, ..order("0.1") }).await.unwrap();
    let kept = connection.add_order(order("0.2")).await.unwrap();
    serving.kill();
    drop(connection);

    let again = Serving::start(&data);
    let ann = Desk { url: &again.url, who: ["--as", "ann"] };
    let open = ann.json(&["orders"])["orders"].clone();
    assert_eq!(open.as_array().unwrap().len(), 1, "{open}");
    assert_eq!(open[0]["order_id"], kept.order_id);
    again.interrupt();
    assert_eq!(json(&["verify", "--data", text(&data)])["sound"], true);
}

/// A login by name opens the account; credit comes from the operator.
fn operator_deposit(operator: &Desk<'_>, pat: &Desk<'_>) {
    pat.json(&["balance"]);
    operator.json(&["deposit", "pat", "1000"]);
}

/// A program whose output is read while it runs, and which ends with the test.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    fn start(arguments: &[&str]) -> Watching {
        let (input, output) = (Stdio::null(), Stdio::piped());
        let mut child = Command::new(HOURBOOK).args(arguments).stdin(input).stdout(output).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Watching { child, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().expect("it goes on").unwrap()).unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_book_that_is_watched_goes_on_when_the_exchange_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (ports, reserve) = (Ports::reserve(), ["--reserve-mib", "1"]);
    let serving = Serving::start_at(&ports.address(), &data, &reserve);
    let url = serving.url.clone();
    let (operator_key, key) = (data.join("operator.key"), "--key");
    let operator = Desk { url: &url, who: [key, text(&operator_key)] };
    operator.json(&["market", "add", "H100SXM", "US-E", "firm", "--windows", "3"]);
    let ann = Desk { url: &url, who: ["--as", "ann"] };
    ann.json(&["balance"]);
    operator.json(&["deposit", "ann", "1000"]);
    let listed = json(&["--url", &url, "instruments"]);
    let symbol = listed["instruments"][1]["symbol"].as_str().unwrap();
    ann.json(&["buy", symbol, "8", "--price", "1"]);
    let mut watching = Watching::start(&["--url", &url, "book", symbol, "--watch", "--json"]);
    let first = watching.next();
    assert_eq!(first["bids"], literal!([["1.0000", "8"]]));
    serving.kill();
    let serving = Serving::start_at(&ports.address(), &data, &reserve);
    ann.json(&["buy", symbol, "2", "--price", "1.1"]);
    // What it had is gone on from: the first book may be the same again.
    let book = loop {
        let book = watching.next();
        if book["bids"] != first["bids"] {
            break book;
        }
    };
    assert_eq!(book["bids"], literal!([["1.1000", "2"], ["1.0000", "8"]]));
    assert_ne!(book["crc"], first["crc"]);
    serving.interrupt();
}

#[test]
fn what_cannot_be_served_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let serve = |data: &str, listen: &str| failure(&["serve", "--data", data, "--listen", listen, "--dev"]);
    let second = serve(text(&data), "127.0.0.1:0");
    assert!(second.0 == 5 && second.1.contains("journal"), "another process has the journal: {second:?}");
    let other = folder.path().join("other");
    let exposed = serve(text(&other), "0.0.0.0:0");
    assert!(exposed.0 == 2 && exposed.1.contains("--dev") && !other.exists(), "{exposed:?}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let busy = serve(text(&other), &address);
    assert!(busy.0 == 5 && busy.1.contains(&address) && busy.1.contains("--listen"), "{busy:?}");
    assert!(!other.exists(), "a start that fails leaves nothing behind");
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let no_folder = serve(text(&file), "127.0.0.1:0");
    assert!(no_folder.0 == 5 && no_folder.1.contains("--data"), "{no_folder:?}");
    serving.interrupt();
}

#[test]
fn a_damaged_journal_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    let operator_key = data.join("operator.key");
    let operator = Desk { url: &serving.url, who: ["--key", text(&operator_key)] };
    for number in 0..20 {
        operator.json(&["account", "open", &format!("account-{number}")]);
    }
    serving.kill();
    // A start writes what the write-ahead log holds to a table, which is then read back record by record.
    Serving::start(&data).interrupt();
    let table = largest(&data.join("journal"), "sst");
    let mut bytes = std::fs::read(&table).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x10;
    std::fs::write(&table, &bytes).unwrap();
    let (code, said) = failure(&["serve", "--listen", "127.0.0.1:0", "--data", text(&data)]);
    assert!(code == 5 && said.contains("journal"), "{said}");
    let output = run(&["verify", "--json", "--data", text(&data)]);
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(std::fs::read(&table).unwrap(), bytes, "nothing was changed");
}

fn largest(folder: &Path, ending: &str) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tables = files.filter(|path| path.extension().is_some_and(|found| found == ending));
    tables.max_by_key(|path| path.metadata().unwrap().len()).expect("there is a table")
}

#[test]
fn the_demo_trades_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = || {
        let output =
            run(&["demo", "--data", text(&data), "--listen", "127.0.0.1:0", "--fills", "5", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let first = demo();
    assert_eq!(first[0]["recovered"], 0);
    assert_eq!(first[0]["classes"], 7);
    assert!(first[1..6].iter().all(|trade| trade["price"].is_string()), "{first:?}");
    let commands = first.last().unwrap()["commands"].as_u64().unwrap();
    let second = demo();
    assert_eq!(second[0]["recovered"].as_u64(), Some(commands));
}

#[test]
fn a_real_hour_ends_equal() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/lobster_aapl");
    if !sample.exists() {
        let skipped =
            "skipped: a_real_hour_ends_equal: the sample may not be passed on and is not beside the checkout";
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    }
    let report = json(&["replay", "lobster", text(&sample)]);
    let expected = literal!({"messages": 91_997, "tops_total": 91_996, "tops_equal": 91_906, "tops_unexplained": 0,
        "aggressors_total": 3_290, "aggressors_equal": 3_282, "repairs": 80});
    assert_eq!(report, expected);
}
