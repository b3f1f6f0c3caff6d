//! Process: the real binary, started, asked, killed and started again.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::io::{self, BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::connection::Connection;
use protocol::instrument::Tier;
use protocol::operator::{AddMarket, Deposit, SelfTrade};
use serde_json::Value;
use tokio::net::TcpSocket;

/// How long a command that has to fail may take.
const FAILS_WITHIN: Duration = Duration::from_secs(60);
/// The program under test.
pub const HOURBOOK: &str = env!("CARGO_BIN_EXE_hourbook");

/// Two neighbouring ports of this machine, for an exchange that is started again where it was. Nobody else has them as long as this
/// lives: not even whoever connects somewhere, and has a port of its own until a minute after that.
pub struct Ports {
    first: u16,
    _held: [TcpSocket; 2],
}

impl Ports {
    /// How often two neighbours are sought.
    const SOUGHT_MAX: usize = 64;

    pub fn reserve() -> Ports {
        let pair = || {
            let public = hold(0)?;
            let first = public.local_addr()?.port();
            let beside = first.checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?;
            Ok::<Ports, io::Error>(Ports { first, _held: [public, hold(beside)?] })
        };
        let found = (0..Ports::SOUGHT_MAX).find_map(|_| pair().ok());
        found.expect("this machine has two free ports beside each other")
    }

    /// The address for everyone; the operators' is the next.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.first)
    }
}

/// A socket at which nobody listens. An exchange can all the same: both say that they share the port.
fn hold(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    Ok(socket)
}

/// A running `hourbook serve` on a free port of this machine.
pub struct Serving {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub url: String,
    /// Where operators ask.
    pub admin_url: String,
    pub recovered: u64,
    /// What it said when it was ready.
    pub ready: Value,
}

impl Serving {
    pub fn start(data: &Path) -> Serving {
        Serving::start_with(data, &["--reserve-mib", "1"])
    }

    /// The same with other arguments.
    pub fn start_with(data: &Path, arguments: &[&str]) -> Serving {
        Serving::start_at("127.0.0.1:0", data, arguments)
    }

    /// The same at an address of this machine.
    pub fn start_at(listen: &str, data: &Path, arguments: &[&str]) -> Serving {
        let mut child = Command::new(HOURBOOK)
            .args(["serve", "--listen", listen, "--dev", "--json", "--data"])
            .arg(data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready: Value =
            serde_json::from_str(&lines.next().expect("serve says when it is ready").unwrap()).unwrap();
        let [url, admin_url] = ["url", "admin_url"].map(|field| ready[field].as_str().unwrap().to_owned());
        let recovered = ready["recovered"].as_u64().unwrap();
        Serving { child, lines, url, admin_url, recovered, ready }
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(self) {
        drop(self);
    }

    /// Its number.
    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Waits until it ends by itself, and returns how.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Asks it to stop, as Ctrl-C does, and returns what it says at the end.
    pub fn interrupt(mut self) -> Value {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let last = self.lines.next().expect("serve says that it has stopped").unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&last).unwrap()
    }
}

impl Drop for Serving {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(HOURBOOK).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs a command that has to succeed and answers in JSON.
pub fn json(arguments: &[&str]) -> Value {
    let mut with_json = arguments.to_vec();
    with_json.push("--json");
    let output = run(&with_json);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?} answers in JSON"))
}

/// Runs a command that has to fail, soon; returns its exit code and what it says.
pub fn failure(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(HOURBOOK);
    let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < FAILS_WITHIN {
        std::thread::sleep(Duration::from_millis(10));
    }
    // One that goes on has not failed.
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "{arguments:?} has to fail");
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Waits, if a gate closes within the next minute, until it has closed: what is listed changes then. Gates close so many seconds before
/// their windows.
pub fn between_gates(window_s: u64, gate_s: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let left = window_s - (now + gate_s) % window_s;
    if left <= 60 {
        std::thread::sleep(Duration::from_secs(left + 1));
    }
}

/// Opens a market, in which each of these may sell as many GPUs and has so much credit; says the symbol of its last window.
pub async fn furnish(serving: &Serving, traders: &[&str], (gpus, amount): (u64, &str)) -> String {
    between_gates(86_400, 0);
    let operator = Connection::open(&serving.admin_url).await.unwrap();
    operator.login_dev("operator").await.unwrap();
    operator.add_market(days()).await.unwrap();
    let symbol = operator.instruments().await.unwrap().instruments.last().unwrap().symbol.clone();
    for name in traders {
        let trader = Connection::open(&serving.url).await.unwrap();
        trader.login_dev(name).await.unwrap();
        trader.set_capacity(&symbol, gpus).await.unwrap();
        let (account, reference) = ((*name).to_owned(), format!("for-{name}"));
        operator.deposit(Deposit { account, amount: amount.to_owned(), reference }).await.unwrap();
    }
    symbol
}

/// A market of whole days, whose gates close as they begin.
pub fn days() -> AddMarket {
    AddMarket {
        class: "H100SXM".to_owned(),
        zone: "US-E".to_owned(),
        tier: Tier::Firm,
        window_s: 86_400,
        windows: 2,
        windows_ahead: None,
        gate_s: 0,
        bond: "0.25".to_owned(),
        bond_rule: None,
        maker_fee_ppm: 200,
        taker_fee_ppm: 500,
        self_trade: SelfTrade::Prevent,
    }
}
